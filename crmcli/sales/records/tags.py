"""Tags over all records: which there are, given to some, taken away, called otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import has_field
from crmcli.model.values import fold

if TYPE_CHECKING:
    from crmcli.workspace import Change, Workspace

Tags = tuple[str, ...]


def tagged(ws: Workspace) -> list[str]:
    """The nouns whose records have tags."""
    return [entity for entity in ENTITIES if has_field(entity, "tags")]


def count(ws: Workspace, entities: Sequence[str] = ()) -> dict[str, Counter[str]]:
    """How many records of each entity have each tag, by the tag; those of most records first."""
    found: dict[str, Counter[str]] = {}
    for entity in entities or tagged(ws):
        for row in ws.rows(entity, ws.condition("tags is not empty", entity)):
            for tag in cast("list[str]", row["tags"]):
                found.setdefault(tag, Counter())[entity] += 1
    return dict(sorted(found.items(), key=lambda item: (-item[1].total(), fold(item[0]))))


def add(ws: Workspace, tags: Sequence[str], record_ids: Sequence[str]) -> int:
    """Give tags to records; how many had not all of them."""
    _check(tags)
    with ws.change("tag add") as change:
        return _turned(change, record_ids, lambda now: (*now, *_new(now, tags)))


def remove(ws: Workspace, tag: str, record_ids: Sequence[str] = ()) -> int:
    """Take a tag from records, from all if none are named; how many had it."""
    with ws.change("tag rm") as change:
        having = record_ids or _having(ws, tag)
        return _turned(change, having, lambda now: [one for one in now if fold(one) != fold(tag)])


def rename(ws: Workspace, old: str, new: str) -> int:
    """Call a tag otherwise in every record that has it; one that has the new one too keeps one."""
    _check([new])
    gone = (fold(old), fold(new))
    with ws.change("tag rename") as change:
        having = _having(ws, old)
        return _turned(change, having, lambda now: [*(t for t in now if fold(t) not in gone), new])


def _check(tags: Sequence[str]) -> None:
    for tag in tags:
        if not tag.strip() or any(sign in tag for sign in ",;\n"):
            raise BadUsage(tr("{!r} cannot be a tag", tag), "a word or two, without , and ;")


def _new(now: Tags, tags: Sequence[str]) -> list[str]:
    known = {fold(one) for one in now}
    return [tag for tag in tags if fold(tag) not in known]


def _having(ws: Workspace, tag: str) -> list[str]:
    """The ids of all records that have a tag, in any case; NotFound if there are none."""
    from crmcli.model.conditions.tree import Compare, Condition, Text

    ws.look_again()  # under the lock, so that nothing slips in between
    asked = Condition(f"tags has {tag}", Compare(("tags",), "has", Text(tag)))
    found = [str(row["id"]) for entity in tagged(ws) for row in ws.rows(entity, asked)]
    if not found:
        raise NotFound(tr("no record has the tag {!r}", tag), "crm tag list")
    return found


def _turned(
    change: Change, record_ids: Sequence[str], turn: Callable[[Tags], Sequence[str]]
) -> int:
    """Change the tags of records; how many are others then."""
    changed = 0
    for record_id in record_ids:
        record = change.get(record_id)
        now = cast("Tags", record.get("tags"))
        tags = tuple(sorted(set(turn(now))))
        if tags != now:
            change.save(record.with_values({"tags": tags}))
            changed += 1
    return changed


def named_at(ws: Workspace, tag: str) -> list[str]:
    """The places of pipelines.yaml and views.yaml that name a tag, like views.yaml:3."""
    from crmcli.store.layout import PIPELINES, VIEWS

    word = re.compile(rf"\btags?\b.*(?<![\w-]){re.escape(tag)}(?![\w-])", re.IGNORECASE)
    rows = {path: (ws.file(path) or b"").decode("utf-8", "replace") for path in (PIPELINES, VIEWS)}
    return [
        f"{path}:{number}"
        for path, text in rows.items()
        for number, row in enumerate(text.split("\n"), 1)
        if word.search(row)
    ]
