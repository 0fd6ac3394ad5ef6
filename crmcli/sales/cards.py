"""A contact or a company as a vCard, and back: what has no field of ours is kept as its line.

The lines that the fields cannot give back stand in the key `vcard` of the record, pictures as files.
On export a kept line that speaks of a field (an address with its parts) is used as long as the field
still says what the line says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from crmcli.model.fields import Field
from crmcli.model.values import Raw, fold
from crmcli.store.vcards import KEPT_FILE, Card, CardLine, cut, escape, unescape

if TYPE_CHECKING:
    from crmcli.model.inputs import InputContext

KEPT = "vcard"
"""The key of a record under which the lines stand that no field holds."""

Fact: TypeAlias = "tuple[str, str]"
"""Something that a line says of a field, folded so that it can be compared."""

_NAMES = ("last_name", "first_name", "middle_name", "salutation")
_FRAME = ("BEGIN", "END", "VERSION")
_ORDINARY = frozenset(("voice", "internet", "pref", "x-pref"))
"""Types that say nothing which order and field do not say."""

_ORDINARY_PARAMS = ("TYPE", "PREF", "VALUE", "MEDIATYPE")
_PHONE_TYPES = {"cell": "mobile", "fax": "fax", "pager": "pager", "home": "home", "work": "work",
                "x-mailing": "mailing"}  # fmt: skip
_EMAIL_TYPES = {"home": "home", "work": "work", "x-mailing": "mailing"}
_OURS = {"mobile": "CELL", "fax": "FAX", "pager": "PAGER", "home": "HOME", "work": "WORK",
         "mailing": "X-MAILING", "other": ""}  # fmt: skip
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")
_ORGANISATION = ("org", "organization", "company")


@dataclass
class CardRead:
    """What a card says: raw values by field, the lines that are kept, and the files they name."""

    values: dict[str, Raw] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)


def is_of_company(card: Card) -> bool:
    """Whether a card is an organisation's, no person's."""
    said = {line.name: line.text.strip().lower() for line in card.lines}
    return said.get("KIND") in _ORGANISATION or said.get("X-ABSHOWAS") == "company"


def read_card(card: Card, entity: str, ctx: InputContext) -> CardRead:
    """What a card says of a contact, lead or company; ValueError with what cannot be read."""
    lines = [line for line in card.lines if line.name not in _FRAME and line.name[:6] != "X-CRM-"]
    values: dict[str, Any] = {}
    for line in sorted(lines, key=_preference):
        for name, value in _meaning(line, ctx):
            _put(values, name, value)
    _put_companies(values, lines, entity)
    found = CardRead(values)
    labelled = {line.group for line in lines if line.group and line.name[:2] == "X-"}
    ours = {_signature(line, ctx) for line in _lines_of(values)}
    for line in lines:
        if line.group in labelled or _signature(line, ctx) not in ours:
            found.kept.append(str(_kept(line, found, ctx)))
    return found


def _preference(line: CardLine) -> int:
    """Preferred lines come first, as our lists have them."""
    number = line.param("PREF")
    if number.isdecimal():
        return int(number)
    return 0 if "pref" in line.types else 101


def _kept(line: CardLine, found: CardRead, ctx: InputContext) -> CardLine:
    """The line as it is kept: a picture is a file of the record, a phone has its country."""
    if not line.content:
        phones = [value for name, value in _meaning(line, ctx) if name == "phones"]
        if len(phones) == 1 and not line.param("VALUE"):
            return replace(line, value=escape(_dialled(phones[0])))
        return line
    found.files.append(line.content)
    sha = hashlib.sha256(line.content).hexdigest()
    kind = line.param("MEDIATYPE").rpartition("/")[2] or line.param("TYPE")
    suffix = re.sub("[^a-z0-9]", "", kind.lower())
    name = line.name.lower() + (f".{suffix}" if suffix else "")
    cast("list[Raw]", found.values.setdefault("files", [])).append({"name": name, "file": sha})
    return replace(line, value=KEPT_FILE + sha, content=b"")


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    if name in ("phones", "emails", "urls", "tags"):
        items = values.setdefault(name, [])
        if value not in items:
            items.append(value)
    elif (name == "address" and values.get(name)) or (name == "comment" and values.get(name)):
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
    if found and entity == "contact":
        values["companies"] = found
    elif found and entity == "lead":
        values["company_name"] = found[0]["name"]
    elif entity == "company":
        official = found[0]["name"] if found else ""
        values["name"] = values.get("name") or official
        if official and official != values["name"]:
            values["legal_name"] = official
        for name in (*_NAMES, "position", "birthday"):
            values.pop(name, None)


# -- what a line means ----------------------------------------------------------------------


def _meaning(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    """The values that a line gives to fields; none for what has no field here."""
    read = _MEANINGS.get(line.name)
    return read(line, ctx) if read else []


def _of_name(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    return [
        (name, part.strip()) for name, part in zip(_NAMES, line.parts, strict=False) if part.strip()
    ]


def _of_text(name: str) -> Callable[[CardLine, InputContext], list[tuple[str, Any]]]:
    return lambda line, ctx: [(name, line.text.strip())] if line.text.strip() else []


def _of_phone(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    from crmcli.model.inputs import read_input

    text = line.text.strip()
    if text.lower().startswith("tel:"):
        number, _, rest = text[4:].partition(";")
        extension = re.search(r"ext=(\w+)", rest)
        text = number + (f" x{extension[1]}" if extension else "")
    elif re.match(r"[a-z][\w+.-]*:", text, re.IGNORECASE) or not text:
        return []  # sip:, skype: and the like
    kind = next((ours for theirs, ours in _PHONE_TYPES.items() if theirs in line.types), "other")
    if "fax" in line.types:
        kind = "fax"
    found = cast("list[dict[str, str]]", read_input(Field("phones", "phones"), text, ctx))
    return [("phones", {**phone, "type": kind}) for phone in found]


def _of_email(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    from crmcli.model.inputs import read_input

    text = re.sub("^mailto:", "", line.text.strip(), flags=re.IGNORECASE)
    if not text or (not {"internet", "pref", "home", "work"} & line.types and "@" not in text):
        return []  # an X.400 address, or one of another kind
    kind = next((ours for theirs, ours in _EMAIL_TYPES.items() if theirs in line.types), "other")
    found = cast("list[dict[str, str]]", read_input(Field("emails", "emails"), text, ctx))
    return [("emails", {**email, "type": kind}) for email in found]


def _of_url(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    from crmcli.model.addresses import read_url

    try:
        return [("urls", read_url(line.text.strip()))]
    except ValueError:
        return []  # it stays as a line


def _of_address(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    """The address as people write it, in one line: street, house, box, city, region, code, country."""
    parts = [part.strip() for part in line.parts] + [""] * 7
    order = (parts[2], parts[1], parts[0], *parts[3:7])
    text = ", ".join(part.strip(" ,") for part in order if part.strip(" ,"))
    text = re.sub(r"\s*\n\s*", ", ", text)
    return [("address", text)] if text else []


def _of_birthday(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    from datetime import date

    match = _DAY.fullmatch(line.text.strip())
    if match is None:
        return []  # without a year, or a text: it stays as a line
    try:
        return [("birthday", date(*map(int, match.groups())).isoformat())]
    except ValueError:
        return []


def _of_tags(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    return [("tags", tag) for part in cut(line.value, ",") if (tag := unescape(part).strip())]


_MEANINGS: Mapping[str, Callable[[CardLine, InputContext], list[tuple[str, Any]]]] = {
    "FN": _of_text("name"),
    "N": _of_name,
    "TEL": _of_phone,
    "EMAIL": _of_email,
    "URL": _of_url,
    "ADR": _of_address,
    "BDAY": _of_birthday,
    "CATEGORIES": _of_tags,
    "NOTE": _of_text("comment"),
    "TITLE": _of_text("position"),
    "ORG": lambda line, ctx: [("organisation", line.parts[0].strip())],
}


def _facts(line: CardLine, ctx: InputContext) -> list[Fact]:
    return [(name, _key(value)) for name, value in _meaning(line, ctx)]


def _key(value: Any) -> str:
    if isinstance(value, dict):
        return fold(f"{value.get('value', '')} x{value.get('ext', '')}")
    return fold(str(value))


def _signature(line: CardLine, ctx: InputContext) -> tuple[object, ...]:
    """By what two lines are the same, however they are written."""
    types = line.types - _ORDINARY
    params = sorted(p for p in line.params if p[0] not in _ORDINARY_PARAMS)
    try:
        facts = tuple(_facts(line, ctx))
    except ValueError:
        facts = ()
    exact = line.name in ("N", "ADR", "ORG") or not facts
    parts = [part.strip() for part in line.parts] if exact else []
    while parts and not parts[-1]:
        parts.pop()
    return line.name, types, tuple(params), facts, tuple(parts)


# -- writing --------------------------------------------------------------------------------


def card_of(
    raw: Mapping[str, Raw],
    entity: str,
    name_of: Callable[[str], str],
    file_of: Callable[[str], bytes],
    ctx: InputContext,
) -> list[CardLine]:
    """The lines of a record's card: the kept ones that still hold, and new ones for the rest.

    `name_of` names a company by id, `file_of` reads a kept file by its sha256, b"" if it is not there.
    """
    values: dict[str, Any] = dict(raw)
    if entity == "contact":
        links = cast("list[dict[str, str]]", raw.get("companies", []))
        named = [{"name": name_of(i["company"]), "role": i.get("role", "")} for i in links]
        values["companies"] = [link for link in named if link["name"]]
    else:
        values["companies"] = [{"name": str(raw.get("legal_name") or raw.get("name", ""))}]
    ours = _lines_of(values)
    said = {fact for line in ours for fact in _facts_or_none(line, ctx)}
    lines: list[CardLine] = []
    covered: set[Fact] = set()
    for kept in _kept_lines(raw):
        facts = _facts_or_none(kept, ctx)
        if set(facts) <= said:
            covered.update(facts)
            lines += _with_content(kept, file_of)
    new = [line for line in ours if not set(_facts_or_none(line, ctx)) <= covered]
    names = {line.name for line in lines}
    if entity == "company" and not names & {"KIND", "X-ABSHOWAS"}:
        new.append(CardLine("X-ABSHOWAS", "COMPANY"))
    if "UID" not in names:
        new.append(CardLine("UID", str(raw["id"])))
    return [*new, *lines]


def _facts_or_none(line: CardLine, ctx: InputContext) -> list[Fact]:
    try:
        return _facts(line, ctx)
    except ValueError:
        return [(line.name, _key(line.text))]  # a number that was kept as it was written


def _kept_lines(raw: Mapping[str, Raw]) -> Iterable[CardLine]:
    from crmcli.store.vcards import parse_kept

    texts = raw.get(KEPT, [])
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


def _lines_of(values: Mapping[str, Any]) -> list[CardLine]:
    """The lines that say what the fields say."""
    names = [str(values.get(name, "")) for name in _NAMES]
    whole = str(values.get("name", "")) or " ".join(filter(None, (names[1], names[2], names[0])))
    lines = [CardLine("FN", escape(whole)), CardLine("N", ";".join(map(escape, [*names, ""])))]
    lines += _lines_of_companies(values)
    for phone in values.get("phones", []):
        lines.append(CardLine("TEL", escape(_dialled(phone)), _typed(phone.get("type", "work"))))
    for email in values.get("emails", []):
        typed = (("TYPE", "INTERNET"), *_typed(email.get("type", "work")))
        lines.append(CardLine("EMAIL", escape(email["value"]), typed))
    for address in str(values.get("address", "")).split("\n"):
        if address.strip():
            lines.append(CardLine("ADR", f";;{escape(address.strip())};;;;"))
    lines += [CardLine("URL", escape(str(url))) for url in values.get("urls", [])]
    if values.get("birthday"):
        lines.append(CardLine("BDAY", str(values["birthday"])))
    if values.get("tags"):
        lines.append(CardLine("CATEGORIES", ",".join(map(escape, values["tags"]))))
    if values.get("comment"):
        lines.append(CardLine("NOTE", escape(str(values["comment"]))))
    return lines


def _lines_of_companies(values: Mapping[str, Any]) -> list[CardLine]:
    """Each company with the role in it; a second one has a group, so that its title is known."""
    companies = cast("list[dict[str, str]]", values.get("companies", []))
    position = str(values.get("position", ""))
    lines: list[CardLine] = []
    for number, link in enumerate(companies):
        role = link.get("role", "")
        is_plain = number == 0 and role in ("", position)
        group = "" if is_plain else f"org{number + 1}"
        lines.append(CardLine("ORG", escape(link["name"]), group=group))
        if role and not is_plain:
            lines.append(CardLine("TITLE", escape(role), group=group))
    if "company_name" in values:
        lines.append(CardLine("ORG", escape(str(values["company_name"]))))
    if position:
        lines.append(CardLine("TITLE", escape(position)))
    return lines


def _dialled(phone: Mapping[str, str]) -> str:
    return phone["value"] + (f" x{phone['ext']}" if phone.get("ext") else "")


def _typed(kind: str) -> tuple[tuple[str, str], ...]:
    theirs = _OURS.get(kind, "")
    return (("TYPE", theirs),) if theirs else ()
