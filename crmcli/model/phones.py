"""Phone numbers as people write them: read into E.164, and compared.

How a number without a plus is read, first that fits:
1. a number of the country's plan, in any of its habits (8 916…, 916…, 8 10 375…);
2. a number of another plan once a plus (or a plus for 00) is put in front, unless all numbers of
   the country have one length (Russia, America) and this one has it: no foreigner is guessed.
A number with a plus is what it says, as long as it is possible; three to six digits are a short
code. What fits no plan is refused, or kept as it is written where a file has it. Nothing is ever
cut off: text in which more than numbers, extensions and words like "mob." stands is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.values import Phone

_LABELS = {
    "mobile": "mobile mob cell m моб мобильный сот сотовый",
    "work": "work office w раб рабочий офис",
    "home": "home h дом домашний",
    "fax": "fax факс",
    "pager": "pager пейджер",
    "mailing": "mailing",
    "other": "other др другой",
    "": "tel phone т тел телефон whatsapp viber telegram",
}
TYPES = {word: kind for kind, words in _LABELS.items() for word in words.split()}
"""The type that a word before a number says; "" for one that says none."""

_LABEL = re.compile(rf"\s*({'|'.join(sorted(TYPES, key=len, reverse=True))})\b\.?\s*:?\s*", re.I)
EXTENSION_WORDS = (
    r"(?:доб(?:авочный)?|внутр(?:енний)?|вн|extension|extn|ext|durchwahl|dw|wew(?:n|nętrzny)?|ramal|poste"
    r"|anexo|interno|int|[#xх])[.:=]*\s*(?:No|N)?\s*"
)
"""What stands before an extension, as a pattern."""

_EXTENSION = re.compile(rf"[\s(]*{EXTENSION_WORDS}([0-9]{{1,10}})\s*\)?$", re.IGNORECASE)
_COMMA_BEFORE_EXTENSION = re.compile(rf"[,;]\s*(?={EXTENSION_WORDS}[0-9])", re.IGNORECASE)
_AND = r"\b(?:или|и|or|and|oder|und|ou|et|lub|y)\b|\bo\. "
_SEPARATOR = re.compile(rf"[,;/|\n&]|{_AND}|(?<=[0-9)])\s+(?=\(?\+)", re.IGNORECASE)
_NUMBER = re.compile(r"[( ]*\+?[0-9 ().~\u2010-\u2015\u2212-]+")
_DIGITS = re.compile("[0-9]+")
_E164 = re.compile(r"\+[0-9]{4,15}")
# Russian mobile numbers in full: the tables take each of them as it is, and imports are full of them.
_MOBILE = re.compile("79[0-9]{9}")
_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")
_SERVICE = re.compile(r"[*#][0-9][0-9*#]*#")  # *100#
_BLANKS = re.compile(r"[^\S\n]+")
_DAY = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SLASHED = re.compile(r"(?<![0-9])([+(]*[0-9][0-9 ()+.-]*?) ?/ ?(?=([0-9(][0-9 ().-]*))")
_AREA = re.compile(r"\(?0[0-9]{1,5}\)?")
_SHORT = range(3, 7)
_LONGEST_PLAIN = 12
_SHORTEST_ABROAD = 10


def parse_phones(
    text: str, country: str, unsaid: str = "work", *, keep: bool = False
) -> tuple[Phone, ...]:
    """Read the numbers of one cell; ValueError names the one that is not a phone number.

    `country` (RU, US, …) is the country of numbers that are written without one; "" for none.
    `unsaid` is the type of those that name none. With `keep`, what fits no plan is kept as text.
    """
    phones: dict[tuple[str, str], Phone] = {}
    kind = ""
    cleaned = _with_areas(_clean(text), country.upper())
    for piece in _SEPARATOR.split(_COMMA_BEFORE_EXTENSION.sub(" ", cleaned)):
        rest = piece
        while match := _LABEL.match(rest):
            kind = TYPES[match[1].lower()] or kind
            rest = rest[match.end() :]
        if rest.strip():
            phone = _parse_one(rest.strip(), country, kind or unsaid, keep=keep)
            phones.setdefault((phone.value, phone.ext), phone)
            kind = ""
    if cleaned and not phones:
        raise _refusal(cleaned)
    return tuple(phones.values())


def _with_areas(text: str, country: str) -> str:
    """The text with area codes that a slash parts from their numbers put before them: 089/1234-567."""

    def together(match: re.Match[str]) -> str:
        area, rest = match[1].strip(), match[2]
        is_code = bool(_AREA.fullmatch(area)) or any(_readings(f"{area} {rest}", country))
        return f"{area} " if is_code and not any(_readings(area, country)) else match[0]

    return _SLASHED.sub(together, text) if "/" in text else text


def key(text: str, country: str) -> str:
    """The key by which numbers are compared: the digits of E.164, extension aside.

    For text that is no phone number: its digits; "" if it has none.
    """
    value = text if _E164.fullmatch(text) else _first(text, country)
    return "".join(_DIGITS.findall(value))


def begun(digits: str, country: str) -> str:
    """The digits with which a number begins in E.164 that is typed so in its country: 020 79 as 442079.

    "" where they do not begin as numbers are dialled there.
    """
    if country.upper() in ("RU", "KZ"):  # needs no tables
        return f"7{digits[1:]}" if digits[:1] == "8" else ""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(country.upper()) if country else None
    if metadata is None:
        return ""
    trunk = re.match(metadata.national_prefix_for_parsing or "$", digits)
    return f"{metadata.country_code}{digits[trunk.end() :]}" if trunk and trunk[0] else ""


def at_home(numbers: Collection[str], country: str) -> set[str]:
    """The keys that the digits of numbers may have which are written as in their country."""
    if country.upper() in ("RU", "KZ"):  # needs no tables
        return {f"7{digits[-10:]}" for digits in numbers}
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(country.upper()) if country else None
    whole = {f"{metadata.country_code}{digits}" for digits in numbers} if metadata else set()
    return whole | {begun(digits, country) for digits in numbers} - {""}


def is_country(code: str) -> bool:
    """Whether two letters name a country that has phone numbers."""
    from phonenumbers import PhoneMetadata

    return PhoneMetadata.metadata_for_region(code) is not None


def has_trunk_zero(country: str) -> bool:
    """Whether numbers of a country are of several lengths and begin with 0 where no country is said."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(country.upper()) if country else None
    return (
        metadata is not None
        and metadata.national_prefix == "0"
        and _one_length(country.upper()) == -1
    )


