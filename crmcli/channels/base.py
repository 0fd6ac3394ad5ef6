"""What a channel is by which messages leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, cast

from crmcli.channels.outcome import Outcome
from crmcli.dataclass import dataclass, field
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.channels import CHANNELS
from crmcli.model.settings import Settings


class NoChannel(InvalidData):
    """Nothing is known by which a message could leave."""


class Unsound(InvalidData):
    """A message that cannot leave as it is, whatever the settings say: trying again does not help."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the queue: the key of its job, what its event says of it, and its content."""

    key: str
    facts: Mapping[str, Any]
    content: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that was read and found sound. `send` hands it over; `told` is what the timeline of its
    record says of it."""

    send: Callable[[], Outcome]
    told: Mapping[str, Any] = field(default_factory=dict)


class Sender:
    """A channel by which messages leave, as the settings set it up."""

    noun: ClassVar[str] = "a message"
    """What one of them is called."""
    event: ClassVar[str] = ""
    """The kind of event on its record's timeline that says it has left; "" for none."""
    refused: ClassVar[str] = ""
    """The kind of event that says that an address was refused."""
    knows_again: ClassVar[bool] = False
    """Whether the other side knows a message that comes again, so that one of which nobody knows whether it
    left may be sent again."""
    parted_by: ClassVar[str] = ""
    """The fact of a message by which what fails together is parted, for `lane`."""
    consent: ClassVar[str] = ""
    """What people to whom it goes may have refused, as `do_not` says it; "" where nobody is asked."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings

    @classmethod
    def name(cls) -> str:
        """The name of the channel."""
        return cls.__module__.rpartition(".")[2]

    @property
    def transport(self) -> str:
        """By what it leaves as the settings are now; a claim notes it for `may_repeat`."""
        return self.name()

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Read all of a message, before anything leaves; Unsound, or another InvalidData where it is the
        settings that are wrong."""
        action = message.facts.get("action")
        raise NoChannel(tr("crm has no channel for {!r}", action), "a newer crm may")

    @classmethod
    def shown(cls, message: Queued) -> Mapping[str, Any]:
        """What would leave, for `crm robots test`: the `text` of a message with `from`, `to` and `subject`,
        the `url` of a request with its `headers` and `body`, or what a `program` is `given`; {} for none."""
        return {}

    @classmethod
    def may_repeat(cls, transport: str) -> bool:
        """Whether a message that was claimed for a transport may be sent again."""
        return cls.knows_again and transport == cls.name()

    @classmethod
    def lane(cls, facts: Mapping[str, Any]) -> str:
        """What fails together: after some failures in a row the rest of a lane waits for the next tick."""
        return f"{cls.name()} {facts.get(cls.parted_by, '')}" if cls.parted_by else cls.name()

    @classmethod
    def places(cls, facts: Mapping[str, Any], settings: Settings) -> Sequence[str]:
        """Where acts are declared, besides the channel, that must be approved when a message leaves."""
        return ()

    @classmethod
    def programs(cls, declared: Mapping[str, Any]) -> Sequence[str]:
        """The programs under robots.d/ that its settings name."""
        return ()

    @classmethod
    def missing(cls, root: Path, settings: Settings) -> str:
        """What its settings lack, so that messages wait for it; "" if it is set up."""
        return ""

    @classmethod
    def to_approve(cls, declared: Mapping[str, Any]) -> str:
        """What its settings would let leave, in words, for whoever has to approve it; "" for nothing.
        What is secret in an address is not shown."""
        return ""


def sender_class(channel: str) -> type[Sender]:
    """The Sender in the file of a channel; by that of one which only a newer crm knows nothing leaves."""
    if channel not in CHANNELS:
        return Sender
    return cast("type[Sender]", import_module(f"{__package__}.{channel}").SENDER)


def secret_in_words(reference: str, what: str) -> str:
    """Where a secret comes from, in words; "" for one that is written nowhere."""
    kind, _, where = reference.partition(":")
    if kind == "cmd":
        return tr(", running `{}` for its {}", where, tr(what))
    return tr(", with the {} from {}", tr(what), reference) if kind in ("env", "file") else ""
