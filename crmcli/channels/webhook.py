"""Posting JSON to a web address that somebody wrote into the pipelines: never to an inner one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from crmcli.channels import secrets
from crmcli.channels.base import Prepared, Queued, Sender
from crmcli.channels.http_api import Request, ask
from crmcli.channels.http_exchange import SECONDS, BadHook
from crmcli.channels.outcome import Outcome
from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.redaction import redacted, secrets_of

MAX_BODY = 256 * 1024
_OURS = ("host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te",
         "trailer", "proxy-authorization", "idempotency-key", "user-agent", "expect")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hook:
    """A call to be made: where to, with what. `secret` signs it; `key` is the job's key."""

    url: str
    body: object
    key: str
    secret: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def post(
    hook: Hook,
    at: datetime,
    allow: Sequence[str] = (),
    seconds: float = SECONDS,
    *,
    at_most_once: bool = False,
) -> Outcome:
    """Post the body as JSON; `allow` lists host:port of inner addresses that are right to call.

    The same hook has the same body and the same `webhook-id` each time, so the other side can tell
    a repetition; therefore what went wrong on the way is Failed, to be tried again, and Unknown only where it
    must get there `at_most_once`.
    The signature is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. BadHook for an
    address, header or body that cannot be sent.
    """
    data = _json(hook.body)
    told = {*secrets_of(hook.url), hook.secret, *hook.headers.values()}
    request = Request(hook.url, data, _headers(hook, data, int(at.timestamp())), secrets=told)
    return ask(request, allow, seconds=seconds, at_most_once=at_most_once)


class Webhook(Sender):
    """Calls of the addresses that robots name."""

    noun = "a call"
    knows_again = True
    parted_by = "to"

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Read the call that was kept, and the secret that signs it."""
        call = json.loads(message.content)
        secret = secrets.read(str(message.facts.get("secret", "")))
        hook = Hook(call["url"], call["body"], message.key, secret, call["headers"])
        return Prepared(partial(post, hook, now, self.settings.webhook.allow))

    @classmethod
    def shown(cls, message: Queued) -> dict[str, Any]:
        """The call, without what is secret in its address."""
        return {**json.loads(message.content), "url": redacted(str(message.facts["to"]))}

    @classmethod
    def to_approve(cls, declared: Mapping[str, Any]) -> str:
        """Which inner addresses may be called."""
        allow = declared.get("allow")
        allowed = ", ".join(map(str, allow if isinstance(allow, list) else ()))
        return tr("web hooks may also call {}", allowed)


SENDER = Webhook


def _json(body: object) -> bytes:
    try:
        data = json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        hint = "use texts, numbers, lists and maps"
        raise BadHook(tr("the body is not JSON: {}", error), hint) from None
    if len(data) > MAX_BODY:
        raise BadHook(tr("the body is longer than {} KB", MAX_BODY // 1024), "send less")
    return data


def _headers(hook: Hook, data: bytes, timestamp: int) -> dict[str, str]:
    own = {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": hook.key,
        "webhook-timestamp": str(timestamp),
        "Idempotency-Key": hook.key,
    }
    if hook.secret:
        own["webhook-signature"] = sign(hook.secret, hook.key, timestamp, data)
    for name, value in hook.headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]+", name) or name.lower().startswith("webhook-"):
            raise BadHook(tr("{!r} cannot be set as a header", name), "leave it out")
        if name.lower() in _OURS or not value.isascii():
            raise BadHook(tr("the header {} cannot have that value", name), "leave it out")
        own[name] = value
    return own


def sign(secret: str, key: str, timestamp: int, data: bytes) -> str:
    """The signature of a call; a secret `whsec_…` is base64, any other one is taken as it is."""
    raw = secret.encode()
    if secret.startswith("whsec_"):
        try:
            raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            told = "the secret begins with whsec_ but is not base64"
            raise BadHook(told, "copy it whole") from None
    signed = f"{key}.{timestamp}.".encode() + data
    return "v1," + base64.b64encode(hmac.digest(raw, signed, hashlib.sha256)).decode()