def sendable(phones: Iterable[Phone], any_line: bool) -> str:
    """The number for a message, in E.164: one of type mailing or mobile before the others; no fax, and no
    landline unless `any_line` will do. "" if there is none."""
    able = [
        phone
        for phone in phones
        if _E164.fullmatch(phone.value) and phone.type not in ("fax", "pager")
    ]
    able.sort(key=lambda phone: phone.type not in ("mailing", "mobile"))
    found = (phone.value for phone in able if any_line or not _is_landline(phone.value))
    return next(found, "")


def dialled(text: str, country: str, failure: type[CrmError] | None = None) -> str:
    """The number that somebody typed, in E.164; "" for none, unless a `failure` is raised that says why."""
    try:
        return sendable(parse_phones(text, country), True)
    except ValueError as error:
        if failure is None:
            return ""
        raise failure(str(error), "like +79161234567") from None


def _is_landline(number: str) -> bool:
    """Whether the plan of its country says so; that of some does not tell landlines from mobiles."""
    if _MOBILE.fullmatch(number[1:]):
        return False
    import phonenumbers as tables

    try:
        read = tables.parse(number)
    except tables.NumberParseException:
        return False
    return tables.number_type(read) == tables.PhoneNumberType.FIXED_LINE


def _first(text: str, country: str) -> str:
    try:
        phones = parse_phones(text, country)
    except ValueError:
        return text
    return phones[0].value if phones else text


