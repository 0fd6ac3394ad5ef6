"""What a new lead may take from a message: who wrote it, with phones and company, where that is certain.

A site's own mailer sends what somebody typed into a form: then the person stands in the text, as `Имя: …`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from crmcli.channels.incoming_mail.facts import IncomingMail
from crmcli.dataclass import dataclass, field
from crmcli.matching import firms
from crmcli.matching.first_names import is_first_name
from crmcli.matching.mail_domains import is_nobodys
from crmcli.matching.name_parts import split_name
from crmcli.model.phones_in_text import find_phones
from crmcli.model.values import fold
from crmcli.words import joined

_MOST_LINES = 400
_LONGEST_LABEL = 40
_LONGEST = 200
_PAIR = re.compile(r"[\W_]{0,4}([^\W\d_][^:\t=]{0,60}?)[*\s]*(?::|\t|=>?|\s[-–—]\s)[*\s]*(.*)")
_ADDRESS = re.compile(r"[^\s<>\"(),:;]+@[^\s<>\"(),:;]+\.[^\W\d_]{2,}")
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3}")
_FAX = re.compile(r"(?:fax|факс)[\s.:]*$", re.IGNORECASE)
_QUOTED_FIRM = re.compile(r"(\b[А-ЯЁ]{2,5})\s*[«\"„“]([^«»\"„“”]{1,80})[»\"“”]")
_FREE_NUMBER = re.compile(r"\D*(?:8|7)?\D*800\D")
"""What begins so is a hotline."""
_SEVERAL = re.compile(r"\s*[;|/,]\s*(?=[^\W\d_][^:;|/,]{1,40}:)")
_PARTS = re.compile(r"\s*[,|;•·/]\s*|\s+(?:at|bei|of|@)\s+|\s{2,}")


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """Who a message is from, as far as it is certain; "" and () for what is not. `is_form`: a site sent what
    somebody typed into a form; `text` is what they wrote there, or the whole of what they wrote."""

    name: str = ""
    email: str = ""
    phones: tuple[str, ...] = ()
    company: str = ""
    text: str = ""
    is_form: bool = False
    fields: dict[str, str] = field(default_factory=dict)


_NO_FIELD = ("nobody", "told_of")


@cache
def _labels() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(said, re.IGNORECASE) for name, said in joined("mail_forms").items()}


def lead_facts(mail: IncomingMail, country: str) -> LeadFacts:
    """What a message tells of who wrote it; `country` is that of phones without one."""
    fields = form_fields(mail.written if mail.quoted else mail.text)
    person = next((one for one in (*mail.reply_to, mail.sender) if one.address), mail.sender)
    is_sender = person.address == mail.sender.address
    name = _person_name(person.name) or (_person_name(mail.sender.name) if is_sender else "")
    name = name or _named(mail.text, person.address)
    if is_form(fields):
        return _of_form(fields, mail, country)
    if is_nobodys(person.address):
        return _of_portal(mail, country)
    signature = mail.text[slice(*mail.signature)] if mail.signature else ""
    lines = [line.strip() for line in signature.splitlines()]
    signed = next((line for line in map(_without_title, lines) if _is_name(line)), "")
    phones, firm = _phones(signature, country), _company(lines) or _firm(mail.sender.name)
    return LeadFacts(_surer(name, signed), person.address, phones, firm, mail.written)


def _named(text: str, address: str) -> str:
    """The name before an address, as WordPress writes it above a message: `От: Мария <masha@…>`."""
    match = (
        re.search(rf"([^<>\n:\"]{{2,80}})\"?\s*<{re.escape(address)}>", text) if address else None
    )
    return _person_name(match[1].strip()) if match else ""


def _surer(name: str, signed: str) -> str:
    """Of the name in the header and that in the signature the one that is certainly a person's: `bob b`
    is signed as Bob Builder."""
    is_said = len(signed.split()) >= len(name.split()) and not split_name(name)
    return signed if signed and is_said else name


def _firm(name: str) -> str:
    return name[:_LONGEST] if firms.read_firm(name).form else ""


def _of_portal(mail: IncomingMail, country: str) -> LeadFacts:
    """What a marketplace tells of somebody: a word that says who it is, the name, and a number or an
    address. Without these nobody is told of."""
    match = None if mail.answers else _told_of().search(mail.written)
    if match is None:
        return LeadFacts()
    phones = [one for one in _phones(mail.written, country) if not _FREE_NUMBER.match(one)][:1]
    domain = mail.sender.address.rpartition("@")[2]
    found = (one[0].rstrip(".") for one in _ADDRESS.finditer(mail.written))
    emails = [one for one in found if not one.lower().endswith(domain) and not is_nobodys(one)]
    if not (phones or emails):
        return LeadFacts()
    name = match["who"].strip()
    return LeadFacts(name, "".join(emails[:1]), tuple(phones), "", mail.written, True)


@cache
def _told_of() -> re.Pattern[str]:
    large = r"[A-ZÄÖÜА-ЯЁ][\w'’-]+"
    said = _labels()["told_of"].pattern
    return re.compile(rf"(?<!\w)(?i:{said})\s*[:–—-]?\s+(?P<who>{large}(?: {large}){{0,2}})")


def is_form(fields: dict[str, str]) -> bool:
    """Whether the fields of a text are those of a form that somebody filled in."""
    return len(fields) > 1 and not fields.keys().isdisjoint(("phone", "email"))


def form_fields(text: str) -> dict[str, str]:
    """What stands in a text as `label: value`, on one line or on two, by our names for it."""
    found: dict[str, str] = {}
    whole = (line.strip() for line in text.splitlines()[:_MOST_LINES])
    lines = [part for line in whole for part in _parted(line)]
    last = ""
    for place, line in enumerate(lines):
        name, value = _pair(line)
        if name and not value:
            following = next((one for one in lines[place + 1 : place + 3] if one), "")
            value = following if not _pair(following)[0] else ""
        if name and value:
            found.setdefault(name, value)
        elif last == "text" and line and ":" not in line[:_LONGEST_LABEL]:
            said = found.get("text", line)  # none yet below a label with blank lines after it
            found["text"] = f"{said}\n{line}" if line != said else line
        last = name or ("text" if last == "text" and ":" not in line[:_LONGEST_LABEL] else "")
    return found


def _parted(line: str) -> list[str]:
    """The fields that stand on one line: `Имя: Егор / Телефон: …`."""
    parts = _SEVERAL.split(line)
    return parts if len(parts) > 1 and all(_pair(part)[0] for part in parts) else [line]


def _pair(line: str) -> tuple[str, str]:
    """The field and the value of a line; a label alone may stand there too."""
    match = _PAIR.fullmatch(line)
    label, value = (match[1], match[2].strip()) if match else (line.strip("*: "), "")
    label = label.strip("*_ ()")
    if len(label) > _LONGEST_LABEL:
        return "", ""
    known = (name for name, words in _labels().items() if words.fullmatch(label))
    return next((name for name in known if name not in _NO_FIELD), ""), value[:2000]


def _of_form(fields: dict[str, str], mail: IncomingMail, country: str) -> LeadFacts:
    name = fields.get("name", "")
    if not name or "last_name" in fields:
        name = " ".join(filter(None, (fields.get("first_name") or name, fields.get("last_name"))))
    address = _ADDRESS.search(fields.get("email", ""))
    replied = next((one.address for one in mail.reply_to if one.address != mail.sender.address), "")
    phones = _phones(fields.get("phone", ""), country)
    company = fields.get("company", "")[:_LONGEST]
    email, text = address[0] if address else replied, fields.get("text", "")
    return LeadFacts(name[:_LONGEST], email, phones, company, text, True, fields)


def _phones(text: str, country: str) -> tuple[str, ...]:
    """The numbers in a signature or a field, as written; faxes left out."""
    found = find_phones(text, country)
    before = (text[max(0, one.start - 40) : one.start] for one in found)
    able = (one.text for one, said in zip(found, before, strict=True) if not _FAX.search(said))
    return tuple(dict.fromkeys(able))


def _person_name(name: str) -> str:
    """The name in a header, if it is one of a person."""
    is_nobody = not name or "@" in name or bool(_labels()["nobody"].fullmatch(name))
    is_firm = bool(firms.read_firm(name).form)
    return "" if is_nobody or is_firm or not _NAME.fullmatch(name.replace(",", "")) else name


def _without_title(line: str) -> str:
    return re.sub(r"^(?:[-—–\s]*)|[,.;\s]+$", "", line)


def _is_name(line: str) -> bool:
    """Whether a line of a signature is the name of a person."""
    words = line.split()
    return 0 < len(words) < 4 and bool(_NAME.fullmatch(line)) and any(map(is_first_name, words))


def _company(lines: list[str]) -> str:
    """The company that a signature names by its legal form."""
    return next((one for line in lines if len(line) < 120 for one in _companies(line)), "")


def _companies(line: str) -> Iterator[str]:
    if match := _QUOTED_FIRM.search(line):
        if is_legal_form(match[1]):
            yield match[0]
        return
    for part in _PARTS.split(line):
        words = part.split()
        place = next((n for n, word in enumerate(words) if is_legal_form(word)), -1)
        if len(words) < 2 or len(words) > 8 or place < 0 or "@" in part:
            continue
        is_behind = place and not words[0].isascii() and place < len(words) - 1
        yield " ".join(words[place:]) if is_behind else part


def is_legal_form(word: str) -> bool:
    """Whether a word as written is a legal form: in capitals, or as those of Western firms are written."""
    bare = word.strip('.,«»"()')
    is_spelled = bare.isupper() or bare in ("GmbH", "Ltd", "Inc", "Limited", "LLC", "mbH")
    return is_spelled and len(bare) > 1 and firms.is_form(fold(bare))
