"""Calendars that phones and calendar programs subscribe to: /calendar/SECRET.ics, one for each user."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Flask, Response, request

from crmcli import language
from crmcli.errors import NotFound
from crmcli.sales.exports.calendar import calendar_of
from crmcli.sales.settings.feeds import holder
from crmcli.workspace import Workspace


def register(app: Flask, opened: Callable[[], Workspace]) -> None:
    """Show the calendars of those to whom settings.yaml gives an address."""

    def feed(token: str) -> Response:
        ws = opened()
        user = holder(ws, token)
        if user is None:
            raise NotFound("no such calendar", "")
        language.speak(ws.settings.language)
        ws.look_again()
        only_events = request.args.get("tasks") == "events"
        content = "".join(calendar_of(ws, user, only_events=only_events)).encode()
        response = Response(content, mimetype="text/calendar")
        response.set_etag(hashlib.sha256(content).hexdigest()[:32])
        response.headers["Cache-Control"] = "private, no-cache"
        response.make_conditional(request)
        return response

    app.add_url_rule("/calendar/<token>.ics", "calendar", feed, methods=["GET"])
