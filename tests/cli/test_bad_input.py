"""Every refusal is one clear line with what, where and how, has its exit code, and loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmcli.store import layout
from tests.kit import Run
from torture.copies import adopt

Crm = Callable[..., Run]


def state(folder: Path) -> dict[str, bytes]:
    """Every file of the client base with its content."""
    return {str(p): p.read_bytes() for p in sorted((folder / "data").rglob("*")) if p.is_file()}


def refused(run: Run, code: int, *says: str) -> None:
    """The run failed with that code, in plain words, with nothing on stdout."""
    assert run.code == code, run.err
    assert run.out == ""
    assert "Traceback" not in run.err
    assert run.err.startswith("crm: error: "), run.err
    for words in says:
        assert words in run.err, run.err


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("lead", "add", "--phone", "нет"), 2, ("phones", "нет")),
        (("lead", "add", "--email", "нет почты"), 2, ("emails", "нет почты")),
        (("lead", "add", "--name", "А", "--amount", "сто"), 2, ("amount", "сто")),
        (("lead", "add", "--name", "А", "--birthday", "31.02.2026"), 2, ("birthday",)),
        (("task", "add", "Дело", "--due", "когда-нибудь"), 2, ("due",)),
        (("lead", "add"), 1, ("a lead needs a name", "hint:")),
        (("lead", "add", "--set", "ammount=5"), 2, ("did you mean 'amount'?",)),
        (("lead", "add", "--set", "amount"), 2, ("is not FIELD=VALUE",)),
        (("lead", "show", "zzz"), 3, ("no lead matches 'zzz'",)),
        (("lead", "show", "\udcffя"), 2, ("'\ufffdя' is not UTF-8", "hint:")),
        (("timeline", "\udcff"), 2, ("is not UTF-8",)),
        (("lead", "list", "--where", "ammount > 5"), 2, ("ammount", "amount")),
        (("lead", "list", "--where", "amount >"), 2, ()),
        (("lead", "list", "--columns", "nmae"), 2, ("did you mean 'name'?",)),
        (("lead", "list", "--sort", "nmae"), 2, ("name",)),
        (("lead", "ad"), 2, ("add",)),
        (("laed", "list"), 2, ("No such command 'laed'", "lead")),
        (("help", "laed"), 3, ("no help on 'laed'",)),
        (("lead", "rm", "zzz"), 3, ()),
        (("deal", "add", "--name", "Д", "--company", "Нет такой"), 3, ("no company matches",)),
        (("deal", "add", "--name", "Д", "--pipeline", "nope"), 2, ("nope", "sales")),
        (("--format", "xml", "lead", "list"), 2, ("xml",)),
    ],
)
def test_a_bad_call_is_refused(
    crm: Crm, folder: Path, args: tuple[str, ...], code: int, says: tuple[str, ...]
) -> None:
    before = state(folder)
    refused(crm(*args), code, *says)
    assert state(folder) == before


def test_an_unknown_stage_names_the_nearest(crm: Crm) -> None:
    lead = crm("lead", "add", "--phone", "89123456789").out.strip()
    refused(crm("lead", "move", lead, "workin"), 2, "no stage 'workin'", "did you mean 'working'?")


def test_an_ambiguous_reference_lists_the_candidates(crm: Crm) -> None:
    ids = {
        crm("lead", "add", "--name", "Анна", "--phone", "89123456789").out.strip() for _ in range(2)
    }
    run = crm("lead", "show", "8 912 345 67 89")
    refused(run, 3, "matches 2 records", *ids)


def test_errors_are_json_with_json(crm: Crm) -> None:
    run = crm("lead", "show", "zzz", "--json")
    assert (run.code, run.out) == (3, "")
    error = json.loads(run.err)["error"]
    assert (error["name"], error["exit_code"]) == ("NotFound", 3)


BROKEN = {
    "a tab": ("name: Анна\n\tstage: new\n", 3, "tab"),
    "a duplicate key": ("name: Анна\nname: Борис\n", 3, "name"),
    "an anchor": ("name: &a Анна\n", 2, "anchor"),
    "a merge conflict": (
        "<<<<<<< HEAD\nname: Анна\n=======\nname: Борис\n>>>>>>> other\n",
        2,
        "merge conflict",
    ),
    "a bad amount": ("name: Анна\namount: сто\n", 3, "amount"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_with_its_line_and_hides_nothing(
    crm: Crm, folder: Path, kind: str
) -> None:
    whole = crm("lead", "add", "--name", "Целый").out.strip()
    broken = crm("lead", "add", "--name", "Битый").out.strip()
    path = folder / layout.record_path(broken)
    text, line, word = BROKEN[kind]
    damaged = f"id: {broken}\n{text}".encode()
    path.write_bytes(damaged)
    listed = crm("lead", "list", "--ids")
    assert (listed.code, listed.out.split()) == (0, [whole])
    assert "1 file cannot be read" in listed.err
    check = crm("check")
    assert check.code == 6
    assert f"{layout.record_path(broken)}:{line}" in check.out
    assert word in check.out
    refused(crm("lead", "show", broken), 6, f"{layout.record_path(broken)}:{line}")
    refused(crm("lead", "edit", broken, "--set", "comment=x"), 6)
    assert path.read_bytes() == damaged


@pytest.fixture
def disk(folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The workspace on a small disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount")
    try:
        subprocess.run(["cp", "-a", f"{folder}/.", str(disk)], check=True)
        adopt(disk)
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_cannot_be_written(crm: Crm, disk: Path) -> None:
    lead = crm("lead", "add", "--name", "Анна", cwd=disk).out.strip()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused(crm("lead", "add", "--name", "Борис", cwd=disk), 4, "ead-only file system")
    assert crm("lead", "list", "--ids", cwd=disk).out.strip() == lead
    assert "Анна" in crm("lead", "show", lead, cwd=disk).out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission(crm: Crm, folder: Path) -> None:
    (folder / "data").chmod(0o500)
    run = crm("lead", "add", "--name", "Анна")
    (folder / "data").chmod(0o700)
    refused(run, 4, "ermission denied")


def test_a_full_disk_changes_nothing(crm: Crm, disk: Path) -> None:
    first = crm("lead", "add", "--name", "Первый", cwd=disk).out.strip()
    with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(b"x" * 4096)
    before = state(disk)
    refused(
        crm("lead", "add", "--name", "Второй", "--comment", "я" * 3000, cwd=disk), 5, "disk is full"
    )
    assert state(disk) == before
    assert crm("lead", "show", first, cwd=disk).code == 0
    (disk / "filler").unlink()
    assert crm("lead", "add", "--name", "Второй", cwd=disk).code == 0
    assert len(crm("lead", "list", "--ids", cwd=disk).out.split()) == 2


def test_two_commands_at_once_both_succeed(folder: Path) -> None:
    command = [sys.executable, "-m", "crmcli", "lead", "add", "--name", "Анна"]
    running = [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) for _ in range(6)]
    ids = {p.communicate()[0].decode().strip() for p in running}
    assert [p.returncode for p in running] == [0] * 6
    assert len(ids) == 6
    assert len(list((folder / "data/leads").rglob("*.yaml"))) == 6


def test_a_command_that_waits_too_long_names_the_holder(folder: Path, crm: Crm) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", ("import sys, time, pathlib\nfrom crmcli.store.safety import locks\n"
         "with locks.exclusive(pathlib.Path(sys.argv[1]), 'import leads'):\n print(flush=True); time.sleep(60)"),
         str(folder)], stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        run = crm(
            "lead", "add", "--name", "Анна", seconds={"crmcli.store.safety.locks.PATIENCE": 0.3}
        )
        refused(run, 5, "import leads", str(holder.pid), "in 0.3 s")
    finally:
        holder.kill()
        holder.communicate()


def test_a_full_stdout_is_a_failure_and_a_closed_one_is_not_a_traceback(
    crm: Crm, folder: Path
) -> None:
    crm("lead", "add", "--name", "Анна")
    command = [sys.executable, "-m", "crmcli", "lead", "list"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    piped = subprocess.run(
        ["bash", "-c", f"{' '.join(command)} | true"], cwd=folder, capture_output=True, check=False
    )
    assert b"Traceback" not in piped.stderr


def test_a_problem_is_told_once(crm: Crm, folder: Path) -> None:
    contact = crm("contact", "add", "--name", "Анна").out.strip()
    (folder / layout.record_path(contact)).write_text("\tname: x\n", encoding="utf-8")
    run = crm("contact", "show", contact)
    refused(run, 6, "a tab in the indentation")
    assert run.err.count("a tab in the indentation") == 1


def test_check_survives_links_that_are_no_links(crm: Crm, folder: Path) -> None:
    lead = crm("lead", "add", "--name", "Л").out.strip()
    other = crm("lead", "add", "--name", "М").out.strip()
    path = folder / layout.record_path(lead)
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}company: Ромашка\ncontact: {other}\n", encoding="utf-8")
    run = crm("check")
    assert run.code == 6, run.err
    assert "company links to Ромашка, which does not exist" in run.out
    assert f"contact links to {other}, which is not a contact" in run.out


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_bug_and_damages_nothing(folder: Path, closed: str) -> None:
    program = f"{sys.executable} -m crmcli -C {folder}"
    done = subprocess.run(
        ["bash", "-c", f"{program} lead add --name Анна {closed}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    [file] = (folder / "data/leads").glob("*/*.yaml")
    assert file.read_text(encoding="utf-8").startswith(f"id: {file.stem}\nname: Анна\n")
    bad = subprocess.run(["bash", "-c", f"{program} lead show нет {closed}"], capture_output=True)
    assert bad.returncode == 3


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"])
def test_the_clock_stays_within_the_calendar(crm: Crm, now: str) -> None:
    refused(crm("lead", "add", "--name", "А", CRM_NOW=now), 2, "CRM_NOW", "years")


@pytest.mark.parametrize(
    ("utm", "says"), [("medium", "'medium' is not FIELD=VALUE"), ("foo=1", "no field utm_foo")]
)
def test_a_bad_utm_is_named_as_it_was_given(crm: Crm, utm: str, says: str) -> None:
    refused(crm("lead", "add", "--name", "А", "--utm", utm), 2, says, "--utm")


def test_a_note_that_says_nothing_or_nothing_readable_is_refused(crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Л").out.strip()
    refused(crm("log", "note", lead), 2, "a note needs a text")
    refused(crm("log", "note", lead, "-", stdin="Привет".encode("cp1251")), 2, "not UTF-8", "iconv")
    assert "note" not in crm("timeline", lead).out


def test_a_pipeline_for_a_deal_that_is_not_made_is_refused(crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Л").out.strip()
    refused(crm("lead", "convert", lead, "--contact", "--pipeline", "sales"), 2, "add --deal")


def test_a_number_is_refused_in_plain_words(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (
        ("lead", "list", "--limit", "x"),
        ("undo", "x"),
        ("timeline", "7k3", "--limit", "x"),
    ):
        assert "'x' is not a valid whole number" in crm(*command).err
    monkeypatch.setenv("CRM_LANG", "ru")
    assert "'x' — не целое число" in crm("lead", "list", "--limit", "x").err
