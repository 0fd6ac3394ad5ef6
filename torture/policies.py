"""One policy three ways: as views of the index, as row-level security of PostgreSQL, and as plain reckoning,
over random roles, teams and records."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crmcli.model import access
from crmcli.model.access import LEVELS, VERBS, Access, Grant, Rights, Role, Team
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.store.layout import record_path
from crmcli.store.policy.postgres import row_security
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace
from torture.score import Score

USERS = ("anna", "boris", "olga", "ivan", "root")
STAGES = ("new", "won", "lost")


def made_up(rng: random.Random) -> Access:
    """Teams in a tree, roles with levels by noun, pipeline and stage, users with several of them."""
    teams: dict[str, Team] = {}
    for number in range(rng.randrange(4)):
        above = rng.choice(["", *teams])
        members = tuple(rng.sample(USERS, rng.randrange(3)))
        teams[f"t{number}"] = Team(f"t{number}", "", rng.choice(["", *USERS]), members, above)
    roles = {}
    for number in range(3):
        grants = {}
        for entity, verb in ((e, v) for e in ENTITIES for v in VERBS):
            places = {
                ("stage", rng.choice(STAGES)): rng.choice(LEVELS) for _ in range(rng.randrange(2))
            }
            places |= {("pipeline", "sales"): rng.choice(LEVELS)} if rng.random() < 0.2 else {}
            staged = "staged" in ENTITIES[entity].traits
            grants[entity, verb] = Grant(rng.choice(LEVELS), places if staged else {})
        roles[f"r{number}"] = Role(f"r{number}", "", grants)
    users = {user: tuple(rng.sample([*roles], rng.randrange(1, 3))) for user in USERS}
    return Access(roles, teams, users)


def reckoned(rules: Access, user: str, verb: str, record: Record) -> bool:
    """The same by hand: over all roles, teams and places, one by one."""
    owner = record.get("owner") or ""
    mine = [t for t in rules.teams.values() if user == t.head or user in t.members]
    for name in rules.users[user]:
        grant = rules.roles[name].grants[record.entity, verb]
        level = grant.level
        for what in ("pipeline", "stage"):
            level = grant.places.get((what, getattr(record, what, "")), level)  # type: ignore[call-overload]  # any words
        if level == access.ALL or (level != access.NONE and owner == user):
            return True
        if level == access.TEAM and any(owner in (t.head, *t.members) for t in mine if owner):
            return True
        if level == access.SUBTREE and (not owner or _below(rules, mine, owner)):
            return True
    return False


def _below(rules: Access, mine: list[Team], owner: str) -> bool:
    seen, left = set(), [team.id for team in mine]
    while left:
        team = rules.teams[left.pop()]
        if team.id not in seen:
            seen.add(team.id)
            left += [other.id for other in rules.teams.values() if other.above == team.id]
    return any(owner in (rules.teams[t].head, *rules.teams[t].members) for t in seen)


def readable(rules: Access, user: str, everything: Sequence[Record]) -> set[str]:
    """The ids of what the user sees for its own sake, or for what it hangs on."""
    direct = [one for one in everything if reckoned(rules, user, access.READ, one)]
    found = {one.id for one in direct}
    linked = {
        link
        for one in direct
        if one.entity in ("deal", "lead")
        for link in (
            *getattr(one, "contacts", ()),
            getattr(one, "company", ""),
            getattr(one, "contact", ""),
        )
    }
    for record in everything:
        grants = [rules.roles[r].grants[record.entity, access.READ] for r in rules.users[user]]
        if all({g.level, *g.places.values()} == {access.NONE} for g in grants):
            continue
        parent = ENTITIES[record.entity].parent
        hangs = record.entity in ("contact", "company") and record.id in linked
        if hangs or (parent and str(record.get(parent)) in {one.id for one in direct}):
            found.add(record.id)
    return found


# --- records --------------------------------------------------------------------------------------------


def make(root: Path, count: int, rng: random.Random) -> list[Record]:
    """A workspace with random records, whose owners, stages and links are any."""
    root.mkdir()
    (root / "settings.yaml").write_text(
        "users: {" + ", ".join(f"{u}: {{}}" for u in USERS) + "}\n", "utf-8"
    )
    stages = ", ".join(
        f"{{id: {s}, kind: {k}}}" for s, k in zip(STAGES, ("open", "won", "lost"), strict=True)
    )
    leads = "[{id: new, kind: open}, {id: won, kind: won}, {id: lost, kind: lost}]"
    (root / "pipelines.yaml").write_text(
        f"leads: {{stages: {leads}}}\ndeals: [{{id: sales, stages: [{stages}]}}]\n", "utf-8"
    )
    ids: dict[str, list[str]] = {entity: [] for entity in ENTITIES}
    for number in range(count):
        entity = list(ENTITIES)[number % len(ENTITIES)]
        raw = _raw(entity, f"{entity}-{number:08}", ids, rng)
        path = root / record_path(raw["id"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(codec.dump(raw), "utf-8")
        ids[entity].append(raw["id"])
    ws = Workspace.open(root, user="root")
    return [ws.get(one) for found in ids.values() for one in found]


def _raw(
    entity: str, record_id: str, ids: Mapping[str, Sequence[str]], rng: random.Random
) -> dict[str, Any]:
    raw: dict[str, Any] = {"id": record_id, "name": f"Имя {record_id}"}
    if owner := rng.choice(("", *USERS)):
        raw["owner"] = owner
    if entity in ("lead", "deal"):
        raw["stage"] = rng.choice(STAGES)
        for name in ("company",) + (("contact",) if entity == "lead" else ()):
            if ids[name] and rng.random() < 0.5:
                raw[name] = rng.choice(ids[name])
    if entity == "deal":
        raw["pipeline"] = "sales"
        raw["contacts"] = (
            sorted(set(rng.choices(ids["contact"], k=rng.randrange(3)))) if ids["contact"] else []
        )
    above = [one for noun in ("deal", "lead") for one in ids[noun]]
    if entity == "task" and above:
        raw["about"] = rng.choice(above)
    if entity in ("offer", "invoice") and ids["deal"]:
        raw["deal"] = rng.choice(ids["deal"])
    return raw


# --- a mirror ---------------------------------------------------------------------------------------------


@contextmanager
def postgres() -> Iterator[Any]:
    """A server of its own on a socket in a new folder, as its owner; it is gone in the end."""
    import psycopg

    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    folder = Path(tempfile.mkdtemp())
    shutil.chown(folder, "postgres")
    as_owner = ["runuser", "-u", "postgres", "--"]
    try:
        subprocess.run([*as_owner, programs / "initdb", "-D", folder / "d", "-A", "trust"],
                       check=True, capture_output=True)  # fmt: skip
        control = [*as_owner, programs / "pg_ctl", "-D", folder / "d", "-w", "-l", folder / "log"]
        subprocess.run(
            [*control, "-o", f"-k {folder} -h ''", "start"], check=True, capture_output=True
        )
        try:
            with psycopg.connect(host=str(folder), user="postgres", autocommit=True) as connection:
                yield connection
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
    finally:
        shutil.rmtree(folder)


def mirror(connection: Any, ws: Workspace, records: Sequence[Record]) -> None:
    """Put the records where a mirror has them."""
    for user in USERS:
        connection.execute(f'CREATE ROLE "{user}"')
    for entity in ENTITIES:
        fields = [f for f in ws.schema.fields(entity) if not f.kind.is_map]
        cells = ", ".join(f'"{f.name}" text{"[]" if f.is_many else ""}' for f in fields)
        connection.execute(f'CREATE TABLE "{entity}" ({cells})')
        connection.execute(f'GRANT SELECT ON "{entity}" TO PUBLIC')
        names = ", ".join(f'"{f.name}"' for f in fields)
        marks = ", ".join(["%s"] * len(fields))
        for record in (r for r in records if r.entity == entity):
            raw = ws.schema.write(record)
            row = [_cell(raw.get(f.name), is_many=f.is_many) for f in fields]
            connection.execute(f'INSERT INTO "{entity}" ({names}) VALUES ({marks})', row)


def _cell(raw: Any, *, is_many: bool) -> Any:
    if not is_many:
        return raw if isinstance(raw, str) and raw else None
    return [str(one) for one in raw] if isinstance(raw, list) else []


def shown_by(connection: Any, user: str) -> set[str]:
    """The ids of all that a user of the mirror sees."""
    found: set[str] = set()
    with connection.transaction():
        connection.execute(f'SET LOCAL ROLE "{user}"')
        for entity in ENTITIES:
            found |= {one for (one,) in connection.execute(f'SELECT id FROM "{entity}"')}
    return found


def policies(folder: Path, *, cases: int = 100_000, records: int = 700, seed: int = 1) -> Score:
    """All three agree, on so many cases: a record, a user, a policy."""
    score, rng = Score("policies"), random.Random(seed)
    everything = make(folder / "base", records, rng)
    with postgres() as connection:
        mirror(connection, Workspace.open(folder / "base", user="root"), everything)
        while score.runs < cases:
            rules = made_up(rng)
            ws = Workspace.open(folder / "base", user="root")
            for entity in ENTITIES:
                for (name,) in connection.execute(
                    "SELECT policyname FROM pg_policies WHERE tablename = %s", [entity]
                ).fetchall():
                    connection.execute(f'DROP POLICY "{name}" ON "{entity}"')
            for statement in row_security(rules, ws.schema):
                connection.execute(statement)
            for user in USERS:
                _compare(score, ws, shown_by(connection, user), (rules, user), everything)
    return score


def _compare(
    score: Score,
    ws: Workspace,
    mirrored: set[str],
    who: tuple[Access, str],
    everything: list[Record],
) -> None:
    rules, user = who
    ws.rights = Rights(user, rules)
    ws.look_again()
    seen = {str(row["id"]) for entity in ENTITIES for row in ws.rows(entity)}
    known = readable(rules, user, everything)
    for record in everything:
        wanted = record.id in known
        score.ran()
        if {record.id in seen, record.id in mirrored} != {wanted}:
            told = f"{user}, {record.id}: {wanted}, here {record.id in seen}, there {record.id in mirrored}"
            score.fault("other", f"{told} by {re.sub(' +', ' ', str(rules))[:300]}")
