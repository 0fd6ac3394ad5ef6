"""What people type or import, turned into the canonical raw value of a field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING

from crmcli.model import legal_details
from crmcli.model.addresses import read_email, read_url, split_emails
from crmcli.model.amounts import CURRENCY_SIGNS, read_money, read_number
from crmcli.model.dates import local_day, read_when, to_utc
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import EMAIL_TYPES, PHONE_TYPES, UTM_KEYS, Field, dump_value
from crmcli.model.legal_details import BankAccount
from crmcli.model.listed import allowed_hint, read_listed
from crmcli.model.phones import parse_phones
from crmcli.model.values import Email, Raw, entity_of, fold, format_decimal, format_instant

if TYPE_CHECKING:
    from crmcli.model.settings import User

MULTILINE_KINDS = ("note", "phones", "emails", "urls", "tags", "choices", "links", "companies",
                   "utm", "accounts")  # fmt: skip
TRUTHS = {
    **dict.fromkeys(("yes", "y", "true", "1", "on", "да", "д", "истина", "+"), "yes"),
    **dict.fromkeys(("no", "n", "false", "0", "off", "нет", "н", "ложь", "-"), "no"),
}
YEARS = range(1800, 2300)
_LIST = re.compile(r"[,;\n]")


@dataclass(frozen=True)
class InputContext:
    """What is needed to understand what people write.

    `directories` maps ids to labels by the name of the directory; a directory that is not there
    allows any value, and so do `users` if there are none. `date_order` is `dmy` or `mdy` and says
    what 03/04/2026 means ("" refuses it). `closes` is the hour of a `due` that names only a day.
    """

    now: datetime
    zone: tzinfo
    country: str = "RU"
    directories: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    date_order: str = ""
    closes: time = time(18)


def read_input(field: Field, text: str, ctx: InputContext) -> Raw:
    """The raw value that a text means for a field; "" clears it. ValueError says what is wrong."""
    cleaned = _clean(text, lines=field.kind in MULTILINE_KINDS)
    if not cleaned:
        return ""
    read = _READ.get(field.kind)
    if read is None:
        raise ValueError(f"{field.name} cannot be written as text")
    return read(field, cleaned, ctx) or ""  # a cell of nothing but separators holds nothing


def _clean(text: str, *, lines: bool) -> str:
    """The text in NFC without white space around it; a single-line field gets a single line."""
    if text.isprintable():  # nearly always: one line, no controls, no white space but the space
        return unicodedata.normalize("NFC", text).strip()
    plain = unicodedata.normalize("NFC", re.sub("\r\n?|[\x85\u2028\u2029]", "\n", text))
    plain = plain.strip("\ufeff")
    if not lines:
        plain = re.sub(r"\s*[\n\t]\s*", " ", plain)
    for character in plain:
        if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(f"control character U+{ord(character):04X} in {plain[:40]!r}")
    return plain.strip()


def _read_text(field: Field, text: str, ctx: InputContext) -> Raw:
    labels = ctx.directories.get(field.directory) if field.directory else None
    return read_listed(text, labels, field.directory) if labels else text


def _read_choice(field: Field, text: str, ctx: InputContext) -> Raw:
    if not field.choices:
        return _read_text(field, text, ctx)
    return read_listed(text, dict.fromkeys(field.choices, ""), f"the choices of {field.name}")


def _read_choices(field: Field, text: str, ctx: InputContext) -> Raw:
    return [*sorted({str(_read_choice(field, item, ctx)) for item in _items(text)})]


def _items(text: str) -> list[str]:
    return [item.strip() for item in _LIST.split(text) if item.strip()]


def _words(text: str) -> list[str]:
    return [word for word in dict.fromkeys(re.split(r"[,;\s]+", text)) if word]


def _read_tags(field: Field, text: str, ctx: InputContext) -> Raw:
    return [*sorted(set(_items(text)))]


def _read_user(field: Field, text: str, ctx: InputContext) -> Raw:
    if not ctx.users or text in ctx.users:
        return text
    wanted = fold(text)
    for words in ("id", "email", "name"):
        found = [u.id for u in ctx.users.values() if fold(getattr(u, words)) == wanted]
        if len(found) > 1:
            raise ValueError(f"{text!r} may be {' or '.join(found)}")
        if found:
            return found[0]
    return read_listed(text, {u.id: u.name for u in ctx.users.values()}, "the users")


def _read_money(field: Field, text: str, ctx: InputContext) -> Raw:
    return format_decimal(read_money(text)[0])


def _read_number(field: Field, text: str, ctx: InputContext) -> Raw:
    return format_decimal(read_number(text))


def _read_currency(field: Field, text: str, ctx: InputContext) -> Raw:
    code = CURRENCY_SIGNS.get(text.lower(), text.upper())
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError(f"{text!r} is not a currency code like RUB")
    return code


def _read_date(field: Field, text: str, ctx: InputContext) -> Raw:
    when = read_when(text, ctx.now, ctx.zone, ctx.date_order)
    return _in_our_time(
        local_day(when, ctx.zone) if isinstance(when, datetime) else when, text
    ).isoformat()


def _read_datetime(field: Field, text: str, ctx: InputContext) -> Raw:
    when = read_when(text, ctx.now, ctx.zone, ctx.date_order)
    if not isinstance(when, datetime):
        when = to_utc(when, ctx.closes if field.name == "due" else time(), ctx.zone)
    _in_our_time(when, text)
    return format_instant(when)


def _in_our_time(day: date, text: str) -> date:
    if day.year not in YEARS:
        raise ValueError(
            f"{text!r} is in the year {day.year}, allowed are {YEARS[0]} to {YEARS[-1]}"
        )
    return day


def _read_bool(field: Field, text: str, ctx: InputContext) -> Raw:
    truth = TRUTHS.get(fold(text))
    if truth is None:
        raise ValueError(f"{text!r} is neither yes nor no")
    return truth


def _read_phones(field: Field, text: str, ctx: InputContext) -> Raw:
    _refuse_type(text, PHONE_TYPES, "phone")
    return dump_value("phones", parse_phones(text, ctx.country))


def _read_phone(field: Field, text: str, ctx: InputContext) -> Raw:
    phones = parse_phones(text, ctx.country)
    if len(phones) != 1:
        raise ValueError(f"{text!r} is more than one phone number")
    return str(phones[0])


def _refuse_type(text: str, types: tuple[str, ...], what: str) -> None:
    """Refuse a prefix in Latin letters that looks like a type but is none."""
    match = re.match(r"([a-z]{3,}):(?!//)", text)
    if match and match[1] not in (*types, "tel", "phone", "mob", "cell", "mailto"):
        raise ValueError(f"{match[1]!r} is no type of {what}; {allowed_hint(match[1], types)}")


def _read_email(field: Field, text: str, ctx: InputContext) -> Raw:
    return read_email(text)


def _read_emails(field: Field, text: str, ctx: InputContext) -> Raw:
    emails: dict[str, Email] = {}
    for item in split_emails(text):
        _refuse_type(item, EMAIL_TYPES, "e-mail")
        kind, _, rest = item.partition(":")
        address = read_email(rest if kind in EMAIL_TYPES else item)
        emails.setdefault(fold(address), Email(address, kind if kind in EMAIL_TYPES else "work"))
    return dump_value("emails", tuple(emails.values()))


def _read_url(field: Field, text: str, ctx: InputContext) -> Raw:
    return read_url(text)


def _read_urls(field: Field, text: str, ctx: InputContext) -> Raw:
    return [read_url(item) for item in _words(text)]


def _read_link(field: Field, text: str, ctx: InputContext) -> Raw:
    entity = entity_of(text)
    if not entity or (field.entities and entity not in field.entities):
        allowed = field.entities or ("record",)
        example = f"{(field.entities or tuple(ENTITIES))[0]}-7k3qf2m9"
        raise ValueError(f"{text!r} is no id of a {' or '.join(allowed)}, like {example}")
    return text


def _read_links(field: Field, text: str, ctx: InputContext) -> Raw:
    return [_read_link(field, item, ctx) for item in _words(text)]


def _read_companies(field: Field, text: str, ctx: InputContext) -> Raw:
    """Ids of companies, each with the role behind a colon: `company-7k3qf2m9: директор`."""
    links: list[Raw] = []
    for item in _items(text):
        company, _, role = (part.strip() for part in item.partition(":"))
        _read_link(Field(field.name, "link", entities=("company",)), company, ctx)
        links.append({"company": company, "role": role} if role else {"company": company})
    return links


def _read_utm(field: Field, text: str, ctx: InputContext) -> Raw:
    """`source=yandex, medium=cpc`, or as a link has it: `utm_source=yandex&utm_medium=cpc`."""
    found: dict[str, Raw] = {}
    for item in re.split(r"[,;&\n]", text):
        key, equals, value = (part.strip() for part in item.partition("="))
        key = key.lower().removeprefix("utm_")
        if not equals or key not in UTM_KEYS:
            raise ValueError(
                f"{item.strip()!r} is not like source=yandex; {allowed_hint(key, UTM_KEYS)}"
            )
        if value:
            found[key] = value
    return {key: found[key] for key in UTM_KEYS if key in found}


def _read_requisite(field: Field, text: str, ctx: InputContext) -> Raw:
    """An INN, KPP, OGRN or VAT number; where other countries' rules hold, without their checks."""
    if ctx.country.upper() != "RU" and field.kind != "vat_id":
        return re.sub(r"[\s-]", "", text)
    read = {
        "inn": legal_details.read_inn,
        "kpp": legal_details.read_kpp,
        "ogrn": legal_details.read_ogrn,
    }
    return read.get(field.kind, legal_details.read_vat_id)(text)


