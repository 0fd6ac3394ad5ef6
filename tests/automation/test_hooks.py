"""Programs in hooks.d/: asked before a change is written, told of it afterwards; whatever they do, data stays whole."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation import hooks
from crmcli.automation.approval.gate import approval, approve
from crmcli.automation.config_checks import look_through
from crmcli.automation.hooks import HookRefused, Hooks
from crmcli.automation.tick import tick
from crmcli.sales import activities, stages
from crmcli.workspace import Workspace
from tests import kit
from tests.automation.conftest import House
from tests.kit import save

NOTES = """#!/bin/sh
cat >> "$PWD.{name}"
echo >> "$PWD.{name}.calls"
"""
ROBOTS = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: "Позвонить: {{ deal.name }}"}}
          - {id: mark, do: set, with: {comment: видели}}
      - {id: talks, name: Переговоры}
"""


def put(house: House, name: str, text: str = NOTES, mode: int = 0o755) -> Path:
    path = house.root / "hooks.d" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("{name}", name))
    path.chmod(mode)
    os.utime(path)  # a hand that is slower with chmod has to approve it
    return path


def ws_of(house: House, **more: Any) -> Workspace:
    ws = Workspace.open(house.root, user="anna", now=house.now, **more)
    ws.hooks = Hooks(ws)
    return ws


def told(house: House, name: str) -> list[dict[str, Any]]:
    path = Path(f"{house.root}.{name}")
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [json.loads(line) for line in lines]


def calls(house: House, name: str) -> int:
    path = Path(f"{house.root}.{name}.calls")
    count = len(path.read_text()) if path.exists() else 0
    path.unlink(missing_ok=True)
    return count


def files(house: House) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in (house.root / "data").rglob("*") if path.is_file()
    }


def test_both_get_what_command_who_and_each_record_before_and_after(house: House) -> None:
    put(house, "before-change")
    put(house, "after-change")
    deal = kit.add(ws_of(house), "deal", name=["Чай"], amount=["1500.50"])
    [line] = told(house, "before-change")
    assert [line] == told(house, "after-change")
    assert (line["command"], line["user"], line["record"]) == ("deal add", "anna", deal.id)
    assert (line["entity"], line["before"], line["after"]["amount"]) == ("deal", None, "1500.50")
    stages.move(ws_of(house), deal.id, "talks")
    [line] = told(house, "before-change")
    assert (line["before"]["stage"], line["after"]["stage"]) == ("new", "talks")
    assert [event["kind"] for event in line["events"]] == ["stage.entered"]
    told(house, "after-change")
    activities.log(ws_of(house), deal.id, "note", "Звонил")
    [line] = told(house, "after-change")
    assert line["before"] == line["after"]
    assert line["after"]["name"] == "Чай"
    assert line["events"][0]["data"]["text"] == "Звонил"
    kit.edit(ws_of(house), deal.id, name="Чай")  # nothing changes
    assert (told(house, "after-change"), calls(house, "after-change")) == ([], 3)


def test_before_change_refuses_with_its_words(house: House) -> None:
    put(
        house,
        "before-change",
        "#!/bin/sh\ngrep -q Вася && { echo 'Васю не берём'; exit 1; }\nexit 0\n",
    )
    kit.add(ws_of(house), "lead", name=["Петя"])
    before = files(house)
    with pytest.raises(HookRefused, match=r"hooks\.d/before-change refuses: Васю не берём"):
        kit.add(ws_of(house), "lead", name=["Вася"])
    assert files(house) == before
    assert not list((house.root / ".crm/txn").glob("*"))


def test_what_it_says_with_its_yes_is_passed_on(house: House) -> None:
    put(house, "before-change", "#!/bin/sh\necho 'проверь\033[31m ИНН'\n")
    ws = ws_of(house)
    kit.add(ws, "lead", name=["Петя"])
    assert "hooks.d/before-change: проверь [31m ИНН" in ws.notes


