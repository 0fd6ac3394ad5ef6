"""Users, roles, teams and who acts, by the real program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.errors import Ambiguous, BadUsage
from crmcli.model.user import User, find_user
from tests import kit
from tests.rights.conftest import Base

Crm = Callable[..., kit.Run]
TEAM = """
# who works here
users:
  anna: {name: Анна Орлова, email: anna@chai.example}  # the elder
  boris: {name: Борис Белов, aliases: [old@chai.example]}
  ann: {name: Анна Белова}
"""


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A team's workspace without rights yet."""
    return kit.workspace(tmp_path / "team", kit.pipelines(), TEAM)


@pytest.mark.parametrize(
    ("ref", "meant"),
    [
        ("anna", "anna"), ("ANNA@chai.example", "anna"), ("Анна Орлова", "anna"), ("орлова", "anna"),
        ("Борис", "boris"), ("old@chai.example", "boris"), ("Ann", "ann"),
        ("Анна", Ambiguous), ("белов", "boris"), ("clara", BadUsage), ("", BadUsage), ("an", BadUsage),
    ],
)  # fmt: skip
def test_a_user_is_found_by_what_means_only_one(ref: str, meant: str | type[Exception]) -> None:
    users = {
        "anna": User("anna", "Анна Орлова", "anna@chai.example"),
        "boris": User("boris", "Борис Белов", aliases=("old@chai.example",)),
        "ann": User("ann", "Анна Белова"),
    }
    if isinstance(meant, str):
        assert find_user(users, ref) == meant
    else:
        with pytest.raises(meant):
            find_user(users, ref)


def test_names_mean_the_same_wherever_a_user_is_asked_for(crm: Crm, team: Path) -> None:
    acts = {"cwd": team, "CRM_USER": "Орлова"}
    assert crm("lead", "add", "--name", "А", "--owner", "Борис", **acts).code == 0
    listed = crm("lead", "list", "--where", "owner = борис", "--json", **acts).out
    assert [row["owner"] for row in json.loads(listed)] == ["boris"]
    assert crm("lead", "list", "--owner", "old@chai.example", "--ids", **acts).out
    for args in (
        ["lead", "add", "--name", "Б", "--owner", "Анна"],
        ["lead", "list", "--where", "owner = Анна"],
        ["lead", "list", "--as", "Анна"],
    ):
        refused = crm(*args, **acts)
        assert refused.code != 0
        assert "anna" in refused.err
        assert "ann " in refused.err or "ann)" in refused.err or "ann\n" in refused.err


def test_who_acts_is_said_in_this_order(crm: Crm, team: Path) -> None:
    def acts(*args: str, **environ: str) -> tuple[str, str]:
        row = json.loads(crm("login", *args, "--json", cwd=team, **environ).out)
        return row["user"], row["by"]

    assert acts() == ("", "")
    assert acts(LOGNAME="boris") == ("boris", "system")
    assert crm("login", "Орлова", cwd=team).code == 0
    assert acts(LOGNAME="boris") == ("anna", "login")
    assert acts(CRM_USER="ann") == ("ann", "environment")
    assert acts("--as", "Борис", CRM_USER="ann") == ("boris", "as")
    assert crm("logout", cwd=team).code == 0
    assert crm("logout", cwd=team).code == 3
    assert acts() == ("", "")
    assert not list(team.rglob("*login*"))  # nothing of it stands in the folder
    kit.write(team, "settings.yaml", "users: {anna: {}}\n")
    assert acts() == ("anna", "only")


CHANGES = [
    ["lead", "add", "--name", "А"], ["user", "role", "anna", "manager", "--yes"],
    ["stage", "add", "Договор"], ["calendar", "feed", "anna"], ["undo", "--yes"],
]  # fmt: skip


@pytest.mark.parametrize("args", CHANGES, ids=" ".join)
def test_a_team_asks_who_changes_something(crm: Crm, team: Path, args: list[str]) -> None:
    kit.lead(kit.opened(team))
    before = kit.records_of(team), (team / "settings.yaml").read_bytes()
    refused = crm(*args, cwd=team)
    assert refused.code in (1, 4)
    if refused.code == 4:
        assert all(way in refused.err for way in ("crm login", "CRM_USER", "--as"))
    assert (kit.records_of(team), (team / "settings.yaml").read_bytes()) == before
    assert crm("lead", "list", cwd=team).code == 0
    assert crm("tick", cwd=team) == kit.Run(0, "", "")


