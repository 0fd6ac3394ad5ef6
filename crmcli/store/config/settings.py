"""Reading settings.yaml; what may stand in it is next door, pipelines.yaml too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from crmcli.errors import InvalidData, Problem
from crmcli.language import together, tr
from crmcli.model.alerts import Alerts
from crmcli.model.fields import Field
from crmcli.model.legal_details import check_account, read_inn, read_kpp, read_ogrn
from crmcli.model.listed import allowed_hint
from crmcli.model.presence import Presence
from crmcli.model.schema import Schema
from crmcli.model.settings import (
    WEEKDAYS,
    Calendar,
    MailChannel,
    Quiet,
    Settings,
    Us,
    WebhookChannel,
)
from crmcli.model.user import User
from crmcli.model.values import BankAccount, fold
from crmcli.model.vat import VatRate
from crmcli.store.config.alert_keys import alerts_of
from crmcli.store.config.assignment_keys import assignment_of
from crmcli.store.config.channel_keys import ELSEWHERE, MOST, OWN_SETTINGS
from crmcli.store.config.cursor import Cursor, read_marked
from crmcli.store.config.declared import check_directories, fields_of
from crmcli.store.config.settings_keys import SHAPE
from crmcli.store.layout import SETTINGS

USER_FACTS = ("name", "email", "phone", "telegram", "head", "extensions", "feed",
              "aliases")  # fmt: skip
LIMITS = ("most_messages", "max_effects", "max_hourly", "runner")
"""What of `automation:` the settings have under the same names."""
ZONE_FIELD_HINT = "under fields: contact: write zone: {type: text}"
FIELD_HINT = "crm lead add --help, crm deal add --help … list them"


def load_settings(root: Path, data: bytes | None = None) -> Settings:
    """What settings.yaml says, or would if it held `data`; the defaults if there is none. InvalidData
    names every fault."""
    top = read_marked(root, SETTINGS, data)
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


def secrets_of(root: Path) -> list[tuple[int, str]]:
    """Where settings.yaml says that secrets stand, as `env:NAME`, each with its line."""
    top = read_marked(root, SETTINGS)
    if top is None:
        return []
    SHAPE.read(top, None)
    return top.findings.secrets


def _check_heads(place: Cursor, users: Mapping[str, User]) -> None:
    """Each head is a user, and nobody leads whoever leads them."""
    for user in users.values():
        at, above = place.at(user.id).at("head"), [user.id]
        while (head := users[above[-1]].head) in users and head not in above:
            above.append(head)
        if user.head and user.head not in users:
            at.fault(tr("no user {!r}", user.head), allowed_hint(user.head, [*users]))
        elif head == user.id:
            at.fault(tr("{} lead each other in a ring", together([*above])), "take out one head:")


def _read_settings(top: Cursor) -> Settings:
    got = SHAPE.read(top, None)
    fields = fields_of(top.at("fields"), got["fields"], got["directories"])
    check_directories(top.at("directories"), fields)
    is_russian = got["phone_country"] in ("", "RU")
    us = _us(top.at("company"), got["company"], is_russian=is_russian)
    masks = dict(got["numbering"])
    clones = _clones(top.at("numbering").at("clones"), masks.pop("clones"))
    users = {
        user: User(user, *(facts[key] for key in USER_FACTS))
        for user, facts in got["users"].items()
    }
    _check_heads(top.at("users"), users)
    return Settings(
        us=us,
        language=got["language"],
        currency=got["currency"],
        time_zone=got["time_zone"],
        phone_country=got["phone_country"] or Settings.phone_country,
        vat_rate=got["vat"]["rate"],
        vat_included=got["vat"]["included"],
        vat_rates=_rates(got["vat"]["rates"]),
        users=users,
        presences=_presences(top.at("users"), got["users"]),
        alerts=_alerts(got["users"]),
        directories=got["directories"],
        fields=fields,
        mail=_mail(
            top.at("channels").at("mail"), got["channels"]["mail"], has_address=bool(us.email)
        ),
        webhook=WebhookChannel(got["channels"]["webhook"]["allow"]),
        channels=_channels(top.at("channels"), got["channels"]),
        most_by={name: told[MOST] for name, told in got["channels"].items() if told.get(MOST)},
        numbering={**Settings().numbering, **{k: v for k, v in masks.items() if v}},
        clones=clones,
        leads=got["leads"],
        assignment=assignment_of(
            top.at("assignment"), got["assignment"], fields, users, got["directories"]
        ),
        first_response=got["first_response"] or None,
        conversion=_conversion(top.at("conversion"), got["conversion"], fields),
        calendar=_calendar(top.at("calendar"), got["calendar"]),
        quiet=_quiet(top.at("automation"), got["automation"], fields),
        privacy_keep={n: years for n, years in got["privacy"]["keep"].items() if years is not None},
        **{key: got["automation"][key] for key in LIMITS},
        snapshot=got["reports"]["snapshot"] or None,
        commit=got["git"]["commit"],
        any_disk=got["storage"]["any_disk"],
    )


def _rates(given: Iterable[Mapping[str, Any]]) -> tuple[VatRate, ...]:
    return tuple(VatRate(one["rate"], one["from"], one["until"]) for one in given)


def _alerts(users: Mapping[str, Mapping[str, Any]]) -> dict[str, Alerts]:
    """How those users are told who say it."""
    told = ((user, alerts_of(facts["alerts"])) for user, facts in users.items())
    return {user: alerts for user, alerts in told if alerts}


def _clones(place: Cursor, clones: dict[str, str]) -> dict[str, str]:
    """How clones are called; no two alike, or they would give the same numbers."""
    words = [fold(word) for word in clones.values()]
    for entry, word in zip(place.entries(), words, strict=True):
        if words.count(word) > 1:
            entry.fault("is called as another clone", "their numbers would be the same")
    return clones


def _us(place: Cursor, got: dict[str, Any], *, is_russian: bool) -> Us:
    accounts = tuple(BankAccount(**account) for account in got["accounts"])
    if is_russian:
        for key, read in (("inn", read_inn), ("kpp", read_kpp), ("ogrn", read_ogrn)):
            place.at(key).parsed(read, "")
        for account, entry in zip(accounts, place.at("accounts").items(), strict=False):
            if not account.account:
                continue
            try:
                check_account(account)
            except ValueError as error:
                entry.fault(str(error))
    return Us(**{**got, "accounts": accounts})


def _mail(place: Cursor, got: dict[str, Any], *, has_address: bool) -> MailChannel:
    if got["deliver"].startswith("smtp") and not got["from"] and not has_address:
        place.at("deliver").fault(
            "a mail server needs a From address",
            "add from: Sales <sales@example.com>, or the company's email",
        )
    deliver = got["deliver"] or MailChannel().deliver
    told = (got[key] for key in ("from", "password", "bounces", "fetch", "fetch_password", "sent"))
    return MailChannel(deliver, *told)


def _channels(place: Cursor, got: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Those whose settings are plain texts; a message is handed to one taker."""
    plain = {name: {k: v for k, v in told.items() if k != MOST} for name, told in got.items()}
    for name, told in plain.items():
        if name not in OWN_SETTINGS and told.get("run") and told.get("url"):
            place.at(name).fault("both take the messages", "write one of run and url")
    return {n: told for n, told in plain.items() if n not in ELSEWHERE and any(told.values())}


