"""Reading the configuration: settings.yaml here, pipelines.yaml next door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path

from crmcli.errors import InvalidData, Problem
from crmcli.model.fields import CUSTOM_KINDS, Field
from crmcli.model.schema import own_fields
from crmcli.model.settings import (
    DIRECTORIES,
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
from crmcli.model.values import ENTITIES, parse_date, parse_decimal
from crmcli.store.cursor import Cursor, choice_hint, nearest, read_marked, unique
from crmcli.store.layout import SETTINGS
from crmcli.store.pipelines import (
    load_pipelines as load_pipelines,
)  # the other half of the configuration

KEYS = ("company", "language", "currency", "time_zone", "phone_country", "vat", "users",
        "directories", "fields", "channels", "numbering", "calendar", "automation")  # fmt: skip
COMPANY_KEYS = ("name", "legal_name", "inn", "kpp", "address", "phone", "email", "site", "bank")
FIELD_KEYS = ("type", "label", "required", "choices", "directory", "to", "default")

USER_RULE = r"[^\W\d][\w.-]{0,39}"
NAME_RULE = r"[^\W\d]\w{0,39}"
DIRECTORY_RULE = r"[a-z][a-z0-9_]{0,39}"
EMAIL_RULE = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
SENDER_RULE = rf"{EMAIL_RULE}|[^<>\r\n]+<{EMAIL_RULE}>"
DELIVER_RULE = r"maildir:[^\r\n]+|smtps?://([^\s/:@]+@)?[^\s/:@]+(:\d{1,5})?/?"
PASSWORD_RULE = r"(env:[A-Za-z_]\w*|cmd:.+|file:.+)"
ADDRESS_RULE = r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}"
NUMBER_RULE = r"\{(year|month|seq)(:0?[1-9])?\}"
HOURS_RULE = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"

RESERVED = ("id", "custom", "unknown", "entity", "phone", "email", "tag", "and", "or", "not",
            "in", "has", "is", "empty", "today", "now")  # fmt: skip
"""Names that a custom field cannot have: the condition language or the record uses them."""


def load_settings(root: Path) -> Settings:
    """What settings.yaml says; the defaults if there is none. InvalidData names every fault."""
    top = read_marked(root, SETTINGS)
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
    directories = _directories(top.at("directories"))
    fields = _fields(top.at("fields"), directories)
    _check_directories(top.at("directories"), fields)
    vat = top.at("vat").known(("rate", "included"))
    channels = top.at("channels").known(("mail", "webhook"))
    effects = top.at("automation").known(("max_effects",)).at("max_effects")
    us = _us(top.at("company"))
    return Settings(
        us=us,
        language=top.at("language").one_of(LANGUAGES, default.language),
        currency=top.at("currency").matching("[A-Z]{3}", "a currency code like RUB")
        or default.currency,
        time_zone=top.at("time_zone").parsed(_zone, default.time_zone),
        phone_country=top.at("phone_country").matching("[A-Z]{2}", "a country code like RU")
        or default.phone_country,
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
    )


def _us(place: Cursor) -> Us:
    place.known(COMPANY_KEYS)
    _email(place.at("email"))
    return Us(**{key: place.at(key).text().strip() for key in COMPANY_KEYS})


def _email(place: Cursor) -> str:
    return place.matching(EMAIL_RULE, "an e-mail address", "like sales@example.com")


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(text, available_timezones())
        hint = f", did you mean {near}?" if near else ", write one like Europe/Moscow"
        raise ValueError(f"{text!r} is not a time zone{hint}") from None
    return text


def _rate(text: str) -> Decimal:
    rate = parse_decimal(text)
    if not 0 <= rate <= 100:
        raise ValueError(f"{text!r} is not a percentage from 0 to 100")
    return rate


def _users(place: Cursor) -> dict[str, User]:
    users = {}
    for entry in place.entries():
        word = str(entry.path[-1])
        if not re.fullmatch(USER_RULE, word):
            entry.fault(f"{word!r} cannot be a user's id", "one word, a letter first")
        entry.known(("name", "email", "phone"))
        users[word] = User(
            word, entry.at("name").text(), _email(entry.at("email")), entry.at("phone").text()
        )
    return users


def _directories(place: Cursor) -> dict[str, dict[str, str]]:
    directories: dict[str, dict[str, str]] = {}
    for entry in place.entries():
        word = str(entry.path[-1])
        if not re.fullmatch(DIRECTORY_RULE, word):
            entry.fault(f"{word!r} cannot name a directory", "small latin letters, digits and _")
        if isinstance(entry.value, list):
            values = entry.texts()
            unique(values, "value")
            directories[word] = {value: value for value, _ in values}
        elif isinstance(entry.value, dict):
            directories[word] = {str(v.path[-1]): v.text(str(v.path[-1])) for v in entry.entries()}
        elif entry.is_present:
            entry.fault(f"{word!r} must hold a list of values", "write - value, or id: label")
    return directories


def _check_directories(place: Cursor, fields: Mapping[str, tuple[Field, ...]]) -> None:
    """A directory that no field uses is a slip of the pen."""
    used = {*DIRECTORIES, *(field.directory for many in fields.values() for field in many)}
    if isinstance(place.value, dict):
        for word in place.value:
            if word not in used:
                place.at(word).fault(
                    f"no field uses the directory {word!r}", choice_hint(word, sorted(used - {""}))
                )


def _fields(place: Cursor, directories: Mapping[str, object]) -> dict[str, tuple[Field, ...]]:
    place.known(ENTITIES)
    fields = {}
    for entity in ENTITIES:
        entries = list(place.at(entity).entries())
        fields[entity] = tuple(_field(entry, entity, directories) for entry in entries)
    return {entity: many for entity, many in fields.items() if many}


def _field(place: Cursor, entity: str, directories: Mapping[str, object]) -> Field:
    name = str(place.path[-1])
    if not re.fullmatch(NAME_RULE, name):
        place.fault(f"{name!r} cannot name a field", "one word of letters, digits and _")
    elif name in RESERVED or any(own.name == name for own in own_fields(entity)):
        place.fault(f"{entity} has a field {name!r} already", "give yours another name")
    place.known(FIELD_KEYS, ("type",))
    kind = place.at("type").one_of(CUSTOM_KINDS, "text")
    choices = place.at("choices").texts()
    unique(choices, "choice")
    directory = place.at("directory").text()
    _check_field(place, kind, bool(choices), directory, directories)
    # One phone or e-mail of a custom field is kept as a list like the built-in ones, so that
    # every number is found, compared and written alike.
    kept = {"phone": "phones", "email": "emails"}.get(kind, kind)
    return Field(
        name,
        kept,
        label=place.at("label").text(name),
        choices=tuple(choice for choice, _ in choices),
        directory=directory,
        entities=_targets(place.at("to"), kind),
        required=place.at("required").yes_no(False),
        default=_default(place.at("default"), kept, [choice for choice, _ in choices]),
        custom=True,
    )


def _check_field(
    place: Cursor, kind: str, has_choices: bool, directory: str, directories: Mapping[str, object]
) -> None:
    if kind in ("choice", "choices") and has_choices == bool(directory):
        place.fault(
            f"a field of type {kind} needs either choices or a directory",
            "write choices: [a, b], or directory: and its name under directories",
        )
    elif kind not in ("choice", "choices", "text") and directory:
        place.at("directory").fault("only a choice or text can come from a directory")
    elif kind not in ("choice", "choices") and has_choices:
        place.at("choices").fault(f"a field of type {kind} has no choices", "write type: choice")
    if directory and directory not in directories and directory not in DIRECTORIES:
        known = [*directories, *(name for name in DIRECTORIES if name not in directories)]
        place.at("directory").fault(
            f"there is no directory {directory!r}", choice_hint(directory, known)
        )


def _targets(place: Cursor, kind: str) -> tuple[str, ...]:
    if kind != "link":
        if place.is_present:
            place.fault("only a link points to something", "write type: link")
        return ()
    if isinstance(place.value, list):
        return tuple(item.one_of(ENTITIES) for item in place.items())
    target = place.one_of(ENTITIES)
    return (target,) if target else ENTITIES


def _default(place: Cursor, kind: str, choices: list[str]) -> str:
    from crmcli.model.fields import parse_value

    def fitting(text: str) -> str:
        parse_value(kind, text)
        return text

    text = place.parsed(fitting, "")
    if text and choices and text not in choices:
        place.fault(f"{text!r} is none of the choices", choice_hint(text, choices))
    return text


def _mail(place: Cursor, *, has_address: bool) -> MailChannel:
    place.known(("deliver", "from", "password"))
    default = MailChannel()
    deliver = place.at("deliver").matching(
        DELIVER_RULE,
        "a way to deliver",
        "maildir:outbox, smtp://user@host:587 or smtps://user@host:465; the password goes under"
        " password:",
    )
    sender = place.at("from").matching(SENDER_RULE, "a sender", "like: Sales <sales@example.com>")
    if (deliver or "").startswith("smtp") and not sender and not has_address:
        place.at("deliver").fault(
            "a mail server needs to know from whom letters are",
            "add from: Sales <sales@example.com>, or the company's email",
        )
    return MailChannel(
        deliver or default.deliver,
        sender,
        _password(place.at("password")),
    )


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
