"""Why a condition holds for a record or does not: each of its parts with the values that it met."""

from __future__ import annotations

from typing import Any

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.conditions.holds import Env, is_true, reached, value_of
from crmcli.model.conditions.tree import And, Condition, Node, Not, Or
from crmcli.model.fields import Record


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a condition: whether it holds, and either the values that it met or its own parts, which
    `join` joins (and, or, not)."""

    text: str
    is_met: bool
    values: tuple[str, ...] = ()
    join: str = ""
    parts: tuple[Reason, ...] = ()

    def __str__(self) -> str:
        """The condition with what each comparison met: `amount > 9 [no: 5] and owner = anna [yes: anna]`."""
        if not self.parts:
            met = ", ".join(self.values) or tr("empty")
            return f"{self.text} [{tr('yes') if self.is_met else tr('no')}: {met}]"
        inside = [f"({part})" if len(part.parts) > 1 else str(part) for part in self.parts]
        return f"not {inside[0]}" if self.join == "not" else f" {self.join} ".join(inside)

    def now(self) -> str:
        """The same as it is told of a rule: `if … (met now)`."""
        return tr("if {} (met now)" if self.is_met else "if {} (not met now)", self)

    def facts(self) -> dict[str, Any]:
        """The same for programs."""
        told: dict[str, Any] = {"condition": self.text, "met": self.is_met}
        if self.parts:
            return {**told, "join": self.join, "parts": [part.facts() for part in self.parts]}
        return {**told, "values": list(self.values)}


def explained(condition: Condition, record: Record, env: Env) -> Reason:
    """Why a checked condition holds for a record or does not."""
    return _reason(condition.tree, record, env)


def _reason(node: Node, record: Record, env: Env) -> Reason:
    is_met = is_true(node, record, env)
    if isinstance(node, And | Or):
        parts = tuple(_reason(part, record, env) for part in node.parts)
        return Reason(str(node), is_met, (), "and" if isinstance(node, And) else "or", parts)
    if isinstance(node, Not) and isinstance(node.part, And | Or | Not):
        return Reason(str(node), is_met, (), "not", (_reason(node.part, record, env),))
    compared = node.part if isinstance(node, Not) else node
    assert not isinstance(compared, And | Or | Not)  # these were taken apart above
    met = (
        item
        for step, owner in reached(compared.path, record, env)
        for item in _texts(step.field.kind.dump(value_of(step, owner, env)))
    )
    return Reason(str(node), is_met, tuple(met))


def _texts(raw: object) -> list[str]:
    if isinstance(raw, dict) and "value" in raw:  # a phone, an e-mail address
        return _texts(raw["value"])
    if isinstance(raw, dict):
        return [f"{name}: {value}" for name, value in raw.items()]
    if isinstance(raw, list | tuple):
        return [text for item in raw for text in _texts(item)]
    return [str(raw)] if raw not in (None, "") else []
