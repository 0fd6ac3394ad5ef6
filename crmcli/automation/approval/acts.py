"""What the configuration of a workspace could run, send or call, act by act; pure rules.

It is taken from the files as they are written, not as they are understood: an act that only a newer crm
understands is one too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from crmcli.errors import InvalidData
from crmcli.store import cursor, layout

Read: TypeAlias = Callable[[str], bytes | None]
"""Gives a file of the workspace by its path from the root; None where there is none."""

INNER = ("task", "set", "move", "comment")
"""What robots do within crm. All else leaves the machine, also what this crm does not know yet."""

MAIL = "channels/mail"
WEBHOOK = "channels/webhook"
STAFF = "users"
_TEMPLATES = "templates"
_INCLUDED = re.compile(r"\{%[-+]?\s*(?:include|extends|import|from)\s+(['\"])([^'\"]+)\1")
_DYNAMIC = re.compile(r"\{%[-+]?\s*(?:include|extends|import|from)\s+(?!['\"])")
ALL_TEMPLATES = "templates/**"
"""In place of the templates that an act names, where only rendering would tell which they are."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that could leave the machine.

    `place` says where it is declared (`leads/new/hello`), `what` it in words. `declared` is the digest of
    its declaration in the file `path`; `texts` are those of the templates that it fills, by path.
    `notifies`: our own people.
    """

    place: str
    what: str
    declared: str
    path: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    notifies: bool = False

    @property
    def digest(self) -> str:
        """The digest of all that decides what happens."""
        return _digest(self.declared, self.texts)


def acts_of(read: Read) -> list[Act]:
    """Every act of the configuration that `read` gives; what cannot be read declares none."""
    return [*_of_pipelines(read), *_of_settings(read)]


def leaves(do: str) -> bool:
    """Whether an action goes beyond this machine's folder."""
    return do not in INNER


def _of_settings(read: Read) -> Iterator[Act]:
    settings = _loaded(read, layout.SETTINGS)
    channels = _map(settings.get("channels"))
    mail = channels.get("mail")
    if mail:
        deliver = str(_map(mail).get("deliver", ""))
        secret = str(_map(mail).get("password", ""))
        runs = (
            f", running `{secret.removeprefix('cmd:')}` for its password" if _runs(secret) else ""
        )
        if not _stays_inside(deliver) or runs:
            yield _act(MAIL, f"messages leave by {without_password(deliver)}{runs}", mail)
    webhook = channels.get("webhook")
    if webhook:
        allowed = ", ".join(map(str, _list(_map(webhook).get("allow"))))
        yield _act(WEBHOOK, f"web hooks may also call {allowed}", webhook)
    mails = {name: _map(user).get("email") for name, user in _map(settings.get("users")).items()}
    mails = {name: address for name, address in mails.items() if address}
    if mails:
        told = ", ".join(f"{name} at {address}" for name, address in mails.items())
        yield _act(STAFF, f"notices go to {told}", mails)


def _stays_inside(deliver: str) -> bool:
    """Whether messages only go into a folder of the workspace."""
    kind, _, where = (deliver or "maildir:outbox").partition(":")
    return kind == "maildir" and not where.startswith(("/", "~")) and ".." not in where.split("/")


def without_password(address: str) -> str:
    """An address without what stands before its host."""
    return re.sub(r"//[^/@]*@", "//***@", address)


def _runs(secret: str) -> bool:
    return secret.startswith("cmd:")


def _act(place: str, what: str, facts: object) -> Act:
    return Act(place, what, _digest(place, facts), layout.SETTINGS)


def _of_pipelines(read: Read) -> Iterator[Act]:
    top = _loaded(read, layout.PIPELINES)
    pipelines = [("leads", _map(top.get("leads")))]
    pipelines += [(str(p.get("id", "")), p) for p in map(_map, _list(top.get("deals")))]
    for name, pipeline in pipelines:
        for stage in map(_map, _list(pipeline.get("stages"))):
            for robot in map(_map, _list(stage.get("robots"))):
                place = robot_place(name, str(stage.get("id", "")), str(robot.get("id", "")))
                yield from _of_robot(read, place, robot)
        for schedule in map(_map, _list(pipeline.get("schedules"))):
            yield from _of_robot(read, schedule_place(name, str(schedule.get("id", ""))), schedule)


def robot_place(pipeline: str, stage: str, robot: str) -> str:
    """The place of a robot's act."""
    return f"{pipeline}/{stage}/{robot}"


def schedule_place(pipeline: str, schedule: str) -> str:
    """The place of a schedule's act."""
    return f"{pipeline}/schedules/{schedule}"


def _of_robot(read: Read, place: str, robot: Mapping[str, Any]) -> Iterator[Act]:
    do = str(robot.get("do", ""))
    if not leaves(do):
        return
    given = _map(robot.get("with"))
    found = _templates(read, str(given.get("template", ""))) if do == "email" else {}
    texts = {path: hashlib.sha256(text).hexdigest() for path, text in found.items()}
    declared = _digest(place, robot)
    yield Act(place, _words(do, given), declared, layout.PIPELINES, texts, notifies=do == "notify")


def _words(do: str, given: Mapping[str, Any]) -> str:
    if do == "email":
        to = f" to {given['to']}" if given.get("to") else " to the client"
        return f"sends {given.get('template', '?')}{to}"
    if do == "webhook":
        secret = str(given.get("secret", ""))
        runs = f", running `{secret.removeprefix('cmd:')}` for its secret" if _runs(secret) else ""
        return f"calls {without_password(str(given.get('url', '?')))}{runs}"
    if do == "notify":
        to = given.get("to") or "the owner"
        return f"notifies {', '.join(map(str, to)) if isinstance(to, list) else to}"
    return f"does {do!r}"


def _templates(read: Read, name: str) -> dict[str, bytes]:
    """The template of a letter, its HTML part and all that these include, by path."""
    found: dict[str, bytes] = {}
    waiting = [name, f"{name.removesuffix('.j2')}.html.j2"]
    if "{{" in name or "{%" in name:
        return {ALL_TEMPLATES: read(ALL_TEMPLATES) or b""}
    while waiting:
        path = f"{_TEMPLATES}/{waiting.pop()}"
        text = None if path in found else read(path)
        if text is None:
            continue
        found[path] = text
        written = text.decode("utf-8", "replace")
        waiting += [match[2] for match in _INCLUDED.finditer(written)]
        if _DYNAMIC.search(written) and ALL_TEMPLATES not in found:
            found[ALL_TEMPLATES] = read(ALL_TEMPLATES) or b""
    return found


def letter_act(key: str, content: str, to: str, subject: str, robot: str) -> Act:
    """The act of a letter that stands queued on the timeline, and was not queued here."""
    about = f" {subject!r}" if subject else ""
    what = f"a message{about} to {without_password(to)}, queued in another clone"
    return Act(f"queue/{robot}/{key}", what, _digest(key, content))


def _digest(place: str, facts: object) -> str:
    text = json.dumps([place, facts], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _loaded(read: Read, path: str) -> Mapping[str, Any]:
    data = read(path)
    if data is None:
        return {}
    try:
        return _map(cursor.marked(data, path).value)
    except InvalidData:
        return {}  # nobody acts by it either


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []
