"""What is kept of who looks at what, and whether it is seen when somebody changes that afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmcli.model.audit import Entry, Head, heads_in
from crmcli.store.audit import ends, journal, verified
from crmcli.store.timeline import csv_lines
from crmcli.workspace.audit import refused
from tests import kit
from tests.rights.conftest import ACCESS, SETTINGS, Base

Crm = Callable[..., kit.Run]
OCTOBER, NOVEMBER = (datetime(2026, month, 20, 9, tzinfo=UTC) for month in (10, 11))


def kept(crm: Crm, base: Base, *args: str) -> list[dict[str, object]]:
    found = crm("audit", "list", "--json", *args, cwd=base.root, CRM_USER="root")
    assert found.code == 0, found.err
    return list(json.loads(found.out))


def test_each_command_has_a_line_with_what_it_showed(crm: Crm, base: Base) -> None:
    acts = {"cwd": base.root, "CRM_USER": "anna"}
    shown = crm("contact", "list", "--ids", **acts).out.split()
    crm("deal", "show", base.records["deal anna"].id, **acts)
    crm("report", "funnel", **acts)
    crm("export", "contacts", **acts)
    crm("field", "add", "deal", "secret_name", "--type", "text", **acts)
    crm("export", "deals", "--where", "amount > 1", cwd=base.root, CRM_USER="root")
    rows = kept(crm, base, "--door", "cli")
    told = [(row["kind"], row["command"], row["shown"]) for row in rows]
    assert told[0] == ("command", "contact list", {"contact": len(shown)})
    assert told[1][:2] == ("command", "deal show")
    assert told[2][:2] == ("command", "report funnel")
    assert told[3:5] == [("refused", "export", {}), ("refused", "field add", {})], told
    assert "secret_name" not in json.dumps(rows)
    [exported] = kept(crm, base, "--kind", "export")
    assert exported["data"] == {
        "door": "cli", "command": "export", "noun": "deal", "count": 5, "where": "amount > 1",
    }  # fmt: skip
    assert {row["user"] for row in kept(crm, base, "--user", "anna")} == {"Анна Петрова"}
    assert kept(crm, base, "--kind", "lead.created")
    crm("field", "add", "deal", "size", "--type", "text", cwd=base.root, CRM_USER="root")
    [changed] = kept(crm, base, "--kind", "file.changed")
    assert (changed["text"], changed["command"]) == (
        "settings.yaml: fields.deal.size.type – → text", "field add",
    )  # fmt: skip


def test_what_was_changed_of_rights_and_settings_is_told(crm: Crm, base: Base) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    for words in (
        ("user", "role", "anna", "head"), ("user", "role", "anna", "manager", "read-only"),
        ("user", "add", "vera", "--email", "vera@x.example", "--role", "intake"), ("user", "off", "boris"),
    ):  # fmt: skip
        assert crm(*words, "--yes", **acts).code == 0, words
    told = [str(row["text"]) for row in kept(crm, base, "--kind", "file.changed")]
    assert "access.yaml: users.anna manager → head" in told
    assert "access.yaml: users.anna head → manager, read-only" in told
    assert "access.yaml: users.vera – → intake" in told
    assert any(
        text.startswith("settings.yaml: users.vera.email – → vera@x.example") for text in told
    )
    assert any("off – → boris" in text for text in told), told


def test_only_who_changes_settings_reads_it(crm: Crm, base: Base) -> None:
    for verb in ("list", "verify", "head"):
        assert crm("audit", verb, cwd=base.root, CRM_USER="boris").code == 4
    assert [row["kind"] for row in kept(crm, base, "--user", "boris")] == ["refused"] * 3


def test_who_acts_for_somebody_is_told(crm: Crm, base: Base) -> None:
    """By --as, whether it is allowed or not: of what is refused it is the one who tried."""
    acts = {"cwd": base.root, "CRM_LANG": "en"}
    assert crm("deal", "list", "--as", "anna", CRM_USER="root", **acts).code == 0
    assert crm("deal", "list", "--as", "anna", CRM_USER="olga", **acts).code == 4
    assert crm("deal", "list", "--as", "anna", CRM_USER="anna", **acts).code == 0
    first, second, third = kept(crm, base, "--door", "cli")
    assert [one["user"] for one in (first, third)] == ["Анна Петрова"] * 2
    assert first["data"]["by"] == "root"  # type: ignore[index]  # JSON
    assert "--as" in str(first["text"])
    assert "by" not in third["data"]  # type: ignore[operator]  # JSON
    assert (second["kind"], second["user"]) == ("refused", "Ольга Чайкина"), second
    assert first["id"] in {row["id"] for row in kept(crm, base, "--user", "root")}


def test_nothing_is_kept_where_there_are_no_rights(crm: Crm, base: Base) -> None:
    (base.root / "access.yaml").unlink()
    crm("contact", "list", cwd=base.root, CRM_USER="anna")
    refused(base.root, "anna", "gate", "contact list", "no")
    assert not (base.root / "data/audit").exists()


def test_a_door_tells_what_it_refused(crm: Crm, base: Base) -> None:
    refused(base.root, "mallory", "gate", ["contact", "list"], "the key was revoked")
    [row] = kept(crm, base, "--door", "gate")
    assert (row["user"], row["command"], row["text"]) == (
        "mallory", "contact list", "the key was revoked",
    )  # fmt: skip


# -- anchors and what was kept long enough ---------------------------------------------------------


def test_the_head_is_put_into_a_tag_which_verify_reads(crm: Crm, base: Base) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    assert crm("audit", "head", "--sign", **acts).code == 1  # no git
    git(base.root, "init", "-b", "main")
    git(base.root, "add", "settings.yaml")
    git(base.root, "commit", "-m", "one")
    crm("contact", "list", **acts)
    done = crm("audit", "head", "--sign", "--json", **acts)
    assert done.code == 0, done.err
    assert "git push origin crm-audit-" in done.err
    assert crm("audit", "verify", **acts).code == 0
    [path] = (base.root / "data/audit").glob("*/*.csv")
    path.write_text("".join(lines_of(path)[:2]))
    found = crm("audit", "verify", **acts)
    assert found.code == 6
    assert json.loads(done.out)[0]["head"] in found.out


def test_a_tick_mails_the_ends_once_a_day_and_drops_old_months(crm: Crm, base: Base) -> None:
    kit.write(base.root, "access.yaml", ACCESS + "audit: {keep: 1y, letter: head@chai.example}\n")
    kit.write(
        base.root, "settings.yaml", SETTINGS + "channels: {mail: {deliver: 'maildir:outbox'}}\n"
    )
    acts = {"cwd": base.root, "CRM_USER": "root"}
    crm("trust", "--yes", **acts, CRM_NOW="2025-09-10T09:00:00Z")
    for when in ("2025-09-10T09:00:00Z", "2025-10-10T09:00:00Z"):
        assert crm("contact", "list", **acts, CRM_NOW=when).code == 0
    for _ in range(3):
        assert crm("tick", **acts).code == 0
    letters = [*(base.root / "outbox/new").iterdir()]
    assert len(letters) == 1
    [head] = heads_in(letters[0].read_text())
    assert crm("audit", "verify", "--head", letters[0].read_text(), **acts).code == 0
    assert [path.parent.name for path in (base.root / "data/audit").glob("*/*.csv")] == [head.month]
    [row] = kept(crm, base, "--kind", "dropped")
    assert {name.partition("/")[0] for name in row["data"]["files"]} == {"2025-09", "2025-10"}  # type: ignore[index]
    tomorrow = kit.NOW.replace(day=24).isoformat()
    assert crm("tick", **acts, CRM_NOW=tomorrow).code == 0
    assert len([*(base.root / "outbox/new").iterdir()]) == 2
    assert crm("audit", "verify", **acts).code == 0


# -- the chain ------------------------------------------------------------------------------------


def written(root: Path, clone: str = "aaaaaaaa", lines: int = 5) -> None:
    for at in (OCTOBER, NOVEMBER):
        for number in range(lines):
            journal.append(root, clone, at, [Entry("command", "anna", data={"n": number})])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = kit.workspace(tmp_path / "ws", kit.pipelines(), "company: {name: Чай}\n")
    written(root)
    return root


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True)


SPOILT: dict[str, tuple[Callable[[list[str]], list[str]], int]] = {
    "edited": (lambda old: [*old[:3], old[3].replace("anna", "olga"), *old[4:]], 5),
    "taken out of the middle": (lambda old: [*old[:3], *old[4:]], 4),
    "reordered": (lambda old: [*old[:3], old[4], old[3], *old[5:]], 4),
    "doubled": (lambda old: [*old[:4], *old[3:]], 5),
    "the first taken out": (lambda old: [old[0], *old[2:]], 2),
    "passed for an erased one": (
        lambda old: [*old[:3], old[3].replace('"{""n"":1}"', '"{""erased"":""0123456789abcdef""}"'),
                     *old[4:]], 4),
    "no line": (lambda old: [*old[:3], "what\n", *old[3:]], 4),
    "not in its place": (lambda old: [*old[:3], old[2].replace("anna", "eve"), *old[3:]], 4),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("month", ["2026-10", "2026-11"])
def test_the_first_bad_line_is_named(root: Path, how: str, month: str) -> None:
    path = root / f"data/audit/{month}/aaaaaaaa.csv"
    assert [*verified.problems(root, [])] == []
    spoil, line = SPOILT[how]
    path.write_text("".join(spoil(lines_of(path))))
    if how == "not in its place":  # it follows a line above: only that two do tells
        assert [*verified.problems(root, [])] == []
        assert [found.line for found in verified.forks(root)] == [4]
        return
    found = [p for p in verified.problems(root, []) if p.path.startswith(f"data/audit/{month}")]
    assert found[0].line == line


def test_an_end_that_is_gone_is_told_by_what_goes_on_from_it(root: Path) -> None:
    path = root / "data/audit/2026-10/aaaaaaaa.csv"
    path.write_text("".join(lines_of(path)[:-2]))
    [found] = verified.problems(root, [])
    assert found.path.endswith("2026-10/aaaaaaaa.csv")
    path.unlink()
    [found] = verified.problems(root, [])
    assert "missing" in found.message


@pytest.mark.parametrize("how", ["cut off", "replaced", "removed"])
def test_the_last_month_needs_an_anchor(root: Path, how: str) -> None:
    path = root / "data/audit/2026-11/aaaaaaaa.csv"
    [head] = journal.heads(root)
    assert [*verified.problems(root, [head])] == []
    if how == "cut off":
        path.write_text("".join(lines_of(path)[:-1]))
    else:
        path.unlink()
    if how == "replaced":
        for number in range(9):
            journal.append(
                root, "aaaaaaaa", NOVEMBER, [Entry("command", "eve", data={"n": number})]
            )
    assert [*verified.problems(root, [])] == []
    [found] = verified.problems(root, [head])
    assert str(head) in found.message
    [told] = heads_in(f"Dear root,\n\n  {head}\n")
    assert told == head


CUTS: dict[str, Callable[[Path], object]] = {
    "one line": lambda path: path.write_text("".join(lines_of(path)[:-1])),
    "three lines": lambda path: path.write_text("".join(lines_of(path)[:-3])),
    "all but the beginning": lambda path: path.write_text("".join(lines_of(path)[:2])),
    "the only file": Path.unlink,
    "the folder": lambda path: shutil.rmtree(path.parents[1]),
    "called as another's": lambda path: path.rename(path.with_name("zzzzzzzz.csv")),
    "copied as another's": lambda path: shutil.copy(path, path.with_name("zzzzzzzz.csv")),
}


@pytest.mark.parametrize("how", kit.some(CUTS, 2))
@pytest.mark.parametrize("later", [0, 2])
def test_what_is_gone_from_the_end_is_missed_where_it_was_written(
    crm: Crm, base: Base, how: str, later: int
) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    for _ in range(5):
        crm("contact", "list", **acts)
    assert crm("audit", "verify", **acts).code == 0
    [path] = (base.root / "data/audit").glob("*/*.csv")
    [head] = json.loads(crm("audit", "head", "--json", **acts).out)
    CUTS[how](path)
    for _ in range(later):  # what comes after does not cover it up
        crm("contact", "list", **acts)
    found = crm("audit", "verify", **acts)
    assert found.code == 6, found
    assert "data/audit/2026-11/" in found.out
    if not later and "as another's" not in how:
        assert head["clone"] in found.out


def test_an_end_is_remembered_with_the_number_of_its_lines(root: Path) -> None:
    assert ends.remembered(root) == [*journal.heads(root)]
    (root / ends.PATH).unlink()
    journal.append(root, "aaaaaaaa", NOVEMBER, [Entry("command", "anna")] * 3)
    assert ends.remembered(root) == [*journal.heads(root)]
    path = root / "data/audit/2026-11/aaaaaaaa.csv"
    with path.open("ab") as file:  # a command that was killed before it could remember
        path.write_bytes(path.read_bytes())
        rows = csv_lines.tail(root, "data/audit/2026-11/aaaaaaaa.csv")
        event = journal.read(root, "2026-11", "aaaaaaaa")[0][-1].event
        file.write(csv_lines.lines([event], rows))
    journal.append(root, "aaaaaaaa", NOVEMBER, [Entry("command", "anna")])
    assert ends.remembered(root) == [*journal.heads(root)]


def test_a_line_whose_writing_was_cut_off_is_written_anew(root: Path) -> None:
    path = root / "data/audit/2026-11/aaaaaaaa.csv"
    kit.append(root, "data/audit/2026-11/aaaaaaaa.csv", "e1m8grdtx008yh4hf,2026-11-28T09")
    assert [*verified.problems(root, [])]
    journal.append(root, "aaaaaaaa", NOVEMBER, [Entry("command", "anna")])
    assert [*verified.problems(root, [])] == []
    assert len(lines_of(path)) == 8


def test_a_clock_that_goes_back_begins_no_month_anew(root: Path) -> None:
    journal.append(root, "aaaaaaaa", OCTOBER, [Entry("command", "anna")])
    assert [*verified.problems(root, [])] == []
    assert len(lines_of(root / "data/audit/2026-11/aaaaaaaa.csv")) == 8


def test_many_at_once_make_one_chain(root: Path) -> None:
    def one(number: int) -> str:
        return journal.append(root, "aaaaaaaa", NOVEMBER, [Entry("command", f"u{number}")])

    with ThreadPoolExecutor(50) as threads:
        ids = [*threads.map(one, range(50))]
    assert len({*ids}) == 50
    assert [*verified.problems(root, [])] == [*verified.forks(root)] == []
    rows, _ = journal.read(root, "2026-11", "aaaaaaaa")
    assert {row.event.actor for row in rows} >= {f"u{number}" for number in range(50)}


def git(root: Path, *args: str) -> None:
    named = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(("git", *named, *args), cwd=root, check=True, capture_output=True, timeout=60)


def test_clones_and_branches_merge(root: Path) -> None:
    kit.write(root, ".gitattributes", "data/audit/** merge=union\n")
    kit.write(root, ".gitignore", ".crm/\n")
    git(root, "init", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    git(root, "checkout", "-b", "other")
    journal.append(root, "aaaaaaaa", NOVEMBER, [Entry("command", "anna")])
    written(root, "bbbbbbbb")
    git(root, "add", ".")
    git(root, "commit", "-m", "two")
    heads = {*journal.heads(root)}
    git(root, "checkout", "main")
    journal.append(root, "aaaaaaaa", NOVEMBER, [Entry("command", "olga")])
    git(root, "commit", "-am", "three")
    heads |= {*journal.heads(root)}
    git(root, "merge", "other")
    assert [*verified.problems(root, heads)] == []
    assert len([*verified.forks(root)]) == 1
    assert {head.clone for head in journal.heads(root)} == {"aaaaaaaa", "bbbbbbbb"}
    assert Head("2026-11", "bbbbbbbb", 7, "0" * 16) not in heads


@pytest.mark.parametrize("before", [False, True])
def test_a_file_that_a_killed_command_left_empty_begins_as_any_other(
    root: Path, before: bool
) -> None:
    if before:
        journal.append(root, "cccccccc", OCTOBER, [Entry("command", "anna")])
    kit.write(root, "data/audit/2026-11/cccccccc.csv", "")
    journal.append(root, "cccccccc", NOVEMBER, [Entry("command", "anna")])
    assert [*verified.problems(root, [])] == []
    rows, _ = journal.read(root, "2026-11", "cccccccc")
    assert rows[0].event.data["after"] == ("2026-10" if before else "")
