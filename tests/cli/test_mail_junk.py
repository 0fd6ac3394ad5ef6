"""crm mail junk: a letter is spam in one act, and one undo takes it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.sales.consent.block_list import blocklist
from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]
SPAMMER = "spam@casino.example"
RULES = kit.pipelines(
    leads="""
stages:
  - {id: new, name: New, robots: [{id: call, do: task, with: {title: Call}}]}
  - {id: working, name: Working}
"""
)


def letter(crm: Crm, number: int = 1, sender: str = SPAMMER) -> None:
    head = (
        f"From: Win <{sender}>\nMessage-ID: <{number}@c.example>\nSubject: Win {number}\n\nYou won"
    )
    assert crm("mail", "receive", stdin=head).code == 0


@pytest.fixture
def lead(folder: Path, crm: Crm) -> str:
    kit.write(folder, "pipelines.yaml", RULES)
    kit.replace(folder / "settings.yaml", "language: ru", "language: en")
    letter(crm)
    assert crm("tick").code == 0
    [made] = kit.opened(folder).select("lead")
    return made.id


def state(folder: Path) -> tuple[str, bool, list[str]]:
    """Where the lead stands, whether its task is done, who is blocked."""
    ws = kit.opened(folder)
    [lead], [task] = ws.select("lead"), ws.select("task")
    return str(lead.get("stage")), task.get("done_at") is not None, [*blocklist(ws).blocks]


CALM, DONE = ("new", False, []), ("junk", True, [SPAMMER])


@pytest.mark.parametrize("ref", ["LEAD", SPAMMER, "<1@c.example>"])
def test_one_act_and_one_undo(crm: Crm, folder: Path, lead: str, ref: str) -> None:
    words = ("mail", "junk", lead if ref == "LEAD" else ref)
    assert crm(*words, "-n").code == 0
    assert state(folder) == CALM
    for _ in range(2):
        told = crm(*words)
        assert (told.code, told.err) == (0, "")
        assert f"Blocked {SPAMMER}." in told.out
        assert "done: Call" in told.out
        assert state(folder) == DONE
        assert kit.opened(folder).get(lead).get("junk_reason") == "spam"
        assert crm("undo").code == 0
        assert state(folder) == CALM


def test_what_comes_from_there_later_makes_nothing(crm: Crm, folder: Path, lead: str) -> None:
    letter(crm, 2)  # which nobody looked at
    assert crm("mail", "junk", SPAMMER).code == 0
    assert state(folder) == DONE
    letter(crm, 3)
    assert len(kit.opened(folder).select("lead")) == 1
    again = json.loads("[" + ",".join(crm("mail", "junk", lead, "--json").out.splitlines()) + "]")
    assert again[1]["stays"] == "it has ended already"


HAPPENED = {
    "moved": ("lead", "move", "LEAD", "working"),
    "noted": ("log", "note", "LEAD", "a colleague of ours"),
    "called": ("log", "call", "LEAD", "talked", "--out"),
    "edited": ("lead", "edit", "LEAD", "--set", "comment=real"),
}


@pytest.mark.parametrize("what", HAPPENED)
def test_a_lead_that_somebody_worked_on_goes_on(
    crm: Crm, folder: Path, lead: str, what: str
) -> None:
    assert crm(*(lead if word == "LEAD" else word for word in HAPPENED[what])).code == 0
    before = state(folder)
    told = crm("mail", "junk", lead)
    assert (told.code, "stays as it is: more happened on it since" in told.out) == (0, True)
    assert state(folder) == (*before[:2], [SPAMMER])


def test_who_is_known_otherwise_is_not_blocked(crm: Crm, folder: Path, lead: str) -> None:
    kit.contact(kit.opened(folder), name="Olga", emails=["olga@x.example"])
    letter(crm, 5, "olga@x.example")
    sent = ("mail", "send", lead, "--template", "hello")
    assert crm(*sent).code == 0
    ours = [
        one for one in json.loads(crm("mail", "list", "--json").out) if one["kind"] == "mail.out"
    ]
    for ref in ("olga@x.example", ours[0]["id"], "nobody@x.example"):
        refused = crm("mail", "junk", ref)
        assert refused.code in (1, 3)
        assert len(refused.err.splitlines()) == 2
    assert state(folder) == CALM


@pytest.mark.parametrize(
    ("head", "text", "blocked"),
    [
        ("From: WordPress <wordpress@site.example>", "Name: Win\nPhone: +7 916 555-66-77\nEmail: win@c.example", "win@c.example"),
        ("From: Site <office@site.example>", "Name: Win\nPhone: +7 916 555-66-77", "+79165556677"),
        ("From: WordPress <wordpress@site.example>\nReply-To: win@c.example", "You won", "win@c.example"),
        ("From: Win <win@c.example>\nReply-To: client@shop.example", "You won", "win@c.example"),
    ],
)  # fmt: skip
def test_who_filled_in_a_form_is_blocked_not_the_site_that_sent_it(
    crm: Crm, folder: Path, head: str, text: str, blocked: str
) -> None:
    letter = f"{head}\nMessage-ID: <1@s.example>\nSubject: Form\n\n{text}"
    assert crm("mail", "receive", stdin=letter).code == 0
    assert crm("mail", "junk", "<1@s.example>").code == 0
    ws = kit.opened(folder)
    assert [*blocklist(ws).blocks] == [blocked]
    assert [lead.get("stage") for lead in ws.select("lead")] == ["junk"]
    again = crm("mail", "receive", stdin=letter.replace("<1@", "<2@"))
    assert again.code == 0
    assert len(kit.opened(folder).select("lead")) == 1
