"""Topics of letters: who refused one gets no letter of it, by whatever door; the page that says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from crmcli import language
from crmcli.automation import person_mail
from crmcli.automation.explain import explain
from crmcli.automation.person_mail import MustNotBeMailed, PersonMail
from crmcli.sales.consent import permission
from crmcli.sales.merging import merge, unmerge
from tests.automation.conftest import SETTINGS, House
from tests.automation.test_actions import stage
from tests.automation.test_unsubscribe import ONE_CLICK, Reader
from tests.kit import Run, write

DECLARED = "directories: {topics: {news: Новости, offers: Акции}}\n"
TOPICS = SETTINGS + DECLARED
OF = {"news": "Topic: news\n", "offers": "Topic: акции\n", "none": ""}
"""The heads of three templates: the topic by its id, by its label, and none."""
Crm = Callable[..., Run]
DOORS = ("robot", "sequence", "schedule", "person")


def letters(door: str, after: str = "") -> list[str]:
    more = f", after: {after}" if after else ""
    return [
        f"{{id: {door}-{name}, do: email, with: {{template: mail/{name}.j2}}{more}}}" for name in OF
    ]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house in which every door has tried to send every letter to people who refuse this and that."""
    house = House(tmp_path_factory.mktemp("topics") / "ws")
    house.write("settings.yaml", TOPICS)
    for name, head in OF.items():
        house.template(name, f"{head}Subject: {name}\n\nText\n")
    begin = "{id: begin, do: start_sequence, with: {sequence: chain}}"
    schedules = "".join(
        f"      - {{id: schedule-{name}, cron: '0 13 * * *', do: email, with: {{template: mail/{name}.j2}}}}\n"
        for name in OF
    )
    sequence = "\nsequences:\n  chain:\n    for: deal\n    robots:\n" + "".join(
        f"      - {one}\n" for one in letters("sequence")
    )
    house.rules(stage(*letters("robot"), begin) + f"schedules:\n{schedules}")
    file = house.root / "pipelines.yaml"
    file.write_text(file.read_text("utf-8") + sequence, "utf-8")
    for no_mail, no_news in product((False, True), repeat=2):
        who = house.add(
            "contact",
            name="Ольга",
            email=f"{no_mail}-{no_news}@kafe.example".lower(),
            do_not=["mail"] if no_mail else [],
            unwanted=["news"] if no_news else [],
        )
        deal = house.add("deal", name="Чай", contact=who.id).id
        for name in OF:
            try:
                person_mail.send(house.ws, deal, PersonMail(f"mail/{name}.j2"))
            except MustNotBeMailed as refused:
                house.ws.notes.append(refused.message)
    assert house.tick().failures == []
    assert house.tick("2h").failures == []
    return house


@pytest.mark.parametrize("topic", OF)
@pytest.mark.parametrize("no_news", [False, True])
@pytest.mark.parametrize("no_mail", [False, True])
def test_who_refused_a_topic_or_all_mail_gets_no_letter_of_it_by_any_door(
    sent: House, no_mail: bool, no_news: bool, topic: str
) -> None:
    to = f"{no_mail}-{no_news}@kafe.example".lower()
    got = [one for one in sent.letters() if to in one and f"Subject: {topic}\n" in one]
    assert len(got) == (0 if no_mail or (no_news and topic == "news") else len(DOORS))


def test_the_reason_is_told(sent: House) -> None:
    [olga] = sent.ws.select(
        "contact", sent.ws.condition("unwanted has Новости and do_not is empty", "contact")
    )
    [deal] = sent.ws.select("deal", sent.ws.condition(f"contacts has {olga.id}", "deal"))
    why = f"Ольга ({olga.id}) wants no messages on the topic news"
    jobs = [one for one in sent.jobs() if one.record == deal.id and one.state == "skipped"]
    assert {one.robot for one in jobs if one.reason == why} == {
        "robot-news",
        "sequence-news",
        "schedule:sales/schedule-news",
    }
    assert why in str(explain(sent.ws, deal.id))


