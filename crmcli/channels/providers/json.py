"""Any web hook that posts JSON or a form: the settings say where in it what stands, and how it is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crmcli.channels.incoming import Arrived, Incoming, Unreadable, json_of, receiver
from crmcli.channels.providers import (
    BadSignature,
    NoSignature,
    Posted,
    Provider,
    check_age,
    check_same,
)

SKIP, ADDS = "skip", "adds"
"""What a table of values may make of the value of any field: nothing comes of it; it says more of the one
that came before with the same id."""
NEWEST = timedelta(minutes=5)
_STEP = re.compile(r"[^.\[\]]+")


class Json(Provider):
    """A provider of whom the settings say all."""

    def check(self, posted: Posted, now: datetime) -> None:
        """A token that both know, in a header or the query, or an HMAC of what is posted."""
        if token := self.secret("token"):
            [name] = self.secret_names
            said = posted.headers.get(name) or posted.query.get(name, "")
            check_same("the token is not the right one", said.removeprefix("Bearer "), token)
        if secret := self.secret("secret"):
            self._check_signature(posted, secret, now)
        if not (self.told("token") or self.told("secret")):
            raise NoSignature("nothing tells who calls", "give token: or secret: in settings.yaml")

    @property
    def secret_names(self) -> Sequence[str]:
        """Where the token is, a header or a part of the query."""
        return ((self.told("token_in") or "token").lower(),)

    def _check_signature(self, posted: Posted, secret: str, now: datetime) -> None:
        rules: Mapping[str, str] = self.declared.get("signature") or {}
        stamp = posted.headers.get((rules.get("timestamp") or "").lower(), "")
        if rules.get("timestamp"):
            check_age(_stamped(stamp), now, NEWEST)
        signed = (rules.get("of") or "{body}").encode()
        signed = signed.replace(b"{timestamp}", stamp.encode())
        signed = signed.replace(b"{url}", posted.url.encode()).replace(b"{body}", posted.body)
        digest = hmac.digest(secret.encode(), signed, rules.get("hash") or "sha256")
        is_hex = (rules.get("as") or "hex") == "hex"
        wanted = digest.hex() if is_hex else base64.b64encode(digest).decode()
        said = posted.headers.get((rules.get("header") or "X-Signature").lower(), "")
        said = said.removeprefix(rules.get("prefix") or "")
        check_same("the signature is not the right one", said.lower() if is_hex else said, wanted)

    def key(self, posted: Posted) -> str:
        """What has an id counts once, by it; what only says more, or nothing, by all that it says."""
        found, words = self._mapped(posted)
        name = str(found.get("id") or "")
        if not name:
            return ""
        if words:
            content = posted.body or urlsplit(posted.url).query.encode()
            return f"{self._key_of(name)}:{hashlib.sha256(content).hexdigest()[:16]}"
        return self._key_of(name, str(found.get("status") or ""))

    def read(self, posted: Posted) -> Incoming:
        """It, by the names that crm has for it; from there on it is as if it had come in these."""
        found, words = self._mapped(posted)
        if SKIP in words:
            return Incoming(f"{self.channel}.in", why_nothing="the settings let it pass by")
        if ADDS in words:
            names = ("recording", "text", "duration")
            told = {name: found[name] for name in names if found.get(name) not in (None, "")}
            return Incoming(f"{self.channel}.in", told, adds_to=self._key_of(str(found.get("id"))))
        told = {name: value for name, value in found.items() if value is not None}
        content = json.dumps(told, ensure_ascii=False).encode()
        return receiver(self.channel, Path(), self.settings).read(Arrived(content))

    def _key_of(self, name: str, state: str = "") -> str:
        """An SMS has its key by the channel: `sms:ID` is one of ours, and each of its states counts."""
        return f"sms:in:{name}:{state}" if self.channel == "sms" else f"{self.channel}:{name}"

    def _mapped(self, posted: Posted) -> tuple[dict[str, Any], set[str]]:
        """What stands at the places that the settings name, each value as they translate it; and
        which of SKIP and ADDS they make of one, for a client may write these words too."""
        whole = _whole(posted)
        fields: Mapping[str, str] = self.declared.get("fields") or {}
        tables: Mapping[str, Mapping[str, str]] = self.declared.get("values") or {}
        found = {name: _at(whole, path) for name, path in fields.items()}
        found = found or (whole if isinstance(whole, dict) else {})
        plain = {k: v for k, v in found.items() if isinstance(v, str | int | float | None)}
        made = {
            name: str(tables[name][_word(value)])
            for name, value in plain.items()
            if _word(value) in tables.get(name, {})
        }
        words = {SKIP, ADDS} & {*made.values()}
        return {k: v for k, v in {**plain, **made}.items() if made.get(k) not in words}, words


PROVIDER = Json


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole(posted: Posted) -> Any:
    """All that was posted: JSON, or a form, whose values may be JSON in their turn."""
    text = posted.body.strip()
    if text[:1] in (b"{", b"["):
        return json_of(text)
    return posted.form if text else posted.query


def _at(whole: Any, path: str) -> Any:
    """What stands at a path, as data.calls[0].from; None where nothing does."""
    here = whole
    for step in _STEP.findall(path):
        if isinstance(here, str) and here[:1] in "{[":
            try:
                here = json_of(here)
            except Unreadable:
                return None
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    return here


def _stamped(text: str) -> datetime:
    """The moment of a time stamp, in seconds or milliseconds since 1970, or as ISO 8601 has it."""
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise BadSignature("the time stamp cannot be read") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
