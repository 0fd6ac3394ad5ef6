"""What a provider of calls, SMS or chat is: what it calls here when something comes in, and how it is asked
to carry out what leaves."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from crmcli.channels import secrets
from crmcli.channels.base import NoChannel, Queued
from crmcli.channels.incoming import Arrived, Incoming, Unreadable
from crmcli.channels.outcome import Outcome, Sending
from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import Forbidden, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.model.providers import PROVIDERS
from crmcli.model.settings import Settings
from crmcli.model.user import User

if TYPE_CHECKING:
    from crmcli.channels.http_exchange import Reply

BY, POSTED = "provider", "posted"
"""In the facts of what came in: the name of its provider, and of its envelope what is kept."""
MOST_PAIRS = 200
OLDEST = timedelta(days=1)
"""So old what a provider tells may be: it tries for hours where nobody answers."""
LONGEST_SKEW = timedelta(minutes=15)


class BadSignature(Forbidden):
    """It is not from the provider, or was signed long ago."""


class NoSignature(InvalidData):
    """The settings do not say by what one could tell who calls."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What was called: the method, the `url` as whoever called it knows it, with its query, the `rest` of the
    path below the address of the hook, headers by their names in small letters, and the body."""

    body: bytes = b""
    method: str = "POST"
    url: str = ""
    rest: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        """The query of the address by name; the last where one comes twice."""
        return dict(pairs(urlsplit(self.url).query))

    @property
    def form(self) -> dict[str, str]:
        """The body as a form, by name; Unreadable if it is none."""
        try:
            return dict(pairs(self.body.decode()))
        except UnicodeDecodeError:
            raise Unreadable("it is not UTF-8") from None

    @property
    def given(self) -> dict[str, str]:
        """What is told, in the body or, once that is kept, as a query."""
        return self.form if self.body else self.query

    @property
    def type(self) -> str:
        """What the body is: application/json."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider hears back."""

    body: str = ""
    type: str = "text/plain"


class Provider:
    """A provider as the settings of one channel name it."""

    starts_calls: ClassVar[bool] = False
    """Whether it can be told to connect a user with a client."""

    def __init__(self, channel: str, settings: Settings, declared: Mapping[str, Any]) -> None:
        self.read_secret: Callable[[str], str] = secrets.read
        self.channel = channel
        self.settings = settings
        self.declared = declared
        self.secrets: set[str] = set()
        """Those that were read, which no answer may repeat."""

    @classmethod
    def name(cls) -> str:
        """The name of the provider."""
        return cls.__module__.rpartition(".")[2]

    def told(self, key: str) -> str:
        """A setting as text; "" where it is not given."""
        return str(self.declared.get(key) or "")

    def secret(self, key: str) -> str:
        """The secret that a key of the settings points to; NoSecret."""
        found = self.read_secret(self.told(key))
        self.secrets |= {found} if found else set()
        return found

    @property
    def secret_names(self) -> Sequence[str]:
        """By which names, in small letters, the query of the address holds secrets."""
        return ()

    def greeting(self, posted: Posted) -> Answer | None:
        """What it hears when it only asks whether somebody is there; None for anything else."""
        return None

    def check(self, posted: Posted, now: datetime) -> None:
        """See that it is from the provider, and not from long ago; BadSignature, Unreadable."""
        raise BadSignature(tr("{} signs nothing that crm could check", tr(self.name())))

    def arrived(self, posted: Posted) -> Sequence[Arrived]:
        """What has come with it, to be kept, without secrets. Each has a key that is the same if it comes
        again."""
        if self.secret_names:
            parts = urlsplit(posted.url)
            rest = [pair for pair in pairs(parts.query) if pair[0].lower() not in self.secret_names]
            posted = replace(posted, url=parts._replace(query=urlencode(rest)).geturl())
        kept = {"rest": posted.rest, "type": posted.type}
        facts = {BY: self.name(), POSTED: {name: text for name, text in kept.items() if text}}
        content = posted.body or urlsplit(posted.url).query.encode()
        return [Arrived(content, self.key(posted), facts)]

    def key(self, posted: Posted) -> str:
        """The key of what has come; "" where its content is what makes it the same."""
        return ""

    def read(self, posted: Posted) -> Incoming:
        """What it says; Unreadable if it is not what the provider sends."""
        raise Unreadable(tr("nothing comes in by {!r}", self.name()))

    def answer(self, posted: Posted) -> Answer:
        """What it hears once it is kept."""
        return Answer()

    def why_not_out(self) -> str:
        """Why it takes nothing that leaves by its channel, "" if it does."""
        if self.channel in PROVIDERS[self.name()].out:
            return ""
        hint = f"channels: {{{self.channel}: {{run: NAME}}}}"
        return tr("{} takes no such messages: let a program do it, {}", self.name(), hint)

    def prepared(self, message: Queued, given: Mapping[str, Any], now: datetime) -> Sending:
        """What hands a message over, at most once; Unsound if it cannot leave as it is."""
        raise NoChannel(self.why_not_out())

    def connecting(self, to: str, by: User, key: str, now: datetime) -> Sending:
        """What starts a call: the provider calls a user first, then the client; Refused where it cannot."""
        raise Refused(tr("the provider {} cannot start calls", self.name()), "see crm help calls")

    def asking(
        self, url: str, read: Callable[[Reply], Outcome], form: Mapping[str, str] | None = None,
        hidden: Sequence[str] = (), **headers: str,
    ) -> Sending:  # fmt: skip
        """What asks its API, by GET or with a form; no answer repeats its secrets, nor what is `hidden`."""
        from crmcli.channels.http_api import FORM, Request, ask

        secrets, allow = [*self.secrets, *hidden], self.settings.webhook.allow
        request = Request(url, b"", headers, "GET", secrets)
        if form is not None:
            headers["Content-Type"] = FORM
            request = Request(url, urlencode(form).encode(), headers, secrets=secrets)
        return partial(ask, request, allow, read)

    def extension_of(self, by: User) -> str:
        """The extension of a user; Refused where the settings name none."""
        if not by.extensions:
            said = tr("{} has no extension", by)
            raise Refused(said, tr("users: {{{}: {{extensions: [101]}}}} in settings.yaml", by.id))
        return by.extensions[0]