BROKEN = {
    "hangs": ("#!/bin/sh\nsleep 60\n", "did not finish in 0.5 s"),
    "leaves a child behind that holds the pipe": ("#!/bin/sh\nsleep 60 &\nwait\n", "did not finish"),
    "crashes": ("#!/bin/sh\nkill -9 $$\n", "exited with -9"),
    "another exit code": ("#!/bin/sh\necho больно >&2\nexit 3\n", "exited with 3: больно"),
    "prints without end": ("#!/bin/sh\ncat /dev/zero\n", "prints more than 64 KB"),
    "no interpreter": ("#!/no/such/thing\n", "cannot be run"),
    "no program": ("garbage \x00\n", "cannot be run|exited with"),
    "empty": ("", "cannot be run|exited with"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_hook(house: House, monkeypatch: Any, text: str, why: str) -> None:
    monkeypatch.setitem(hooks.SECONDS, hooks.BEFORE, 0.5)
    monkeypatch.setitem(hooks.SECONDS, hooks.AFTER, 0.5)
    path = put(house, "before-change", text)
    before = files(house)
    with pytest.raises(HookRefused, match=why):
        kit.add(ws_of(house), "lead", name=["Петя"])
    assert files(house) == before
    path.unlink()
    put(house, "after-change", text)
    ws = ws_of(house)
    lead = kit.add(ws, "lead", name=["Петя"])
    assert ws.get(lead.id)
    assert any("hooks.d/after-change failed, the change stands" in note for note in ws.notes), (
        ws.notes
    )


def test_a_hook_that_is_no_executable_file(house: House) -> None:
    path = put(house, "before-change", mode=0o644)
    with pytest.raises(
        HookRefused, match=r"not an executable file \(chmod \+x hooks.d/before-change"
    ):
        kit.add(ws_of(house), "lead", name=["Петя"])
    path.unlink()
    path.symlink_to("/bin/true")
    with pytest.raises(HookRefused, match="is a link"):
        kit.add(ws_of(house), "lead", name=["Петя"])
    path.unlink()
    path.mkdir()
    with pytest.raises(HookRefused, match="not an executable file"):
        kit.add(ws_of(house), "lead", name=["Петя"])


def test_one_that_reads_nothing_is_no_fault(house: House) -> None:
    put(house, "before-change", "#!/bin/sh\nexit 0\n")
    put(house, "after-change", "#!/bin/sh\nexit 0\n")
    ws = ws_of(house)
    bring(ws, 1500)
    assert len(ws.select("lead")) == 1500
    assert not [note for note in ws.notes if "hooks.d" in note]


def bring(ws: Workspace, rows: int) -> None:
    kit.bring(ws, "lead", "name\n" + "".join(f"Клиент {n}\n" for n in range(rows)))


def test_an_import_is_asked_about_by_parts_and_told_of_once(house: House) -> None:
    put(house, "before-change")
    put(house, "after-change")
    bring(ws_of(house), 2500)
    assert (calls(house, "before-change"), calls(house, "after-change")) == (3, 1)
    assert len({line["record"] for line in told(house, "after-change")}) == 2500


def test_a_tick_is_asked_about_and_told_of_once(house: House) -> None:
    house.rules(ROBOTS)
    put(house, "after-change")
    deals = [house.add("deal", name=name) for name in ("Чай", "Кофе")]
    put(
        house,
        "before-change",
        "#!/bin/sh\ngrep -q 'Позвонить: Чай' && { echo нет; exit 1; }\nexit 0\n",
    )
    tick(ws_of(house))
    assert house.titles() == ["Позвонить: Кофе"]
    assert [house.get(deal.id).comment for deal in deals] == ["видели", "видели"]
    [failed] = [job for job in house.jobs() if job.state == "failed"]
    assert (failed.record, "refuses: нет" in failed.reason) == (deals[0].id, True)
    assert calls(house, "after-change") == 1
    assert {line["command"] for line in told(house, "after-change")} == {"tick"}
    put(house, "before-change", "#!/bin/sh\nexit 0\n")
    house.wait("1h")
    tick(ws_of(house))
    assert house.titles() == ["Позвонить: Кофе", "Позвонить: Чай"]


CALLS_CRM = f"""#!/bin/sh
cat > /dev/null
PYTHONPATH={os.pathsep.join(sys.path)} {sys.executable} -m crmcli lead %s >> "$PWD.said" 2>&1
"""


def test_a_hook_that_calls_crm(house: House) -> None:
    put(house, "before-change", CALLS_CRM % "list")
    began = time.monotonic()
    with pytest.raises(HookRefused, match=r"before-change refuses|gave no answer"):
        kit.add(ws_of(house), "lead", name=["Петя"])
    assert time.monotonic() - began < 8
    assert "before-change не может вызвать crm" in Path(f"{house.root}.said").read_text()
    put(house, "before-change", "#!/bin/sh\nexit 0\n")
    put(house, "after-change", CALLS_CRM % "add --name Вторая" + 'echo >> "$PWD.calls"\n')
    ws = ws_of(house)
    kit.add(ws, "lead", name=["Петя"])
    assert sorted(str(lead.get("name")) for lead in house.ws.select("lead")) == ["Вторая", "Петя"]
    assert Path(f"{house.root}.calls").read_text() == "\n"  # its own change is not told of


def test_what_was_pulled_waits_and_is_told_once(house: House, clone: Any) -> None:
    put(house, "before-change", "#!/bin/sh\necho чужое\nexit 1\n")
    other = clone()
    notes = []
    for name in ("Чай", "Кофе"):
        ws = ws_of(other)
        kit.add(ws, "lead", name=[name])
        notes += [note for note in ws.notes if "hooks.d" in note]
    assert [note.split(" (")[0] for note in notes] == [
        "hooks.d/before-change does not run before you approve it"
    ]
    assert [act.place for act in approval(other.ws).unapproved] == ["hooks.d/before-change"]
    approve(other.ws, approval(other.ws).unapproved)
    with pytest.raises(HookRefused, match="чужое"):
        kit.add(ws_of(other), "lead", name=["Сок"])
    put(house, "before-change", "#!/bin/sh\necho другое\nexit 1\n")
    save(house.root, "other")
    kit.git(other.root, "pull", "-q", "--rebase", "--autostash")
    kit.add(ws_of(other), "lead", name=["Сок"])
    put(other, "before-change", "#!/bin/sh\necho своё\nexit 1\n")
    with pytest.raises(HookRefused, match="своё"):
        kit.add(ws_of(other), "lead", name=["Вода"])


def test_one_made_executable_later_waits(house: House) -> None:
    path = put(house, "before-change", "#!/bin/sh\nexit 1\n", mode=0o644)
    time.sleep(0.2)
    path.chmod(0o755)
    kit.add(ws_of(house), "lead", name=["Чай"])
    approve(house.ws, approval(house.ws).unapproved)
    with pytest.raises(HookRefused):
        kit.add(ws_of(house), "lead", name=["Кофе"])


def test_check_tells_of_a_slip(house: House) -> None:
    put(house, "after-change", mode=0o644)
    put(house, "before_change")
    put(house, "README")
    put(house, "before-change.off")
    found = look_through(house.root, house.now).oddities
    assert [(odd.path, odd.hint) for odd in found] == [
        ("hooks.d/after-change", "chmod +x hooks.d/after-change"),
        ("hooks.d/before_change", "rename it to before-change"),
    ]


def test_a_dry_run_calls_none(house: House) -> None:
    put(house, "before-change")
    put(house, "after-change")
    kit.add(ws_of(house, dry_run=True), "lead", name=["Петя"])
    assert (calls(house, "before-change"), calls(house, "after-change")) == (0, 0)


def test_a_file_that_is_no_record_is_told(house: House) -> None:
    put(house, "after-change")
    with ws_of(house).change("view add") as change:
        change.rewrite("views.yaml", b"lead: []\n")
    [line] = told(house, "after-change")
    assert (line["file"], line["command"]) == ("views.yaml", "view add")


def test_at_the_door(crm: Any, folder: Path) -> None:
    assert crm("lead", "add", "--name", "Петя").code == 0
    (folder / "hooks.d").mkdir()
    hook = folder / "hooks.d/before-change"
    hook.write_text("#!/bin/sh\necho нельзя\nexit 1\n")
    hook.chmod(0o755)
    refused = crm("lead", "add", "--name", "Вася")
    assert (refused.code, "refuses: нельзя" in refused.err) == (1, True), refused
