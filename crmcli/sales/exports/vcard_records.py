"""A contact or a company as a vCard, and back.

Lines that no field can give back are kept in the key `vcard` of the record, pictures as files. On
export a kept line is used as long as the fields still say the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from crmcli.dataclass import replace
from crmcli.formats.vcard import Card, parse_kept
from crmcli.formats.vcard_lines import KEPT_FILE, CardLine, escape
from crmcli.model.countries import country_of
from crmcli.model.kinds import InputContext
from crmcli.model.schema import KEPT_CARD, has_field
from crmcli.model.values import Raw, fold
from crmcli.sales.exports.vcard_fields import (
    NAMES,
    Fact,
    dialled,
    facts_of,
    lines_of,
    meaning,
    signature,
)

_FRAME = ("BEGIN", "END", "VERSION")
_NEEDED = frozenset(("FN", "N"))
"""Lines that version 3.0 asks of every card, though they may be empty."""

_ORGANISATION = ("org", "organization", "company")


def is_of_company(card: Card) -> bool:
    """Whether a card is an organisation's, no person's."""
    said = {line.name: line.text.strip().lower() for line in card.lines}
    return said.get("KIND") in _ORGANISATION or said.get("X-ABSHOWAS") == "company"


def is_person(entity: str) -> bool:
    """Whether records of a noun are people, whose names have parts."""
    return has_field(entity, "first_name")


def read_card(
    card: Card, entity: str, ctx: InputContext
) -> tuple[dict[str, Raw], tuple[bytes, ...]]:
    """The values of a person or a company, its files; ValueError with what cannot be read."""
    lines = [line for line in card.lines if line.name not in _FRAME and line.name[:6] != "X-CRM-"]
    values: dict[str, Any] = {}
    ctx = replace(ctx, country=_country(lines) or ctx.country)
    for line in sorted(lines, key=_preference):
        for name, value in meaning(line, ctx):
            _put(values, name, value)
    _put_companies(values, lines, entity)
    labelled = {line.group for line in lines if line.group and line.name[:2] == "X-"}
    ours = {signature(line, ctx) for line in lines_of(values)}
    lost = [n for n in lines if n.group in labelled or signature(n, ctx) not in ours]
    if lost:
        values[KEPT_CARD] = [str(_kept(line, values, ctx)) for line in lost]
    return values, tuple(line.content for line in lost if line.content)


def _country(lines: Sequence[CardLine]) -> str:
    """The country of its first address that names one."""
    parts = ([*line.parts, *[""] * 7][6] for line in lines if line.name == "ADR")
    return next((code for part in parts if (code := country_of(part))), "")


def _preference(line: CardLine) -> int:
    """Preferred lines come first, as our lists have them."""
    number = line.param("PREF")
    if number.isdecimal():
        return int(number)
    return 0 if "pref" in line.types else 101


def _kept(line: CardLine, values: dict[str, Any], ctx: InputContext) -> CardLine:
    """The line as it is kept: a picture is a file of the record, a phone has its country."""
    if not line.content:
        phones = [value for name, value in meaning(line, ctx) if name == "phones"]
        if len(phones) == 1 and not line.param("VALUE"):
            return replace(line, value=escape(dialled(phones[0])))
        return line
    sha = hashlib.sha256(line.content).hexdigest()
    kind = line.param("MEDIATYPE").rpartition("/")[2] or line.param("TYPE")
    suffix = re.sub("[^a-z0-9]", "", kind.lower())
    name = line.name.lower() + (f".{suffix}" if suffix else "")
    values.setdefault("files", []).append({"name": name, "file": sha})
    return replace(line, value=KEPT_FILE + sha, content=b"")


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    if name in ("phones", "emails", "urls", "handles", "tags"):
        items = values.setdefault(name, [])
        if value not in items:
            items.append(value)
    elif name in ("address", "comment") and values.get(name):
        values[name] += f"\n{value}"
    else:
        values.setdefault(name, value)


def _put_companies(values: dict[str, Any], lines: Sequence[CardLine], entity: str) -> None:
    """Companies with the role in each: the title beside it, or the card's only one."""
    values.pop("organisation", None)
    titles = {line.group: line.text for line in lines if line.name == "TITLE"}
    groups = {line.group for line in lines if line.name == "ORG"}
    position = next((t for group, t in titles.items() if not group or group not in groups), "")
    if position:
        values["position"] = position
    found: list[dict[str, str]] = []
    for line in sorted(lines, key=lambda line: bool(line.group)):
        name = line.parts[0].strip() if line.name == "ORG" else ""
        if name and fold(name) not in [fold(link["name"]) for link in found]:
            role = titles.get(line.group, "") if line.group or not found else ""
            found.append({"name": name, **({"role": role} if role else {})})
    if found and has_field(entity, "companies"):
        values["companies"] = found
    elif found and has_field(entity, "company_name"):
        values["company_name"] = found[0]["name"]
    elif not is_person(entity):
        official = found[0]["name"] if found else ""
        values["name"] = values.get("name") or official
        if official and official != values["name"]:
            values["legal_name"] = official
        for name in (*NAMES, "position", "birthday"):
            values.pop(name, None)


# -- writing --------------------------------------------------------------------------------


def card_of(
    raw: Mapping[str, Raw],
    entity: str,
    name_of: Callable[[str], str],
    file_of: Callable[[str], bytes],
    ctx: InputContext,
) -> list[CardLine]:
    """The lines of a record's card: kept lines that still hold, new ones for the rest.

    `name_of` names a company, `file_of` reads a kept file, b"" if it is missing.
    """
    values: dict[str, Any] = dict(raw)
    if is_person(entity):
        links = cast("list[dict[str, str]]", raw.get("companies", []))
        named = [{"name": name_of(i["company"]), "role": i.get("role", "")} for i in links]
        values["companies"] = [link for link in named if link["name"]]
    else:
        values["companies"] = [{"name": str(raw.get("legal_name") or raw.get("name", ""))}]
    ours = lines_of(values)
    said = {fact for line in ours for fact in facts_of(line, ctx)}
    lines: list[CardLine] = []
    covered: set[Fact] = set()
    for kept in _kept_lines(raw):
        facts = facts_of(kept, ctx)
        if set(facts) <= said:
            covered.update(facts)
            lines += _with_content(kept, file_of)
    names = {line.name for line in lines}
    new = [
        line
        for line in ours
        if not covered.issuperset(facts_of(line, ctx)) or line.name in _NEEDED - names
    ]
    if not is_person(entity) and not names & {"KIND", "X-ABSHOWAS"}:
        new.append(CardLine("X-ABSHOWAS", "COMPANY"))
    if "UID" not in names:
        new.append(CardLine("UID", str(raw["id"])))
    return [*new, *lines]


def _kept_lines(raw: Mapping[str, Raw]) -> Iterable[CardLine]:
    texts = raw.get(KEPT_CARD, [])
    for text in texts if isinstance(texts, list) else [texts]:
        try:
            yield parse_kept(str(text))
        except ValueError:
            continue  # edited by hand into what is no property


def _with_content(line: CardLine, file_of: Callable[[str], bytes]) -> list[CardLine]:
    if not line.value.startswith(KEPT_FILE):
        return [line]
    content = file_of(line.value.removeprefix(KEPT_FILE))
    return [replace(line, value="", content=content)] if content else []
