"""Cells that name one record or several: `Name (e-mail); Name <e-mail>, …`, ids in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crmcli.matching.firms import read_firm
from crmcli.model.addresses import read_email
from crmcli.model.values import entity_of
from crmcli.sales.exports.sheet_rows import read_names
from crmcli.sales.imports.cells import whole_digits
from crmcli.sales.imports.draft import Mention

_PIECE = re.compile(
    r""""[^"]*"|«[^»]*»|„[^“”]*[“”]|“[^”]*”|\([^()]*\)|<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}|[^,;|\n]|[,;|\n]"""
)
_BRACKETED = re.compile(r"(.*?)\s*(?:\(([^()]*)\)|<([^<>]*)>|\[([^\[\]]*)\]|\{([^{}]*)\})\s*", re.S)
_LAST_ADDRESS = re.compile(r"(.*?)[\s,:–—-]*(\S+@\S+)", re.S)
_ID = re.compile(
    r"(?:(?:(?:\w+ )?(?:id|ид)(?:\s*[:#№=]\s*|\s+|(?=\d))|[#№]\s*|no\.\s*))(?=[\w-]*\d)([\w-]+)",
    re.I,
)
_OTHER_ID = re.compile(
    r"[0-9]{1,19}|[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|00[0-9A-Za-z]{13}([0-9A-Za-z]{3})?"
)
"""Ids of other systems: numbers, those of MongoDB, UUIDs, those of Salesforce."""

_OF_SYSTEM = re.compile(r"[a-z][a-z0-9_]*:[^\s:/]+", re.I)
_FLOAT = re.compile(r"([0-9]+)[.,]0+")
_ID_WORD = re.compile(r"(?:^|[\W_]|(?<=[a-z])(?=I))(?i:ids?|ид|идентификатор\w*)(?:$|[\W_])")
_INN = re.compile(r"(?:инн|inn)\s*[:№]?\s*([0-9]{10}(?:[0-9]{2})?)", re.I)
_PHONE = re.compile(r"(?:tel\.?|тел\.?|моб\.?)?\s*:?\s*(\+?[0-9][0-9 ()./-]{6,20})", re.I)
EXTERNAL = "external"


def read_mentions(text: str, entity: str, *, several: bool) -> list[Mention]:
    """The records that a cell names, each with what it says of them beside the name, as text.

    The fact `external` is an id of another system.
    """
    if text.startswith("["):  # JSON of our own exports
        return [Mention(name=name) for name in read_names(text)]
    pieces = list(_pieces(text, entity)) if several else [text]
    return [
        mention for piece in pieces if (mention := _read(piece)).name or mention.facts or mention.id
    ]


def _pieces(text: str, entity: str) -> Iterator[str]:
    """The parts of a cell: commas part only where an address or an id tells where a name ends."""
    for part in split_cell(text, ";|\n"):
        held = ""
        for piece in split_cell(part, ","):
            if held and (_is_marked(held) or not _belongs(held, piece, entity)):
                yield held
                held = ""
            held = f"{held}, {piece}" if held else piece
        if held:
            yield held


def split_cell(text: str, separators: str = ",;|\n") -> list[str]:
    """The text between separators that stand in no brackets or quotation marks."""
    parts = [""]
    for found in _PIECE.findall(text):
        if found in separators:
            parts.append("")
        else:
            parts[-1] += found
    return [part.strip() for part in parts if part.strip()]


def _belongs(held: str, piece: str, entity: str) -> bool:
    """Whether a text behind a comma belongs to what stands before it: `Arnold, Anne`, `Acme, Inc.`"""
    if _is_address(held) or _is_address(piece):
        return False
    if not _is_marked(piece):
        return True
    if entity == "company":
        return read_firm(f"{held}, {_read(piece).name}").texts == read_firm(held).texts
    return " " not in held


def _is_marked(text: str) -> bool:
    found = _read(text)
    return bool(found.facts or found.id)


def _is_address(text: str) -> bool:
    return " " not in text and "<" not in text and bool(_mail(text))


def _read(text: str) -> Mention:
    """One name with what stands in brackets behind it, an address alone, or behind a name."""
    mention, rest = Mention(), text.strip()
    while match := _BRACKETED.fullmatch(rest):
        inside = next((group for group in match.groups()[1:] if group is not None), "")
        if not _take(mention, inside.strip()):
            break
        rest = match[1]
    named = _BRACKETED.fullmatch(rest)
    if named and _is_address(named[1]):  # anna@example.ru (Anna Orlova)
        rest = f"{rest[len(named[1]) :].strip(' ()<>[]{}')} {named[1]}"
    name = _unquoted(rest.strip(" \n,-–—:"))
    last = _LAST_ADDRESS.fullmatch(name)
    address = _mail(last[2]) if last and "emails" not in mention.facts else ""
    if last and address:
        name = _unquoted(last[1].strip())
        mention.facts["emails"] = address
    mention.name = name
    return mention


def _unquoted(name: str) -> str:
    """Without quotes round all of it; those of `ООО "Ромашка"` belong to the name."""
    inside = name[1:-1]
    is_whole = name[:1] == name[-1:] == '"' and '"' not in inside
    return inside.strip(" ,-–—:") if is_whole else name


def _take(mention: Mention, text: str) -> bool:
    """Whether the text of brackets is a fact about who is named before them, which it is given then."""
    facts: dict[str, str] = {}
    if address := _mail(text):
        facts["emails"] = address
    elif entity_of(text):
        mention.id = text
        return True
    elif match := _INN.fullmatch(text):
        facts["inn"] = match[1]
    elif match := _ID.fullmatch(text):
        facts[EXTERNAL] = match[1]
    elif _OTHER_ID.fullmatch(text):
        facts[EXTERNAL] = text
    elif match := _PHONE.fullmatch(text):
        facts["phones"] = match[1]
    mention.facts.update(facts)
    return bool(facts)


def plain_id(text: str) -> str:
    """An id without what is said around it: `ID: 77`, `#77`, `77.0` of a spreadsheet.

    ValueError if it has lost digits there, so that several would be one.
    """
    match = _ID.fullmatch(text) or _FLOAT.fullmatch(text)
    return match[1] if match else whole_digits(text)


def is_id(text: str) -> bool:
    """Whether a text that stands for a record is nothing but an id of another system."""
    return bool(_ID.fullmatch(text) or _OTHER_ID.fullmatch(text) or _OF_SYSTEM.fullmatch(text))


def says_id(header: str) -> bool:
    """Whether a header says that its column holds ids."""
    return bool(_ID_WORD.search(header))


def _mail(text: str) -> str:
    if "@" not in text:
        return ""
    try:
        return read_email(text)
    except ValueError:
        return ""