def _conversion(
    place: Cursor, got: Mapping[str, str], fields: Mapping[str, tuple[Field, ...]]
) -> dict[str, tuple[str, str]]:
    """Where fields of a lead go, by name; each end is a field that people may write, of a kind that fits."""
    schema, found = Schema(fields), {}
    for name, target in got.items():
        ends = [one.partition(".")[::2] for one in (name, target) if "." in one]
        known = [{f.name: f for f in schema.fields(e) if not f.system} for e, _ in ends]
        strange = [one for one, own in zip(ends, known, strict=True) if one[1] not in own]
        if strange or len(ends) < 2:
            for entity, field in strange:
                place.at(name).fault(tr("a {} has no field {!r}", tr(entity), field), FIELD_HINT)
            continue
        one, other = (own[end[1]].kind for own, end in zip(known, ends, strict=True))
        numbers = all(kind.is_number or kind.is_money for kind in (one, other))
        is_text = other.is_free and not (one.is_many or one.is_map)
        if other.is_moved or not (one == other or numbers or is_text):
            said = tr("{} cannot hold what {} holds", target, name)
            place.at(name).fault(said, "choose a field of the same kind, or a text")
        found[ends[0][1]] = ends[1]
    return found


def _presences(place: Cursor, got: Mapping[str, Mapping[str, Any]]) -> dict[str, Presence]:
    """When users are there, of those of whom more is known than of the company."""
    found: dict[str, Presence] = {}
    for user, facts in got.items():
        deputy = facts["deputy"]
        if deputy and (deputy == user or deputy not in got):
            hint = allowed_hint(deputy, [one for one in got if one != user])
            place.at(user).at("deputy").fault(tr("no other user {!r}", deputy), hint)
        days = tuple(sorted({WEEKDAYS.index(day) for day in facts["days"]}))
        own = Presence(facts["absences"], days, facts["hours"], deputy)
        found |= {user: own} if own != Presence() else {}
    return found


def _quiet(place: Cursor, got: Mapping[str, Any], fields: Mapping[str, tuple[Field, ...]]) -> Quiet:
    days = tuple(sorted({WEEKDAYS.index(day) for day in got["quiet_days"] if day in WEEKDAYS}))
    if len(days) == len(WEEKDAYS):
        told = "no day is left on which clients may be written to"
        place.at("quiet_days").fault(told, "take one out")
    name = got["zone_field"]
    if name and not any(own.name == name for many in fields.values() for own in many):
        place.at("zone_field").fault(tr("no field {!r} is declared", name), ZONE_FIELD_HINT)
    return Quiet(got["quiet_hours"], days, "holidays" in got["quiet_days"], name)


def _calendar(place: Cursor, got: dict[str, Any]) -> Calendar:
    holidays, workdays = frozenset[date](got["holidays"]), frozenset[date](got["workdays"])
    for day in sorted(holidays & workdays):
        place.at("workdays").fault(tr("{} is both a holiday and a workday", day), "remove one")
    days = tuple(sorted({WEEKDAYS.index(day) for day in got["days"]}))
    opens, closes = got["hours"]
    return Calendar(days or Calendar().days, opens, closes, holidays, workdays)
