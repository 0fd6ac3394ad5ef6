"""Messages to somebody's phone: handed over, as the settings say, to a program or a web address.

At most once by themselves: a provider would take a second one for another message, and ask money for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from crmcli.channels import own, secrets, webhook
from crmcli.channels.base import NoChannel, Prepared, Queued, Sender, Unsound, secret_in_words
from crmcli.channels.outcome import Outcome, Sent
from crmcli.channels.providers import provider_of
from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.providers import PROVIDERS, Key
from crmcli.model.redaction import redacted
from crmcli.model.settings import Settings
from crmcli.store import layout

GUIDES = {"sms": "sms", "chat": "chat", "call": "calls"}
"""The topic of crm help that says how a channel is set up; one of somebody's own: own."""
PLACES = ("url", "smpp", "folder")
"""The kinds of keys of providers that say where something goes."""


class Handover(Sender):
    """A channel whose messages a program of robots.d/ or a web address takes."""

    nouns: ClassVar[str] = "messages"

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Read the message that was kept, and who takes it."""
        if missing := self.missing(self.root, self.settings):
            raise NoChannel(missing)
        given = json.loads(message.content)
        if given["to"] != message.facts.get("to"):
            queued = message.facts.get("to")
            raise Unsound(tr("it is for {}, and was queued for {}", given["to"], queued))
        declared = self.settings.channels[self.name()]
        told = {"text": given["text"], "to": given["to"], "number": given["to"]}
        if program := declared.get("run"):
            path = own.executable(self.root, program)
            run = partial(own.run, path, message, self.root, at_most_once=True)
            return Prepared(partial(_named, self.name(), run), told)
        if provider := provider_of(self.name(), self.settings):
            return Prepared(provider.prepared(message, given, now), told)
        secret = secrets.read(declared["secret"])
        hook = webhook.Hook(declared["url"], given, message.key, secret)
        allow = self.settings.webhook.allow
        post = partial(webhook.post, hook, now, allow, at_most_once=True)
        return Prepared(partial(_named, self.name(), post), told)

    @classmethod
    def shown(cls, message: Queued) -> dict[str, str]:
        """What it says, to whom."""
        given = json.loads(message.content)
        return {"to": given["to"], "text": given["text"]}

    @classmethod
    def missing(cls, root: Path, settings: Settings) -> str:
        """Whether nobody is named who takes them, or the program is not there."""
        declared = settings.channels.get(cls.name(), {})
        try:
            if program := declared.get("run"):
                own.executable(root, program)
        except own.BadProgram as error:
            return error.message
        if program or declared.get("url"):
            return ""
        if provider := provider_of(cls.name(), settings):
            return provider.why_not_out()
        guide = GUIDES.get(cls.name(), "own")
        how = f"channels: {{{cls.name()}: {{{'run' if guide == 'own' else 'provider'}: NAME}}}}"
        told = "{} are not set up: {} in settings.yaml, see crm help {}"
        return tr(told, tr(cls.nouns), how, guide)

    @classmethod
    def places(cls, facts: Mapping[str, Any], settings: Settings) -> list[str]:
        """The program that takes them may have changed since."""
        declared = settings.channels.get(cls.name(), {})
        return [layout.program_path(name) for name in cls.programs(declared)]

    @classmethod
    def programs(cls, declared: Mapping[str, Any]) -> list[str]:
        """The program that takes them, if it is one."""
        return [str(declared["run"])] if declared.get("run") else []

    @classmethod
    def to_approve(cls, declared: Mapping[str, Any]) -> str:
        """Who takes them, and who is asked on whose word."""
        named = str(declared.get("provider") or "")
        keys = PROVIDERS[named].keys if named in PROVIDERS else {"secret": Key("", "secret")}
        hidden = [key for key, row in keys.items() if row.kind == "secret"]
        secret = "".join(secret_in_words(str(declared.get(key) or ""), key) for key in hidden)
        places = [key for key, row in keys.items() if row.kind in PLACES and key != "hook"]
        told = [redacted(str(declared[key])) for key in ("url", *places) if declared.get(key)]
        taker = "".join(map(layout.program_path, cls.programs(declared))) or ", ".join(told)
        if named:
            taker = tr("{} ({})", named, taker) if taker else named
        return tr("{} go to {}{}", tr(cls.nouns), taker, secret)


def _named(channel: str, send: Callable[[], Outcome]) -> Outcome:
    """Send; an `id` among the values that come back is that by which reports of delivery name it."""
    outcome = send()
    given = dict(outcome.values).get("id", "") if isinstance(outcome, Sent) else ""
    if not given or not isinstance(outcome, Sent):
        return outcome
    return replace(outcome, told={"message_id": f"{channel}:{given}"})
