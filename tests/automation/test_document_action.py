"""do: document: an offer, an invoice or a page by a template, kept with the record and handed on."""

from __future__ import annotations

import sys
from email import message_from_string, policy
from typing import Any

import pytest

from crmcli.automation import jobs, robot_trial
from crmcli.automation.explain import explain
from crmcli.automation.replay import replay
from crmcli.automation.simulate import rehearse
from crmcli.channels.document import Document
from crmcli.errors import InvalidData
from tests import kit

MAIL = (
    "{id: mail, do: email, wait: previous, with: {template: mail/it.j2, to: a@b.example,"
    " attach: '{{ robots.doc.path }}'}}"
)
SAID = "{id: said, do: comment, wait: previous, with: {text: '{{ robots.doc.name }}'}}"


def robots(house: Any, given: str, *more: str) -> Any:
    house.write("templates/act.html.j2", "<p>Акт: {{ deal.name }}</p>\n")
    kit.write(house.root, "templates/offers/offer.html.j2", "<p>{{ offer.name }}</p>\n")
    kit.write(house.root, "templates/invoices/invoice.html.j2", "<p>{{ invoice.name }}</p>\n")
    house.template("it", "Subject: Документ\n\nВот он.\n")
    house.rules(kit.robots(f"{{id: doc, do: document, with: {{{given}}}}}", *more))
    return house.add("deal", name="Чай", amount="1000")


def made(house: Any, deal: Any) -> dict[str, bytes]:
    return {one.name: house.ws.attached(one.file) for one in house.get(deal.id).files}


@pytest.mark.parametrize(
    ("given", "name", "begins"),
    [
        ("template: act.html.j2, format: html", "act.html", b"<p>\xd0\x90\xd0\xba\xd1\x82"),
        ("template: act.html.j2", "act.pdf", b"%PDF-"),
        ("template: act.html.j2, name: 'Акт/{{ deal.name }}'", "Акт-Чай.pdf", b"%PDF-"),
        ("template: act.html.j2, format: html, name: it.html", "it.html", b"<p>"),
        ("kind: offer, format: html, name: offer", "offer.html", b"<"),
        ("kind: offer, format: html", "2026-0001.html", b"<p>2026-0001"),
        ("kind: invoice, name: invoice", "invoice.pdf", b"%PDF-"),
    ],
)
def test_it_is_a_file_of_the_record_once(house: Any, given: str, name: str, begins: bytes) -> None:
    deal = robots(house, given, SAID)
    house.tick()
    house.tick("1d")
    files = made(house, deal)
    assert list(files) == [name]
    assert files[name].startswith(begins)
    assert [event.data["text"] for event in house.events("note")] == [name]
    drafted = [*house.ws.select("offer"), *house.ws.select("invoice")]
    assert len(drafted) == ("kind" in given)


@pytest.mark.parametrize("given", ["template: act.html.j2", "kind: offer", "kind: invoice"])
def test_a_letter_below_takes_it_along(house: Any, given: str) -> None:
    deal = robots(house, given, MAIL)
    house.tick()
    [(name, content)] = made(house, deal).items()
    [letter] = house.letters()
    [part] = message_from_string(letter, policy=policy.default).iter_attachments()
    assert (part.get_filename(), part.get_content()) == (name, content)
    documents = [*house.ws.select("offer"), *house.ws.select("invoice")]
    sent = [(one.get("status"), [file.name for file in one.files]) for one in documents]
    assert sent == [("sent", [name])] * ("kind" in given)
    assert len(house.events("offer.sent")) + len(house.events("invoice.sent")) == len(documents)


def test_without_the_package_it_waits_and_says_what_to_install(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = robots(house, "template: act.html.j2", SAID)
    there = Document.missing(house.root, house.ws.settings)
    assert there == ""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    (line,) = house.tick().failures
    assert "pip install 'crmcli[pdf]'" in line
    assert [line.state for line in explain(house.ws, deal.id) if line.robot == "doc"] == ["queued"]
    assert any("pip install" in one.what for one in rehearse(house.ws, house.now))
    monkeypatch.undo()
    house.tick("5m")
    assert list(made(house, deal)) == ["act.pdf"]


def test_a_template_that_fails_is_a_failed_job_with_its_line(house: Any) -> None:
    deal = robots(house, "template: act.html.j2")
    house.write("templates/act.html.j2", "<p>\n{{ deal.no_such }}</p>\n")
    house.tick()
    [job] = [job for job in house.jobs() if job.robot == "doc"]
    assert job.state == "failed"
    assert "templates/act.html.j2, line 2" in job.reason
    house.write("templates/act.html.j2", "<p>{{ deal.name }}</p>\n")
    jobs.decide(house.ws, "retry", [job.key])
    house.tick()
    assert list(made(house, deal)) == ["act.pdf"]


def test_a_lead_has_no_offer(house: Any) -> None:
    house.rules(leads=kit.robots("{id: doc, do: document, with: {kind: offer}}"))
    house.add("lead", name="Чай")
    house.tick()
    [job] = [job for job in house.jobs() if job.robot == "doc"]
    assert "neither a deal nor an offer" in job.reason


def test_tried_without_effect_it_says_what_it_would_make(house: Any) -> None:
    deal = robots(house, "kind: offer")
    trial = robot_trial.run(house.ws, "doc", deal.id)
    assert trial.done.effect.endswith(".pdf»")
    assert not list(house.ws.select("offer"))
    assert not made(house, deal)


@pytest.mark.parametrize("given", ["template: act.html.j2", "template: act.html.j2, format: html"])
def test_a_rehearsal_hands_it_on_too(house: Any, given: str) -> None:
    robots(house, given, MAIL, SAID)
    done = [line.what for line in rehearse(house.ws, house.now)]
    assert [what.partition(":")[0] for what in done] == ["document", "email", "comment"]
    assert not any("refused" in what for what in done)


def test_what_stays_here_needs_no_word(house: Any, clone: Any) -> None:
    robots(house, "template: act.html.j2")
    other = clone()
    deal = other.add("deal", name="Мёд")
    other.tick()
    assert list(made(other, deal)) == ["act.pdf"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "'with' is missing"),
        ("with: {}", "it says nothing"),
        ("with: {kind: offer, template: act.html.j2}", "both say the same thing"),
        ("with: {kind: contract}", "contract"),
        ("with: {template: none.html.j2}", "no template"),
        ("with: {template: ../act.html.j2}", "outside templates/"),
        ("with: {kind: offer, format: docx}", "docx"),
        ("with: {kind: offer, file: x}", "file"),
    ],
)
def test_what_is_wrong_is_told(house: Any, given: str, told: str) -> None:
    house.write("templates/act.html.j2", "<p></p>\n")
    robot = f"{{id: doc, do: document{', ' if given else ''}{given}}}"
    house.rules(kit.robots(robot))
    with pytest.raises(InvalidData) as refused:
        house.ws.read_pipelines(forgiving=False)
    assert told in str(refused.value.problems)


def test_played_again_its_other_number_is_no_difference(house: Any) -> None:
    begin = house.now
    robots(house, "kind: offer, format: html", SAID)
    house.tick()
    house.wait("1h")
    found = replay(house.ws, begin, house.now)
    assert found.before["robot:doc", "document"] == found.after["robot:doc", "document"] == 1
    assert not [one for one in found.differences if one.of.action == "document"]
