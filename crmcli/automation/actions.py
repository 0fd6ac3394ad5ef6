"""What robots and schedules can do: each action within an open change, by the verbs that people use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from crmcli.automation.ledger import job_key
from crmcli.automation.work_time import shift
from crmcli.errors import BadUsage
from crmcli.model.fields import Record
from crmcli.model.redaction import redacted
from crmcli.model.values import ID_LETTERS, parse_duration
from crmcli.sales import activities, stages
from crmcli.sales.add import build
from crmcli.sales.consent.permission import why_not_mail
from crmcli.sales.documents import messages
from crmcli.sales.records.edit import Edit, edit_in
from crmcli.sales.records.given_values import read_values
from crmcli.store.records.repository import Change
from crmcli.store.timeline import sent
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import Message


OWNER = "owner"
"""The word by which a robot means the record's owner, whoever that is."""


@dataclass(frozen=True)
class Work:
    """One act: who does what for which record, in which open change.

    `record` is None where a schedule acts once for a whole selection. `names` is what templates see.
    """

    ws: Workspace
    change: Change
    record: Record | None
    who: str
    action: str
    params: Mapping[str, Any]
    key: str
    names: Mapping[str, object]

    @property
    def target(self) -> str:
        """The record on which the events of this act stand, if any."""
        return self.record.id if self.record else ""

    def text(self, name: str, default: str = "") -> str:
        """A parameter with its template filled in."""
        return self.fill(self.params.get(name, default), name).strip()

    def fill(self, source: object, name: str) -> str:
        """A text with its template filled in; TemplateFailed names the robot and the parameter."""
        renderer = messages.renderer(self.ws)
        return renderer.render_inline(str(source), self.names, f"{self.who}, {name}")


@dataclass(frozen=True, slots=True)
class Effect:
    """How an act ended: done, queued or skipped, with what the ledger keeps of it."""

    word: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def act(work: Work) -> Effect:
    """Do it, and write the line of the ledger, in the one open change.

    Refusals of the verbs and of the templates are raised before anything is written.
    """
    effect = _ACTIONS[work.action](work)
    enter(work.change, effect.word, work.target, work.key, work.who, work.action, **effect.facts)
    return effect


def enter(
    change: Change, word: str, target: str, key: str, who: str, action: str, **facts: Any
) -> None:
    """Write one line of the ledger: `job.<word>` with the job's key; `who` is the acting robot.

    Everybody who has the folder can read it, so what is secret in an address does not stand there.
    """
    shown = {k: redacted(v) if isinstance(v, str) else v for k, v in facts.items()}
    given = {"key": key, "robot": who.removeprefix("robot:"), "action": action, **shown}
    data = {name: value for name, value in given.items() if value not in ("", None)}
    if word == "queued":
        change.note_sent(sent.queued_line(key, data))
    change.note(f"job.{word}", target, data)


def _task(work: Work) -> Effect:
    """A task whose id follows from the job's key: made again elsewhere, it is the same one."""
    task_id = task_id_of(work.key)
    if work.ws.exists(task_id):
        return Effect("done", {"task": task_id, "found": True})
    given = {name: [text] for name in ("comment", "owner") if (text := work.text(name))}
    if given.get("owner") == [OWNER]:  # as for notify; it is so without saying, too
        del given["owner"]
    values = read_values(work.ws, "task", {"name": [work.text("title")], **given})
    values["owner"] = values.get("owner") or (work.record.get("owner") if work.record else "")
    values["about"] = work.record.id if work.record else ""
    values["due"] = _due(work)
    work.change.add(build(work.ws, "task", values, task_id))
    return Effect("done", {"task": task_id})


def task_id_of(key: str) -> str:
    """The id of the task that a job makes."""
    number = int(key, 16)
    return "task-" + "".join(ID_LETTERS[number >> 5 * n & 31] for n in range(8))


def _due(work: Work) -> datetime | None:
    text = work.text("due")
    if not text:
        return None
    try:
        return shift(work.ws.now, parse_duration(text.removeprefix("+")), work.ws.zone)
    except ValueError:
        value = read_values(work.ws, "task", {"due": [text]})["due"]
        return value if isinstance(value, datetime) else None


def _set(work: Work) -> Effect:
    """Set fields; `tags: +vip` adds and `tags: -vip` takes away."""
    put: dict[str, list[str]] = {}
    more: dict[str, list[str]] = {}
    less: dict[str, list[str]] = {}
    for name, given in work.params.items():
        for source in given if isinstance(given, list) else [given]:
            text = work.fill(source, name)
            many = work.ws.schema.field(_record(work).entity, name).is_many
            into = {"+": more, "-": less}.get(text[:1], put) if many else put
            into.setdefault(name, []).append(text if into is put else text[1:].strip())
    before = _record(work)
    after = edit_in(work.change, work.ws, before.id, Edit(put, more, less))
    return Effect("done", {"changed": sorted(work.change.differences(before, after))})


