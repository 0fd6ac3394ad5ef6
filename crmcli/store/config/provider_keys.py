"""What may stand in settings.yaml under a channel that a provider or a program serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.providers import Key, Provider, providers_of
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor

URL_RULE = r"https?://(?![^/?#\\]*@)\S+"
PROVIDER = "provider"
TAKES_OUT = "run"
"""The key of a program that may take what leaves, beside a provider."""


def served(doc: str, channel: str, handover: Mapping[str, shapes.Shape]) -> shapes.Shape:
    """The settings of a channel: `handover` are its keys where no provider is named."""
    rows = providers_of(channel)
    name = shapes.word("The provider that serves it; see crm help providers.", rows)
    plain = {**handover, PROVIDER: name}
    by = {
        one: {TAKES_OUT: handover[TAKES_OUT], PROVIDER: name, **_keys(row)}
        for one, row in rows.items()
    }
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


def _all(by: Mapping[str, Mapping[str, shapes.Shape]]) -> dict[str, shapes.Shape]:
    return {key: shape for keys in by.values() for key, shape in keys.items()}


def _rule(chosen: shapes.Schema, keys: Mapping[str, shapes.Shape]) -> shapes.Schema:
    """Which keys there may be where that provider is named."""
    asks = {"required": [PROVIDER]} if "const" in chosen else {}
    must = [key for key, shape in keys.items() if shape.required]
    then = {"propertyNames": {"enum": list(keys)}, **({"required": must} if must else {})}
    return {"if": {"properties": {PROVIDER: chosen}, **asks}, "then": then}


def _keys(row: Provider) -> dict[str, shapes.Shape]:
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


SHAPES = {"text": shapes.text, "secret": shapes.secret, "url": address}
"""How each kind of key is read."""
