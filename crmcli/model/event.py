"""What can happen: the closed list of event kinds, and the event itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from crmcli.dataclass import dataclass, field, replace
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, having

KINDS = (
    # data of the created: stage, pipeline, robots where there are stages; sum: the first eight letters
    # of the sha256 of the file as it was made; stood: {stage: since when}, where an import knew it
    *(f"{entity}.created" for entity in ENTITIES),
    *(f"{entity}.removed" for entity in ENTITIES),
    "field.changed",      # data: changes {field: [from, to]} in raw form
    "stage.dated",        # data: stood, as an import told it of a record that was here
    "stage.entered",      # data: stage, from, pipeline; by (edit|trigger|robot) where no person did it
    "stage.renamed",      # data: stage, from, pipeline: what it is called from now on, it did not move
    "lead.converted",     # data: contact, company, deal, made [ids], unmapped [fields]
    "deal.attached", "task.done", "task.reopened", "checklist.done",
    "booking.made", "booking.cancelled",  # data: task, name; due, length
    "call.in", "call.out", "call.missed", "mail.in", "mail.out", "meeting", "note", "sms.in", "sms.out",
    "message.in", "message.out",
    # data: address, bounce (hard|soft), status (5.1.1), why; subject, from, of the message that told it
    "mail.bounced",
    # data: message (the message_id of an sms.out), why, price
    "sms.delivered", "sms.failed",
    "mail.opened",        # data: doubtful where a program of the mail server may have done it
    "mail.clicked",       # data: link; once for each link of a letter
    "preferences.set",    # data: address, text (what the client wants no more, or wants again), message_id
    "form.submitted",     # data: form, subject, text, values {field: text}, page, referrer, message_id
    # data: activity, the id of the event; of edited also kind, actor, at and all of its data as it is now
    "activity.edited", "activity.deleted",
    "signal",             # data: code; from `crm trigger fire`
    # data: channel, message_id (what is the same if it comes again), file (the sha256 under which it is
    # kept as it came), facts; of the others intake, the id of that event, and why
    "intake.kept", "intake.taken", "intake.failed", "intake.dropped",
    "offer.sent", "offer.accepted", "offer.declined", "offer.expired",
    # data: invoice, name, amount, currency; of payments also paid, at, reference, left
    *(f"invoice.{word}" for word in ("sent", "part_paid", "paid", "overdue", "cancelled")),
    "invoice.credited",   # data also: credit, the id of the credit note, and left
    *(f"credit.{word}" for word in ("sent", "part_paid", "paid", "cancelled")),
    "notice",             # data: to, text; a robot tells an employee something
    "chat.refused",       # data: to, why: the client blocked the bot, or the chat is gone
    "chat.taken", "chat.released",  # a person answers in the chat, and robots keep quiet; no more
    "alert.sent",         # data: to (a user), events [ids]: of these was told in one message
    # data: audience, clients (ids), until; of an advertising audience
    "audience.added", "audience.taken",
    "turn.taken",         # data: robot, to: whose turn it was to get the record
    "job.queued", "job.started", "job.done", "job.failed", "job.dead", "job.unknown", "job.skipped",
    "job.cancelled", "job.missed", "job.resolved", "job.awaiting",
    "job.deferred",       # data: reason, retry_at: a message may not leave yet
    "schedule.started", "schedule.ran",
    # data: heads {file: [event ids]}, since; see automation/heard_events.py; before that upto {clone: id}
    "triggers.read",
    # data: event, on, passed [[stage, why], …]: why no trigger moved the record for that event
    "trigger.passed",     # asks [ids]: where somebody is to say which of these deals is meant
    "trigger.answered",   # data: event, deal, others: what somebody said
    "robot.called",       # data: event, on, robots: these were started by that event, without a move
    # data: sequence; of started also robots, those that it has, and after, the start that it follows; by
    "sequence.started", "sequence.stopped", "sequence.resumed",
    # what crm tick finds out by itself; data: task, name, due; for (how long), since
    "task.overdue", "checklist.overdue", "record.idle", "record.unanswered",
    # data: for, message (the id of its event), and what that says: from, subject
    "message.unanswered",
    "automation.stopped",  # a loop limit was reached
    "automation.paused", "automation.resumed",  # all of it; data: reason
    # data: see model/clocks.py; and what is planned again: records, retries, schedules (numbers)
    "clock.stepped",
    # data: merged, into (ids), name (of the merged one), changes; text: the file as it was, where it
    # was written by hand. On both records and on each that links to the merged one.
    *(f"{entity}.{word}" for entity in having("mergeable") for word in ("merged", "unmerged")),
    # data: book, path, uid, etag, made, ours and theirs (digests of what each side says), yielded
    # {field: what the card said}
    "card.synced",
    "card.unlinked",      # data: book, path, uid, why
    "duplicate.denied",   # data: other, name (of the other); on both: they are not one
    "duplicate.reopened",  # the same, where that was taken back
    # data: file, from, to: the texts before and after, as attachments; renamed, of settings.yaml or
    # pipelines.yaml: what (fields, directories, stages), of which, the old and the new name
    "file.changed",
    # data: batch, entity, file, digest, span (its first and last row), turned (rows not taken), counts
    "import.part",
    "import.done",        # data: batch, entity, file, digest, rows, counts of the whole import
    # data: of (ids), lines {file: [id:hash of the line as it stands now]}, files (sha256 of those that went),
    # counts, kept {why: ids}: what was erased of a person
    "audit.anchored",     # data: heads, the ends of the audit's chains; to, who got them by mail
    "privacy.erased",
    "change.undone",      # data: undone [[first event id, last], …], the changes taken back; batch; redo
)  # fmt: skip

ACTIVITIES = ("call.in", "call.out", "call.missed", "mail.in", "mail.out", "meeting", "note",
              "sms.in", "sms.out", "message.in", "message.out", "form.submitted")  # fmt: skip
ANSWERS = ("message.out", "mail.out", "sms.out", "call.out", "meeting")
"""The activities by which one of us answers a client; a robot answers nobody."""

CHAT_TAKEN, CHAT_RELEASED, CHAT_REFUSED = "chat.taken", "chat.released", "chat.refused"
EDITED, DELETED = AMENDMENTS = ("activity.edited", "activity.deleted")
"""What is said later of an activity, on the same record: how it is now, or that it is none."""
BOUNCED = "mail.bounced"
SMS_DELIVERED, SMS_FAILED = "sms.delivered", "sms.failed"
CLICKED, OPENED, PREFERENCES = "mail.clicked", "mail.opened", "preferences.set"
KEPT, TAKEN, UNREAD, DROPPED = INTAKE = (
    "intake.kept", "intake.taken", "intake.failed", "intake.dropped",
)  # fmt: skip
"""What came in by a channel is kept as it came; then it is taken up, cannot be, or is thrown away."""
MESSAGES = ("mail.in", "mail.out", "message.in", "message.out", "sms.in", "sms.out", "call.in",
            "call.missed", "call.out", "job.queued", KEPT)  # fmt: skip
"""The kinds whose data may name a message: message_id."""
CARD_SYNCED, CARD_UNLINKED = "card.synced", "card.unlinked"
"""A contact and its card in an address book say the same, or belong together no more."""
MARKS = ("duplicate.denied", "duplicate.reopened")
"""What people have said of two records that look alike."""

ENTRIES = (*(f"{entity}.created" for entity in having("staged")), "stage.entered")
"""The kinds that mean: the record now stands in `data["stage"]`."""


RENAMED = "renamed"
"""What the event of settings.yaml says of a rename: `fields`, an entity, the old and the new name; or
`directories`, the name of one, the old and the new value; or that of pipelines.yaml: `stages`, a pipeline,
the old and the new id."""

HANDED_OVER = "handed_over"
"""The key in the data of a `field.changed` of who left, whose record went to another: no robot hears it."""

STAGE_RENAMED = "stage.renamed"
"""Where a record stands is called `data["stage"]`, in `data["pipeline"]`, from now on: it did not move."""

PASSED, ANSWERED = "trigger.passed", "trigger.answered"
ROBOT_CALLED = "robot.called"
"""An event started these robots of the stage in which the record stands, without a move."""

STARTED, STOPPED, RESUMED = SEQUENCES = (
    "sequence.started", "sequence.stopped", "sequence.resumed",
)  # fmt: skip
"""The robots of a sequence begin for a record, or end, or go on because their end was undone."""

DATED = "stage.dated"
"""What an import says later of the stages in which a record stood."""

STOOD = "stood"
"""The key in the data of a `created` or DATED event of the stages in which the record stood before."""

CREATED_VALUES = "values"
"""In the event of a part of an import: the values that it added to directories, by directory."""

COMMAND = "command"
"""The key in the data of the first event of a change of the command that made it, where that is none of
those which its kind says (USUAL)."""

USUAL = {"created": "add", "removed": "rm", "changed": "edit", "entered": "move"}
"""The verb of the command that writes an event, by the last word of its kind."""
_TOLD = ("tick", "import", "undo")
"""Commands of which an event says in other ways that they made it."""

ANCHORED = "audit.anchored"
PRIVACY_ERASED = "privacy.erased"
ERASED = "erased"
"""The first key in the data of an event whose data were erased: the hash that its line had before."""

SUM = "sum"
"""The key in the data of a `created` event of what tells whether the record was edited by hand since."""


TOGETHER = "together"
"""The key in the data of an activity of what several records share: the id of the first event of it."""


PERSON = "user:"
"""Begins the name of who acts by a queued message where a person did it."""
_MACHINE = re.compile(r"(robot|schedule):\S+")


def actor_of(robot: str) -> str:
    """Who acts, as the timeline has it, by the name in a queue: a person, a schedule or a robot."""
    if robot.startswith(PERSON):
        return robot.removeprefix(PERSON)
    return robot if ":" in robot else f"robot:{robot}"


def is_machine(actor: str) -> bool:
    """Whether that is a robot or a schedule, as whose program crm may be called."""
    return bool(_MACHINE.fullmatch(actor))


def told_actor(actor: str) -> str:
    """Who acted, in words; a person or crm as it is called."""
    kind, _, name = actor.partition(":")
    words = {
        "user": name,
        "robot": tr("robot {}", name),
        "trigger": tr("trigger {}", name),
        "schedule": tr("schedule {}", name),
    }
    return words.get(kind, actor) if name else actor


@dataclass(frozen=True, slots=True)
class Event:
    """One fact on the timeline.

    `id` is time-ordered within a clone; `cause` is the id of the event that led to it, `depth` how
    many such steps lie between it and something a person did; `data` is JSON.
    """

    id: str
    at: datetime
    actor: str
    kind: str
    record: str
    cause: str = ""
    depth: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_of_machine(self) -> bool:
        """Whether no person is behind what came in: nothing answers it."""
        return bool(self.kind in ACTIVITIES and self.data.get("automatic"))

    @property
    def happened_at(self) -> datetime:
        """When it was, which may be before it was written down."""
        at = self.data.get("at") if self.kind in ACTIVITIES else None
        return datetime.fromisoformat(at).astimezone(UTC) if isinstance(at, str) else self.at


def with_command(first: Event, command: str) -> Event:
    """The first event of a change with the command, where that is another one than its kind says."""
    verb = USUAL.get(first.kind.rpartition(".")[2])
    usual = f"{first.record.partition('-')[0]} {verb}"
    if verb is None or command == usual or command.split()[0] in _TOLD:
        return first
    return replace(first, data={**first.data, COMMAND: command})


def under_new_name(entry: Event, renaming: Event) -> Event:
    """An entry into a stage by the name that the stage was given since."""
    place = {name: renaming.data[name] for name in ("stage", "pipeline") if name in renaming.data}
    return replace(entry, data={**entry.data, **place})


def as_amended(events: Iterable[Event]) -> list[Event]:
    """Events with each activity as it was edited last, without those that were removed."""
    events = list(events)
    last = {event.data.get("activity"): event for event in events if event.kind in AMENDMENTS}
    found = []
    for event in events:
        amendment = last.get(event.id)
        if amendment is None:
            found += [event] if event.kind not in AMENDMENTS else []
        elif amendment.kind == EDITED:
            edited = edited_event(amendment)
            found.append(replace(edited, at=event.at, cause=event.cause))
    return found


def edited_event(event: Event) -> Event:
    """An activity as an amendment says it is now; any other event as it is."""
    if event.kind != EDITED:
        return event
    data = dict(event.data)
    own = {"id": data.pop("activity"), "kind": data.pop("kind"), "actor": data.pop("actor")}
    return replace(event, **own, data=data)
