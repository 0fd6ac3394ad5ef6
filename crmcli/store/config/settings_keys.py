"""What may stand in settings.yaml, key by key; its reader is next door."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal

from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.channels import CHANNELS
from crmcli.model.durations import UNIT, UNITS, Duration
from crmcli.model.listed import allowed_hint, did_you_mean
from crmcli.model.number_mask import RULE, read_mask
from crmcli.model.settings import (
    COMMITS,
    CREDIT_NOTE,
    LANGUAGES,
    NUMBERED,
    WEEKDAYS,
    Calendar,
    Cap,
    Settings,
)
from crmcli.model.values import ID_LETTERS, parse_date, parse_decimal
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.declared import DIRECTORIES, FIELDS

USER_RULE = r"[^\W\d][\w.-]{0,39}"
EMAIL_RULE = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
SENDER_RULE = rf"{EMAIL_RULE}|[^<>\r\n]+<{EMAIL_RULE}>"
DELIVER_RULE = r"maildir:[^\r\n]+|smtps?://([^\s/:@]+@)?[^\s/:@]+(:\d{1,5})?/?"
ADDRESS_RULE = r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}"
CAP_RULE = rf"([0-9]{{1,4}}) ?(?:per|a|an|/|в|на|за) ?(?:([1-9][0-9]{{0,3}}) ?)?({UNIT})\.?"
LONGEST_ABSENCE = 1500  # days
HOURS_RULE = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(text, available_timezones(), "write one like Europe/Moscow")
        raise ValueError(tr("{!r} is not a time zone, {}", text, hint)) from None
    return text


def _currency(text: str) -> str:
    from crmcli.model.currencies import CODES

    if text not in CODES:
        raise ValueError(tr("{!r} is not a currency; {}", text, allowed_hint(text, sorted(CODES))))
    return text


def _rate(text: str) -> Decimal:
    rate = parse_decimal(text)
    if not 0 <= rate <= 100:
        raise ValueError(tr("{!r} is not a percentage from 0 to 100", text))
    return rate


def _hours(text: str) -> tuple[time, time]:
    if not re.fullmatch(HOURS_RULE, text):
        raise ValueError(tr("{!r} is not of the form 09:00-18:00", text))
    opens, closes = (time.fromisoformat(part) for part in text.split("-"))
    if opens >= closes:
        raise ValueError(tr("{!r} closes before it opens", text))
    return opens, closes


def _absence(text: str) -> tuple[date, date]:
    first, _, last = text.partition("..")
    span = parse_date(first.strip()), parse_date((last or first).strip())
    if not 0 <= (span[1] - span[0]).days <= LONGEST_ABSENCE:
        raise ValueError(tr("{!r} ends before it begins, or years later", text))
    return span


def _quiet_hours(text: str) -> tuple[time, time]:
    if not re.fullmatch(HOURS_RULE, text):
        raise ValueError(tr("{!r} is not of the form 21:00-09:00", text))
    begin, end = (time.fromisoformat(part) for part in text.split("-"))
    if begin == end:
        raise ValueError(tr("{!r} is the whole day", text))
    return begin, end


def _cap(text: str) -> Cap:
    words = re.fullmatch(CAP_RULE, text.strip())
    if not words or not int(words[1]):
        raise ValueError(tr("{!r} is not of the form 2 per week", text))
    return Cap(int(words[1]), Duration(int(words[2] or 1), UNITS[words[3].casefold()]))


def _why_not_deliver(place: Cursor) -> tuple[str, str]:
    text = place.text()
    if re.match(r"smtps?:", text) and re.search(r":[^@]*@", text.partition("//")[2] or text):
        return (
            "'deliver' may not contain a password",
            "write smtp://user@host:587, and where the password is under password:",
        )
    ways = "maildir:outbox, smtp://user@host:587 or smtps://user@host:465"
    return "'deliver' is not valid", tr("{}; the password goes under password:", ways)


def _email(doc: str) -> shapes.Shape:
    return shapes.matching(doc, EMAIL_RULE, "an e-mail address", "like sales@example.com")


def _day(doc: str) -> shapes.Shape:
    return shapes.parsed(doc, parse_date, pattern=r"^\d{4}-\d\d-\d\d$")


def _days(doc: str) -> shapes.Shape:
    return shapes.listed(doc, _day(""))


def _percent(doc: str) -> shapes.Shape:
    return shapes.parsed(
        doc,
        _rate,
        type=["number", "string"],
        minimum=0,
        maximum=100,
        pattern=r"^\d{1,3}(\.\d{1,10})?$",
    )


COMPANY = {
    "name": shapes.text("Short name."),
    "legal_name": shapes.text("Full legal name."),
    "inn": shapes.text("INN."),
    "kpp": shapes.text("KPP."),
    "ogrn": shapes.text("OGRN, or a sole trader's OGRNIP."),
    "vat_id": shapes.text("VAT number with the country's letters, e.g. DE136695976."),
    "director": shapes.text("Who signs, as papers print it."),
    "address": shapes.text("Address."),
    "legal_address": shapes.text("Legal address."),
    "postal_address": shapes.text("Postal address."),
    "phone": shapes.text("Phone."),
    "email": _email("E-mail."),
    "site": shapes.text("Web site."),
    "bank": shapes.text("Bank account, as offers print it."),
    "logo": shapes.text("Path of the logo that documents show, e.g. templates/logo.png."),
    "signature": shapes.text("Path of the picture of the signature."),
    "stamp": shapes.text("Path of the picture of the stamp."),
}
ACCOUNT = shapes.keys(
    "",
    {
        "account": shapes.needed(shapes.text("Twenty digits, or an IBAN.")),
        "bic": shapes.text("The bank's BIC."),
        "corr": shapes.text("Correspondent account."),
        "bank": shapes.text("The bank's name."),
    },
)
USER = shapes.keys(
    "",
    {
        "name": shapes.text("Label for people."),
        "email": _email("Where notices go."),
        "phone": shapes.text("Phone."),
        "head": shapes.text("The id of who leads this user, for do: notify, with: {to: head}."),
        "absences": shapes.listed(
            "Days off, e.g. 2026-12-01..2026-12-14; robots with absent: look at them.",
            shapes.parsed(
                "", _absence, None, "like 2026-12-01..2026-12-14",
                pattern=r"^\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d)?$",
            ),
        ),
        "days": shapes.listed("Own working days; the company's if absent.", shapes.word("", WEEKDAYS)),
        "hours": shapes.parsed(
            "Own working hours; the company's if absent.", _hours, None, pattern=f"^{HOURS_RULE}$"
        ),
        "deputy": shapes.text("The user who stands in during absences."),
    },
)  # fmt: skip
MAIL = {
    "deliver": shapes.guarded(
        "maildir:outbox keeps messages in a folder; smtp://user@host:587 or smtps://user@host:465 sends"
        " them.",
        DELIVER_RULE,
        _why_not_deliver,
    ),
    "from": shapes.matching(
        "The sender, e.g. Sales <sales@example.com>.",
        SENDER_RULE, "a sender", "like: Sales <sales@example.com>",
    ),
    "password": shapes.secret("Where the password stands, never the password itself."),
}  # fmt: skip
WEBHOOK = {
    "allow": shapes.listed(
        "host:port of inner addresses that robots may post to.",
        shapes.matching("", ADDRESS_RULE, "an address", "like 10.0.0.5:8080"),
    )
}
CHANNEL_KEYS = {"mail": MAIL, "webhook": WEBHOOK}
"""The settings of channels of which more is known than that they are texts."""


def _channels() -> shapes.Shape:
    known = {
        name: CHANNEL_KEYS.get(name) or {key: shapes.text(doc) for key, doc in row.keys.items()}
        for name, row in CHANNELS.items()
    }
    return shapes.keys(
        "How messages leave.",
        {name: shapes.keys(CHANNELS[name].doc, inner) for name, inner in known.items()},
    )


CALENDAR = {
    "days": shapes.listed("Working days of the week.", shapes.word("", WEEKDAYS)),
    "hours": shapes.parsed(
        "Working hours, e.g. 09:00-18:00.",
        _hours, (Calendar().opens, Calendar().closes), pattern=f"^{HOURS_RULE}$",
    ),
    "holidays": _days("Days off, e.g. 2026-01-01."),
    "workdays": _days("Days worked in spite of the weekday."),
}  # fmt: skip
VAT_RATE = shapes.keys(
    "",
    {
        "rate": shapes.needed(_percent("Per cent.")),
        "from": _day("The first day on which it is valid."),
        "until": _day("The last day on which it is valid."),
    },
)
NUMBER = shapes.parsed(
    "With {year}, {month} and {seq} or {seq:04}; {clone} is this clone's own part.",
    read_mask, "", "like КП-{year}-{seq:04}",
    pattern=rf"^([^{{}}]|{RULE})*\{{seq(:0?[1-9])?\}}([^{{}}]|{RULE})*$",
)  # fmt: skip
CLONES = shapes.mapped(
    "How clones are called in the numbers that they give: a short word each, '' in one alone.",
    f"[{ID_LETTERS}]{{8}}",
    ("is not the name of a clone", "as in data/timeline/2026-11/7k3qf2m9.csv"),
    shapes.matching("", r"([^\W_]{1,8})?", "the part of a number", "up to eight letters or digits"),
)
SHAPE = shapes.keys(
    "The company, its users, directories, own fields, channels and calendar. Every key may be left out.",
    {
        "company": shapes.keys(
            "Your own company; templates see it as us.",
            {
                **COMPANY,
                "accounts": shapes.listed("Bank accounts; the digits are checked against the BIC.", ACCOUNT),
            },
        ),
        "language": shapes.word("Of dates, sums in words and default texts.", LANGUAGES, Settings.language),
        "currency": shapes.parsed(
            "Of new deals, e.g. RUB.",
            _currency,
            Settings.currency,
            pattern="^([A-Z]{3})$",
            patternErrorMessage="a currency code like RUB",
        ),
        "time_zone": shapes.parsed(
            "In which days begin and robots count, e.g. Europe/Moscow.", _zone, Settings.time_zone
        ),
        "phone_country": shapes.matching(
            "Of phone numbers without a country code, e.g. RU.", "[A-Z]{2}", "a country code like RU"
        ),
        "vat": shapes.keys(
            "Value-added tax of offers.",
            {
                "rate": _percent("Per cent; leave out without VAT."),
                "included": shapes.yes_no("Whether prices include it.", Settings.vat_included),
                "rates": shapes.listed("The rates that there are; any, if none are named.", VAT_RATE),
            },
        ),
        "users": shapes.mapped(
            "Who works here: id, then name, email, phone, head.",
            USER_RULE, ("cannot be a user's id", "one word, a letter first"),
            USER, (limits.USERS, "a list of users"),
        ),
        "directories": DIRECTORIES,
        "fields": FIELDS,
        "channels": shapes.Shape(
            _channels().doc,
            lambda place, ground: _channels().read(place, ground),
            lambda: _channels().fragment(),
            _channels().nothing,
        ),
        "numbering": shapes.keys(
            "The shape of document numbers.",
            {**dict.fromkeys((*NUMBERED, CREDIT_NOTE), NUMBER), "clones": CLONES},
        ),
        "leads": shapes.yes_no(
            "off: no leads are kept, who comes in becomes a contact and a deal at once.", Settings.leads
        ),
        "conversion": shapes.mapped(
            "Where fields of a lead go when it is converted, beside those of the same name; e.g."
            " lead.budget: deal.amount.",
            r"lead\.\w+", ("is not a field of leads", "write lead.FIELD: deal.FIELD"),
            shapes.matching(
                "A field of contact, company or deal.", r"(contact|company|deal)\.\w+",
                "a field of what a lead becomes", "like deal.amount",
            ),
        ),
        "calendar": shapes.keys("Company working time.", CALENDAR),
        "automation": shapes.keys(
            "Limits of robots.",
            {
                "max_effects": shapes.whole(
                    "How much one crm tick may do before it stops and asks.",
                    1, 1_000_000, Settings.max_effects,
                ),
                "max_hourly": shapes.whole(
                    "How much robots may do within an hour before all of them wait for crm robots resume.",
                    1, 10_000_000, Settings.max_hourly,
                ),
                "quiet_hours": shapes.parsed(
                    "When no robot or schedule writes to a client, e.g. 21:00-09:00, by the client's clock:"
                    " that of zone_field, else of the phone, else the company's. Messages leave afterwards.",
                    _quiet_hours, None, "begin and end, in quotes: '21:00-09:00'", pattern=f"^{HOURS_RULE}$",
                ),
                "quiet_days": shapes.listed(
                    "Days of the week on which none does, and holidays for those of the calendar.",
                    shapes.word("", (*WEEKDAYS, "holidays")),
                ),
                "zone_field": shapes.text(
                    "The own field of contacts, leads or companies that has their time zone, e.g. Asia/Omsk."
                ),
                "most_messages": shapes.parsed(
                    "How many messages a client gets at most from all robots and schedules, e.g. 2 per week,"
                    " 3 per 10d; one more is skipped, with a line that says so.",
                    _cap, None, "like 2 per week", pattern=f"^{CAP_RULE}$",
                ),
                "runner": shapes.text(
                    "The clone whose crm tick runs robots, by its id or its name in numbering.clones; any"
                    " clone if absent. See crm tick --status."
                ),
            },
        ),
        "git": shapes.keys(
            "History of the files.",
            {
                "commit": shapes.word(
                    "never; each: crm commits what a command changed; tick: it commits at the end of crm"
                    " tick.",
                    COMMITS, Settings.commit,
                )
            },
        ),
        "storage": shapes.keys(
            "Where the workspace stands.",
            {
                "any_disk": shapes.yes_no(
                    "Allow changes on a network file system, where nothing keeps two commands apart.",
                    Settings.any_disk,
                )
            },
        ),
    },
)  # fmt: skip
