"""A user leaves: what was theirs goes to another, and every door closes, in one transaction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.actions import ACTIONS
from crmcli.model.conditions.tree import And, BadCondition, Compare, Condition, Node, Or, Text
from crmcli.model.entities import ENTITIES
from crmcli.model.event import HANDED_OVER
from crmcli.model.fields import Record
from crmcli.model.finished import is_finished
from crmcli.model.user import names_of
from crmcli.model.values import Raw, fold
from crmcli.sales.settings import people
from crmcli.sales.settings.reshape import Reshaping, SettingsEdit, Tree, in_forms, reshaping
from crmcli.store.layout import ACCESS, FORMS, PIPELINES, VIEWS
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.fields import Field

PERSONAL = ("email", "aliases", "phone", "telegram", "extensions", "alerts", "feed")
"""What settings.yaml says of a user that is a door, or the way to one who works here."""
COMMAND = "user off"


@dataclass(slots=True)
class HandedOver:
    """What went to another: records by noun, files of the configuration; what `stays`, and where the user is
    still `named`."""

    records: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    stays: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)


def put_off(
    ws: Workspace, user: str, heir: str = "", where: str = "", *, finished: bool = False
) -> HandedOver:
    """Close every door to a user and, if there is an heir, pass on what was theirs: of records those for
    which `where` holds, what is finished only if that is wanted."""
    check(ws, user, heir, where)
    chosen, done = {entity: _chosen(ws, entity, user, where) for entity in ENTITIES}, HandedOver()
    if where and not any(chosen.values()):
        raise BadUsage(tr("no noun has the fields of {!r}", where), "see crm help conditions")
    passing = _Passing(user, heir, _words(ws, user))
    close = partial(_close, ws, passing)
    wanted = SettingsEdit(
        partial(passing.settings),
        pipelines=partial(passing.pipelines) if heir else None,
        forms=partial(passing.forms) if heir else None,
        files=people.with_rights(ws, close),
    )
    with reshaping(ws, COMMAND, wanted) as change:
        ws.read_access(change.texts[ACCESS][1])
        change.change.gate_rights = people.at_gate(ws, close)
        done.files = change.rewritten
        done.named = [*_named(change, user)] if heir else []
        for entity, condition in chosen.items():
            for record_id in change.select(entity, condition) if condition else ():
                record = change.change.get(record_id)
                if not heir or (not finished and is_finished(ws.pipelines, record, ws.env)):
                    done.stays[entity] += 1
                    continue
                _hand_over(ws, change, record, passing)
                done.records[entity] += 1
    return done


def check(ws: Workspace, user: str, heir: str, where: str) -> None:
    """Refuse what cannot be meant: to put oneself off, an heir who may not work here."""
    if user == ws.user:
        raise Refused("you cannot put yourself off", "ask another administrator")
    if where and not heir:
        raise BadUsage("--where says what goes to another", "add --give-to USER")
    if not heir:
        return
    if heir == user:
        raise BadUsage(tr("{} cannot be given to itself", user), "name another user")
    rules = ws.rules
    if heir in rules.off or (people.has_rights(ws) and not rules.users.get(heir)):
        raise Refused(tr("{} may not work here", heir), tr("crm user role {} ROLE", heir))


# --- records ----------------------------------------------------------------------------------------


def _fields(ws: Workspace, entity: str) -> Iterator[Field]:
    """The fields of a noun that name users."""
    for one in ws.schema.fields(entity):
        if one.kind.listed_in == "users" and not one.system:
            yield one


def _chosen(ws: Workspace, entity: str, user: str, where: str) -> Condition | None:
    """What is true of the records that are passed on; None where the noun lacks what is asked for."""
    ways: list[Node] = [
        Compare((one.name,), "has" if one.is_many else "=", Text(user))
        for one in _fields(ws, entity)
    ]
    theirs: Node = Or(tuple(ways))
    if not where:
        return Condition(user, theirs)
    try:
        asked = ws.condition(where, entity)
    except BadCondition:
        return None
    return Condition(where, And((theirs, asked.tree)))


def _hand_over(ws: Workspace, change: Reshaping, record: Record, passing: _Passing) -> None:
    values = {
        one.name: one.kind.replaced(record.get(one.name), passing.user, passing.heir)
        for one in _fields(ws, record.entity)
    }
    change.change.save(record.with_values(values), data={HANDED_OVER: passing.user})


# --- the configuration ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Passing:
    """From whom to whom; `words` are all that mean the former."""

    user: str
    heir: str
    words: frozenset[str]

    def settings(self, tree: Tree) -> None:
        """Users who are led by them, for whom they stand in; their mailbox, extensions; whose turn it is."""
        users = cast("dict[str, Any]", tree["users"])
        own = dict(users.get(self.user) or {})
        for name, told in users.items():
            if isinstance(told, dict):
                users[name] = self._led(name, told, str(own.get("head", "")))
        if self.heir:
            users[self.heir] = _with_doors(dict(users.get(self.heir) or {}), own)
        users[self.user] = {
            k: v for k, v in (users.get(self.user) or {}).items() if k not in PERSONAL
        }
        for rule in cast("list[Any]", tree.get("assignment") or []):
            if isinstance(rule, dict) and "to" in rule:
                rule["to"] = self.word(rule["to"]) or rule["to"]

    def _led(self, name: str, told: dict[str, Any], above: str) -> dict[str, Any]:
        """What is said of a user, with another head and deputy."""
        after = dict(told)
        for key, instead in (("head", above), ("deputy", "")):
            if fold(str(told.get(key, ""))) != fold(self.user):
                continue
            new = self.heir if name != self.heir else instead
            after[key] = new if new != name else ""
            if not after[key]:
                del after[key]
        return after

    def pipelines(self, tree: Tree) -> None:
        """Robots and schedules that name them among users."""
        for act in _acts(tree):
            action, given = ACTIONS.get(str(act.get("do"))), act.get("with")
            if action is None or not isinstance(given, dict):
                continue
            names = {one.name for one in action.params if one.kind in ("user", "users", "phone")}
            for key in given:
                if key in names or (action.sets_fields and key in ("owner", "participants")):
                    given[key] = self.word(given[key])

    def forms(self, tree: Tree) -> None:
        """Forms whose leads are theirs."""
        for form in in_forms(tree):
            if "owner" in form:
                form["owner"] = self.word(form["owner"])

    def word(self, given: Raw) -> Raw:
        """A word, or several, with the heir in their place; without an heir they go out of a list."""
        if isinstance(given, list):
            turned = dict.fromkeys(str(self.word(one)) for one in given)
            return [one for one in turned if one]
        if not isinstance(given, str) or "{" in given:
            return given
        if "," in given:
            return ", ".join(dict.fromkeys(str(self.word(w.strip())) for w in given.split(",")))
        return self.heir if fold(given.strip()) in self.words else given


def _words(ws: Workspace, user: str) -> frozenset[str]:
    return frozenset(word for word, ids in names_of(ws.settings.users).items() if ids == (user,))


def _with_doors(told: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What is said of the heir, who gets the letters and the calls too."""
    for key, more in (("aliases", [own.get("email"), *_listed(own, "aliases")]),
                      ("extensions", _listed(own, "extensions"))):  # fmt: skip
        known = [*dict.fromkeys((*_listed(told, key), *filter(None, more)))]
        if known != _listed(told, key):
            told[key] = known
    return told