def test_a_refusal_that_came_after_a_letter_was_queued_keeps_it_here(house: House) -> None:
    house.write("settings.yaml", TOPICS + "channels: {mail: {most: 1/d}}\n")
    house.template("news", "Topic: news\nSubject: News\n\nText\n")
    house.rules(stage("{id: hi, do: email, with: {template: mail/news.j2}}"))
    people = [house.add("contact", name=n, email=f"{n}@kafe.example").id for n in ("a", "b")]
    for one in people:
        house.add("deal", name="Чай", contact=one)
    house.tick()
    assert len(house.letters()) == 1
    for one in people:
        permission.decide(house.ws, one, {"topic:news": False})
    house.tick("1d")
    assert len(house.letters()) == 1
    assert sorted(one.state for one in house.jobs()) == ["done", "skipped"]


def test_an_sms_has_a_topic_by_its_template(house: House) -> None:
    house.write("settings.yaml", TOPICS)
    write(house.root, "templates/sms/news.j2", "---\nTopic: Новости\n---\nText\n")
    house.rules(stage("{id: hi, do: sms, with: {template: sms/news.j2}}"))
    no = house.add("contact", name="Ольга", phone="+79161234567", unwanted="news").id
    yes = house.add("contact", name="Игорь", phone="+79161234568").id
    deals = [house.add("deal", name="Чай", contact=one).id for one in (no, yes)]
    house.tick()
    states = {one.record: one for one in house.jobs()}
    assert [states[deal].state for deal in deals] == ["skipped", "queued"]
    assert states[deals[1]].facts["topic"] == "news"


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    before = language.spoken()
    house.write("settings.yaml", TOPICS)
    made = Reader(house, head="Topic: news\n")
    yield made
    made.writer.stop()
    language.speak(before)


def unwanted(reader: Reader) -> tuple[Any, Any]:
    olga = reader.house.get(reader.olga)
    return olga.unwanted, olga.do_not


def test_one_click_ends_the_topic_of_the_letter_alone(reader: Reader) -> None:
    status, text = reader.send(**ONE_CLICK)
    assert (status, text) == (200, "Вы больше не получите от нас писем «Новости».\n")
    assert unwanted(reader) == (("news",), ())
    assert reader.house.get(reader.twin).unwanted == ("news",)
    [told] = reader.told()
    assert told.data["text"] == "no more: Новости"
    [changed] = reader.house.events("field.changed", reader.olga)
    assert (changed.cause, changed.data["changes"]["unwanted"]) == (told.cause, ["", ["news"]])
    reader.send(**ONE_CLICK)
    assert len(reader.told()) == 1


def test_the_page_offers_topics_and_everything(reader: Reader) -> None:
    page = reader.client.get(reader.page).text
    assert page.count('type="checkbox"') == page.count(" checked>") == 5
    assert [word in page for word in ("Новости", "Акции", "Отписаться от всех писем")] == [True] * 3
    reader.send(page="choice", channel=["mail", "sms"], topic="topic:offers")
    assert unwanted(reader) == (("news",), ("call",))
    reader.send(page="choice", channel=["mail", "sms", "call"], topic=["topic:news", "topic:x"])
    assert unwanted(reader) == (("offers",), ())
    given = [(one.channel, one.is_given) for one in reader.house.get(reader.olga).consents]
    assert given == [("call", True), ("topic:news", True)]
    reader.send(page="all")
    assert unwanted(reader) == (("offers",), ("mail",))
    reader.send(page="stop", **ONE_CLICK)
    assert unwanted(reader) == (("news", "offers"), ("mail",))
    withdrawn = [one.is_given for one in reader.house.get(reader.olga).consents]
    assert withdrawn == [True, False]


