"""What was queued on this machine and what left it, as the lines of its own list tell it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from crmcli.dataclass import dataclass, field
from crmcli.model.values import parse_instant


class Claim(NamedTuple):
    """One message or call that left, or was about to: the `number`-th time that its job was begun."""

    key: str
    number: int
    record: str
    robot: str
    action: str
    to: str
    at: str


@dataclass
class SentList:
    """All that this machine noted: what was queued under each key, the last claim of each, how often
    each has ended, and those that are over. `size` is how much of the list was read."""

    size: int = 0
    queued: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)

    def lets(self, key: str, facts: Mapping[str, Any]) -> bool:
        """Whether exactly that was queued here, and has not ended here since."""
        return self.queued.get(key) == facts_digest(facts) and key not in self.over

    def take(self, line: bytes) -> None:
        """Add what a line says; ValueError, TypeError or KeyError if it is damaged."""
        facts = json.loads(line)
        if "queued" in facts:
            self.queued[facts["queued"]] = facts["content"]
            self.over.discard(facts["queued"])
        elif "ended" in facts:
            self.ends[facts["ended"]] = self.ends.get(facts["ended"], 0) + 1
            self.over.add(facts["ended"])
        elif "again" in facts:
            self.over.discard(facts["again"])
        else:
            texts = (str(facts.get(name, "")) for name in Claim._fields[2:])
            claim = Claim(facts["claimed"], int(facts["number"]), *texts)
            parse_instant(claim.at)
            known = self.claims.get(claim.key)
            if known is None or claim.number > known.number:
                self.claims[claim.key] = claim


def facts_digest(facts: Mapping[str, Any]) -> str:
    """A digest of all that a queued event says: the message, and how it is to leave."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def queued_line(key: str, facts: Mapping[str, Any]) -> bytes:
    """The line that notes that a message was queued here."""
    return _line({"queued": key, "content": facts_digest(facts)})


def ended_line(key: str) -> bytes:
    """The line that notes that a message has left or been given up here: no event may revive it."""
    return _line({"ended": key})


def again_line(key: str) -> bytes:
    """The line that notes that somebody here wants it to be tried again."""
    return _line({"again": key})


def claimed_line(claim: Claim) -> bytes:
    """The line that notes that a message is about to leave."""
    facts = {name: value for name, value in claim._asdict().items() if name != "key" and value}
    return _line({"claimed": claim.key, **facts})


def _line(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
