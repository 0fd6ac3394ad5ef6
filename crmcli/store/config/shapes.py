"""What may stand in a configuration file: each key declared once, for its loader and for the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from crmcli.dataclass import dataclass, field, replace
from crmcli.language import tr
from crmcli.store.config.cursor import ID_HINT, ID_RULE, Cursor, unique

Reader: TypeAlias = "Callable[[Cursor, Any], Any]"
"""Reads a place; the second argument is whatever the file is checked against. It notes what is wrong."""
Schema: TypeAlias = "dict[str, Any]"
Limit: TypeAlias = "tuple[int, str]"
"""How many entries there may be, and of what."""

SCALAR = ["string", "number", "boolean"]
SECRET_RULE = r"(env:[A-Za-z_]\w*|cmd:.+|file:.+)"


@dataclass(frozen=True)
class Shape:
    """What may stand at a place: a sentence about it, how it is read, and what a JSON Schema says of it.

    `nothing` is its value where the key is absent.
    """

    doc: str
    read: Reader
    fragment: Callable[[], Schema]
    nothing: Any = ""
    required: bool = False
    keys: Mapping[str, Shape] = field(default_factory=dict)
    """What may stand below it, where it has keys of its own."""

    def schema(self, *, required: bool = False) -> Schema:
        """The fragment of a JSON Schema; a key without a value is as good as absent."""
        found = self.fragment()
        if not (required or self.required):
            found = _or_nothing(found)
        return {"description": self.doc, **found} if self.doc else found


def _or_nothing(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "type" in schema:
        types = schema["type"]
        return {**schema, "type": [*([types] if isinstance(types, str) else types), "null"]}
    return {"anyOf": [{"type": "null"}, *schema.get("anyOf", [schema])]} if schema else schema


def needed(shape: Shape) -> Shape:
    """The same, but it must be there."""
    return replace(shape, required=True)


def text(doc: str, default: str = "") -> Shape:
    """A single value, as text."""
    return Shape(
        doc, lambda place, _: place.text(default).strip(), lambda: {"type": SCALAR}, default
    )


def word(doc: str, allowed: Collection[str], default: str = "") -> Shape:
    """One of a few words."""
    return Shape(
        doc,
        lambda place, _: place.one_of(tuple(allowed), default),
        lambda: {"enum": list(allowed)},
        default,
    )


def yes_no(doc: str, default: bool | None = False) -> Shape:
    """A yes or no; true and false, on and off are understood too."""
    words = ("yes", "no", "true", "false", "on", "off")

    def read(place: Cursor, _: object) -> bool | None:
        said = place.one_of(words)
        return said in ("yes", "true", "on") if said else default

    return Shape(doc, read, lambda: {"enum": [True, False, *words]}, default)


def parsed(
    doc: str, parse: Callable[[str], Any], default: Any = None, hint: str = "", **schema: Any
) -> Shape:
    """A single value read by a function whose ValueError is the complaint; `schema` is what a JSON
    Schema can see of that."""
    return Shape(
        doc,
        lambda place, _: place.parsed(parse, default, hint),
        lambda: {"type": "string", **schema},
        default,
    )


def whole(doc: str, low: int, high: int, default: int | None = None) -> Shape:
    """A whole number within bounds."""

    def parse(given: str) -> int:
        if not re.fullmatch(r"\d{1,9}", given) or not low <= int(given) <= high:
            raise ValueError(tr("{!r} is not a whole number from {} to {}", given, low, high))
        return int(given)

    digits = f"^0*[0-9]{{1,{len(str(high))}}}$"  # in quotes it is a number as well
    return parsed(
        doc, parse, default, type=["integer", "string"], minimum=low, maximum=high, pattern=digits
    )


def matching(doc: str, rule: str, what: str, hint: str = "", default: str = "") -> Shape:
    """A text that has to fit a regular expression; `what` is what it fails to be."""

    def parse(given: str) -> str:
        if not re.fullmatch(rule, given):
            raise ValueError(tr("{!r} is not {}", given, tr(what)))
        return given

    told = {"patternErrorMessage": f"{what}, {hint}" if hint else what}
    return parsed(doc, parse, default, hint, pattern=f"^({rule})$", **told)


def identifier(doc: str) -> Shape:
    """An id of a stage, robot, schedule, view or pipeline."""
    return needed(matching(doc, ID_RULE, "an id", ID_HINT))


def guarded(doc: str, rule: str, complaint: Callable[[Cursor], tuple[str, str]]) -> Shape:
    """A text of which a complaint repeats nothing, for a password may stand in it."""

    def read(place: Cursor, _: object) -> str:
        if place.text() and not re.fullmatch(rule, place.text()):
            place.fault(*complaint(place))
            return ""
        return place.text()

    return Shape(doc, read, lambda: {"type": "string", "pattern": f"^({rule})$"})


def secret(doc: str) -> Shape:
    """Where a secret stands, never the secret itself."""
    hint = "write where it stands: env:NAME, file:/path or cmd:command"
    return pointing(
        guarded(
            doc,
            SECRET_RULE,
            lambda place: (tr("a {} does not belong in this file", place.name), hint),
        )
    )


def pointing(shape: Shape) -> Shape:
    """The same, where a value may say where a secret stands: each that does is noted."""

    def read(place: Cursor, ground: object) -> Any:
        found = shape.read(place, ground)
        if isinstance(found, str) and re.fullmatch(SECRET_RULE, found):
            place.findings.secrets.append((place.line, found))
        return found

    return replace(shape, read=read)


def listed(doc: str, item: Shape, limit: Limit = (10**9, ""), once: str = "") -> Shape:
    """A list; each item stands there once if `once` says what it is."""

    def read(place: Cursor, ground: object) -> tuple[Any, ...]:
        entries = [entry for entry in place.at_most(*limit).items() if entry.is_present]
        values = [item.read(entry, ground) for entry in entries]
        if once:
            unique(zip(values, entries, strict=True), once)
        return tuple(value for value in values if value)

    def fragment() -> Schema:
        alone = {"uniqueItems": True} if once else {}
        return {"type": "array", "items": item.schema(required=True), **alone}

    return Shape(doc, read, fragment, ())


def mapped(
    doc: str, rule: str, wrong: tuple[str, str], value: Shape, limit: Limit = (10**9, "")
) -> Shape:
    """A map with keys of one's own; `wrong` is the complaint about one of them, and the hint."""

    def read(place: Cursor, ground: object) -> dict[str, Any]:
        found = {}
        for entry in place.at_most(*limit).entries():
            key = str(entry.path[-1])
            if not re.fullmatch(rule, key):
                entry.fault(tr("{!r} {}", key, tr(wrong[0])), wrong[1])
            found[key] = value.read(entry, ground)
        return found

    def fragment() -> Schema:
        names = {"propertyNames": {"pattern": f"^({rule})$"}}
        return {"type": "object", **names, "additionalProperties": value.schema()}

    return Shape(doc, read, fragment, {})


def keys(
    doc: str, shapes: Mapping[str, Shape], also: Callable[[], list[Schema]] | None = None
) -> Shape:
    """A map of known keys, read into a dict that has them all; `also` are more rules of the JSON Schema."""
    must = [name for name, shape in shapes.items() if shape.required]

    def read(place: Cursor, ground: object) -> dict[str, Any]:
        place.known(tuple(shapes), must)
        given = place.value if isinstance(place.value, dict) else ()
        return {
            name: shape.read(place.at(name), ground) if name in given else shape.nothing
            for name, shape in shapes.items()
        }

    def fragment() -> Schema:
        properties = {name: shape.schema() for name, shape in shapes.items()}
        required = {"required": must} if must else {}
        return {
            "type": "object",
            "additionalProperties": False,
            **required,
            "properties": properties,
            **({"allOf": also()} if also else {}),
        }

    nothing = {name: shape.nothing for name, shape in shapes.items()}
    return Shape(doc, read, fragment, nothing, keys=shapes)


def named(name: str, shape: Shape) -> Shape:
    """The same, but the JSON Schema only points to its definition of that name."""
    return replace(shape, fragment=lambda: {"$ref": f"#/definitions/{name}"})