def test_who_changes_their_mind_before_the_first_answer_is_written_down_is_heard(
    reader: Reader,
) -> None:
    reader.writer.stop()
    reader.serve(writes=False)
    both, page = ["topic:news", "topic:offers"], reader.page
    for topics in (both[:1], both, both[:1], both):
        every = {"page": "choice", "channel": ["mail", "sms", "call"], "topic": topics}
        reader.client.post(page, data={**every, "was": "topic:offers" if topics == both else ""})
    reader.writer.start()
    reader.settle()
    assert unwanted(reader) == ((), ())
    assert len(reader.told()) == 4


def test_a_letter_of_a_topic_that_a_person_sends_has_the_page_too(reader: Reader) -> None:
    person_mail.send(reader.house.ws, reader.deal, PersonMail("mail/hi.j2"))
    assert all("List-Unsubscribe-Post" in one for one in reader.house.letters())


def test_a_topic_that_was_removed_can_still_be_refused_by_its_letters(reader: Reader) -> None:
    reader.writer.stop()
    reader.house.write("settings.yaml", SETTINGS)
    reader.serve()
    assert reader.send(**ONE_CLICK)[0] == 200
    assert reader.house.get(reader.olga).unwanted == ("news",)


def test_the_page_knows_a_topic_with_blanks_in_its_id(reader: Reader) -> None:
    reader.writer.stop()
    reader.house.write(
        "settings.yaml", SETTINGS + "directories: {topics: {news: Новости, best offers: Акции}}\n"
    )
    reader.serve(writes=False)
    every = {"page": "choice", "channel": ["mail", "sms", "call"], "topic": ["topic:news"]}
    page = reader.client.post(reader.page, data={**every, "was": ""}).text
    [was] = set(re.findall(r'name="was" value="([^"]*)"', page))
    every["topic"] = ["topic:news", "topic:best offers"]
    reader.client.post(reader.page, data={**every, "was": was})
    reader.writer.start()
    reader.settle()
    assert unwanted(reader) == ((), ())


def test_refusals_of_topics_are_united_by_a_merge_and_parted_again(reader: Reader) -> None:
    ws = reader.house.ws
    permission.decide(ws, reader.olga, {"topic:news": False})
    permission.decide(ws, reader.twin, {"topic:offers": False})
    ws = reader.house.ws
    merge.merge(ws, merge.plan(ws, reader.olga, [reader.twin], {}))
    assert unwanted(reader)[0] == ("news", "offers")
    ws = reader.house.ws
    unmerge.unmerge(ws, unmerge.find_merged(ws, reader.twin, "contact"))
    assert unwanted(reader)[0] == ("news",)
    assert reader.house.get(reader.twin).unwanted == ("offers",)


def test_by_command_it_is_refused_told_and_taken_back(folder: Path, crm: Crm) -> None:
    write(folder, "settings.yaml", DECLARED)
    write(folder, "templates/mail/sale.j2", "Topic: ofers\nSubject: Sale\n\nText\n")
    olga = crm("contact", "add", "--name", "Ольга", "--email", "o@kafe.example").out.strip()
    assert crm("contact", "consent", olga, "--topic", "новости=no").code == 0
    assert crm("contact", "list", "--where", "unwanted has news", "--ids").out.strip() == olga
    assert "Новости" in crm("contact", "show", olga).out
    assert crm("contact", "consent", olga, "--topic", "news=yes", "--source", "звонок").code == 0
    [shown] = [json.loads(crm("contact", "show", olga, "--json").out)]
    assert "unwanted" not in shown
    [given] = shown["consents"]
    assert (given["channel"], given["source"]) == ("topic:news", "звонок")
    for wrong, said in (("nws=no", "news"), ("news=maybe", "--topic news=no"), ("news", "news=no")):
        refused = crm("contact", "consent", olga, "--topic", wrong)
        assert (refused.code, said in refused.err) == (2, True)
    checked = crm("template", "check", "sale")
    assert checked.code == 6
    assert "templates/mail/sale.j2:1" in checked.out + checked.err
    assert "offers" in checked.out + checked.err