def _read_accounts(field: Field, text: str, ctx: InputContext) -> Raw:
    """Bank accounts, a line or a semicolon between them, each like `4070… 044525225 Сбербанк`."""
    is_ours = ctx.country.upper() == "RU"
    accounts: dict[str, BankAccount] = {}
    for item in (part.strip() for part in re.split(r"[;\n]", text)):
        if not item:
            continue
        try:
            account = legal_details.read_account(item)
        except ValueError:
            if is_ours:
                raise
            number, _, bank = item.partition(" ")
            account = BankAccount(number, bank=bank.strip())
        accounts.setdefault(account.account, account)
    return dump_value("accounts", tuple(accounts.values()))


_READ: dict[str, Callable[[Field, str, InputContext], Raw]] = {
    "text": _read_text,
    "note": _read_text,
    "stage": _read_text,
    "pipeline": _read_text,
    "choice": _read_choice,
    "choices": _read_choices,
    "tags": _read_tags,
    "user": _read_user,
    "number": _read_number,
    "money": _read_money,
    "currency": _read_currency,
    "date": _read_date,
    "datetime": _read_datetime,
    "bool": _read_bool,
    "phone": _read_phone,
    "phones": _read_phones,
    "email": _read_email,
    "emails": _read_emails,
    "url": _read_url,
    "urls": _read_urls,
    "link": _read_link,
    "links": _read_links,
    "companies": _read_companies,
    "utm": _read_utm,
    **dict.fromkeys(("inn", "kpp", "ogrn", "vat_id"), _read_requisite),
    "accounts": _read_accounts,
}
