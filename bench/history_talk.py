"""What people and programs do about a record: calls, letters, notes, tasks, offers, robots' messages."""

from __future__ import annotations

from typing import Any

from history_files import event_id, stamp, summed
from history_letters import letters
from history_past import HOUR, Past
from history_world import DAY, OWNERS, ROBOTS, TEXTS

KINDS = ("call.out", "mail.out", "mail.in", "call.in", "note", "meeting", "message.in", "message.out",
         "call.missed", "sms.out")  # fmt: skip
WEIGHTS = (24, 22, 18, 9, 10, 5, 4, 4, 2, 2)
_COMES_IN = ("mail.in", "message.in", "call.missed")
MEAN = 8


def talk(
    past: Past, record: str, raw: dict[str, Any], begun: int, end: int, mean: int = MEAN,
    *, has_papers: bool = False,
) -> None:  # fmt: skip
    """What is said and done about a record between two moments."""
    chance, span = past.chance, max(end - begun, HOUR)
    count = min(int(chance.expovariate(1 / mean)) + 1, 60)
    owner = str(raw["owner"])
    for kind in chance.choices(KINDS, WEIGHTS, k=count):
        at = begun + 1 + int(span * chance.random())
        if at < past.now:
            _activity(past, record, raw, kind, at, owner)
    letters(past, record, begun, end)
    if has_papers:
        if chance.random() < 0.4:
            _task(past, record, owner, begun + int(span * chance.random()))
        if chance.random() < 0.6:
            _robot(past, record, begun + int(span * chance.random()))
        if raw["lines"] and chance.random() < 0.5:
            _offer(past, record, raw, begun + int(span * chance.random()))


def _activity(past: Past, record: str, raw: dict[str, Any], kind: str, at: int, owner: str) -> None:
    chance, journal = past.chance, past.journal
    who = owner if chance.random() < 0.85 else chance.choice(OWNERS)
    data: dict[str, Any] = {"text": chance.choice(TEXTS)}
    if kind.startswith("mail"):
        data["subject"] = "Re: предложение"
    if kind in ("call.in", "call.out", "meeting"):
        data["duration"] = chance.randrange(20, 1800)
    draw = chance.random()
    if draw < 0.05 and kind not in _COMES_IN:
        data["at"] = stamp(max(at - chance.randrange(60, 2 * DAY), past.start))
    if kind == "mail.in" and draw > 0.97:
        data["automatic"] = True
    contact = next(iter(raw.get("contacts") or ()), "")
    together = bool(contact) and 0.1 < draw < 0.12
    if together:
        data["with"] = [contact]
    actor = "crm" if kind in _COMES_IN else who
    number = journal.begin(at)
    journal.note(number, at, actor, kind, record, data)
    if together:
        data = {**data, "together": event_id(number), "with": [record]}
        journal.note(number + 1, at, actor, kind, contact, data)
    elif 0.2 < draw < 0.21 and at + HOUR < past.now:
        gone = {"activity": event_id(number)}
        journal.one(at + HOUR, who, "activity.deleted", record, gone)
    elif 0.22 < draw < 0.23 and at + HOUR < past.now:
        edited = {
            "activity": event_id(number),
            "kind": kind,
            "actor": actor,
            **data,
            "text": TEXTS[0],
        }
        edited.setdefault("at", stamp(at))
        journal.one(at + HOUR, who, "activity.edited", record, edited)


def _task(past: Past, record: str, owner: str, at: int) -> None:
    """A task, of a person or a robot; most are done, some of them late."""
    chance, journal = past.chance, past.journal
    due = at + chance.randrange(HOUR, 5 * DAY)
    done = at + int(chance.expovariate(1 / (2 * DAY))) + 60 if chance.random() < 0.85 else past.now
    if at >= past.now:
        return
    raw = {"id": past.records.new_id("task"), "name": "Позвонить", "about": record, "owner": owner,
           "due": stamp(due), "done_at": "", "created_at": stamp(at)}  # fmt: skip
    number = journal.begin(at)
    journal.note(number, at, owner, "task.created", raw["id"], {"sum": summed(raw)})
    if done < past.now:
        raw["done_at"] = stamp(done)
        number = journal.begin(done)
        data = {"changes": {"done_at": ["", stamp(done)]}, "command": "task done"}
        journal.note(number, done, owner, "field.changed", raw["id"], data)
        data = {"task": raw["id"], "name": raw["name"]}
        journal.note(number + 1, done, owner, "task.done", record, data)
    past.records.write(raw)


def _robot(past: Past, record: str, at: int) -> None:
    """A robot's letter: queued, started, done or failed; or skipped."""
    chance, journal = past.chance, past.journal
    if at + 600 >= past.now:
        return
    robot = chance.choice(ROBOTS)
    key = f"{chance.getrandbits(80):020x}"
    actor, queued = f"robot:{robot}", journal.begin(at)
    data: dict[str, Any] = {"key": key, "robot": robot, "action": "notify"}
    if chance.random() < 0.2:
        data["reason"] = "condition not met: amount > 0 [no: empty]"
        journal.note(queued, at, actor, "job.skipped", record, data, queued)
        return
    journal.note(queued, at, actor, "job.started", record, data, queued)
    done = journal.begin(at + 30)
    kind = "job.done" if chance.random() < 0.95 else "job.dead"
    more = {} if kind == "job.done" else {"error": "550 no such user"}
    journal.note(done, at + 30, "crm", kind, record, {**data, **more}, queued)
    if kind == "job.dead":
        journal.one(at + 500, "anna", "job.cancelled", record, {**data, "reason": "by hand"})


def _offer(past: Past, record: str, raw: dict[str, Any], at: int) -> None:
    """An offer with the deal's lines: sent, and perhaps accepted or declined."""
    chance, journal, owner = past.chance, past.journal, str(raw["owner"])
    if at + 10 * DAY >= past.now:
        return
    status = chance.choice(("sent", "accepted", "accepted", "declined"))
    past.offers += 1
    name, draft = f"КП-{stamp(at)[:4]}-{past.offers:04}", "draft"
    offer = {
        "id": past.records.new_id("offer"),
        "name": name,
        "status": draft,
        "deal": record,
        "company": raw["company"],
        "contact": next(iter(raw["contacts"]), ""),
        "date": stamp(at)[:10],
        "valid_until": stamp(at + 14 * DAY)[:10],
        "currency": raw["currency"],
        "vat_included": "yes",
        "lines": raw["lines"],
        "amount": raw["amount"],
        "owner": owner,
        "created_at": stamp(at),
    }
    data: dict[str, Any] = {
        "name": name,
        "deal": record,
        "sum": summed(offer),
        "command": "offer draft",
    }
    journal.one(at, owner, "offer.created", offer["id"], data)
    told = {
        "offer": offer["id"],
        "name": name,
        "amount": raw["amount"],
        "currency": raw["currency"],
    }
    for word in dict.fromkeys(("sent", status)):
        at += chance.randrange(HOUR, 4 * DAY)
        number = journal.begin(at)
        data = {"changes": {"status": [offer["status"], word]}, "command": f"offer {word}"}
        journal.note(number, at, owner, "field.changed", offer["id"], data)
        journal.note(number + 1, at, owner, f"offer.{word}", record, told)
        offer["status"] = word
    past.records.write(offer)
