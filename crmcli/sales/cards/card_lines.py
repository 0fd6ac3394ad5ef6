"""The lines of a card with some facts taken out and others put in; all others stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crmcli.dataclass import replace
from crmcli.formats.card_source import SourceLine, new_line
from crmcli.formats.vcard_lines import CardLine, cut, escape, unescape
from crmcli.model.kinds import InputContext
from crmcli.sales.cards.facts import Fact, facts_in
from crmcli.sales.exports.vcard_fields import NAMES

_SINGLE = {
    "N": NAMES, "FN": ("name",), "BDAY": ("birthday",), "NOTE": ("comment",), "TITLE": ("position",),
}  # fmt: skip
"""Lines that stand there once, and the fields of which they speak."""


def rewritten(
    source: Sequence[SourceLine],
    ours: Sequence[CardLine],
    gone: Collection[Fact],
    new: Collection[Fact],
    ctx: InputContext,
) -> list[SourceLine]:
    """The lines of the card with what is gone and new, as our own lines say it."""
    left = set(new)
    fields = {name for name, _ in (*gone, *new)}
    lines: list[SourceLine] = []
    groups: set[str] = set()
    for one in source:
        said = set(facts_in(one.line, ctx))
        changed = _changed(one.line, said, ours, gone, fields, ctx)
        if changed is one.line:
            lines.append(one)
        elif changed is None:
            groups.add(one.line.group)
            continue
        else:
            lines.append(new_line(changed))
            said = set(facts_in(changed, ctx))
        left -= said
    lines += _added(ours, left, ctx)
    return _without_labels(lines, groups)


def _changed(
    line: CardLine,
    said: Collection[Fact],
    ours: Sequence[CardLine],
    gone: Collection[Fact],
    fields: Collection[str],
    ctx: InputContext,
) -> CardLine | None:
    """The line as it is from here on: itself, another with its group and parameters, or None."""
    lost = [fact for fact in said if fact in gone]
    if line.name == "CATEGORIES" and lost:
        tags = [
            text
            for part in cut(line.value, ",")
            if ("tags", text := unescape(part).strip()) not in lost
        ]
        return replace(line, value=",".join(map(escape, tags))) if tags else None
    own = _SINGLE.get(line.name, ())
    if (line.name == "N" and set(own) & set(fields)) or (own and lost):
        twin = next((one for one in ours if one.name == line.name and not one.group), None)
        if twin is None or not (facts_in(twin, ctx) or line.name == "N"):
            return None
        return replace(line, value=_with_suffix(line, twin))
    return None if lost else line


def _with_suffix(line: CardLine, twin: CardLine) -> str:
    """Our value; of a name with the part that we do not know, as in `Jr.`."""
    if line.name != "N":
        return twin.value
    parts = [*cut(twin.value, ";"), *[""] * 5][:4]
    return ";".join([*parts, *([*cut(line.value, ";"), *[""] * 5][4:5])])


def _added(ours: Sequence[CardLine], left: set[Fact], ctx: InputContext) -> list[SourceLine]:
    found: list[SourceLine] = []
    for line in ours:
        said = set(facts_in(line, ctx)) & left
        if not said:
            continue
        if line.name == "CATEGORIES":
            line = replace(line, value=",".join(escape(text) for _, text in sorted(said)))
        found.append(new_line(line))
        left -= said
    return found


def _without_labels(lines: Sequence[SourceLine], groups: Collection[str]) -> list[SourceLine]:
    """Without the labels of lines that went, where nothing else has their group."""
    held = {one.line.group for one in lines if one.line.name[:4] != "X-AB"}
    bare = {group for group in groups if group and group not in held}
    return [one for one in lines if one.line.group not in bare]
