"""settings.yaml: what may stand in it, and reading it. pipelines.yaml is next door."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.channels import CHANNELS
from crmcli.model.legal_details import BankAccount, check_account, read_inn, read_kpp, read_ogrn
from crmcli.model.listed import did_you_mean
from crmcli.model.settings import (
    COMMITS,
    LANGUAGES,
    NUMBERED,
    WEEKDAYS,
    Calendar,
    MailChannel,
    Settings,
    Us,
    WebhookChannel,
)
from crmcli.model.user import User
from crmcli.model.values import parse_date, parse_decimal
from crmcli.store.config.cursor import Cursor, marked, read_marked
from crmcli.store.config.declared import DIRECTORIES, FIELDS, check_directories, fields_of
from crmcli.store.config.shapes import (
    Shape,
    guarded,
    keys,
    listed,
    mapped,
    matching,
    needed,
    parsed,
    secret,
    text,
    whole,
    word,
    yes_no,
)
from crmcli.store.layout import SETTINGS

USER_RULE = r"[^\W\d][\w.-]{0,39}"
EMAIL_RULE = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
SENDER_RULE = rf"{EMAIL_RULE}|[^<>\r\n]+<{EMAIL_RULE}>"
DELIVER_RULE = r"maildir:[^\r\n]+|smtps?://([^\s/:@]+@)?[^\s/:@]+(:\d{1,5})?/?"
ADDRESS_RULE = r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}"
NUMBER_RULE = r"\{(year|month|seq)(:0?[1-9])?\}"
HOURS_RULE = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(text, available_timezones(), "write one like Europe/Moscow")
        raise ValueError(tr("{!r} is not a time zone, {}", text, hint)) from None
    return text


def _rate(text: str) -> Decimal:
    rate = parse_decimal(text)
    if not 0 <= rate <= 100:
        raise ValueError(tr("{!r} is not a percentage from 0 to 100", text))
    return rate


def _number_format(text: str) -> str:
    rest = re.sub(NUMBER_RULE, "", text)
    if "{" in rest or "}" in rest:
        raise ValueError(
            tr("{!r} may hold only {{year}}, {{month}} and {{seq}}, or {{seq:04}}", text)
        )
    if "{seq" not in text:
        raise ValueError(tr("{!r} has no {{seq}}, the running number", text))
    return text


def _hours(text: str) -> tuple[time, time]:
    if not re.fullmatch(HOURS_RULE, text):
        raise ValueError(tr("{!r} is not of the form 09:00-18:00", text))
    opens, closes = (time.fromisoformat(part) for part in text.split("-"))
    if opens >= closes:
        raise ValueError(tr("{!r} closes before it opens", text))
    return opens, closes


def _why_not_deliver(place: Cursor) -> tuple[str, str]:
    text = place.text()
    if re.match(r"smtps?:", text) and re.search(r":[^@]*@", text.partition("//")[2] or text):
        return (
            "'deliver' may not contain a password",
            "write smtp://user@host:587, and where the password is under password:",
        )
    ways = "maildir:outbox, smtp://user@host:587 or smtps://user@host:465"
    return "'deliver' is not valid", tr("{}; the password goes under password:", ways)


def _email(doc: str) -> Shape:
    return matching(doc, EMAIL_RULE, "an e-mail address", "like sales@example.com")


def _days(doc: str) -> Shape:
    return listed(doc, parsed("", parse_date, pattern=r"^\d{4}-\d\d-\d\d$"))


COMPANY = {
    "name": text("Short name."),
    "legal_name": text("Full legal name."),
    "inn": text("INN."),
    "kpp": text("KPP."),
    "ogrn": text("OGRN, or a sole trader's OGRNIP."),
    "vat_id": text("VAT number with the country's letters, e.g. DE136695976."),
    "director": text("Who signs, as papers print it."),
    "address": text("Address."),
    "legal_address": text("Legal address."),
    "postal_address": text("Postal address."),
    "phone": text("Phone."),
    "email": _email("E-mail."),
    "site": text("Web site."),
    "bank": text("Bank account, as offers print it."),
}
ACCOUNT = keys(
    "",
    {
        "account": needed(text("Twenty digits, or an IBAN.")),
        "bic": text("The bank's BIC."),
        "corr": text("Correspondent account."),
        "bank": text("The bank's name."),
    },
)
USER = keys(
    "",
    {
        "name": text("Label for people."),
        "email": _email("Where notices go."),
        "phone": text("Phone."),
    },
)
MAIL = {
    "deliver": guarded(
        "maildir:outbox keeps messages in a folder; smtp://user@host:587 or smtps://user@host:465 sends"
        " them.",
        DELIVER_RULE,
        _why_not_deliver,
    ),
    "from": matching(
        "The sender, e.g. Sales <sales@example.com>.",
        SENDER_RULE, "a sender", "like: Sales <sales@example.com>",
    ),
    "password": secret("Where the password stands, never the password itself."),
}  # fmt: skip
WEBHOOK = {
    "allow": listed(
        "host:port of inner addresses that robots may post to.",
        matching("", ADDRESS_RULE, "an address", "like 10.0.0.5:8080"),
    )
}
CHANNEL_KEYS = {"mail": MAIL, "webhook": WEBHOOK}
"""The settings of channels of which more is known than that they are texts."""


def _channels() -> Shape:
    shapes = {
        name: CHANNEL_KEYS.get(name) or {key: text(doc) for key, doc in row.keys.items()}
        for name, row in CHANNELS.items()
    }
    return keys(
        "How messages leave.",
        {name: keys(CHANNELS[name].doc, shape) for name, shape in shapes.items()},
    )


CALENDAR = {
    "days": listed("Working days of the week.", word("", WEEKDAYS)),
    "hours": parsed(
        "Working hours, e.g. 09:00-18:00.",
        _hours, (Calendar().opens, Calendar().closes), pattern=f"^{HOURS_RULE}$",
    ),
    "holidays": _days("Days off, e.g. 2026-01-01."),
    "workdays": _days("Days worked in spite of the weekday."),
}  # fmt: skip
NUMBER = parsed(
    "With {year}, {month} and {seq} or {seq:04}.",
    _number_format, "", "like КП-{year}-{seq:04}",
    pattern=rf"^([^{{}}]|{NUMBER_RULE})*\{{seq(:0?[1-9])?\}}([^{{}}]|{NUMBER_RULE})*$",
)  # fmt: skip
SHAPE = keys(
    "The company, its users, directories, own fields, channels and calendar. Every key may be left out.",
    {
        "company": keys(
            "Your own company; templates see it as us.",
            {
                **COMPANY,
                "accounts": listed("Bank accounts; the digits are checked against the BIC.", ACCOUNT),
            },
        ),
        "language": word("Of dates, sums in words and default texts.", LANGUAGES, Settings.language),
        "currency": matching(
            "Of new deals, e.g. RUB.", "[A-Z]{3}", "a currency code like RUB", "", Settings.currency
        ),
        "time_zone": parsed(
            "In which days begin and robots count, e.g. Europe/Moscow.", _zone, Settings.time_zone
        ),
        "phone_country": matching(
            "Of phone numbers without a country code, e.g. RU.", "[A-Z]{2}", "a country code like RU"
        ),
        "vat": keys(
            "Value-added tax of offers.",
            {
                "rate": parsed(
                    "Per cent; leave out without VAT.",
                    _rate, type=["number", "string"], minimum=0, maximum=100,
                    pattern=r"^\d{1,3}(\.\d{1,10})?$",
                ),
                "included": yes_no("Whether prices include it.", Settings.vat_included),
            },
        ),
        "users": mapped(
            "Who works here: id, then name, email, phone.",
            USER_RULE, ("cannot be a user's id", "one word, a letter first"),
            USER, (limits.USERS, "a list of users"),
        ),
        "directories": DIRECTORIES,
        "fields": FIELDS,
        "channels": Shape(
            _channels().doc,
            lambda place, ground: _channels().read(place, ground),
            lambda: _channels().fragment(),
            _channels().nothing,
        ),
        "numbering": keys("The shape of document numbers.", dict.fromkeys(NUMBERED, NUMBER)),
        "calendar": keys("Company working time.", CALENDAR),
        "automation": keys(
            "Limits of robots.",
            {
                "max_effects": whole(
                    "How much one crm tick may do before it stops and asks.",
                    1, 1_000_000, Settings.max_effects,
                )
            },
        ),
        "git": keys(
            "History of the files.",
            {
                "commit": word(
                    "never; each: crm commits what a command changed; tick: it commits at the end of crm"
                    " tick.",
                    COMMITS, Settings.commit,
                )
            },
        ),
        "storage": keys(
            "Where the workspace stands.",
            {
                "any_disk": yes_no(
                    "Allow changes on a network file system, where nothing keeps two commands apart.",
                    Settings.any_disk,
                )
            },
        ),
    },
)  # fmt: skip


def load_settings(root: Path) -> Settings:
    """What settings.yaml says; the defaults if there is none. InvalidData names every fault."""
    return _settings(read_marked(root, SETTINGS))


def settings_of(data: bytes) -> Settings:
    """What the text of a settings.yaml says, before it is one; InvalidData names every fault."""
    return _settings(marked(data, SETTINGS))


def _settings(top: Cursor | None) -> Settings:
    if top is None:
        return Settings()
    if not isinstance(top.value, dict):
        raise InvalidData(
            tr("{} must have keys with values", SETTINGS),
            "begin with company: or currency:",
            [Problem(SETTINGS, 1, "there are no keys here")],
        )
    settings = _read_settings(top)
    top.findings.settle()
    return settings


def _read_settings(top: Cursor) -> Settings:
    got = SHAPE.read(top, None)
    fields = fields_of(top.at("fields"), got["fields"], got["directories"])
    check_directories(top.at("directories"), fields)
    is_russian = got["phone_country"] in ("", "RU")
    us = _us(top.at("company"), got["company"], is_russian=is_russian)
    return Settings(
        us=us,
        language=got["language"],
        currency=got["currency"],
        time_zone=got["time_zone"],
        phone_country=got["phone_country"] or Settings.phone_country,
        vat_rate=got["vat"]["rate"],
        vat_included=got["vat"]["included"],
        users={user: User(user, **facts) for user, facts in got["users"].items()},
        directories=got["directories"],
        fields=fields,
        mail=_mail(
            top.at("channels").at("mail"), got["channels"]["mail"], has_address=bool(us.email)
        ),
        webhook=WebhookChannel(got["channels"]["webhook"]["allow"]),
        channels={n: got for n, got in got["channels"].items() if n not in CHANNEL_KEYS},
        numbering={**Settings().numbering, **{k: v for k, v in got["numbering"].items() if v}},
        calendar=_calendar(top.at("calendar"), got["calendar"]),
        max_effects=got["automation"]["max_effects"],
        commit=got["git"]["commit"],
        any_disk=got["storage"]["any_disk"],
    )


def _us(place: Cursor, got: dict[str, Any], *, is_russian: bool) -> Us:
    accounts = tuple(BankAccount(**account) for account in got["accounts"])
    if is_russian:
        for key, read in (("inn", read_inn), ("kpp", read_kpp), ("ogrn", read_ogrn)):
            place.at(key).parsed(read, "")
        for account, entry in zip(accounts, place.at("accounts").items(), strict=False):
            if account.account:
                _check_account(account, entry)
    return Us(**{**got, "accounts": accounts})


def _check_account(account: BankAccount, place: Cursor) -> None:
    try:
        check_account(account)
    except ValueError as error:
        place.fault(str(error))


def _mail(place: Cursor, got: dict[str, str], *, has_address: bool) -> MailChannel:
    if got["deliver"].startswith("smtp") and not got["from"] and not has_address:
        place.at("deliver").fault(
            "a mail server needs a From address",
            "add from: Sales <sales@example.com>, or the company's email",
        )
    return MailChannel(got["deliver"] or MailChannel().deliver, got["from"], got["password"])


def _calendar(place: Cursor, got: dict[str, Any]) -> Calendar:
    holidays, workdays = frozenset[date](got["holidays"]), frozenset[date](got["workdays"])
    for day in sorted(holidays & workdays):
        place.at("workdays").fault(tr("{} is both a holiday and a workday", day), "remove one")
    days = tuple(sorted({WEEKDAYS.index(day) for day in got["days"]}))
    opens, closes = got["hours"]
    return Calendar(days or Calendar().days, opens, closes, holidays, workdays)
