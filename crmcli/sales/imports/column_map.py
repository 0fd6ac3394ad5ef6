"""Where each column of a file goes: as was said, or by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import in_all, tr
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import DERIVED
from crmcli.model.spelling import header_key
from crmcli.model.values import fold
from crmcli.sales.imports.mapping import EXTRAS, LABELLED, STATUS, Column, Target, Vocabulary

_TYPED = re.compile(r"(.+) - Value")


class NothingMapped(BadUsage):
    """No column of the file has a name that means a field."""


def map_columns(
    labels: Sequence[str], vocabulary: Vocabulary, wanted: Mapping[str, str]
) -> tuple[Column, ...]:
    """Find where each column goes; `wanted` is --map, column -> field or "". BadUsage or NothingMapped."""
    by_hand = {_column_named(name, labels): target for name, target in wanted.items()}
    columns = tuple(
        _mapped_by_hand(label, by_hand[label], vocabulary)
        if label in by_hand
        else _mapped_by_name(label, vocabulary)
        for label in labels
    )
    if not any(column.target for column in columns):
        shown = ", ".join(repr(label) for label in labels[:8])
        raise NothingMapped(
            tr("no column matches a field of a {}: {}", tr(vocabulary.entity), shown),
            "if the first line is a readable header, use --map COLUMN=FIELD; if not, try "
            "--encoding cp866, koi8-r or mac-cyrillic",
        )
    return _with_types(_with_one_plain_comment(_with_status(columns, by_hand)))


def _with_status(columns: tuple[Column, ...], by_hand: Collection[str]) -> tuple[Column, ...]:
    """Of a stage and a status beside it, the status says only whether it is over."""
    stage = Target("stage")
    places = [n for n, column in enumerate(columns) if column.target == stage]
    beside = [n for n in places if re.search("stat(us|e)|статус|состоян", fold(columns[n].label))]
    if len(beside) != 1 or len(places) < 2 or columns[beside[0]].label in by_hand:
        return columns
    found = [*columns]
    found[beside[0]] = replace(found[beside[0]], target=Target("stage", STATUS))
    return tuple(found)


def _with_types(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """`Phone 1 - Value` has its type in `Phone 1 - Type`, or `Phone 1 - Label`."""
    places = {column.label: number for number, column in enumerate(columns)}
    found = list(columns)
    for number, column in enumerate(columns):
        match = _TYPED.fullmatch(column.label)
        target = column.target
        if match is None or target is None:
            continue
        if target.field not in ("phones", "emails") and target.part != LABELLED:
            continue
        names = (f"{match[1]} - Type", f"{match[1]} - Label")
        place = next((places[name] for name in names if name in places), -1)
        if place >= 0:
            found[number] = replace(column, typed_by=place)
            found[place] = Column(columns[place].label, ignored=True)
    return tuple(found)


def _mapped_by_hand(label: str, name: str, vocabulary: Vocabulary) -> Column:
    if not name:
        return Column(label, ignored=True)
    target = vocabulary.named(name)
    return Column(label, Target("comment", LABELLED) if target == Target("comment") else target)


def _mapped_by_name(label: str, vocabulary: Vocabulary) -> Column:
    if label in EXTRAS:
        return Column(label, ignored=True)
    target = vocabulary.find(re.sub(r" \(\d+\)$", "", label))
    if target == Target("batch"):
        return Column(label, ignored=True)  # this import has a batch of its own
    derived = {word for field in DERIVED for word in (field.name, *in_all(field.label))}
    if target is None and label in derived:
        return Column(label, ignored=True)  # it follows from activities and tasks
    return Column(label, target)


def _with_one_plain_comment(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """A comment that was mapped by hand needs no label where it is the only one."""
    fed = [column for column in columns if column.target and column.target.field == "comment"]
    if len(fed) != 1 or fed[0].target != Target("comment", LABELLED):
        return columns
    plain = Column(fed[0].label, Target("comment"))
    return tuple(plain if column is fed[0] else column for column in columns)


def _column_named(name: str, labels: Sequence[str]) -> str:
    if name in labels:
        return name
    found = [label for label in labels if header_key(label) == header_key(name)]
    if len(found) == 1:
        return found[0]
    if found:
        meant = " or ".join(map(repr, found))
        raise BadUsage(tr("the file has several columns {!r}", name), tr("did you mean {}?", meant))
    raise BadUsage(
        tr("the file has no column {!r}", name), allowed_hint(name, labels, tr("columns"))
    )
