"""Whether what was sent is welcome, doubtful or refused; what is doubtful is kept for a person to look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from flask import Request

from crmcli.channels.incoming.form import TOKEN, TRAP
from crmcli.errors import Conflict, Forbidden
from crmcli.model.form import Form
from crmcli.sales import forms
from crmcli.web.limits import Limits
from crmcli.web.tokens import QUICKEST, Tokens, UsedBefore
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace


class Foreign(Forbidden):
    """It comes from the page of a site that may not show the form."""


class TooMany(Conflict):
    """Even the quarantine has no room for it in this minute."""


class Desk:
    """Takes what was sent to the writer."""

    def __init__(self, writer: Writer, clock: Callable[[], float]) -> None:
        self._writer, self._clock = writer, clock
        self._tokens = Tokens()
        self._limits = Limits()

    def new_token(self, form: Form) -> str:
        """A token for a page that is made now."""
        return self._tokens.new(form.id, self._clock())

    def take(
        self, ws: Workspace, form: Form, content: bytes, said: Mapping[str, str], request: Request
    ) -> None:
        """Keep what was sent before this returns; Foreign, FieldsWrong, UsedBefore, TooMany or TryLater say
        why it is not kept."""
        now, site = self._clock(), ws.forms.site
        origin = request.headers.get("Origin", "")
        if origin not in ("", "null") and not may_show(
            origin, request.host, (*site.origins, *form.origins)
        ):
            raise Foreign("the form is not shown on that site")
        token = self._tokens.read(form.id, said.get(TOKEN, ""), now)
        if token is None:
            raise UsedBefore("the page is too old", "load it anew")
        arrived = forms.arrived(ws, form, content, token.name)
        most = {"per_address": site.per_address, "per_minute": site.per_minute}
        why = self._limits.count(request.remote_addr or "", now, **most)
        if said.get(TRAP):
            why = "filled in by a machine"
        elif token.age < QUICKEST:
            why = "filled in within three seconds"
        elif origin == "null":
            why = "it does not say from which site it is"
        if why:
            if not self._limits.may_hold(now, site.per_minute):
                raise TooMany("too many forms at once", "try again in a minute")
            arrived = forms.held(arrived, why)
        self._tokens.use(token, content, now)
        self._writer.keep(arrived)


def may_show(origin: str, host: str, origins: Collection[str]) -> bool:
    """Whether a page of that origin may send: our own, or one of those that are named."""
    try:
        return urlsplit(origin).netloc == host or origin in origins
    except ValueError:  # what no browser sends
        return False