def _move(work: Work) -> Effect:
    reason = work.text("reason")
    moved = stages.move_in(
        work.change, work.ws, _record(work), work.text("stage"), reason=reason, reopen=True,
        data={"by": "robot"},
    )  # fmt: skip
    return Effect("done", {"stage": moved.stage.id, "from": moved.origin})


def _comment(work: Work) -> Effect:
    activities.log_in(work.change, work.target, "note", work.text("text"))
    return Effect("done")


def _notify(work: Work) -> Effect:
    """A notice on the timeline, and a letter to whoever has an address in settings.yaml."""
    text = work.text("text")
    users = _users(work)
    if not users:
        why = "'to' is empty" if "to" in work.params else "the record has no owner"
        return Effect("skipped", {"reason": f"there is nobody to notify: {why}"})
    mails = [
        (key := job_key(work.key, work.target, "mail", user), _notice(work, text, known.email, key))
        for user in users
        if (known := work.ws.settings.users.get(user)) and known.email
    ]
    kept = [(key, _kept(work, mail)) for key, mail in mails]
    # From here on nothing can be refused: half a notification must not stand in the change.
    for user in users:
        work.change.note("notice", work.target, {"to": user, "text": text})
    for key, facts in kept:
        enter(work.change, "queued", work.target, key, work.who, "email", **facts, notice="yes")
    return Effect("done", {"to": users})


def _notice(work: Work, text: str, to: str, key: str) -> Message:
    """The letter to an employee: the notice, and which record it is about."""
    from crmcli.render import Letter

    about = f"{work.record.get('name')} ({work.record.id})" if work.record else work.who
    first = text.strip().split("\n")[0]
    letter = Letter(subject=first[:120] or about, text=f"{text}\n\n{about}\n")
    return messages.message_of(work.ws, letter, (to,), key=key, automatic=True)


def _users(work: Work) -> list[str]:
    """Whom to notify: by id, name or e-mail; the record's owner unless the robot names others."""
    given = work.params.get("to") or [OWNER]
    found: list[str] = []
    for source in given if isinstance(given, list) else str(given).split(","):
        word = work.fill(source, "to").strip()
        if word == OWNER:
            word = str(work.record.get("owner")) if work.record else work.ws.user
        if word:
            found.append(work.ws.user_id(word))
    return list(dict.fromkeys(found))


def _email(work: Work) -> Effect:
    """Render the letter and put it into the queue; nothing leaves before the change is written."""
    template = work.text("template")
    to = tuple(part.strip() for part in work.text("to").split(",") if part.strip())
    if work.record is None:
        letter = messages.renderer(work.ws).render_letter(template, work.names)
        message = messages.message_of(work.ws, letter, to, key=work.key, automatic=True)
        return _queued(work, message)
    try:
        message = messages.letter_for(
            work.ws, template, work.record, key=work.key, to=to, automatic=True
        )
    except messages.NoAddress:
        return Effect("skipped", {"reason": "there is no e-mail address"})
    return _queued(work, message)


def _queued(work: Work, message: Message) -> Effect:
    """The letter in the queue, unless whoever it is for must not be mailed."""
    why = why_not_mail(work.ws, work.record, message.to)
    return Effect("skipped", {"reason": why}) if why else Effect("queued", _kept(work, message))


def _kept(work: Work, message: Message) -> dict[str, Any]:
    """Keep the letter as it will leave; what the ledger says of it."""
    from crmcli.channels.message import to_bytes

    sha = work.change.attach(to_bytes(message, wire=False))
    return {"to": ", ".join(message.to), "subject": message.subject, "file": sha}


def _webhook(work: Work) -> Effect:
    """Put a call into the queue: by default it tells the record."""
    body = work.params.get("body")
    headers = work.params.get("headers") or {}
    call = {
        "url": work.text("url"),
        "body": _filled(work, body) if body else {"event": work.who, **_told(work)},
        "headers": {name: work.fill(text, f"headers.{name}") for name, text in headers.items()},
    }
    sha = work.change.attach(json.dumps(call, ensure_ascii=False, sort_keys=True).encode())
    return Effect("queued", {"to": call["url"], "file": sha, "secret": work.params.get("secret")})


def _told(work: Work) -> dict[str, Any]:
    if work.record is None:
        return {
            "records": [row["id"] for row in cast("list[dict[str, Any]]", work.names["records"])]
        }
    return {work.record.entity: work.ws.schema.write(work.record)}


def _filled(work: Work, value: Any) -> Any:
    """A body of maps and lists with every text in it filled in."""
    if isinstance(value, Mapping):
        return {name: _filled(work, part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_filled(work, part) for part in value]
    return work.fill(value, "body")


def _record(work: Work) -> Record:
    if work.record is None:
        raise BadUsage(f"{work.who} does {work.action!r} once, which needs a record", "drop once:")
    return work.record


_ACTIONS: Mapping[str, Callable[[Work], Effect]] = {
    "task": _task,
    "set": _set,
    "move": _move,
    "comment": _comment,
    "notify": _notify,
    "email": _email,
    "webhook": _webhook,
}
