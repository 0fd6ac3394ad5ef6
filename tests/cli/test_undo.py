"""crm undo and crm show --at, as people call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def lead(crm: Crm) -> str:
    run = crm("lead", "add", "--name", "Кровля", "--phone", "8 912 345-67-89", "--amount", "100")
    return run.out.strip()


def test_nothing_to_undo(crm: Crm) -> None:
    run = crm("undo")
    assert (run.code, run.out) == (1, "")
    assert "you have nothing to undo" in run.err


def test_a_line_for_each_record(crm: Crm, lead: str) -> None:
    crm("lead", "edit", lead, "--amount", "200")
    plan = crm("undo", "-n")
    assert plan.out == f"dry run: {lead} Кровля: amount 200 → 100\n"
    assert crm("undo").out == f"{lead} Кровля: amount 200 → 100\n"
    assert crm("undo").out == f"Removed {lead} Кровля.\n"
    assert crm("undo", "--redo").out == f"Put back {lead} Кровля.\n"
    assert crm("undo", "--redo").out == f"{lead} Кровля: amount 100 → 200\n"
    assert crm("undo", "--redo").code == 1


def test_the_timeline_says_who_undid_it(crm: Crm, lead: str) -> None:
    crm("lead", "move", lead, "working")
    crm("undo")
    assert "(by undo)" in crm("timeline", lead).out.splitlines()[-1]


def test_one_change_by_its_event(crm: Crm, lead: str) -> None:
    crm("lead", "edit", lead, "--amount", "200")
    crm("lead", "edit", lead, "--set", "comment=потом")
    events = json.loads(crm("timeline", lead, "--json").out)
    assert "is the beginning of several" in crm("undo", "--event", events[1]["id"][:2]).err
    run = crm("undo", "--event", events[1]["id"])
    assert run.out == f"{lead} Кровля: amount 200 → 100\n"
    assert crm("undo", "--event", events[1]["id"]).code == 1
    assert crm("undo", "--event", "e0000000000000000").code == 3


def test_what_excludes_each_other(crm: Crm) -> None:
    assert crm("undo", "2", "--redo").code == 2
    assert crm("undo", "--redo", "--batch", "batch-1").code == 2
    assert crm("undo", "0").code == 2


def test_an_import(crm: Crm, lead: str) -> None:
    rows = "Name;Phone\n" + "\n".join(f"Лид {n};+7 912 000-00-{n:02}" for n in range(9))
    batch = crm("import", "leads", "-", stdin=rows).out.split()[0]
    kept = json.loads(crm("lead", "list", "--where", 'name = "Лид 4"', "--json").out)[0]["id"]
    crm("lead", "edit", kept, "--amount", "5")
    run = crm("undo", "--batch", batch[6:10])  # a beginning of it
    assert run.code == 0
    assert run.out == "Undone: removed: 8 leads.\n"
    assert f"kept: 1 record: it was changed since it was made, e.g. {kept}" in run.err
    assert {r["id"] for r in json.loads(crm("lead", "list", "--json").out)} == {lead, kept}
    assert crm("undo", "--batch", "batch-00000000").code == 3


def test_a_record_as_it_was(crm: Crm, lead: str) -> None:
    later = {"CRM_NOW": "2026-11-25T09:00:00+00:00"}
    crm("lead", "edit", lead, "--amount", "200", "--tag", "vip", **later)
    crm("lead", "rm", lead, "--yes", CRM_NOW="2026-11-26T09:00:00+00:00")
    now = {"CRM_NOW": "2026-11-27T09:00:00+00:00"}
    for command in (("show",), ("lead", "show")):
        then = json.loads(crm(*command, lead, "--at", "2026-11-24", "--json", **now).out)
        assert (then["amount"], "tags" in then) == (100, False)
        then = json.loads(crm(*command, lead, "--at", "2026-11-25", "--json", **now).out)
        assert (then["amount"], then["tags"]) == (200, ["vip"])
        assert crm(*command, lead, "--at", "2026-11-20", **now).code == 3
        assert crm(*command, lead, **now).code == 3
    assert crm("deal", "show", lead, "--at", "2026-11-25", **now).code == 3
    assert crm("show", lead, "--at", "никогда", **now).code == 2
    # An empty $DATE must not show the present as the past.
    assert crm("show", lead, "--at", "", **now).code == 2


def test_show_stands_alone(crm: Crm, lead: str) -> None:
    assert crm("show", lead).out == crm("lead", "show", lead).out


def test_the_card_of_the_past_has_the_events_until_then(crm: Crm, lead: str) -> None:
    crm("lead", "move", lead, "working", CRM_NOW="2026-11-25T09:00:00+00:00")
    card = crm("show", lead, "--at", "2026-11-24", CRM_NOW="2026-11-26T09:00:00+00:00").out
    assert "lead created" in card
    assert "stage entered" not in card


def as_(user: str, clock: str) -> dict[str, str]:
    return {"CRM_USER": user, "CRM_NOW": f"2026-11-24T{clock}:00+03:00"}


@pytest.fixture
def team(folder: Path) -> None:
    settings = folder / "settings.yaml"
    users = "users:\n  anna: {name: Анна}\n  boris: {name: Борис}\n"
    settings.write_text(settings.read_text("utf-8").replace("users:\n", users), "utf-8")


def test_each_takes_back_what_he_did_himself(crm: Crm, team: None) -> None:
    lead = crm("lead", "add", "--name", "Крыша", **as_("anna", "10:00")).out.strip()
    rows = "Name;Phone\n" + "\n".join(f"Лид {n};+7 912 000-00-{n:02}" for n in range(9))
    crm("import", "leads", "-", stdin=rows, **as_("boris", "10:05"))
    crm("lead", "edit", lead, "--amount", "5", **as_("boris", "10:10"))
    crm("tick", **as_("boris", "10:15"))
    task = crm("task", "list", "--ids").out.strip()  # imported leads wake no robot
    plan = crm("undo", "-n", **as_("anna", "11:00"))
    assert plan.err.splitlines()[0] == f"undoing: lead add {lead} Крыша, 2026-11-24 10:00"
    last = crm("undo", **as_("boris", "11:00"))
    assert "amount 5 → " in last.out
    assert f"undoing: lead edit {lead} Крыша, 2026-11-24 10:10" in last.err
    batch = crm("undo", **as_("boris", "11:05"))
    assert batch.err.startswith("undoing: import batch-")
    assert crm("lead", "list", "--ids").out.split() == [lead]
    assert crm("undo", **as_("boris", "11:10")).code == 1
    again = crm("undo", "--redo", **as_("boris", "11:15"))
    assert again.err.startswith("undoing: import undo batch-")
    assert len(crm("lead", "list", "--ids").out.split()) == 10
    assert crm("undo", "--redo", **as_("anna", "11:20")).code == 1
    robots = crm("undo", "--robots", **as_("anna", "11:25"))
    said = f"undoing: task add {task} Позвонить: Крыша, 2026-11-24 10:15 by robot call\n"
    assert robots.err == said
    assert crm("task", "list", "--ids").out == ""
    anybody = crm("undo", "--any", **as_("anna", "11:30"))
    assert anybody.err.startswith("undoing: import batch-")
    assert "2026-11-24 11:15 by Борис" in anybody.err
    assert crm("undo", "--any", "--robots").code == 2
    assert crm("undo", "--any", "--batch", "batch-1").code == 2


def test_all_records_of_a_large_change_are_counted(crm: Crm, folder: Path) -> None:
    (folder / "in.csv").write_text("name\n" + "".join(f"Лид {n}\n" for n in range(60)))
    crm("import", "leads", "in.csv")
    assert crm("lead", "bulk", "--where", "stage = new", "--set", "amount=5", "--yes").code == 0
    assert " and 59 more records, " in crm("undo", "--dry-run").err


def test_a_value_of_a_directory_renamed_since_is_no_edit_of_what_was_imported(crm: Crm) -> None:
    rows = "name;source\nКровля;web\nЗабор;web\nКрыльцо;call\n"
    batch = crm("import", "leads", "-", stdin=rows).out.strip()
    assert crm("directory", "rename", "sources", "web", "site").code == 0
    edited = json.loads(crm("lead", "list", "--where", "name = Забор", "--json").out)[0]["id"]
    crm("lead", "edit", edited, "--amount", "5")
    run = crm("import", "undo", batch)
    assert (run.out, f"e.g. {edited}" in run.err) == ("Undone: removed: 2 leads.\n", True)


def test_what_is_undone_is_called_as_it_was_typed(crm: Crm) -> None:
    """The command, also where the event says less of it: a payment edits an invoice."""
    deal = crm("deal", "add", "Навес", "--amount", "100").out.strip()
    assert crm("undo", "-n").err.startswith(f"undoing: deal add {deal} Навес, ")
    crm("product", "add", "A1", "Лист", "--price", "10")
    assert crm("undo", "-n").err.startswith("undoing: product add data/products.csv, ")
    crm("deal", "line", "add", deal, "A1", "--quantity", "2")
    assert crm("undo", "-n").err.startswith(f"undoing: deal line add {deal} Навес, ")
    crm("tag", "add", "vip", deal)
    assert crm("undo", "-n").err.startswith(f"undoing: tag add {deal} Навес, ")
    offer = crm("offer", "draft", deal).out.strip()
    assert crm("undo", "-n").err.startswith(f"undoing: offer draft {offer} ")
    crm("offer", "accept", offer)
    assert crm("undo", "-n").err.startswith(f"undoing: offer accept {offer} ")
    invoice = crm("invoice", "add", deal).out.strip()
    crm("invoice", "pay", invoice, "5")
    assert crm("undo", "-n").err.startswith(f"undoing: invoice pay {invoice} ")
    crm("deal", "edit", deal, "--comment", "да")
    assert crm("undo", "-n").err.startswith(f"undoing: deal edit {deal} Навес, ")
    crm("deal", "lose", deal, "--reason", "price")
    assert crm("undo", "-n").err.startswith(f"undoing: deal lose {deal} Навес, ")
    crm("undo")
    crm("deal", "move", deal, "lost", "--reason", "price")
    assert crm("undo", "-n").err.startswith(f"undoing: deal move {deal} Навес, ")


def test_what_was_started_is_called_by_its_command(crm: Crm, folder: Path) -> None:
    with (folder / "pipelines.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "sequences:\n  warm: {for: deal, robots: [{id: hi, do: comment, with: {text: a}}]}\n"
        )
    deal = crm("deal", "add", "--name", "Навес").out.strip()
    for verb, kind in (("start", "started"), ("stop", "stopped")):
        assert crm("robots", verb, deal, "warm").code == 0
        told = crm("undo", "-n").err
        assert told.startswith(f"undoing: robots {verb} {deal} Навес, ")
        assert f"{deal}: “sequence {kind}” is taken back" in told
