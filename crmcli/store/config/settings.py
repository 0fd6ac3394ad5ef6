"""Reading the configuration: settings.yaml here, pipelines.yaml next door."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from pathlib import Path

from crmcli.errors import InvalidData, Problem
from crmcli.model import limits
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
    User,
    WebhookChannel,
)
from crmcli.model.values import parse_date, parse_decimal
from crmcli.store.config.cursor import Cursor, marked, read_marked
from crmcli.store.config.declared import check_directories, read_directories, read_fields
from crmcli.store.config.pipelines import (
    load_pipelines as load_pipelines,  # the other half of the configuration
)
from crmcli.store.layout import SETTINGS

KEYS = ("company", "language", "currency", "time_zone", "phone_country", "vat", "users",
        "directories", "fields", "channels", "numbering", "calendar", "automation",
        "git", "storage")  # fmt: skip
COMPANY_KEYS = ("name", "legal_name", "inn", "kpp", "ogrn", "vat_id", "director", "address",
                "legal_address", "postal_address", "phone", "email", "site", "bank")  # fmt: skip
ACCOUNT_KEYS = ("account", "bic", "corr", "bank")

USER_RULE = r"[^\W\d][\w.-]{0,39}"
EMAIL_RULE = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
SENDER_RULE = rf"{EMAIL_RULE}|[^<>\r\n]+<{EMAIL_RULE}>"
DELIVER_RULE = r"maildir:[^\r\n]+|smtps?://([^\s/:@]+@)?[^\s/:@]+(:\d{1,5})?/?"
PASSWORD_RULE = r"(env:[A-Za-z_]\w*|cmd:.+|file:.+)"
ADDRESS_RULE = r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}"
NUMBER_RULE = r"\{(year|month|seq)(:0?[1-9])?\}"
HOURS_RULE = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


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
            f"{SETTINGS} must hold keys with values",
            "begin with company: or currency:",
            [Problem(SETTINGS, 1, "there are no keys here")],
        )
    settings = _read_settings(top.known(KEYS))
    top.findings.settle()
    return settings


def _read_settings(top: Cursor) -> Settings:
    default = Settings()
    directories = read_directories(top.at("directories"))
    fields = read_fields(top.at("fields"), directories)
    check_directories(top.at("directories"), fields)
    vat = top.at("vat").known(("rate", "included"))
    channels = top.at("channels").known(("mail", "webhook"))
    effects = top.at("automation").known(("max_effects",)).at("max_effects")
    commit = top.at("git").known(("commit",)).at("commit")
    any_disk = top.at("storage").known(("any_disk",)).at("any_disk")
    country = top.at("phone_country").matching("[A-Z]{2}", "a country code like RU")
    us = _us(top.at("company"), is_russian=country in ("", "RU"))
    return Settings(
        us=us,
        language=top.at("language").one_of(LANGUAGES, default.language),
        currency=top.at("currency").matching("[A-Z]{3}", "a currency code like RUB")
        or default.currency,
        time_zone=top.at("time_zone").parsed(_zone, default.time_zone),
        phone_country=country or default.phone_country,
        vat_rate=vat.at("rate").parsed(_rate, None),
        vat_included=vat.at("included").yes_no(default.vat_included),
        users=_users(top.at("users")),
        directories=directories,
        fields=fields,
        mail=_mail(channels.at("mail"), has_address=bool(us.email)),
        webhook=_webhook(channels.at("webhook")),
        numbering={**default.numbering, **_numbering(top.at("numbering"))},
        calendar=_calendar(top.at("calendar")),
        max_effects=effects.whole(1, 1_000_000) or default.max_effects,
        commit=commit.one_of(COMMITS, default.commit),
        any_disk=any_disk.yes_no(default.any_disk),
    )


def _us(place: Cursor, *, is_russian: bool) -> Us:
    place.known((*COMPANY_KEYS, "accounts"))
    _email(place.at("email"))
    if is_russian:
        for key, read in (("inn", read_inn), ("kpp", read_kpp), ("ogrn", read_ogrn)):
            place.at(key).parsed(read, "")
    accounts = tuple(_account(p, is_russian=is_russian) for p in place.at("accounts").items())
    texts = {key: place.at(key).text().strip() for key in COMPANY_KEYS}
    return Us(**texts, accounts=accounts)


def _account(place: Cursor, *, is_russian: bool) -> BankAccount:
    """One of our own bank accounts, its digits checked against its BIC."""
    place.known(ACCOUNT_KEYS, ("account",))
    account = BankAccount(*(place.at(key).text().strip() for key in ACCOUNT_KEYS))
    if account.account and is_russian:
        try:
            check_account(account)
        except ValueError as error:
            place.fault(str(error))
    return account


def _email(place: Cursor) -> str:
    return place.matching(EMAIL_RULE, "an e-mail address", "like sales@example.com")


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(text, available_timezones(), "write one like Europe/Moscow")
        raise ValueError(f"{text!r} is not a time zone, {hint}") from None
    return text


def _rate(text: str) -> Decimal:
    rate = parse_decimal(text)
    if not 0 <= rate <= 100:
        raise ValueError(f"{text!r} is not a percentage from 0 to 100")
    return rate


def _users(place: Cursor) -> dict[str, User]:
    users = {}
    for entry in place.at_most(limits.USERS, "a list of users").entries():
        word = str(entry.path[-1])
        if not re.fullmatch(USER_RULE, word):
            entry.fault(f"{word!r} cannot be a user's id", "one word, a letter first")
        entry.known(("name", "email", "phone"))
        users[word] = User(
            word, entry.at("name").text(), _email(entry.at("email")), entry.at("phone").text()
        )
    return users


def _mail(place: Cursor, *, has_address: bool) -> MailChannel:
    place.known(("deliver", "from", "password"))
    default = MailChannel()
    deliver = _deliver(place.at("deliver"))
    sender = place.at("from").matching(SENDER_RULE, "a sender", "like: Sales <sales@example.com>")
    if (deliver or "").startswith("smtp") and not sender and not has_address:
        place.at("deliver").fault(
            "a mail server needs to know from whom letters are",
            "add from: Sales <sales@example.com>, or the company's email",
        )
    return MailChannel(deliver or default.deliver, sender, _password(place.at("password")))


def _deliver(place: Cursor) -> str:
    """The way to deliver. What is wrong with it is never repeated: a password may stand in it."""
    text = place.text()
    if not text or re.fullmatch(DELIVER_RULE, text):
        return text
    if re.match(r"smtps?:", text) and re.search(r":[^@]*@", text.partition("//")[2] or text):
        place.fault(
            "'deliver' is not a way to deliver: a password does not belong there",
            "write smtp://user@host:587, and where the password stands under password:",
        )
    else:
        place.fault(
            "'deliver' is not a way to deliver",
            "maildir:outbox, smtp://user@host:587 or smtps://user@host:465; the password goes under"
            " password:",
        )
    return ""


def _password(place: Cursor) -> str:
    """Where the password stands. A password itself is refused, and never repeated on the screen."""
    text = place.text()
    if text and not re.fullmatch(PASSWORD_RULE, text):
        place.fault(
            "a password does not belong in this file, only where it stands",
            "write env:CRM_SMTP_PASSWORD, file:/path or cmd:command",
        )
        return ""
    return text


def _webhook(place: Cursor) -> WebhookChannel:
    places = [entry for _, entry in place.known(("allow",)).at("allow").texts()]
    return WebhookChannel(
        tuple(p.matching(ADDRESS_RULE, "an address", "like 10.0.0.5:8080") for p in places)
    )


def _numbering(place: Cursor) -> dict[str, str]:
    place.known(NUMBERED)
    return {
        str(entry.path[-1]): text
        for entry in place.entries()
        if (text := entry.parsed(_number_format, "", "like КП-{year}-{seq:04}"))
    }


def _number_format(text: str) -> str:
    rest = re.sub(NUMBER_RULE, "", text)
    if "{" in rest or "}" in rest:
        raise ValueError(f"{text!r} may hold only {{year}}, {{month}} and {{seq}}, or {{seq:04}}")
    if "{seq" not in text:
        raise ValueError(f"{text!r} lacks {{seq}}, the running number")
    return text


def _calendar(place: Cursor) -> Calendar:
    place.known(("days", "hours", "holidays", "workdays"))
    default = Calendar()
    days = [item.one_of(WEEKDAYS) for item in place.at("days").items()]
    opens, closes = place.at("hours").parsed(_hours, (default.opens, default.closes))
    holidays = _dates(place.at("holidays"))
    workdays = _dates(place.at("workdays"))
    for day in sorted(holidays & workdays):
        place.at("workdays").fault(f"{day} is both a holiday and a workday", "strike out one")
    return Calendar(
        tuple(sorted({WEEKDAYS.index(day) for day in days if day})) or default.days,
        opens,
        closes,
        holidays,
        workdays,
    )


def _hours(text: str) -> tuple[time, time]:
    if not re.fullmatch(HOURS_RULE, text):
        raise ValueError(f"{text!r} is not like 09:00-18:00")
    opens, closes = (time.fromisoformat(part) for part in text.split("-"))
    if opens >= closes:
        raise ValueError(f"{text!r} closes before it opens")
    return opens, closes


def _dates(place: Cursor) -> frozenset[date]:
    found = (entry.parsed(parse_date, None) for _, entry in place.texts())
    return frozenset(day for day in found if day is not None)
