"""What the configuration of a workspace could run, send or call, act by act; pure rules.

It is taken from the files as they are written, not as they are understood: an act that only a newer crm
understands is one too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from crmcli.automation.actions.work import module_of
from crmcli.automation.ledger import Job
from crmcli.channels.base import secret_in_words, sender_class
from crmcli.dataclass import dataclass, field
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.actions import ACTIONS, channel_of, leaves
from crmcli.model.alerts import NONE, STAFF
from crmcli.model.channels import CHANNELS
from crmcli.model.pipeline import SEQUENCES
from crmcli.model.redaction import redacted
from crmcli.model.sent import SentList, facts_digest
from crmcli.store import layout
from crmcli.store.config import cursor
from crmcli.store.git import lineage

Read: TypeAlias = Callable[[str], bytes | None]
"""Gives a file of the workspace by its path from the root; None where there is none."""

_TEMPLATES = "templates"
_LOADS = re.compile(r"\{%[-+]?\s*(?:include|extends|import|from)\b")
_PLAIN = re.compile(r"""\s*(['"])([\w./-]+)\1\s*(?:[-+]?%\}|(?:ignore|with|without|import|as)\b)""")
"""What follows where the name of the template stands there, and is not reckoned."""
_MOST_SHOWN = 300
ALL_TEMPLATES = "templates/**"
"""In place of the templates that an act names, where only rendering would tell which they are."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that could leave the machine. `place` says where it is declared (`leads/new/hello`), `what`
    it in words. `declared` is the digest of its declaration in the file `path`; `texts` are those of the
    templates that it fills, by path. `notifies`: our own people."""

    place: str
    what: str
    declared: str
    path: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    notifies: bool = False

    def __str__(self) -> str:
        place = "" if self.place == STAFF else in_one_line(self.place)
        return f"{place} {in_one_line(self.what)}".lstrip()

    @property
    def name(self) -> str:
        """Its place, short enough to be kept."""
        return in_one_line(self.place)[:80]

    @property
    def digest(self) -> str:
        """The digest of all that decides what happens."""
        return _digest(self.declared, self.texts)


def place_of(*parts: object) -> str:
    """Where an act is declared: `leads/new/hello`, `sales/schedules/weekly`, `channels/mail`."""
    return "/".join(map(str, parts))


def acts_of(read: Read) -> list[Act]:
    """Every act of the configuration that `read` gives; what cannot be read declares none."""
    return [*_of_pipelines(read), *_of_settings(read), *hook_acts(read)]


def hook_acts(read: Read) -> Iterator[Act]:
    """The hooks, each by its text."""
    for path in map(layout.hook_path, layout.HOOKS):
        text = read(path)
        if text is not None:
            what = tr("runs at each change")
            yield Act(path, what, _digest(path, lineage.digest_of(text)), path)


def _of_settings(read: Read) -> Iterator[Act]:
    settings = _loaded(read, layout.SETTINGS)
    channels = _map(settings.get("channels"))
    for name in CHANNELS:
        declared = channels.get(name)
        what = sender_class(name).to_approve(_map(declared)) if declared else ""
        if what:
            place = place_of("channels", name)
            yield Act(place, what, _digest(place, declared), layout.SETTINGS)
        for program in sender_class(name).programs(_map(declared)):
            yield _program(read, layout.program_path(program), layout.SETTINGS)
    yield from _staff(_map(settings.get("users")))


def _staff(users: Mapping[str, Any]) -> Iterator[Act]:
    """Where our own people are told; by which ways, some of which may run a command."""
    mails = {name: _map(user).get("email") for name, user in users.items()}
    places: dict[str, Any] = {name: address for name, address in mails.items() if address}
    told = [f"{name} <{address}>" for name, address in places.items()]
    for name, user in users.items():
        ways = {key: value for key in ("telegram", "alerts") if (value := _map(user).get(key))}
        if _list(_map(ways.get("alerts")).get("by")) == [NONE]:
            continue  # told of nothing
        by = _list(_map(ways.get("alerts")).get("by"))
        told += [f"{name} ({one})" for one in (ways.get("telegram"), *by) if one]
        places |= {f"{name}/alerts": ways} if ways else {}
    if places:
        what = tr("notices to our own people: {}", ", ".join(map(str, told or places)))
        digest = _digest(STAFF, places)
        yield Act(
            STAFF,
            what,
            digest,
            layout.SETTINGS,
            notifies=any("/" in name for name in places),
        )


def _of_pipelines(read: Read) -> Iterator[Act]:
    top = _loaded(read, layout.PIPELINES)
    pipelines = [("leads", _map(top.get("leads")))]
    pipelines += [(str(p.get("id", "")), p) for p in map(_map, _list(top.get("deals")))]
    programs: dict[str, None] = {}
    for place, rule in chain(_rules_of(pipelines), _rules_of_sequences(top)):
        yield from _of_robot(read, place, rule)
        programs |= dict.fromkeys(_programs(rule))
    for path in programs:
        yield _program(read, path, layout.PIPELINES)


def _program(read: Read, path: str, named_in: str) -> Act:
    texts = {path: lineage.digest_of(text)} if (text := read(path)) is not None else {}
    return Act(path, tr("may run"), _digest(path, "may run"), named_in, texts)


_Rules: TypeAlias = "Iterator[tuple[str, Mapping[str, Any]]]"


def _rules_of(pipelines: Sequence[tuple[str, Mapping[str, Any]]]) -> _Rules:
    """The robots and schedules of pipelines, each with its place."""
    for name, pipeline in pipelines:
        for stage in map(_map, _list(pipeline.get("stages"))):
            for robot in map(_map, _list(stage.get("robots"))):
                yield place_of(name, stage.get("id", ""), robot.get("id", "")), robot
        for schedule in map(_map, _list(pipeline.get("schedules"))):
            yield place_of(name, "schedules", schedule.get("id", "")), schedule


def _rules_of_sequences(top: Mapping[str, Any]) -> _Rules:
    """The robots of sequences, each with its place and what its sequence says of all of them."""
    for name, sequence in _map(top.get(SEQUENCES)).items():
        rest = {key: value for key, value in _map(sequence).items() if key != "robots"}
        for robot in map(_map, _list(_map(sequence).get("robots"))):
            yield place_of(SEQUENCES, name, robot.get("id", "")), {**robot, SEQUENCES: rest}


def _of_robot(read: Read, place: str, robot: Mapping[str, Any]) -> Iterator[Act]:
    do = str(robot.get("do", ""))
    if not leaves(do):
        return
    given = _map(robot.get("with"))
    action = ACTIONS.get(do)
    names = [str(given.get(key, "")) for key in action.of_kind("template")] if action else []
    found = _templates(read, names, list(_texts_in(given)))
    if action and action.by_clock and (own := read(layout.REPORTS)) is not None:
        found[layout.REPORTS] = own  # it decides what such a letter tells
    texts = {path: lineage.digest_of(text) for path, text in found.items()}
    yield Act(
        place, _words(do, given), _digest(place, robot), layout.PIPELINES, texts,
        notifies=bool(action and action.to_staff),
    )  # fmt: skip


def _programs(robot: Mapping[str, Any]) -> list[str]:
    """The paths of the programs of one's own that a robot or schedule runs."""
    action, given = ACTIONS.get(str(robot.get("do", ""))), _map(robot.get("with"))
    names = [str(given[key]) for key in action.of_kind("program") if key in given] if action else []
    return [layout.program_path(name) for name in names]


def in_one_line(text: str) -> str:
    """What stands in a file of others, in one line of bounded length."""
    line = " ".join(text.split())
    if len(line) <= _MOST_SHOWN:
        return line
    return tr("{}… ({} characters)", line[:_MOST_SHOWN], len(line))


def _words(do: str, given: Mapping[str, Any]) -> str:
    if do not in ACTIONS:
        return tr("does {!r}", do)
    secrets = [str(given.get(key, "")) for key in ACTIONS[do].of_kind("secret")]
    runs = "".join(secret_in_words(one, "secret") for one in secrets)
    return module_of(do).announced(given) + runs


def _texts_in(value: object) -> Iterator[str]:
    """Every text of a robot's parameters: each may be a template that loads others."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)


def _templates(read: Read, names: Sequence[str], sources: Sequence[str]) -> dict[str, bytes]:
    """The templates of a message with their HTML parts, and all that these and the sources load, by path."""
    found: dict[str, bytes] = {}
    waiting = [part for name in names for part in (name, f"{name.removesuffix('.j2')}.html.j2")]
    if any("{" in name for name in names):
        waiting = [ALL_TEMPLATES]
    waiting += [name for source in sources for name in _loaded_by(source)]
    while waiting:
        path = _path_of(waiting.pop())
        text = None if path in found else read(path)
        if text is not None:
            found[path] = text
            waiting += _loaded_by(text.decode("utf-8", "replace")) if path != ALL_TEMPLATES else ()
    return found


def _path_of(name: str) -> str:
    """Where the renderer finds a template: `./mail//hello.j2 ` is mail/hello.j2 as well."""
    parts = PurePosixPath(name.strip()).parts
    return ALL_TEMPLATES if name == ALL_TEMPLATES else "/".join((_TEMPLATES, *parts))


def _loaded_by(source: str) -> Iterator[str]:
    """The names of the templates that a template loads; all of them where it reckons one."""
    for place in _LOADS.finditer(source):
        plain = _PLAIN.match(source, place.end())
        yield plain[2] if plain else ALL_TEMPLATES


def message_act(job: Job, known: SentList) -> Act:
    """The act of a message that stands queued on the timeline, and was not queued here. Your word for it
    is good for one end of it."""
    facts, ends = job.facts, known.ends.get(job.key, 0)
    noun = sender_class(channel_of(job.action)).noun
    about = f" {facts['subject']!r}" if facts.get("subject") else ""
    to = redacted(str(facts.get("to", "?")))
    runs = secret_in_words(str(facts.get("secret", "")), "secret")
    why = "that ended here before" if ends else "queued in another clone"
    content = _digest(job.key, f"{facts_digest(facts)} {ends}")
    what = tr("{}{} to {}{}, {}", tr(noun), about, to, runs, tr(why))
    return Act(f"queue/{job.robot}/{job.key}", what, content)


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
