"""crm serve: the forms of the site, and what providers call, over HTTP."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import click

from crmcli.cli.params import Verb, option
from crmcli.cli.session import Session
from crmcli.errors import Conflict, Refused
from crmcli.language import tr


@click.command(
    cls=Verb,
    params=[
        option("--port", "Port; 0 takes a free one.", "N", default=8090, at_least=0, at_most=65535),
        option("--host", "Address to listen at.", "HOST", default="127.0.0.1"),
    ],
)
def serve(session: Session, port: int, host: str) -> None:
    """Show the forms of forms.yaml as pages, and make leads of what is sent.

    /f/NAME is the page, /f/NAME.js a script that puts it into any page, /api/forms/NAME for programs,
    /hooks/call, /hooks/sms and /hooks/chat what a provider calls, /calendar/SECRET.ics the calendar of a
    user (crm calendar feed), and /healthz for who watches. What is sent is kept before it is answered,
    also while other commands write. It speaks plain HTTP to this machine alone: put Caddy or nginx
    before it. Stop it with Ctrl-C or
    SIGTERM. Needs `pip install 'crmcli[web]'`.

    Example: crm serve --port 8090
    """
    ws, out = session.workspace, session.out
    found = ws.forms.forms
    if not (find_spec("flask") and find_spec("waitress")):
        raise Refused("crm serve needs Flask and waitress", "pip install 'crmcli[web]'")
    hooks = [name for name, told in ws.settings.channels.items() if told.get("provider")]
    for name in hooks:
        _check_secrets(name, ws.settings.channels[name])
    has_feeds = any(user.feed for user in ws.settings.users.values())
    if not (found or hooks or has_feeds or ws.forms.site.address):
        raise Refused("there are no forms to show, and no provider to hear", "write forms.yaml")
    if not _is_loopback(host):
        out.note(tr("{} is open to others, without encryption: put Caddy or nginx before it", host))
    from crmcli.web.serving import serve as run

    def ready(at: int) -> None:
        paths = [
            *(f"f/{name}" for name in found),
            *(f"hooks/{name}" for name in hooks),
            "calendar/…",
        ]
        out.note(tr("serving http://{}:{}/{} until Ctrl-C", host, at, paths[0]))

    try:
        run(ws, host, port, ready)
    except OSError as error:
        said = tr("cannot listen at {}:{}: {}", host, port, error.strerror or str(error))
        raise Conflict(said, "choose another --port") from None


def _check_secrets(channel: str, declared: Mapping[str, Any]) -> None:
    """Refuse to listen where a secret is not there by which what comes in is told from what anybody sends."""
    from crmcli.channels import secrets

    for value in declared.values():
        if isinstance(value, str) and value.startswith("env:"):
            try:
                secrets.read(value)
            except secrets.NoSecret as error:
                said = tr("/hooks/{} cannot be checked: {}", channel, error.message)
                raise Refused(said, error.hint) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
