"""The kinds of values: all that crm knows of each stands in its own place here, and nowhere else.

A new kind is a class in one of the files (or one of its own), and its row in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.model.kinds.base import SEPARATOR, Field, InputContext, Key, Kind, Locale
from crmcli.model.kinds.checklists import CHECKLIST
from crmcli.model.kinds.contact_points import (
    EMAIL_TYPES,
    EMAILS,
    PHONE_TYPES,
    PHONES,
    URL,
    URLS,
    ContactPoints,
)
from crmcli.model.kinds.identities import EXTERNAL, HANDLES
from crmcli.model.kinds.joining import join_values, merge_lists, without_items
from crmcli.model.kinds.lines import LINES
from crmcli.model.kinds.links import COMPANIES, CONVERTED, ID, LINK, LINKS
from crmcli.model.kinds.maps import CONSENTS, FILES, UTM, UTM_KEYS, Maps
from crmcli.model.kinds.numbers import BOOL, CHANCE, MONEY, NUMBER
from crmcli.model.kinds.payments import ACCOUNTS, PAYMENTS
from crmcli.model.kinds.texts import (
    CHOICE,
    CHOICES,
    CURRENCY,
    INN,
    KPP,
    NOTE,
    OGRN,
    PIPELINE,
    STAGE,
    TAGS,
    TEXT,
    USER,
    USERS,
    VAT_ID,
)
from crmcli.model.kinds.times import BIRTHDAY, DATE, DATETIME, HAPPENED, LENGTH

__all__ = [
    "ACCOUNTS", "BOOL", "COMPANIES", "DATE", "DATETIME", "EMAILS", "EMAIL_TYPES", "KINDS", "NOTE",
    "PHONES", "PHONE_TYPES", "SEPARATOR", "TEXT", "URL", "UTM_KEYS", "ContactPoints", "Field",
    "InputContext", "Key", "Kind", "Locale", "Maps", "declarable", "item_text",
    "join_values", "kind_of", "merge_lists", "without_items",
]  # fmt: skip

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        TEXT, NOTE, NUMBER, CHANCE, MONEY, DATE, BIRTHDAY, DATETIME, HAPPENED, BOOL, CHOICE, CHOICES, LINK,
        URL, PHONES, EMAILS, ID, STAGE, PIPELINE, USER, CURRENCY, INN, KPP, OGRN, VAT_ID, TAGS, URLS,
        LINKS, COMPANIES, UTM, CONVERTED, LINES, ACCOUNTS, PAYMENTS, CONSENTS, FILES, HANDLES, EXTERNAL,
        USERS, CHECKLIST, LENGTH,
    )
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """The kind of that name; KeyError if there is none."""
    return KINDS[name]


def item_text(item: Mapping[str, Any]) -> str | None:
    """An item of any list of maps in a line for people; None for another map."""
    kinds = (kind for kind in KINDS.values() if isinstance(kind, Maps))
    return next((kind.item_text(item) for kind in kinds if kind.is_item(item)), None)


def declarable() -> dict[str, Kind]:
    """The kinds that settings.yaml may give to a custom field, by the type that it writes."""
    return {kind.declared_as: kind for kind in KINDS.values() if kind.declared_as}