def _listed(told: dict[str, Any], key: str) -> list[Any]:
    found = told.get(key) or []
    return [*found] if isinstance(found, list) else [found]


def _acts(tree: Raw) -> Iterator[dict[str, Any]]:
    """Every robot and schedule of pipelines.yaml, as it is written."""
    if isinstance(tree, dict):
        if "do" in tree:
            yield tree
        for part in tree.values():
            yield from _acts(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _acts(part)


def _close(ws: Workspace, passing: _Passing, tree: Tree) -> None:
    """Name them among those who left; their teams get another head. Where there were no rights yet, all
    others keep every right."""
    if "users" not in tree:
        others = [one for one in ws.settings.users if one != passing.user]
        tree["users"] = {one: [people.ADMINISTRATOR] for one in others}
    off = cast("list[Raw]", tree.get("off") or [])
    if passing.user not in off:
        tree["off"] = [*off, passing.user]
    for team in cast("dict[str, Any]", tree.get("teams") or {}).values():
        if isinstance(team, dict) and team.get("head") == passing.user:
            team["head"] = passing.heir or team["head"]


def _named(change: Reshaping, user: str) -> Iterator[str]:
    """The lines of rules, views and forms that still say that word."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(user)}(?![\w-])")
    for path in (PIPELINES, VIEWS, FORMS):
        text = change.texts[path][1] if path in change.texts else b""
        for number, line in enumerate(text.decode("utf-8", "replace").split("\n"), 1):
            if pattern.search(line.partition(" #")[0]):
                yield f"{path}:{number}"
