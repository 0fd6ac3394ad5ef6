"""Lines of a vCard and the fields they stand for, both ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

from crmcli.formats.vcard_lines import CardLine, cut, escape, unescape
from crmcli.model.kinds import EMAIL_TYPES, EMAILS, PHONE_TYPES, PHONES, Field, InputContext
from crmcli.model.values import fold

Fact: TypeAlias = "tuple[str, str]"
"""Something that a line says of a field, folded so that it can be compared."""

NAMES = ("last_name", "first_name", "middle_name", "salutation")
_ORDINARY = frozenset(("voice", "internet", "pref", "x-pref"))
"""Types that say nothing which order and field do not say."""

_ORDINARY_PARAMS = ("TYPE", "PREF", "VALUE", "MEDIATYPE")
_TYPES = {"fax": "fax", "cell": "mobile", "pager": "pager", "home": "home", "work": "work",
          "x-mailing": "mailing"}  # fmt: skip
"""Theirs, and ours; of several the first counts."""

_THEIRS = {ours: theirs.upper() for theirs, ours in _TYPES.items()}
_SCHEME = re.compile(r"[A-Za-z][\w+.-]*:")
_ASKED = re.compile(r"[?&](?:domain|screenname)=([^&]+)", re.IGNORECASE)
_SERVICE = ("SERVICE-TYPE", "X-SERVICE-TYPE", "X-SERVICE")
_KIND_OF_NAME = re.compile("-(USERNAME|ID|HANDLE|IM)$")
_NO_NETWORKS = ("x-apple", "im", "sip", "sips", "mailto", "tel", "sms")
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")


def meaning(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    """The values that a line gives to fields; none for what has no field here."""
    read = _MEANINGS.get(line.name) or (_of_profile if _network_in(line.name) else None)
    return read(line, ctx) if read else []


def _network_in(name: str) -> str:
    """The network by which a line is called: X-TELEGRAM, X-SKYPE-USERNAME; "" of others."""
    from crmcli.model.handles import network_of

    return network_of(_KIND_OF_NAME.sub("", name[2:])) if name[:2] == "X-" else ""


def _of_name(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    return [
        (name, part.strip()) for name, part in zip(NAMES, line.parts, strict=False) if part.strip()
    ]


def _of_text(name: str) -> Callable[[CardLine, InputContext], list[tuple[str, Any]]]:
    return lambda line, ctx: [(name, line.text.strip())] if line.text.strip() else []


def _of_phone(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    text = line.text.strip()
    if text.lower().startswith("tel:"):
        number, _, rest = text[4:].partition(";")
        extension = re.search(r"ext=(\w+)", rest)
        text = number + (f" x{extension[1]}" if extension else "")
    elif re.match(r"[a-z][\w+.-]*:", text, re.IGNORECASE) or not text:
        return []  # sip:, skype: and the like
    found = _several(Field("phones", PHONES), text, ctx)
    return [("phones", {**phone, "type": _type(line, PHONE_TYPES)}) for phone in found]


def _several(field: Field, text: str, ctx: InputContext) -> list[dict[str, str]]:
    """The numbers or addresses of a line; what is none stays as it is, for the import to judge."""
    try:
        return cast("list[dict[str, str]]", field.read(text, ctx, in_sheet=True) or [])
    except ValueError:
        return [{"value": text}]


def _of_email(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    text = re.sub("^mailto:", "", line.text.strip(), flags=re.IGNORECASE)
    if not text or (not {"internet", "pref", "home", "work"} & line.types and "@" not in text):
        return []  # an X.400 address, or one of another kind
    found = _several(Field("emails", EMAILS), text, ctx)
    return [("emails", {**email, "type": _type(line, EMAIL_TYPES)}) for email in found]


def _type(line: CardLine, known: Sequence[str]) -> str:
    said = (ours for theirs, ours in _TYPES.items() if theirs in line.types and ours in known)
    return next(said, "other")


def _of_url(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    from crmcli.model.addresses import read_url
    from crmcli.model.handles import whole_handle

    try:
        url = read_url(line.text.strip())
    except ValueError:
        return []  # it stays as a line
    handle = whole_handle(url)
    return [("handles", handle) if handle else ("urls", url)]


def _of_profile(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    """A name in a network: an address, `skype:anna`, or the bare name where the line says which."""
    from crmcli.model.handles import network_of, read_handle

    text = line.text.strip()
    if re.match("https?:", text, re.IGNORECASE):
        return _of_url(line, ctx)
    scheme, colon, name = text.partition(":") if _SCHEME.match(text) else ("", "", text)
    if asked := _ASKED.search(name):
        name = asked[1]
    if not any(map(str.isalpha, name)):
        name = "".join(name.split())  # a number
    said = [line.param(key) for key in _SERVICE] + [*line.types, scheme, _network_in(line.name)]
    network = next(filter(None, map(network_of, said)), "")
    if not network and colon and scheme.lower() not in _NO_NETWORKS:
        network = scheme.lower()
    try:
        return [("handles", read_handle(f"{network}:{unquote(name).strip('/ ')}"))]
    except ValueError:
        return []


def _of_address(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    """The address as people write it, in one line: street, house, box, city, region, code, country."""
    parts = [part.strip() for part in line.parts] + [""] * 7
    order = (parts[2], parts[1], parts[0], *parts[3:7])
    text = ", ".join(part.strip(" ,") for part in order if part.strip(" ,"))
    text = re.sub(r"\s*\n\s*", ", ", text)
    return [("address", text)] if text else []


def _of_birthday(line: CardLine, ctx: InputContext) -> list[tuple[str, Any]]:
    from datetime import date

    from crmcli.model.written_days import yearless

    if line.text.startswith(("--", "1604", "0000")):
        return [("birthday", day)] if (day := yearless(line.text)) else []
    match = _DAY.fullmatch(line.text.strip())
    if match is None:
        return []  # a text: it stays as a line
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
    "IMPP": _of_profile,
    "SOCIALPROFILE": _of_profile,
    "X-SOCIALPROFILE": _of_profile,
    "ADR": _of_address,
    "BDAY": _of_birthday,
    "CATEGORIES": _of_tags,
    "NOTE": _of_text("comment"),
    "TITLE": _of_text("position"),
    "ORG": lambda line, ctx: [("organisation", line.parts[0].strip())],
}


def facts_of(line: CardLine, ctx: InputContext) -> list[Fact]:
    """What a line says of fields, as it is compared; what cannot be read is compared as it is written."""
    try:
        found = meaning(line, ctx)
    except ValueError:
        return [(line.name, fold(line.text))]
    return [(n, fold(dialled(v) if isinstance(v, dict) else str(v))) for n, v in found]


def signature(line: CardLine, ctx: InputContext) -> tuple[object, ...]:
    """By what two lines are the same, however they are written."""
    types = line.types - _ORDINARY
    params = sorted(p for p in line.params if p[0] not in _ORDINARY_PARAMS)
    facts = tuple(facts_of(line, ctx))
    exact = line.name in ("N", "ADR", "ORG") or not facts
    parts = [part.strip() for part in line.parts] if exact else []
    while parts and not parts[-1]:
        parts.pop()
    return line.name, types, tuple(params), facts, tuple(parts)


def lines_of(values: Mapping[str, Any]) -> list[CardLine]:
    """The lines that say what the fields say."""
    names = [str(values.get(name, "")) for name in NAMES]
    whole = str(values.get("name", "")) or " ".join(filter(None, (names[1], names[2], names[0])))
    lines = [CardLine("FN", escape(whole)), CardLine("N", ";".join(map(escape, [*names, ""])))]
    lines += _lines_of_companies(values)
    for phone in values.get("phones", []):
        lines.append(CardLine("TEL", escape(dialled(phone)), _typed(phone.get("type", "work"))))
    for email in values.get("emails", []):
        typed = (("TYPE", "INTERNET"), *_typed(email.get("type", "work")))
        lines.append(CardLine("EMAIL", escape(email["value"]), typed))
    for address in str(values.get("address", "")).split("\n"):
        if address.strip():
            lines.append(CardLine("ADR", f";;{escape(address.strip())};;;;"))
    lines += [CardLine("URL", escape(str(url))) for url in values.get("urls", [])]
    lines += map(_line_of_handle, map(str, values.get("handles", [])))
    if values.get("birthday"):
        day = str(values["birthday"])
        lines.append(CardLine("BDAY", day if day[0] != "-" else f"--{day[2:].replace('-', '')}"))
    if values.get("tags"):
        lines.append(CardLine("CATEGORIES", ",".join(map(escape, values["tags"]))))
    if values.get("comment"):
        lines.append(CardLine("NOTE", escape(str(values["comment"]))))
    return lines


def _line_of_handle(handle: str) -> CardLine:
    from crmcli.model.handles import address_of_handle

    network = handle.partition(":")[0]
    text = escape(address_of_handle(handle) or handle)
    return CardLine("X-SOCIALPROFILE", text, (("TYPE", network),))


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


def dialled(phone: Mapping[str, str]) -> str:
    """A number with its extension."""
    return phone["value"] + (f" x{phone['ext']}" if phone.get("ext") else "")


def _typed(kind: str) -> tuple[tuple[str, str], ...]:
    return (("TYPE", _THEIRS[kind]),) if kind in _THEIRS else ()
