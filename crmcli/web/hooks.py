"""What providers call when somebody calls or writes: checked, and kept before it is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, g, request

from crmcli.automation.approval.gate import Gate, approved_as_of
from crmcli.channels.providers import BadSignature, NoSignature, Posted, Provider, provider_of
from crmcli.channels.secrets import NoSecret
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.channels import RECEIVED
from crmcli.web.known_secrets import KnownSecrets
from crmcli.web.writer import TryLater, Writer
from crmcli.workspace import Workspace

_LONGEST_WHY = 200


class WebHooks:
    """The addresses that providers call, one a channel."""

    def __init__(self, opened: Callable[[], Workspace], writer: Writer) -> None:
        self._opened, self._writer = opened, writer
        self._lock = threading.Lock()
        self._secrets = KnownSecrets()
        self._approved: dict[str, tuple[Mapping[str, Any], tuple[int, ...]]] = {}
        """The settings of channels that may be used, and what was approved when they were looked at."""

    def take(self, channel: str, rest: str = "") -> Response:
        """Keep what a provider tells, once it is sure that it is from there."""
        ws = self._opened()
        provider = provider_of(channel, ws.settings) if channel in RECEIVED else None
        if provider is None:
            return _said(404, tr("There is no such page."))
        provider.read_secret = self._secrets.read
        try:
            if why := self._why_not(ws, channel):
                return _said(503, tr("Please try again later."), why)
            return self._answered(ws, provider, channel, _posted(provider, rest))
        except BadSignature as error:
            return _said(403, tr("The signature is not right."), _told(error))
        except TryLater as error:
            return _said(503, tr("Please try again later."), _told(error))
        except CrmError as error:  # it is not what the provider sends, or its secret cannot be had
            return _said(400, tr("This cannot be read."), _told(error))

    def _answered(self, ws: Workspace, by: Provider, channel: str, posted: Posted) -> Response:
        greeting = by.greeting(posted)
        if greeting is None:
            by.check(posted, ws.now)
            for arrived in by.arrived(posted):
                self._writer.keep(arrived, channel)  # what was told before counts once
        said = greeting or by.answer(posted)
        return Response(said.body, mimetype=said.type)

    def _why_not(self, ws: Workspace, channel: str) -> str:
        """Why the settings of a channel must not be used yet; looked at anew where they or what was
        approved have changed."""
        now = ws.settings.channels[channel], approved_as_of()
        with self._lock:
            if self._approved.get(channel) == now:
                return ""
            why = Gate(ws).why_not_channel(channel)
            if not why:
                self._approved[channel] = now
            return why


def _told(error: CrmError) -> str:
    """What the log may say of it: no message that may quote what was sent."""
    is_ours = isinstance(error, BadSignature | NoSecret | NoSignature | TryLater)
    return str(error)[:_LONGEST_WHY] if is_ours else type(error).__name__


def _said(status: int, text: str, why: str = "") -> Response:
    """A line for whoever tries the address, and what was wrong for the log."""
    g.why = why
    return Response(f"{text}\n", status, mimetype="text/plain")


def _posted(provider: Provider, rest: str) -> Posted:
    """What was called, by the address that the provider knows."""
    url = request.url
    if hook := provider.told("hook"):
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        below = f"/{rest}" if rest else ""
        url = f"{hook.rstrip('/') if below else hook}{below}{query}"
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Posted(request.get_data(), request.method, url, rest, headers)