def _clean(text: str) -> str:
    """NFKC without the invisible marks that come along when a number is copied from a web page."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return _BLANKS.sub(" ", text.replace("\r", "\n")).strip()


def _refusal(text: str) -> ValueError:
    return ValueError(tr("{!r} is not a phone number", text))


def _parse_one(text: str, country: str, kind: str, *, keep: bool) -> Phone:
    if _SERVICE.fullmatch(text):
        return Phone(text, "", kind)
    extension = _EXTENSION.search(text)
    number = text[: extension.start()] if extension else text
    if not _NUMBER.fullmatch(number) or not _DIGITS.search(number):
        raise _refusal(text)
    more = extension[1] if extension else ""
    value = next(filter(None, _readings(number, country.upper())), "")
    if not value and (is_short(number) or (keep and _may_be_kept(number))):
        value = number.strip()
    if value:
        return Phone(value, more, kind)
    if not country or not _may_be_kept(number):
        raise _refusal(text)
    why = (
        "{!r} is not a phone number of {}: check its digits, or begin with + and the code of its country; "
        "phone_country in settings.yaml says whose numbers have none"
    )
    raise ValueError(tr(why, text, country.upper()))


def is_short(number: str) -> bool:
    """Whether a number is a short code: 112, 0911, 8800; it is dialled as it is and is nobody's own."""
    return "+" not in number and len(re.findall("[0-9]", number)) in _SHORT


def _may_be_kept(number: str) -> bool:
    """Whether digits that fit no plan may be a number all the same; a day is none."""
    is_long = len(re.findall("[0-9]", number)) > max(_SHORT)
    return is_long and not _DAY.fullmatch(number.strip())


def _readings(number: str, country: str) -> Iterator[str]:
    """What the number may be, best reading first; "" for a reading that does not fit."""
    groups = _DIGITS.findall(number)
    digits = "".join(groups)
    if "+" in number:
        if _MOBILE.fullmatch(digits):
            yield "+" + digits
        yield _read("+" + digits, "")
        if not country_code("+" + digits):  # +8 916 123-45-67: the plus is a slip
            yield _read(digits, country, strictly=True)
        return
    abroad = "+" + digits.removeprefix("00")
    # 8-495… is not +84 95…: nobody divides a country code; and 310-00-00 is a number without its code
    cut = len(groups[0]) < len(country_code(abroad)) or len(digits) < _SHORTEST_ABROAD
    if cut and not digits.startswith("00"):
        abroad = "+"
    yield _read(digits, country, strictly=True)
    if len(digits) != _one_length(country):
        yield _read(abroad, "", strictly=True)


@lru_cache(maxsize=64)
def _one_length(country: str) -> int:
    """The length of a country's national numbers; -1 where there are several."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(country) if country else None
    if not metadata or not metadata.general_desc:
        return -1
    lengths = [n for n in metadata.general_desc.possible_length if n <= _LONGEST_PLAIN]
    return lengths[0] if len(lengths) == 1 else -1


def country_code(number: str) -> str:
    """The country code with which a number in international form begins; "" if there is none."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    heads = (number[1 : 1 + length] for length in (1, 2, 3))
    return next((head for head in heads if head and int(head) in COUNTRY_CODE_TO_REGION_CODE), "")


def _read(text: str, country: str, *, strictly: bool = False) -> str:
    """The E.164 form of digits if the tables allow it, else "".

    `strictly`: the number must fit a plan, not only be possible. The form is enough, whatever the
    area code, for one that is written with the country's own prefix (8 441…), and in North America.
    """
    import phonenumbers as tables

    try:
        number = tables.parse(text, country or None)
        value = tables.format_number(number, tables.PhoneNumberFormat.E164)
        again = tables.parse(value, None)
    except tables.NumberParseException:
        return ""
    fits = (
        tables.is_possible_number_with_reason(number) == tables.ValidationResult.IS_POSSIBLE
        and (not strictly or tables.is_valid_number(number) or _has_form(value, text, country))
        and tables.format_number(again, tables.PhoneNumberFormat.E164) == value
    )
    return value if fits else ""


def _has_form(value: str, digits: str, country: str) -> bool:
    """Whether a number has the form of a plan, and of which one is not in doubt."""
    from phonenumbers import PhoneMetadata

    if _AMERICAN.fullmatch(value):
        return True
    plan = PhoneMetadata.metadata_for_region(country) if country else None
    if not plan or not plan.general_desc:
        return False
    national = value.removeprefix(f"+{plan.country_code}")
    pattern = plan.general_desc.national_number_pattern or ""
    return len(national) < len(digits) and bool(re.fullmatch(pattern, national))
