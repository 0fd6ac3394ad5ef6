"""`assignment:` in settings.yaml: who gets what comes in by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.assignment import TURN, WAYS, AssignmentRule
from crmcli.model.conditions.tree import BadCondition
from crmcli.model.fields import Field
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.model.user import User, names_of
from crmcli.model.values import fold
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor

if TYPE_CHECKING:
    from crmcli.model.conditions.where import Aliases

_TEXTS = {"type": ["string", "array"], "items": {"type": "string"}}


def _users(place: Cursor, ground: object) -> tuple[str, ...]:
    entries = place.items() if isinstance(place.value, list) else [place]
    return tuple(text for entry in entries if (text := entry.text().strip()))


ASSIGNMENT = shapes.listed(
    "Who owns a lead that comes in by itself, or by crm lead add --assign: the first rule that holds.",
    shapes.keys(
        "",
        {
            "when": shapes.text("A condition on the lead, e.g. source = web; any lead if absent."),
            "to": shapes.needed(
                shapes.Shape("A user, or several.", _users, lambda: dict(_TEXTS), ())
            ),
            "by": shapes.word(
                "Of several users: turn, whose turn it is; least_busy, who has the fewest open leads and"
                " deals; working, whose turn it is of those at work now. Who is away is passed over.",
                WAYS,
                TURN,
            ),
        },
    ),
)  # fmt: skip


def assignment_of(
    place: Cursor,
    got: Sequence[Mapping[str, Any]],
    fields: Mapping[str, tuple[Field, ...]],
    users: Mapping[str, User],
    directories: Mapping[str, Mapping[str, str]],
) -> tuple[AssignmentRule, ...]:
    """The rules; a fault at each user who is not there, and each condition that is none."""
    words = names_of(users)
    known = {name: _ids(entries) for name, entries in directories.items()}
    known["user"] = {word: [*ids] for word, ids in words.items()}
    found = []
    entries = [entry for entry in place.items() if entry.is_present]
    for rule, entry in zip(got, entries, strict=True):
        if entry.at("to").value == []:
            entry.at("to").fault("nobody is named", "name a user, or several: to: [anna, boris]")
        for user in rule["to"]:
            if users and fold(user) not in words:
                entry.at("to").fault(tr("no user {!r}", user), allowed_hint(user, [*users]))
            elif len(found_by := words.get(fold(user), ())) > 1:
                entry.at("to").fault(
                    tr("{!r} may be {}", user, " or ".join(found_by)), "use the id"
                )
        if rule["when"]:
            _check_condition(entry.at("when"), rule["when"], Schema(fields), known)
        to = (words.get(fold(user), (user,))[0] for user in rule["to"])
        found.append(AssignmentRule(tuple(dict.fromkeys(to)), rule["when"], rule["by"]))
    return tuple(found)


def _ids(entries: Mapping[str, str]) -> dict[str, list[str]]:
    return {fold(word): [key] for key, label in entries.items() for word in (label, key)}


def _check_condition(place: Cursor, text: str, schema: Schema, known: Aliases) -> None:
    """A fault if it is no condition on a lead. The names of stages stand in pipelines.yaml."""
    from crmcli.model.conditions import where

    try:
        where.resolve(where.read(text, schema, "lead"), schema, "lead", known)
    except BadCondition as error:
        place.fault(f"'when': {error.message}", error.hint)
