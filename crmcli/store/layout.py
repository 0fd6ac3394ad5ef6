"""Where things stand in a workspace folder: paths, ids, and the way up to the root."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, plurals
from crmcli.model.values import ID_LETTERS, entity_of

DATA = "data"
STATE = ".crm"
"""What belongs to this machine alone and git must not see: lock, txn/, index, clone id."""
PIPELINES = "pipelines.yaml"
SETTINGS = "settings.yaml"
VIEWS = "views.yaml"
FORMS = "forms.yaml"
ACCESS = "access.yaml"
SCORES = "scores.yaml"
REPORTS = "reports.yaml"
PLANS = "plans.yaml"
BLOCKLIST = "data/blocklist.csv"
PRODUCTS = "data/products.csv"
RATES = "data/rates.csv"
TABLES = (BLOCKLIST, PRODUCTS, RATES)
"""Files of which each line is one thing."""
INDEX = ".crm/index.db"
TIMELINE = "data/timeline"
FILES = "data/files"
AUDIENCES = "data/audiences"
AUDIT = "data/audit"
"""Who read how much, exported, was refused: a file a month and clone, in the form of the timeline."""
LOCKED = "data/locked"
"""What the law keeps of people whose data were erased: no command reads it but crm privacy."""
FOLDERS = (
    DATA,
    TIMELINE,
    AUDIT,
    FILES,
    AUDIENCES,
    LOCKED,
    *(f"{DATA}/{plural}" for plural in plurals()),
)
"""Where links are refused at once: what stands behind one is not looked at."""
PROGRAMS = "robots.d"
PROGRAM = r"[\w][\w.-]{0,99}"
"""What a program of one's own may be called."""
HOOKS_FOLDER = "hooks.d"
HOOKS = ("before-change", "after-change")
CLONE_ID = ".crm/clone-id"
ID_LENGTH = 8  # letters of five bits each

_ENTITY = {row.plural: row.name for row in ENTITIES.values()}
_RECORD = re.compile(r"data/([a-z]+)/(.)/([a-z]+-([0-9a-z]{8}))\.yaml")
_SHA = re.compile(r"[0-9a-f]{64}")
_TYPED = str.maketrans("oil", "011")


class NoWorkspace(NotFound):
    """There is no workspace in that folder or above it."""


def program_path(name: str) -> str:
    """Where the program of a robot of one's own stands, from the root."""
    return f"{PROGRAMS}/{name}"


def audience_path(name: str) -> str:
    """The file of an advertising audience, from the root."""
    return f"{AUDIENCES}/{name}.csv"


def locked_path(until: str, record_id: str) -> str:
    """Where it stands what is kept of a record until the end of a day."""
    return f"{LOCKED}/{until}/{record_id}.json"


def hook_path(name: str) -> str:
    """Where a hook stands, from the root."""
    return f"{HOOKS_FOLDER}/{name}"


def record_path(record_id: str) -> str:
    """The file of a record, from the root: `data/leads/7/lead-7k3qf2m9.yaml`; NotFound for anything else
    than a full id."""
    entity = entity_of(record_id)
    if not entity:
        raise NotFound(tr("{!r} is not a record id", record_id), "an id looks like deal-7k3qf2m9")
    return f"{record_folder(entity)}/{record_id[len(entity) + 1]}/{record_id}.yaml"


def record_folder(entity: str) -> str:
    """The folder of all records of an entity, from the root."""
    return f"{DATA}/{ENTITIES[entity].plural}"


def id_of_path(path: str) -> str:
    """The id of the record whose file stands at that path from the root; "" for any other path."""
    match = _RECORD.fullmatch(path)
    if not match:
        return ""
    folder, shard, record_id, random = match.groups()
    entity = entity_of(record_id)
    return record_id if entity and _ENTITY.get(folder) == entity and random[0] == shard else ""


def new_id(entity: str) -> str:
    """A new random id: two clones that both add records must not choose the same."""
    return f"{entity}-{random_letters()}"


def timeline_path(at: datetime, clone: str) -> str:
    """The timeline file of one clone for the month (UTC) of an instant."""
    return f"{TIMELINE}/{at.astimezone(UTC):%Y-%m}/{clone}.csv"


def audit_path(month: str, clone: str) -> str:
    """The audit file of one clone for a month like 2026-11."""
    return f"{AUDIT}/{month}/{clone}.csv"


def timeline_file(at: datetime, clone: str) -> str:
    """The same in short, as events name it: `2026-11/k3mxw9tz`."""
    return short_journal(timeline_path(at, clone))


def short_journal(path: str) -> str:
    """The same of a path."""
    return path.removeprefix(f"{TIMELINE}/").removesuffix(".csv")


def journal_path(short: str) -> str:
    """The path of what `timeline_file` names."""
    return f"{TIMELINE}/{short}.csv"


def file_path(sha: str) -> str:
    """Where an attachment stands, by the sha256 of its content."""
    if not _SHA.fullmatch(sha):
        raise NotFound(tr("{!r} is not the name of a stored file", sha))
    return f"{FILES}/{sha[:2]}/{sha}"


def find_root(start: Path) -> Path:
    """The nearest folder from `start` upwards that is a workspace; NoWorkspace if there is none."""
    start = start.absolute()
    if not start.is_dir():
        raise NoWorkspace(tr("no such folder: {}", start), "name one with -C DIR")
    for folder in (start, *start.parents):
        if (folder / PIPELINES).is_file() and (
            (folder / DATA).is_dir() or (folder / SETTINGS).is_file()
        ):
            return folder
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file() and (folder / DATA).is_dir():
            raise NoWorkspace(
                tr("{} is missing in {}", PIPELINES, folder),
                tr(
                    "restore it (git checkout {}), or create a new one: crm init {}",
                    PIPELINES,
                    folder,
                ),
            )
    raise NoWorkspace(
        tr("not in a workspace: {} and its parents have none", start),
        "create one with `crm init`, or name one with -C DIR",
    )


def ids_with_prefix(root: Path, entity: str, prefix: str) -> list[str]:
    """The ids of an entity whose random part begins with `prefix` (`7k3`, `deal-7k3`), sorted; of one shard
    folder. o, i and l are taken for 0 and 1. Nothing answers to an empty prefix."""
    letters = prefix.lower().removeprefix(f"{entity}-").translate(_TYPED)
    if not letters or letters[0] not in ID_LETTERS:
        return []
    start = f"{entity}-{letters}"
    try:
        names = os.listdir(root / record_folder(entity) / letters[0])
    except FileNotFoundError:
        return []
    ids = [name[:-5] for name in names if name.startswith(start) and name.endswith(".yaml")]
    return sorted(record_id for record_id in ids if entity_of(record_id) == entity)


def random_letters() -> str:
    """Eight letters that nobody else will draw."""
    number = int.from_bytes(os.urandom(5))
    return "".join(ID_LETTERS[number >> 5 * n & 31] for n in range(ID_LENGTH))
