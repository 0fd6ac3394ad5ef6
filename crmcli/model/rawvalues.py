"""How each kind of value stands in a file, and back: raw lists, maps and texts to typed values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from crmcli.model.attachment import Attachment
from crmcli.model.consent import CONSENT_CHANNELS, Consent
from crmcli.model.legal_details import BankAccount
from crmcli.model.values import (
    CompanyLink,
    Email,
    Line,
    Phone,
    Raw,
    Value,
    format_decimal,
    format_instant,
    parse_date,
    parse_decimal,
    parse_instant,
    parse_money,
)

PHONE_TYPES = ("work", "mobile", "home", "fax", "pager", "mailing", "other")
EMAIL_TYPES = ("work", "home", "mailing", "other")


def _text(raw: Raw) -> str:
    if not isinstance(raw, str):
        raise ValueError("a single value is expected here, not a list or a map")
    return raw


def _texts(raw: Raw) -> tuple[str, ...]:
    if isinstance(raw, str):
        return (raw,) if raw else ()
    if not isinstance(raw, list):
        raise ValueError("a list is expected here")
    return tuple(_text(item) for item in raw)


def _maps(raw: Raw, main: str) -> list[dict[str, str]]:
    """A list of small maps; a bare text stands for the map with only its main key."""
    items = raw if isinstance(raw, list) else [raw] if raw else []
    maps = [{main: item} if isinstance(item, str) else item for item in items]
    for item in maps:
        if not isinstance(item, dict) or main not in item:
            raise ValueError(f"each item needs a {main!r}")
    return [{key: _text(value) for key, value in item.items()} for item in maps]  # type: ignore[union-attr]  # checked above


def _only(item: dict[str, str], *keys: str) -> dict[str, str]:
    strange = sorted(set(item) - set(keys))
    if strange:
        raise ValueError(f"unknown key {strange[0]!r}; allowed: {', '.join(keys)}")
    return item


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return value


def _parse_phones(raw: Raw) -> tuple[Phone, ...]:
    items = [_only(item, "value", "ext", "type") for item in _maps(raw, "value")]
    return tuple(
        Phone(i["value"], i.get("ext", ""), _one_of(i.get("type", "work"), PHONE_TYPES))
        for i in items
    )


def _parse_emails(raw: Raw) -> tuple[Email, ...]:
    items = [_only(item, "value", "type") for item in _maps(raw, "value")]
    return tuple(Email(i["value"], _one_of(i.get("type", "work"), EMAIL_TYPES)) for i in items)


def _parse_companies(raw: Raw) -> tuple[CompanyLink, ...]:
    items = [_only(item, "company", "role") for item in _maps(raw, "company")]
    return tuple(CompanyLink(i["company"], i.get("role", "")) for i in items)


def _parse_lines(raw: Raw) -> tuple[Line, ...]:
    lines = []
    for item in _maps(raw, "name"):
        _only(item, "name", "quantity", "unit", "price", "vat")
        lines.append(
            Line(
                item["name"],
                parse_decimal(item.get("quantity", "1")),
                item.get("unit", ""),
                parse_money(item.get("price", "0")),
                parse_decimal(item["vat"]) if item.get("vat") else None,
            )
        )
    return tuple(lines)


def _parse_accounts(raw: Raw) -> tuple[BankAccount, ...]:
    parts = ("account", "bic", "corr", "bank")
    items = [_only(item, *parts) for item in _maps(raw, "account")]
    return tuple(BankAccount(*(item.get(part, "") for part in parts)) for item in items)


def _parse_consents(raw: Raw) -> tuple[Consent, ...]:
    consents = []
    for item in _maps(raw, "channel"):
        _only(item, "channel", "text", "at", "source", "withdrawn_at")
        at, until = (
            parse_instant(item[part]) if item.get(part) else None for part in ("at", "withdrawn_at")
        )
        channel = _one_of(item["channel"], CONSENT_CHANNELS)
        consents.append(Consent(channel, item.get("text", ""), at, item.get("source", ""), until))
    return tuple(consents)


def _parse_files(raw: Raw) -> tuple[Attachment, ...]:
    items = [_only(item, "name", "file") for item in _maps(raw, "file")]
    return tuple(Attachment(item.get("name", ""), item["file"]) for item in items)


def _parse_map(raw: Raw) -> dict[str, str]:
    if raw == "":
        return {}
    if not isinstance(raw, dict):
        raise ValueError("a map is expected here")
    return {key: _text(value) for key, value in raw.items()}


def _parse_bool(raw: Raw) -> bool | None:
    text = _text(raw)
    if text == "":
        return None
    if text not in ("yes", "no"):
        raise ValueError(f"{text!r} is neither yes nor no")
    return text == "yes"


def _or_none(parse: Callable[[str], Value]) -> Callable[[Raw], Value]:
    def parse_or_none(raw: Raw) -> Value:
        text = _text(raw)
        return parse(text) if text else None

    return parse_or_none


_PARSE: dict[str, Callable[[Raw], Value]] = {
    "phones": _parse_phones,
    "emails": _parse_emails,
    "companies": _parse_companies,
    "lines": _parse_lines,
    "accounts": _parse_accounts,
    "consents": _parse_consents,
    "files": _parse_files,
    "links": _texts,
    "urls": _texts,
    "choices": lambda raw: tuple(sorted(set(_texts(raw)))),
    "tags": lambda raw: tuple(sorted(set(_texts(raw)))),
    "utm": _parse_map,
    "converted": _parse_map,
    "number": _or_none(parse_decimal),
    "money": _or_none(parse_money),
    "date": _or_none(parse_date),
    "datetime": _or_none(parse_instant),
    "bool": _parse_bool,
}

_DUMP: dict[str, Callable[[Any], Raw]] = {
    "phones": lambda value: [
        {"value": p.value, **({"ext": p.ext} if p.ext else {}), "type": p.type} for p in value
    ],
    "emails": lambda value: [{"value": e.value, "type": e.type} for e in value],
    "companies": lambda value: [
        {"company": c.company, **({"role": c.role} if c.role else {})} for c in value
    ],
    "lines": lambda value: [_dump_line(line) for line in value],
    "accounts": lambda value: [_dump_account(account) for account in value],
    "consents": lambda value: [_dump_consent(consent) for consent in value],
    "files": lambda value: [{"name": a.name, "file": a.file} for a in value],
    "links": list,
    "urls": list,
    "choices": sorted,
    "tags": sorted,
    "utm": dict,
    "converted": dict,
    "number": format_decimal,
    "money": format_decimal,
    "date": lambda value: value.isoformat(),
    "datetime": format_instant,
    "bool": lambda value: "yes" if value else "no",
}


def _dump_line(line: Line) -> Raw:
    raw: dict[str, Raw] = {"name": line.name, "quantity": format_decimal(line.quantity)}
    if line.unit:
        raw["unit"] = line.unit
    raw["price"] = format_decimal(line.price)
    if line.vat is not None:
        raw["vat"] = format_decimal(line.vat)
    return raw


def _dump_account(account: BankAccount) -> Raw:
    parts = ("account", "bic", "corr", "bank")
    kept = {part: value for part in parts if (value := getattr(account, part))}
    return {"account": "", **kept}  # without its main key it could not be read back


def _dump_consent(consent: Consent) -> Raw:
    raw: dict[str, Raw] = {
        "channel": consent.channel,
        "text": consent.text,
        "at": format_instant(consent.at) if consent.at else "",
        "source": consent.source,
        "withdrawn_at": format_instant(consent.withdrawn_at) if consent.withdrawn_at else "",
    }
    return {name: value for name, value in raw.items() if value}


def parse_value(kind: str, raw: Raw) -> Value:
    """Type what a record file has for a field of that kind; ValueError with a sentence if it cannot be."""
    parse = _PARSE.get(kind)
    return parse(raw) if parse else _text(raw)


def dump_value(kind: str, value: Value) -> Raw:
    """The raw form of a typed value, as files, JSON and the timeline have it; "" when absent."""
    if value is None or value == "" or value == () or value == {}:
        return ""
    dump = _DUMP.get(kind)
    return dump(value) if dump else cast("str", value)
