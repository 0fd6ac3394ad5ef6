"""Phone numbers as people write them: read into E.164, and compared.

How a number without a plus is read, first that fits:
1. a valid number of the workspace's country, in any of its habits (8 916…, 916…, 8 10 375…);
2. where all numbers of that country have one length (Russia, America): a number of that length,
   even if its area code is too new, or too made up, for the tables;
3. a valid number once a plus (or a plus for 00) is put in front;
4. a possible number of the country; 5. a possible number with a plus in front.
A number with a plus is what it says, as long as it is possible. Nothing is ever cut off: text in
which more than numbers, extensions and words like "mob." stands is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

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
_TYPES = {word: kind for kind, words in _LABELS.items() for word in words.split()}
_LABEL = re.compile(rf"\s*({'|'.join(sorted(_TYPES, key=len, reverse=True))})\b\.?\s*:?\s*", re.I)
_WORDS = r"(?:доб(?:авочный)?|внутр(?:енний)?|вн|extension|extn|ext|[#xх])[.:=]*\s*(?:No|N)?\s*"
_EXTENSION = re.compile(rf"[\s(]*{_WORDS}([0-9]{{1,10}})\s*\)?$", re.IGNORECASE)
_COMMA_BEFORE_EXTENSION = re.compile(rf"[,;]\s*(?={_WORDS}[0-9])", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,;/|\n]|\bили\b|\bor\b|(?<=[0-9)])\s+(?=\(?\+)", re.IGNORECASE)
_NUMBER = re.compile(r"[( ]*\+?[0-9 ().~\u2010-\u2015\u2212-]+")
_E164 = re.compile(r"\+[0-9]{4,15}")
# Russian mobile numbers in full: the tables take each of them as it is, and imports are full of them.
_MOBILE = re.compile("79[0-9]{9}")
_LONGEST_PLAIN = 12
_SHORTEST_ABROAD = 10


def parse_phones(text: str, country: str, unsaid: str = "work") -> tuple[Phone, ...]:
    """Read the numbers of one cell; ValueError names the one that is not a phone number.

    `country` (RU, US, …) is the country of numbers that are written without one; "" for none.
    `unsaid` is the type of those that name none.
    """
    phones: dict[tuple[str, str], Phone] = {}
    kind = ""
    cleaned = _clean(text)
    for piece in _SEPARATOR.split(_COMMA_BEFORE_EXTENSION.sub(" ", cleaned)):
        rest = piece
        while match := _LABEL.match(rest):
            kind = _TYPES[match[1].lower()] or kind
            rest = rest[match.end() :]
        if rest.strip():
            phone = _parse_one(rest.strip(), country, kind or unsaid)
            phones.setdefault((phone.value, phone.ext), phone)
            kind = ""
    if cleaned and not phones:
        raise _refusal(cleaned)
    return tuple(phones.values())


def key(text: str, country: str) -> str:
    """The key by which numbers are compared: the digits of E.164, extension aside.

    For text that is no phone number: its digits; "" if it has none.
    """
    value = text if _E164.fullmatch(text) else _first(text, country)
    return "".join(re.findall("[0-9]", value))


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


def is_country(code: str) -> bool:
    """Whether two letters name a country that has phone numbers."""
    from phonenumbers import PhoneMetadata

    return PhoneMetadata.metadata_for_region(code) is not None


def _first(text: str, country: str) -> str:
    try:
        phones = parse_phones(text, country)
    except ValueError:
        return text
    return phones[0].value if phones else text


def _clean(text: str) -> str:
    """NFKC without the invisible marks that come along when a number is copied from a web page."""
    plain = unicodedata.normalize("NFKC", text).replace("\r", "\n")
    visible = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return re.sub(r"[^\S\n]+", " ", visible).strip()


def _refusal(text: str) -> ValueError:
    return ValueError(tr("{!r} is not a phone number", text))


def _parse_one(text: str, country: str, kind: str) -> Phone:
    extension = _EXTENSION.search(text)
    number = text[: extension.start()] if extension else text
    if not _NUMBER.fullmatch(number) or not re.search("[0-9]", number):
        raise _refusal(text)
    for value in _readings(number, country.upper()):
        if value:
            return Phone(value, extension[1] if extension else "", kind)
    raise _refusal(text)


def _readings(number: str, country: str) -> Iterator[str]:
    """What the number may be, best reading first; "" for a reading that does not fit."""
    groups = re.findall("[0-9]+", number)
    digits = "".join(groups)
    if "+" in number:
        if _MOBILE.fullmatch(digits):
            yield "+" + digits
        yield _read("+" + digits, "")
        if not _country_code("+" + digits):  # +8 916 123-45-67: the plus is a slip
            yield _read(digits, country)
        return
    abroad = "+" + digits.removeprefix("00")
    # 8-495… is not +84 95…: nobody divides a country code; and 310-00-00 is a number without its code
    cut = len(groups[0]) < len(_country_code(abroad)) or len(digits) < _SHORTEST_ABROAD
    if cut and not digits.startswith("00"):
        abroad = "+"
    yield _read(digits, country, strictly=True)
    code, length = _one_length(country)
    if len(digits) == length:
        yield _read(f"+{code}{digits}", "")
    yield _read(digits, country, length=length)
    yield _read(abroad, "", strictly=True)
    yield _read(digits, country)
    yield _read(abroad, "")


@lru_cache(maxsize=64)
def _one_length(country: str) -> tuple[int, int]:
    """The code of a country and the length of its national numbers; -1 where there are several."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(country) if country else None
    if not metadata or not metadata.general_desc:
        return 0, -1
    lengths = [n for n in metadata.general_desc.possible_length if n <= _LONGEST_PLAIN]
    return metadata.country_code or 0, lengths[0] if len(lengths) == 1 else -1


def _country_code(number: str) -> str:
    """The country code with which a number in international form begins; "" if there is none."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    heads = (number[1 : 1 + length] for length in (1, 2, 3))
    return next((head for head in heads if head and int(head) in COUNTRY_CODE_TO_REGION_CODE), "")


def _read(text: str, country: str, *, strictly: bool = False, length: int = 0) -> str:
    """The E.164 form of digits if the tables allow it, else "".

    `strictly`: the number must be valid, not only possible; `length`: of its national part.
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
        and (not strictly or tables.is_valid_number(number))
        and (not length or len(tables.national_significant_number(number)) == length)
        and tables.format_number(again, tables.PhoneNumberFormat.E164) == value
    )
    return value if fits else ""
