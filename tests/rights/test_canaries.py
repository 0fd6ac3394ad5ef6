"""Made-up clients: administrators hear of whoever touches one, in a way that nobody else sees."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from crmcli.store.audit import canaries, verified
from tests import kit
from tests.rights.conftest import ACCESS, Base

Crm = Callable[..., kit.Run]


def told(base: Base) -> list[str]:
    """What the administrators are told."""
    events = base.open("root").events(kinds=["notice"])
    assert all(event.data["to"] == "root" and not event.record for event in events)
    return [str(event.data["text"]) for event in events]


@pytest.fixture
def trap(crm: Crm, base: Base) -> str:
    """A canary of olga, who may see one client a day; the timeline was looked at."""
    kit.write(base.root, "access.yaml", ACCESS + "budget: 1\n")
    done = crm("audit", "canary", "add", "olga", "--phone", "+7 916 777-66-55", "--email", "kate@watch.example",
               "--json", cwd=base.root, CRM_USER="root")  # fmt: skip
    assert done.code == 0, done
    crm("tick", cwd=base.root, CRM_USER="root")
    return str(json.loads(done.out)["id"])


def test_a_canary_looks_like_the_others(crm: Crm, base: Base, trap: str) -> None:
    raw = kit.raw(base.open("olga"), trap)
    assert raw["owner"] == "olga"
    assert {*raw} - {"emails"} == {*kit.raw(base.open("root"), base.records["contact olga"].id)}
    assert "canary" not in kit.file_of(base.open("root"), trap).read_text()
    assert trap not in (base.root / canaries.PATH).read_text()
    [event] = base.open("olga").events(record=trap)
    assert (event.kind, event.actor) == ("contact.created", "root")
    assert event.at.strftime("%Y-%m-%dT%H:%M:%SZ") == raw["created_at"]
    crm("contact", "show", trap, cwd=base.root, CRM_USER="olga")
    crm("contact", "edit", trap, "--owner", "anna", cwd=base.root, CRM_USER="root")
    crm("tick", cwd=base.root, CRM_USER="root")
    assert told(base) == []


def test_a_canary_that_stands_out_is_told(crm: Crm, base: Base) -> None:
    """Bait among few others is seen; among many it is not."""
    acts = {"cwd": base.root, "CRM_USER": "root"}
    for more in (["--dry-run"], []):
        done = crm("audit", "canary", "add", "olga", *more, **acts)
        assert (done.code, "stands out" in done.err) == (0, True), done
    for number in range(8):
        kit.add(base.open("root"), "contact", name=f"Клиент {number}", owner="olga")
    assert "stands out" not in crm("audit", "canary", "add", "olga", **acts).err


TOUCHES: dict[str, tuple[str, list[str]]] = {
    "exported": ("root", ["export", "contacts"]),
    "revealed": ("olga", ["reveal", "TRAP"]),
    "listed beyond the day's number, masked": (
        "olga",
        ["contact", "list", "--columns", "name,phones"],
    ),
    "field.changed": ("olga", ["contact", "edit", "TRAP", "--unset", "phones"]),
    "contact.removed": ("root", ["contact", "rm", "TRAP", "--yes"]),
    "contact.merged": ("root", ["contact", "merge", "OTHER", "TRAP", "--yes"]),
    "call.out": ("olga", ["log", "call", "TRAP", "звонил"]),
}


@pytest.mark.parametrize("what", TOUCHES)
def test_administrators_hear_of_whoever_touches_one(
    crm: Crm, base: Base, trap: str, what: str
) -> None:
    user, args = TOUCHES[what]
    kit.edit(base.open("root"), base.records["alone olga"].id, phones="+7 916 000-11-22")
    other = base.records["alone olga"].id
    if user == "olga" and what != "field.changed":  # the number of the day is spent
        crm("show", other, cwd=base.root, CRM_USER="olga")
    words = {"TRAP": trap, "OTHER": other}
    done = crm(*[words.get(word, word) for word in args], cwd=base.root, CRM_USER=user)
    assert done.code == 0, done
    assert "canary" not in done.out + done.err
    for _ in range(2):
        assert crm("tick", cwd=base.root, CRM_USER="root").code == 0
    [text] = told(base)
    assert trap in text
    assert "Ольга Чайкина" in text
    rows = crm("audit", "list", "--kind", "canary", "--json", cwd=base.root, CRM_USER="root")
    found = [row for row in json.loads(rows.out) if row["data"].get("what") != "added"]
    assert [(row["record"], row["data"]["what"]) for row in found] == [(trap, what)]
    assert not [e for e in base.open("olga").events() if e.kind == "notice"]


def test_nobodys_undo_meets_one(crm: Crm, base: Base) -> None:
    acts, hers = ({"cwd": base.root, "CRM_USER": user} for user in ("root", "olga"))
    lead = crm("lead", "add", "Её лид", **hers).out.strip()
    crm("lead", "add", "Лид хозяйки", **acts)
    done = crm("audit", "canary", "add", "olga", "--json", **acts)
    trap = str(json.loads(done.out)["id"])
    for who, name in ((hers, "Её лид"), (acts, "Лид хозяйки")):
        undone = crm("undo", "--yes", **who)
        assert undone.code == 0, undone
        assert name in undone.out
        assert trap not in undone.out + undone.err
    assert not base.open("root").exists(lead)
    assert crm("undo", "--yes", **hers).code == 1
    crm("lead", "add", "Второй", **acts)
    assert crm("audit", "canary", "rm", trap, **acts).code == 0
    assert "Второй" in crm("undo", "--yes", **acts).out
    assert not base.open("root").exists(trap)
    crm("tick", **acts)
    assert told(base) == []


def test_one_that_somebody_removed_is_listed_and_may_come_back(
    crm: Crm, base: Base, trap: str
) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    for has_memory in (True, False):
        assert crm("contact", "rm", trap, "--yes", **acts).code == 0
        if not has_memory:
            (base.root / ".crm/canaries").unlink()
        [row] = json.loads(crm("audit", "canary", "list", "--json", **acts).out)
        assert (row["id"], row["owner"], row["state"]) == (trap, "olga", "gone")
        shown = crm("audit", "canary", "list", **acts)
        assert shown.code == 0, shown
        assert trap in shown.out
        assert trap in crm("undo", "--yes", **acts).out
        [row] = json.loads(crm("audit", "canary", "list", "--json", **acts).out)
        assert (row["id"], row["state"]) == (trap, "")
    crm("contact", "rm", trap, "--yes", **acts)
    assert crm("audit", "canary", "rm", trap.partition("-")[2], **acts).code == 0
    assert json.loads(crm("audit", "canary", "list", "--json", **acts).out) == []
    crm("tick", **acts)
    assert crm("audit", "verify", **acts).code == 0


def test_a_client_who_is_there_becomes_one(crm: Crm, base: Base) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    one = base.records["contact boris"].id  # olga's
    assert crm("audit", "canary", "mark", one, cwd=base.root, CRM_USER="olga").code == 4
    assert crm("audit", "canary", "mark", one, "-n", **acts).code == 0
    assert json.loads(crm("audit", "canary", "list", "--json", **acts).out) == []
    assert crm("audit", "canary", "mark", one, **acts).code == 0
    [row] = json.loads(crm("audit", "canary", "list", "--json", **acts).out)
    assert (row["id"], row["owner"]) == (one, base.records["contact boris"].get("owner"))
    crm("log", "note", one, "звонил", cwd=base.root, CRM_USER=row["owner"])
    crm("tick", **acts)
    assert [one in text for text in told(base)] == [True]
    done = crm("audit", "canary", "rm", one, **acts)  # a client who was there stays
    assert (done.code, "no canary any more" in done.out) == (0, True), done
    assert f"crm contact rm {one}" in done.err
    assert base.open("root").exists(one)
    gone = crm("contact", "rm", one, "--unlink", "--yes", **acts)
    assert gone.code == 0, gone
    assert one in crm("undo", "--yes", **acts).out  # as any client's
    assert base.open("root").exists(one)
    again = crm("audit", "canary", "mark", one, **acts)
    assert (again.code, "cannot be one again" in again.err) == (1, True), again
    assert json.loads(crm("audit", "canary", "list", "--json", **acts).out) == []
    assert crm("audit", "verify", **acts).code == 0


def test_a_letter_to_its_address_is_told(crm: Crm, base: Base, trap: str) -> None:
    letter = (
        "From: Rival <rival@other.example>\nTo: kate@watch.example\nSubject: Hello\n"
        "Message-ID: <1@other.example>\nDate: Mon, 23 Nov 2026 09:00:00 +0000\n\nBuy from us\n"
    )
    done = crm("mail", "receive", cwd=base.root, CRM_USER="root", stdin=letter)
    assert done.code == 0, done
    crm("tick", cwd=base.root, CRM_USER="root")
    assert [trap in text for text in told(base)].count(True) >= 1


def test_one_is_listed_and_removed(crm: Crm, base: Base, trap: str) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    [row] = json.loads(crm("audit", "canary", "list", "--json", **acts).out)
    assert (row["id"], row["owner"]) == (trap, "olga")
    assert crm("audit", "canary", "list", cwd=base.root, CRM_USER="olga").code == 4
    assert crm("audit", "canary", "add", "anna", "--count", "3", **acts).out.count("contact-") == 3
    list_of_them = base.root / canaries.PATH
    text = list_of_them.read_text()
    list_of_them.write_text("")
    assert [found.path for found in verified.problems(base.root, [])] == [canaries.PATH]
    list_of_them.write_text(text)
    assert crm("audit", "canary", "rm", trap, **acts).code == 0
    assert crm("audit", "canary", "rm", base.records["contact olga"].id, **acts).code == 3
    assert len(json.loads(crm("audit", "canary", "list", "--json", **acts).out)) == 3
    assert crm("audit", "verify", **acts).code == 0
    assert not base.open("root").exists(trap)