def check_same(why: str, said: str, *wanted: str) -> None:
    """See that a secret or a signature is one that is wanted; BadSignature that says `why`."""
    if not any(hmac.compare_digest(one.encode(), said.encode()) for one in wanted):
        raise BadSignature(why)


def check_age(moment: datetime, now: datetime, oldest: timedelta = OLDEST) -> None:
    """See that something was not signed long ago, nor for later; BadSignature."""
    if not -LONGEST_SKEW < now - moment < oldest:
        dated = moment.strftime("%Y-%m-%d %H:%M %Z")
        raise BadSignature(tr("it is dated {}: too old, or ahead of this clock", dated))


def provider_class(name: str) -> type[Provider]:
    """The class in the file of a provider; NotFound for one that only a newer crm knows."""
    if name not in PROVIDERS:
        raise NotFound(tr("crm does not know the provider {!r}", name), "a newer crm may")
    return cast("type[Provider]", import_module(f"{__package__}.{name}").PROVIDER)


def provider_named(name: str, channel: str, settings: Settings) -> Provider:
    """A provider by its name, with its settings where it is the one that they name."""
    declared = settings.channels.get(channel, {})
    mine = declared if declared.get(BY) == name else {}
    return provider_class(name)(channel, settings, mine)


def provider_of(channel: str, settings: Settings) -> Provider | None:
    """The provider that the settings name for a channel; None if they name none."""
    name = str(settings.channels.get(channel, {}).get(BY) or "")
    return provider_named(name, channel, settings) if name else None


def by_provider(channel: str, settings: Settings, arrived: Arrived) -> Incoming | None:
    """What a provider says that is kept; None if it came without one."""
    name = str(arrived.facts.get(BY) or "")
    if not name:
        return None
    envelope = arrived.facts.get(POSTED) or {}
    kind = {"content-type": str(envelope.get("type", ""))}
    posted = Posted(arrived.content, rest=str(envelope.get("rest", "")), headers=kind)
    return provider_named(name, channel, settings).read(posted)


def pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a query or of a form; Unreadable if it is neither."""
    try:
        return parse_qsl(
            text.strip("\r\n"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PAIRS
        )
    except ValueError:
        raise Unreadable("it is no form", "") from None
