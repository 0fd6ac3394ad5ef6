"""What a change of the configuration made of it: values by their keys, as they were and as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crmcli.errors import CrmError
from crmcli.model.event import Event
from crmcli.model.values import Raw
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace


class ValueChange(NamedTuple):
    """A key (`users.vera`) and its value before and after, "" where there was none."""

    key: str
    before: str
    after: str


def value_changes(ws: Workspace, event: Event) -> list[ValueChange]:
    """What a `file.changed` event changed in a YAML file, in the order of the file; nothing of other files,
    and of texts that are no longer kept."""
    path = str(event.data.get("file", ""))
    if not path.endswith(".yaml"):
        return []
    try:
        was, now = (
            dict(_leaves(codec.load(ws.attached(sha), path) if sha else {}))
            for sha in (str(event.data.get(side, "")) for side in ("from", "to"))
        )
    except CrmError:
        return []  # erased, or no YAML by somebody's hand: the event itself stands
    keys = dict.fromkeys([*now, *was])
    both = (ValueChange(key, was.get(key, ""), now.get(key, "")) for key in keys)
    return [one for one in both if one.before != one.after]


def _leaves(value: Raw, key: str = "") -> Iterator[tuple[str, str]]:
    """The values of a tree by their dotted keys; of a list of things with ids, by these."""
    rows = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    ids = [str(row.get("id", "")) for row in rows]
    if rows and len(rows) == len(value):
        is_told = all(ids) and len({*ids}) == len(ids)
        names = ids if is_told else [str(n + 1) for n in range(len(rows))]
        blank = {"id": ""} if is_told else {}
        value = {name: {**row, **blank} for name, row in zip(names, rows, strict=True)}
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{key}.{name}" if key else name)
    else:
        yield key, ", ".join(map(str, value if isinstance(value, list) else [value]))
