"""The keys of robots and triggers as pipelines.yaml declares them, and what people type for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, Problem
from crmcli.language import tr
from crmcli.model.actions import ACTIONS
from crmcli.model.values import Raw
from crmcli.store.config.action_params import params_of
from crmcli.store.config.cursor import Cursor, Findings
from crmcli.store.config.param_kinds import shape_of
from crmcli.store.config.robot_times import TIMES
from crmcli.store.config.robots import ROBOT
from crmcli.store.config.shapes import Shape
from crmcli.store.config.triggers import TRIGGER
from crmcli.store.layout import PIPELINES
from crmcli.store.yaml.codec import RecordUnreadable, load_marked
from crmcli.store.yaml.written_values import entry
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline

Tree = dict[str, Raw]
ONE_TIME = tuple(TIMES)
"""The keys of which a robot has one."""


@dataclass(frozen=True, slots=True)
class RuleKey:
    """One key of a rule, with a sentence about it."""

    name: str
    shape: Shape

    @property
    def words(self) -> Sequence[object]:
        """The few words that may stand there; none where anything may."""
        found: Sequence[object] = self.shape.schema(required=True).get("enum", ())
        return found

    @property
    def flag(self) -> str:
        """What it says where it is said or not; "" where it says more."""
        if True in self.words:
            return "yes"
        return str(self.words[0]) if len(self.words) == 1 else ""

    def typed(self, text: str) -> Raw:
        """What somebody typed: a text, or `close_by, by=3d` for one that has keys of its own."""
        names = "|".join(self.shape.keys)
        if not names:
            return text
        first, *others = re.split(rf"[,\s]+(?=(?:{names})=)", text.strip())
        is_text = not re.match(rf"(?:{names})=", first)
        if is_text and not others and self.shape.schema(required=True).get("type") != "object":
            return text
        pairs = [f"{next(iter(self.shape.keys))}={first}" if is_text else first, *others]
        return {key: value.strip() for key, _, value in (pair.partition("=") for pair in pairs)}

    def fault(self, ws: Workspace, pipeline: Pipeline, raw: Raw) -> Problem | None:
        """What is wrong with a value for the rules of a pipeline, as `crm pipeline check` says it."""
        from crmcli.store.config.pipelines import frame_of

        place = Cursor(raw, (self.name,), Findings(PIPELINES, {}))
        self.shape.read(place, frame_of(ws.root, ws.schema, ws.settings, pipeline.id))
        return next(iter(place.findings.problems), None)


def robot_keys() -> Iterator[RuleKey]:
    """The keys of a robot but for its id, what it does and with what, and whether it is paused."""
    named = ("id", "do", "with", "enabled")
    return (RuleKey(name, shape) for name, shape in ROBOT.keys.items() if name not in named)


def trigger_keys() -> Iterator[RuleKey]:
    """The keys of a trigger but for its event."""
    return (RuleKey(name, shape) for name, shape in TRIGGER.keys.items() if name != "on")


def params(do: str) -> Iterator[RuleKey]:
    """What an action needs under `with:`."""
    return (RuleKey(name, shape) for name, shape in params_of(ACTIONS[do]).keys.items())


def with_params(do: str, pairs: Sequence[str]) -> Tree:
    """`--with key=value` as what stands under `with:`, each as its kind is written."""
    found: Tree = {}
    shapes = {param.name: shape_of(param) for param in ACTIONS[do].params} if do in ACTIONS else {}
    for pair in pairs:
        name, sign, text = (part.strip() for part in pair.partition("="))
        if not sign or not name:
            raise BadUsage(tr("{!r} is not KEY=VALUE", pair), "e.g. --with title=Call")
        head, _, below = name.partition(".")
        types = _types(shapes[head]) if head in shapes else ()
        if below and "object" in types:
            inner = found.setdefault(head, {})
            if not isinstance(inner, dict):
                raise BadUsage(tr("{} is given twice", head), "give it once")
            inner[below] = _written(text)
        elif name in found and "array" in types:
            before = found[name]
            found[name] = [*(before if isinstance(before, list) else [before]), text]
        elif name in found:
            raise BadUsage(tr("{} is given twice", name), "give it once")
        else:
            found[name] = _written(text) if {"object", "array"} & {*types} else text
    return found


def _types(shape: Shape) -> Sequence[str]:
    """What may stand there, in the words of JSON Schema."""
    found = shape.fragment()
    if not found:
        return ("object", "array", "string")
    said = [part.get("type", "string") for part in found.get("anyOf", [found])]
    return [word for one in said for word in ([one] if isinstance(one, str) else one)]


def _written(text: str) -> Raw:
    """A list or map in brackets as such; any other text, templates too, as it stands."""
    if not re.match(r"\s*(\[|\{(?![{%]))", text):
        return text
    try:
        return load_marked(f"value: {text}\n".encode(), "--with").value["value"]
    except RecordUnreadable:
        raise BadUsage(
            tr("{!r} is not a list or map", text), "write [a, b] or {key: value}"
        ) from None


def without(rule: Tree, names: Sequence[str]) -> Tree:
    """A rule without some keys, or keys of `with`: `after`, `with.due`."""
    found: Tree = {**rule}
    for name in names:
        *above, last = name.split(".")
        inner = found
        for step in above:
            inner[step] = {**cast("Mapping[str, Raw]", inner.get(step) or {})}
            inner = cast("Tree", inner[step])
        if last not in inner:
            raise BadUsage(
                tr("there is no {} to take away", name), tr("it has {}", ", ".join(rule))
            )
        del inner[last]
        if above == ["with"] and not inner:
            del found["with"]
    return found


def written(rule: Tree) -> str:
    """A rule as pipelines.yaml has it."""
    return "\n".join(entry(rule, 0))
