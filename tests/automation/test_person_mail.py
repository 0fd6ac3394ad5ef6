"""The messages that people send: once, by the outbox of robots, under the same rules."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.automation import person_mail, tick
from crmcli.automation.person_mail import MustNotBeMailed, PersonMail
from crmcli.channels.message import from_bytes
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import Run, opened

Crm = Callable[..., Run]


def lead(crm: Crm) -> str:
    given = ("--name", "Кровля", "--first-name", "Анна", "--email", "anna@example.ru")
    return crm("lead", "add", *given).out.strip()


def outbox(folder: Path) -> list[Path]:
    return sorted((folder / "outbox/new").iterdir()) if (folder / "outbox").exists() else []


def kinds(crm: Crm, ref: str) -> list[str]:
    return [row["kind"] for row in json.loads(crm("timeline", ref, "--json").out)]


def test_a_message_is_sent_once_and_kept(crm: Crm, folder: Path) -> None:
    ref = lead(crm)
    (folder / "price.txt").write_text("1", encoding="utf-8")
    run = crm("mail", "send", ref, "--template", "hello", "--attach", "price.txt")
    assert (run.code, run.err) == (0, "")
    assert run.out.endswith("Анна <anna@example.ru>.\n")
    [file] = outbox(folder)
    message = from_bytes(file.read_bytes(), "")
    assert [(one.name, one.content) for one in message.attachments] == [("price.txt", b"1")]
    assert not message.automatic
    assert kinds(crm, ref).count("mail.out") == 1
    crm("tick")
    assert crm("jobs", "list", "--json").out == "[]\n"
    sent = [
        row for row in json.loads(crm("timeline", ref, "--json").out) if row["kind"] == "mail.out"
    ]
    assert ":" not in sent[0]["actor"]  # a person, no robot


@pytest.mark.parametrize("by", ["ids", "where"])
@pytest.mark.parametrize("whole", [False, True])
def test_several_get_theirs_and_who_gets_none_is_listed(
    crm: Crm, folder: Path, by: str, whole: bool
) -> None:
    refs = [
        crm("lead", "add", "--name", f"Кровля {n}", "--email", f"a{n}@example.ru").out.strip()
        for n in range(3)
    ]
    refs.append(crm("lead", "add", "--name", "Кровля без почты").out.strip())
    crm("lead", "edit", refs[1], "--set", "do_not=mail")
    chosen = refs if by == "ids" else ["--where", "name ~ Кровля"]
    dry = crm("mail", "send", *chosen, "--template", "hello", "-n")
    assert (dry.code, outbox(folder)) == (1, [])
    more = ["--all-or-nothing"] if whole else []
    run = crm("mail", "send", *chosen, "--template", "hello", *more)
    assert run.code == 1, run
    assert len(outbox(folder)) == (0 if whole else 2)
    assert [kinds(crm, ref).count("mail.out") for ref in refs] == [not whole, 0, not whole, 0]
    if not whole:
        assert "sent 2 messages, 2 refused" in run.err
        assert refs[1] in run.err
        assert refs[3] in run.err
    crm("tick")
    assert len(outbox(folder)) == (0 if whole else 2)


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("--where", "stage = new", "lead-1"),
        ("--where", "stage = new", "--template", "after_call"),
        ("--where", "такого = нет"),
    ],
)
def test_who_it_is_for_must_be_clear(crm: Crm, folder: Path, args: tuple[str, ...]) -> None:
    lead(crm)
    run = crm("mail", "send", "--template", "hello", *args)
    assert (run.code, outbox(folder)) == (2, []), run
    assert "hint" in run.err or "подсказка" in run.err.lower()


def test_a_dry_run_shows_it_and_sends_nothing(crm: Crm, folder: Path) -> None:
    ref = lead(crm)
    run = crm("mail", "send", ref, "--template", "mail/hello.j2", "-n")
    assert run.code == 0
    assert "To: Анна <anna@example.ru>" in run.out
    assert "Здравствуйте, Анна!" in run.out
    assert (outbox(folder), "job.queued" in kinds(crm, ref)) == ([], False)


def test_json_says_what_was_sent(crm: Crm) -> None:
    row = json.loads(crm("mail", "send", lead(crm), "--template", "hello", "--json").out)
    assert (row["state"], row["to"]) == ("done", "Анна <anna@example.ru>")
    assert set(row) >= {"id", "key", "subject", "text", "attach"}


@pytest.mark.parametrize("how", ["consent", "block"])
def test_who_must_not_be_mailed_gets_none(crm: Crm, folder: Path, how: str) -> None:
    ref = lead(crm)
    if how == "consent":
        assert crm("lead", "consent", ref, "--mail", "no").code == 0
    else:
        assert crm("block", "add", "anna@example.ru").code == 0
    for more in ((), ("-n",)):
        run = crm("mail", "send", ref, "--template", "hello", *more)
        assert (run.code, run.out, outbox(folder)) == (1, "", [])
        assert "--anyway" in run.err
    assert crm("mail", "send", ref, "--template", "hello", "--anyway").code == 0
    assert len(outbox(folder)) == 1


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--template", "helo"), 6, "no such template"),
        (("--template", "offer"), 6, "it is a template for: deal"),
        (("--template", "offers/offer.html.j2"), 2, "is not a mail template"),
        (("--template", "hello", "--to", "nobody"), 6, "nobody"),
        (("--template", "hello", "--attach", "no.pdf"), 3, "no.pdf"),
        (("--template", "hello", "--attach", "КП-2026-0009"), 3, "no file and no document"),
        ((), 2, "--template"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    crm: Crm, folder: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    ref = lead(crm)
    run = crm("mail", "send", ref, *args)
    assert (run.code, run.out) == (code, ""), run.err
    assert said in run.err
    assert "job.queued" not in kinds(crm, ref)


def test_what_cannot_leave_waits_for_the_tick(crm: Crm, folder: Path) -> None:
    (folder / "outbox").write_text("in the way", encoding="utf-8")
    ref = lead(crm)
    run = crm("mail", "send", ref, "--template", "hello")
    assert (run.code, "crm tick tries again" in run.err) == (0, True), run
    (folder / "outbox").unlink()
    crm("tick", CRM_NOW="2026-11-24T12:00:00+03:00")
    assert len(outbox(folder)) == 1


def test_consent_taken_back_before_it_left_counts(ws: Workspace) -> None:
    made = kit.lead(ws, name="Кровля", emails="a@example.ru", do_not="mail")
    with pytest.raises(MustNotBeMailed):
        person_mail.send(ws, made.id, PersonMail("mail/hello.j2"))


def test_whoever_is_killed_between_queueing_and_sending_sends_once(crm: Crm, folder: Path) -> None:
    ref = lead(crm)
    child = os.fork()
    if child == 0:
        try:
            ws = opened(folder)
            with ws.change("mail send") as change:
                person_mail.queue(change, ws, change.get(ref), PersonMail("mail/hello.j2"))
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert outbox(folder) == []
    for _ in range(2):
        tick.tick(opened(folder))
    assert len(outbox(folder)) == 1
