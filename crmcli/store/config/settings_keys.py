"""What may stand in settings.yaml, key by key; its reader, channels and calendar are next door."""

from __future__ import annotations

import re
from decimal import Decimal

from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.listed import allowed_hint, did_you_mean
from crmcli.model.number_mask import RULE, read_mask
from crmcli.model.settings import COMMITS, CREDIT_NOTE, KEPT_ABROAD, LANGUAGES, NUMBERED, Settings
from crmcli.model.values import ID_LETTERS, parse_decimal
from crmcli.store.config import shapes
from crmcli.store.config.alert_keys import ALERTS, TELEGRAM
from crmcli.store.config.assignment_keys import ASSIGNMENT
from crmcli.store.config.calendar_keys import CALENDAR, PRESENCE, QUIET, day
from crmcli.store.config.channel_keys import EMAIL_RULE, channels
from crmcli.store.config.declared import DIRECTORIES, FIELDS
from crmcli.store.config.lengths import at_most, lasting

USER_RULE = r"[^\W\d][\w.-]{0,39}"


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(text, available_timezones(), "write one like Europe/Moscow")
        raise ValueError(tr("{!r} is not a time zone, {}", text, hint)) from None
    return text


def currency_code(text: str) -> str:
    """A currency by its code; ValueError with the nearest for one that there is not."""
    from crmcli.model.currencies import CODES

    if text not in CODES:
        raise ValueError(tr("{!r} is not a currency; {}", text, allowed_hint(text, sorted(CODES))))
    return text


def _rate(text: str) -> Decimal:
    rate = parse_decimal(text)
    if not 0 <= rate <= 100:
        raise ValueError(tr("{!r} is not a percentage from 0 to 100", text))
    return rate


def _email(doc: str) -> shapes.Shape:
    return shapes.matching(doc, EMAIL_RULE, "an e-mail address", "like sales@example.com")


def _percent(doc: str) -> shapes.Shape:
    rule = r"^\d{1,3}(\.\d{1,10})?$"
    return shapes.parsed(
        doc, _rate, type=["number", "string"], minimum=0, maximum=100, pattern=rule
    )


ACCOUNT = shapes.keys(
    "",
    {
        "account": shapes.needed(shapes.text("Twenty digits, or an IBAN.")),
        "bic": shapes.text("The bank's BIC."),
        "corr": shapes.text("Correspondent account."),
        "bank": shapes.text("The bank's name."),
    },
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
    "accounts": shapes.listed("Bank accounts; the digits are checked against the BIC.", ACCOUNT),
}
EXTENSION = r"[\w.@*#-]{1,40}"


def _extension(text: str) -> str:
    if not re.fullmatch(EXTENSION, text):
        raise ValueError(tr("{!r} is not an extension", text))
    return text


USER = shapes.keys(
    "",
    {
        "name": shapes.text("Label for people."),
        "email": _email("Where notices go."),
        "aliases": shapes.listed(
            "Other addresses whose letters are for this user: those of who left.",
            _email(""),
        ),
        "phone": shapes.text("Phone."),
        "head": shapes.text("The id of who leads this user, for do: notify, with: {to: head}."),
        "extensions": shapes.listed(
            "Extensions of the telephone exchange: whose a call is.",
            shapes.parsed(
                "", _extension, "", "like 101", type=["integer", "string"], pattern=f"^{EXTENSION}$"
            ),
        ),
        "feed": shapes.matching(
            "The sha256 of what the address of the user's calendar ends in; crm calendar feed writes it.",
            "[0-9a-f]{64}",
            "a sha256",
            "run crm calendar feed USER",
        ),
        "telegram": TELEGRAM,
        "alerts": ALERTS,
        **PRESENCE,
    },
)
VAT_RATE = shapes.keys(
    "",
    {
        "rate": shapes.needed(_percent("Per cent.")),
        "from": day("The first day on which it is valid."),
        "until": day("The last day on which it is valid."),
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
        "company": shapes.keys("Your own company; templates see it as us.", COMPANY),
        "language": shapes.word("Of dates, sums in words and default texts.", LANGUAGES, Settings.language),
        "currency": shapes.parsed(
            "Of new deals, e.g. RUB.",
            currency_code,
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
            channels().doc,
            lambda place, ground: channels().read(place, ground),
            lambda: channels().fragment(),
            channels().nothing,
        ),
        "numbering": shapes.keys(
            "The shape of document numbers.",
            {**dict.fromkeys((*NUMBERED, CREDIT_NOTE), NUMBER), "clones": CLONES},
        ),
        "leads": shapes.yes_no(
            "off: no leads are kept, who comes in becomes a contact and a deal at once.", Settings.leads
        ),
        "assignment": ASSIGNMENT,
        "first_response": lasting(
            "Within how much working time who comes in is to be answered, e.g. 15m: crm today shows who"
            " waits, record.unanswered is raised when it is over."
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
                **QUIET,
                "most_messages": at_most(
                    "How many messages a client gets at most from all robots and schedules, e.g. 2 per week,"
                    " 3 per 10d; one more is skipped, with a line that says so."
                ),
                "runner": shapes.text(
                    "The clone whose crm tick runs robots, by its id or its name in numbering.clones; any"
                    " clone if absent. See crm tick --status."
                ),
            },
        ),
        "reports": shapes.keys(
            "Reports over millions of records.",
            {
                "snapshot": lasting(
                    "How old the snapshot of crm report --snapshot gets before crm tick writes another,"
                    " e.g. 1h; absent: crm snapshot alone writes one."
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
        "privacy": shapes.keys(
            "What outlives the erasure of a client's data, see crm help privacy.",
            {
                "keep": shapes.keys(
                    "For how many years, to the end of the last; 0 is not at all.",
                    {
                        kind: shapes.whole("", 0, 100) for kind in KEPT_ABROAD
                    },
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
