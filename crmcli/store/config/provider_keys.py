"""What may stand in settings.yaml under a channel that a provider or a program serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.providers import Key, ProviderRow, providers_of
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor

URL_RULE = r"https?://([^\s/?#@\[\]:\\]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?([/?#]\S*)?"
PROVIDER = "provider"
ALONE = ("url", "secret")
"""The keys that have a sense only where no provider is named."""


def served(doc: str, channel: str, handover: Mapping[str, shapes.Shape]) -> shapes.Shape:
    """The settings of a channel: `handover` are its keys where no provider is named."""
    rows = providers_of(channel)
    name = shapes.word("The provider that serves it; see crm help calls.", rows)
    plain = {**handover, PROVIDER: name}
    by = {one: {**_common(handover), PROVIDER: name, **_keys(row)} for one, row in rows.items()}
    whole = shapes.keys(doc, plain)

    def read(place: Cursor, ground: object) -> dict[str, Any]:
        chosen = place.at(PROVIDER).text() if isinstance(place.value, dict) else ""
        found: dict[str, Any] = shapes.keys(doc, by.get(chosen, plain)).read(place, ground)
        return found

    def fragment() -> shapes.Schema:
        choices: dict[str, list[shapes.Schema]] = {}
        for keys in (plain, *by.values()):
            for key, shape in keys.items():
                schemas = choices.setdefault(key, [])
                one = replace(shape, required=False).schema()
                schemas += [one] if one not in schemas else []
        known = {k: v[0] if len(v) == 1 else {"anyOf": v} for k, v in choices.items()}
        rules = [_rule({"const": one}, keys) for one, keys in by.items()]
        rules.append(_rule({"type": "null"}, plain))
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": known,
            **({"allOf": rules} if rows else {}),
        }

    return shapes.Shape(doc, read, fragment, whole.nothing, keys={**plain, **_all(by)})


def _common(handover: Mapping[str, shapes.Shape]) -> dict[str, shapes.Shape]:
    """What may stand beside a provider too."""
    return {key: shape for key, shape in handover.items() if key not in ALONE}


def _all(by: Mapping[str, Mapping[str, shapes.Shape]]) -> dict[str, shapes.Shape]:
    return {key: shape for keys in by.values() for key, shape in keys.items()}


def _rule(chosen: shapes.Schema, keys: Mapping[str, shapes.Shape]) -> shapes.Schema:
    """Which keys there may be where that provider is named."""
    asks = {"required": [PROVIDER]} if "const" in chosen else {}
    must = [key for key, shape in keys.items() if shape.required]
    then = {"propertyNames": {"enum": list(keys)}, **({"required": must} if must else {})}
    return {"if": {"properties": {PROVIDER: chosen}, **asks}, "then": then}


def _keys(row: ProviderRow) -> dict[str, shapes.Shape]:
    return {name: _shape(key) for name, key in row.keys.items()}


def _shape(key: Key) -> shapes.Shape:
    made = SHAPES[key.kind](key.doc)
    return shapes.needed(made) if key.is_required else made


def _why_not_url(place: Cursor) -> tuple[str, str]:
    said = tr("{!r} is not an address", place.name)
    return said, "like https://example.com/sms, without a password"


def address(doc: str) -> shapes.Shape:
    """A web address without a password in it."""
    return shapes.guarded(doc, URL_RULE, _why_not_url)


def length(doc: str) -> shapes.Shape:
    """A length of time in minutes, hours, days or weeks."""
    return shapes.matching(doc, r"[1-9][0-9]{0,3}[mhdw]", "a length of time", "like 12h or 1d")


def folder(doc: str) -> shapes.Shape:
    """A folder of this machine outside the workspace."""
    return shapes.matching(
        doc, r"/[^\0\r\n]*", "the path of a folder", "like /var/spool/gammu/inbox"
    )


def smpp(doc: str) -> shapes.Shape:
    """The address of a message centre."""
    rule = r"smpps?://[^\s/:@]+(:\d{1,5})?/?"
    return shapes.matching(
        doc, rule, "the address of a message centre", "like smpp://smsc.example.com:2775"
    )


def paths(doc: str) -> shapes.Shape:
    """Where what stands in what a provider posts, by the name that crm has for it."""
    path = shapes.matching(
        "", r"[^\s.\[\]]+(\.[^\s.\[\]]+|\[\d{1,3}\])*", "a path", "like data.calls[0].from"
    )
    return shapes.mapped(doc, NAME, NO_NAME, path, (50, "the map of fields"))


def tables(doc: str) -> shapes.Shape:
    """For names of fields, what the provider's words mean."""
    words = shapes.mapped("", r"[^\r\n]{1,100}", ("is too long", ""), shapes.text(""))
    return shapes.mapped(doc, NAME, NO_NAME, words, (50, "the map of values"))


def signature(doc: str) -> shapes.Shape:
    """How a provider signs what it posts."""
    return shapes.keys(
        doc,
        {
            "header": shapes.matching("The header that has it.", HEADER, "a header"),
            "hash": shapes.word("Of the HMAC.", ("sha1", "sha256", "sha512")),
            "as": shapes.word("How it is written.", ("hex", "base64")),
            "prefix": shapes.text("What stands before it, as sha256=."),
            "of": shapes.text("What is signed: {body}, {timestamp}.{body}, {url}{body}."),
            "timestamp": shapes.matching("The header that says when.", HEADER, "a header"),
        },
    )


NAME, NO_NAME = r"[a-z_]{1,40}", ("is not the name of a field", "like from, to, direction")
HEADER = r"[A-Za-z0-9-]{1,60}"
SHAPES: Mapping[str, Callable[[str], shapes.Shape]] = {
    "text": shapes.text, "secret": shapes.secret, "url": address,
    "yes_no": shapes.yes_no, "length": length,
    "folder": folder, "smpp": smpp,
    "paths": paths, "tables": tables, "signature": signature,
}  # fmt: skip
"""How each kind of key is read."""
