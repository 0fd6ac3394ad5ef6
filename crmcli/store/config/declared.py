"""What settings.yaml declares, directories and custom fields: what may stand there, and reading it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import Field, InputContext, Kind, declarable
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import is_taken
from crmcli.model.settings import DIRECTORIES as BUILT_IN
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor, unique

NAME_RULE = r"[^\W\d]\w{0,39}"
Directories = Mapping[str, Mapping[str, str]]
DIRECTORY_RULE = r"[a-z][a-z0-9_]{0,39}"


def _directory(place: Cursor, _: object) -> dict[str, str]:
    """The labels of a directory's values by id, in order."""
    whole = place.at_most(limits.VALUES, "a directory")
    if isinstance(whole.value, list):
        values = whole.texts()
        unique(values, "value")
        return {value: value for value, _ in values}
    if isinstance(whole.value, dict):
        return {str(v.path[-1]): v.text(str(v.path[-1])) for v in whole.entries()}
    if whole.is_present:
        whole.fault(tr("{!r} must be a list of values", whole.name), "write - value, or id: label")
    return {}


def _directory_schema() -> dict[str, Any]:
    either: list[dict[str, Any]] = [
        {"type": "array", "items": {"type": shapes.SCALAR}, "uniqueItems": True},
        {"type": "object", "additionalProperties": {"type": [*shapes.SCALAR, "null"]}},
    ]
    return {"anyOf": either}


DIRECTORIES = shapes.mapped(
    "Allowed values of fields: each directory is a list of values, or a map from ids to labels.",
    DIRECTORY_RULE,
    ("cannot name a directory", "small latin letters, digits and _"),
    shapes.Shape(
        "A list of values, or a map from ids to labels.", _directory, _directory_schema, {}
    ),
    (limits.DIRECTORIES, "a list of directories"),
)


def _targets(place: Cursor, _: object) -> tuple[str, ...]:
    if isinstance(place.value, list):
        return tuple(item.one_of(tuple(ENTITIES)) for item in place.items())
    target = place.one_of(tuple(ENTITIES))
    return (target,) if target else ()


def _targets_schema() -> dict[str, Any]:
    one = {"enum": list(ENTITIES)}
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _types(trait: str) -> list[str]:
    """The types of fields whose kind has a trait."""
    return [name for name, kind in declarable().items() if getattr(kind, trait)]


FIELD = shapes.needed(
    shapes.keys(
        "A field of your own.",
        {
            "type": shapes.needed(shapes.word("Type of value.", tuple(declarable()), "text")),
            "label": shapes.text("Label for people."),
            "required": shapes.yes_no("Whether every record must have it."),
            "choices": shapes.listed(
                "The allowed values of a choice.",
                shapes.text(""), (limits.CHOICES, "a list of choices"), once="choice",
            ),
            "directory": shapes.text("Or the directory that lists them."),
            "to": shapes.Shape("What a link points to.", _targets, _targets_schema, ()),
            "default": shapes.text("The value of a new record."),
        },
        also=lambda: [
            {
                "if": {"required": ["type"], "properties": {"type": {"enum": _types("is_choice")}}},
                "then": {"oneOf": [{"required": ["choices"]}, {"required": ["directory"]}]},
                "else": {"not": {"required": ["choices"]}},
            },
            {"if": {"required": ["to"]}, "then": {"properties": {"type": {"enum": _types("is_link")}}}},
            {
                "if": {"required": ["directory"]},
                "then": {"properties": {"type": {"enum": _types("may_list")}}},
            },
        ],
    )
)  # fmt: skip
FIELDS = shapes.keys(
    "Fields of your own.",
    {
        entity: shapes.mapped(
            tr("Own fields of {}.", row.plural),
            NAME_RULE, ("cannot name a field", "one word of letters, digits and _"),
            shapes.named("field", FIELD), (limits.FIELDS, "a list of custom fields"),
        )
        for entity, row in ENTITIES.items()
    },
)  # fmt: skip


def check_directories(place: Cursor, fields: Mapping[str, tuple[Field, ...]]) -> None:
    """A directory that no field uses is a slip of the pen."""
    used = {*BUILT_IN, *(field.directory for many in fields.values() for field in many)}
    if isinstance(place.value, dict):
        for word in place.value:
            if word not in used:
                place.at(word).fault(
                    tr("no field uses the directory {!r}", word),
                    allowed_hint(word, sorted(used - {""})),
                )


def fields_of(
    place: Cursor, got: Mapping[str, Mapping[str, Any]], directories: Directories
) -> dict[str, tuple[Field, ...]]:
    """The custom fields by entity, in order, of what was read at `place`."""
    return {
        entity: tuple(
            _field(place.at(entity).at(name), facts, entity, directories)
            for name, facts in many.items()
        )
        for entity, many in got.items()
        if many
    }


def _field(place: Cursor, got: Mapping[str, Any], entity: str, directories: Directories) -> Field:
    name, kind = str(place.path[-1]), declarable()[got["type"]]
    if is_taken(entity, name):
        place.fault(tr("a {} already has a field {!r}", tr(entity), name), "use another name")
    _check_field(place, kind, bool(got["choices"]), got["directory"], directories)
    if not kind.is_link and place.at("to").is_present:
        place.at("to").fault("only a link points to something", "write type: link")
    field = Field(
        name,
        kind,
        label=got["label"] or name,
        choices=got["choices"],
        directory=got["directory"],
        entities=(got["to"] or tuple(ENTITIES)) if kind.is_link else (),
        required=got["required"],
        custom=True,
    )
    return replace(field, default=_default(place.at("default"), field, directories))


def _check_field(
    place: Cursor, kind: Kind, has_choices: bool, directory: str, directories: Directories
) -> None:
    if kind.is_choice and has_choices == bool(directory):
        place.fault(
            tr("a field of type {} needs either choices or a directory", kind.declared_as),
            "write choices: [a, b], or directory: and its name under directories",
        )
    elif not kind.may_list and directory:
        place.at("directory").fault("only a choice or text can come from a directory")
    elif not kind.is_choice and has_choices:
        place.at("choices").fault(
            tr("a field of type {} has no choices", kind.declared_as), "write type: choice"
        )
    if directory and directory not in directories and directory not in BUILT_IN:
        known = [*directories, *(name for name in BUILT_IN if name not in directories)]
        place.at("directory").fault(
            tr("no directory {!r}", directory), allowed_hint(directory, known)
        )


def _default(place: Cursor, field: Field, directories: Directories) -> str:
    """What new records have, as people would write it: `today+3d` is reckoned anew for each."""

    def fitting(text: str) -> str:
        ctx = InputContext(datetime(2026, 1, 1, tzinfo=UTC), UTC, directories=directories)
        field.read(text, ctx)
        return text

    return place.parsed(fitting, "")