def test_roles_begin_with_whoever_gives_the_first(crm: Crm, team: Path) -> None:
    acts = {"cwd": team, "CRM_USER": "anna"}
    assert crm("user", "role", "boris", "manager", **acts).code == 2  # ann would have no rights
    assert not (team / "access.yaml").exists()
    assert crm("user", "role", "boris", "manager", "--yes", **acts).code == 0
    assert crm("user", "add", "ivan", "--name", "Иван", "--role", "assistant", **acts).code == 0
    assert "# the elder" in (team / "settings.yaml").read_text()
    rows = {r["id"]: r for r in json.loads(crm("user", "list", "--json", **acts).out)}
    assert {one: row["roles"] for one, row in rows.items()} == {
        "anna": ["administrator"], "boris": ["manager"], "ann": [], "ivan": ["assistant"],
    }  # fmt: skip
    assert crm("lead", "list", cwd=team, CRM_USER="ann").code == 4
    assert crm("lead", "list", cwd=team).code == 4  # nobody in particular sees nothing
    assert crm("tick", cwd=team) == kit.Run(0, "", "")
    assert crm("undo", "--yes", **acts).code == 0
    assert "ivan" not in crm("user", "list", **acts).out
    assert "ivan" not in (team / "access.yaml").read_text()


WRONG = [
    ("user add anna", 2), ("user add ANNA", 2), ("user add 9x", 2), ("user add x --email anna@chai.example", 2),
    ("user add x --phone abc", 2), ("user add x --role clerk", 3), ("user add x --head nobody", 2), ("user role anna mangaer", 3),
    ("user role nobody manager", 2), ("user role root manager", 2), ("user on anna", 1),
    ("user off nobody", 2), ("team add sales", 2), ("team add x --head nobody", 2), ("team add x --in y", 3),
    ("team set house --in sales", 2), ("team set sales --drop olga", 2), ("team rm house", 1),
    ("team rm x", 3), ("role show clerk", 3), ("can anna fly deal", 2), ("can anna edit", 2),
    ("can anna settings deal", 2), ("can nobody edit deal", 2), ("can anna add deal-00000000", 3),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code"), kit.some(WRONG, 2))
def test_what_is_wrong_is_one_line_and_changes_nothing(
    crm: Crm, base: Base, line: str, code: int
) -> None:
    files = ("settings.yaml", "access.yaml")
    before = [(base.root / name).read_bytes() for name in files]
    run = crm(*line.split(), cwd=base.root, CRM_USER="root")
    assert run.code == code, run
    assert len(run.err.splitlines()) <= 2
    assert not run.out
    assert [(base.root / name).read_bytes() for name in files] == before


def test_teams_are_changed_and_keep_the_rest(crm: Crm, base: Base) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    assert crm("team", "add", "west", "--head", "Гора", "--in", "sales", **acts).code == 0
    assert (
        crm(
            "team", "set", "sales", "--head", "anna", "--drop", "anna", "--add", "boris", **acts
        ).code
        == 0
    )
    rows = {r["id"]: r for r in json.loads(crm("team", "list", "--json", **acts).out)}
    assert (rows["sales"]["head"], rows["sales"]["members"], rows["west"]["in"]) == (
        "anna", ["boris"], "sales",
    )  # fmt: skip
    assert crm("team", "rm", "west", **acts).code == 0
    assert crm("team", "rm", "sales", cwd=base.root, CRM_USER="boris").code == 4


def test_acting_for_others_takes_the_right(crm: Crm, base: Base) -> None:
    def listed(**environ: str) -> kit.Run:
        return crm("deal", "list", "--as", "anna", "--json", cwd=base.root, **environ)

    own = listed(CRM_USER="root")
    assert own.code == 0
    assert listed() == own  # nobody else is known: it says who one is
    assert listed(CRM_USER="anna") == own
    refused = listed(CRM_USER="olga")
    assert (refused.code, refused.out) == (4, "")
    assert crm("login", "olga", cwd=base.root).code == 0
    assert listed().code == 4
    crm("logout", cwd=base.root)
    kit.append(base.root, "access.yaml", "off: [root]\n")
    kit.replace(base.root / "access.yaml", "boris: [head]", "boris: [head, administrator]")
    assert listed(CRM_USER="root").code == 4
    assert crm("login", "root", cwd=base.root).code == 4


CAN = [
    # who, verb, of what: the answer, and what is said of it
    ("anna", "edit", "deal anna", True, "manager"), ("anna", "edit", "deal olga", False, "olga"),
    ("anna", "delete", "deal anna", False, "not at all"), ("boris", "edit", "deal anna", True, "head"),
    ("boris", "read", "deal olga", False, "anna, boris"), ("anna", "read", "contact anna", True, "hangs on it"),
    ("anna", "edit", "contact anna", False, "boris"), ("ivan", "move", "deal olga", False, "assistant"),
    ("ivan", "edit", "deal olga", True, "ivan, olga"), ("anna", "export", "deal", False, "manager"),
    ("root", "settings", "", True, "administrator"), ("anna", "act-as", "", False, "manager"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "verb", "what", "may", "said"), CAN)
def test_can_says_what_the_gate_does(
    crm: Crm, base: Base, who: str, verb: str, what: str, may: bool, said: str
) -> None:
    refs = [base.records[what].id] if what in base.records else what.split()
    run = crm("can", who, verb, *refs, "--why", cwd=base.root, CRM_USER="root")
    assert run.code == (0 if may else 1)
    assert run.out.splitlines()[0] == ("yes" if may else "no")
    assert said in run.out or said.replace("anna", "Анна") in run.out or _named(said) in run.out


def _named(said: str) -> str:
    return {"olga": "Ольга Чайкина", "boris": "Борис Белов"}.get(said, said)


def test_can_tells_nothing_of_what_the_asker_does_not_see(crm: Crm, base: Base) -> None:
    hidden = base.records["deal olga"].id
    absent = hidden[:-8] + "zzzzzzzz"
    runs = [
        crm("can", "olga", "read", ref, "--why", cwd=base.root, CRM_USER="anna")
        for ref in (hidden, absent)
    ]
    assert runs[0].code == runs[1].code == 3
    assert runs[0].err.replace(hidden, absent) == runs[1].err


@pytest.mark.parametrize("command", ["check", "user list"])
def test_it_is_said_that_rights_are_advice(crm: Crm, base: Base, command: str) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root"}
    run = crm(*command.split(), **acts)
    assert run.code == 0
    assert "in a folder or clone that a person can read, rights are advice" in run.err
    (base.root / "access.yaml").unlink()
    assert "advice" not in crm(*command.split(), **acts).err


def test_a_word_in_settings_that_means_two_is_told(crm: Crm, team: Path) -> None:
    kit.append(team, "settings.yaml", "assignment:\n  - to: Анна\n")
    run = crm("check", cwd=team, CRM_USER="boris")
    assert run.code == 6
    assert "anna or ann" in run.out + run.err


def test_what_a_newcomer_meets_says_the_way_on(crm: Crm, base: Base) -> None:
    acts = {"cwd": base.root, "CRM_USER": "root", "CRM_LANG": "en"}
    (base.root / "access.yaml").write_text("users: {root: [administrator], anna: [manager]}\n")
    assert "crm team add sales makes it" in crm("team", "set", "sales", "--add", "anna", **acts).err
    for noun in ("deal", "deals"):
        told = crm("can", "anna", "edit", noun, **acts).out
        assert told == "yes, for some: --why says which\n"
    assert crm("can", "root", "edit", "deal", **acts).out == "yes\n"
    shown = crm("role", "show", "head", **acts).out.splitlines()
    assert max(map(len, shown)) <= 80  # whole on a terminal of the usual width
    assert shown[1].split() == ["read", *["subtree"] * 7]


MADE = [
    ("access.yaml", "user role anna administrator"), ("access.yaml", "user off boris"),
    ("plans.yaml", "plan set 2026-11 1000"), ("data/products.csv", "product add TEA Чай --price 100"),
    ("views.yaml", "view save mine deals"), ("data/blocklist.csv", "block add x@example.com"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "line"), MADE)
def test_a_file_that_a_command_made_goes_with_its_undo(
    crm: Crm, team: Path, path: str, line: str
) -> None:
    acts = {"cwd": team, "CRM_USER": "anna"}
    assert not (team / path).exists()
    done = crm(*line.split(), "--yes", **acts)
    assert (done.code, (team / path).exists()) == (0, True), done
    text = (team / path).read_bytes()
    for again in ([], ["--redo"], []):
        assert crm("undo", *again, "--yes", **acts).code == 0
        assert ((team / path).read_bytes() if (team / path).exists() else b"") == (
            text if again else b""
        )
        assert crm("deal", "list", **acts).code == 0
    assert not (team / path).exists()


def test_an_undo_shuts_nobody_out(crm: Crm, team: Path) -> None:
    """A user who has rights by now goes with the undo of being added; so would the last administrator."""
    acts = {"cwd": team, "CRM_USER": "anna"}
    assert crm("user", "role", "anna", "administrator", "--yes", **acts).code == 0
    assert crm("user", "add", "ivan", **acts).code == 0
    added = max(event.id for event in kit.opened(team).events(kinds=("file.changed",)))
    assert crm("user", "role", "ivan", "administrator", **acts).code == 0
    raised = max(event.id for event in kit.opened(team).events(kinds=("file.changed",)))
    before = [(team / name).read_bytes() for name in ("settings.yaml", "access.yaml")]
    gone = crm("undo", "--event", added, "--yes", **acts)
    assert (gone.code, len(gone.err.strip().splitlines())) == (1, 3), gone
    assert "access.yaml" in gone.err
    assert [(team / name).read_bytes() for name in ("settings.yaml", "access.yaml")] == before
    assert crm("user", "role", "anna", "manager", **acts).code == 0
    last = crm("undo", "--event", raised, "--yes", cwd=team, CRM_USER="ivan")
    assert "anna" in (team / "access.yaml").read_text(), last
    assert crm("user", "list", cwd=team, CRM_USER="ivan").code == 0
