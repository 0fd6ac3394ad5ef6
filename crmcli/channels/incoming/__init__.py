"""How messages come in: kept as they came, and read when they are taken up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from crmcli.dataclass import dataclass, field
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.channels import RECEIVED
from crmcli.model.settings import Settings
from crmcli.model.values import Consent


class Unreadable(InvalidData):
    """What came in is not what the channel carries."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What has come by a channel, as it came. It has the same `key` if it comes again, also another way;
    `facts` are what its content does not say, as the mailbox in which it lay."""

    content: bytes
    key: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What something that came in says.

    `kind` is that of its event, `told` what that says (text, subject, from, number, …), `also` more
    such events. `answers` are the
    ids of messages that it answers, the nearest first. `emails`, `phones` and `handles` are by what its
    sender is known. `lead` are the values of a lead, as people write them, for a sender whom nobody
    knows; nothing makes none. `why_automatic` says why no person is behind it, so that it makes no lead,
    `why_nothing` why nothing at all comes of it.
    `adds_to` is the key of something that came in or left before, of whose event `told` says more.
    `consents` are what the sender agrees to by it; `duplicates` says what becomes of it where somebody knows
    the sender (one of `model.form.DUPLICATES`). `refuses` are the channels by which they want nothing more.
    `is_report` says that it is about a message of ours, the first of
    `answers`, which may not be written down yet.
    """

    kind: str
    told: Mapping[str, Any] = field(default_factory=dict)
    also: Sequence[Mapping[str, Any]] = ()
    answers: Sequence[str] = ()
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    handles: Sequence[str] = ()
    lead: Mapping[str, Sequence[str]] = field(default_factory=dict)
    why_automatic: str = ""
    why_nothing: str = ""
    adds_to: str = ""
    consents: Sequence[Consent] = ()
    duplicates: str = ""
    refuses: Sequence[str] = ()
    is_report: bool = False


class Receiver:
    """A channel by which messages come in, as the settings set it up."""

    def __init__(self, channel: str, root: Path, settings: Settings) -> None:
        self.channel = channel
        self.root = root
        self.settings = settings

    def fetch(self) -> Iterable[Arrived]:
        """What has come and was not acknowledged, the oldest first; nothing where others bring it."""
        return ()

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """These are kept, durably: they need not be fetched again."""

    def parts(self, arrived: Arrived) -> Sequence[Arrived]:
        """What has come, taken apart where it is a list of several."""
        return [arrived]

    def key(self, content: bytes) -> str:
        """What is the same of it if it comes again, also another way; "" where only its content is."""
        return ""

    def read(self, arrived: Arrived) -> Incoming:
        """What it says; Unreadable if it is not what the channel carries."""
        raise Unreadable(tr("crm cannot read what comes by {!r}", self.channel), "a newer crm may")


def json_of(content: bytes | str) -> Any:
    """The JSON that came in, halves of characters replaced; Unreadable if it is none, or nests too deeply."""
    try:
        whole = json.dumps(json.loads(content), ensure_ascii=False)
        return json.loads(whole.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON", 'like {"from": "+79161234567"}') from None


def object_of(content: bytes | str, hint: str = "") -> dict[str, Any]:
    """The JSON object that came in; Unreadable."""
    try:
        found = json_of(content)
    except Unreadable:
        found = None
    if not isinstance(found, dict):
        raise Unreadable("it is no JSON object", hint)
    return found


def receiver(channel: str, root: Path, settings: Settings) -> Receiver:
    """The Receiver in the file of a channel; that of one which only a newer crm knows reads nothing."""
    made = import_module(f"{__package__}.{channel}").RECEIVER if channel in RECEIVED else Receiver
    return cast("type[Receiver]", made)(channel, root, settings)
