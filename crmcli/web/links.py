"""Links of letters: /l/TOKEN?n=NUMBER leads on to where the link led; that a person followed it is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, Response, g, request

from crmcli.channels.incoming import Arrived
from crmcli.errors import CrmError, NotFound
from crmcli.sales.letter_links import TRAP, Sent, sent
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace

CHANNEL = "click"
AT_ONCE = timedelta(seconds=10)
"""So soon after a letter has left no person has read it."""
SCANNED = timedelta(minutes=1)
"""For so long what comes of a letter whose hidden link was followed is a scanner's."""
_MOST = 10_000


def register(app: Flask, opened: Callable[[], Workspace], writer: Writer) -> None:
    """Lead on from the links of letters."""
    scanned: dict[str, datetime] = {}

    def follow(token: str) -> Response:
        ws = opened()
        ws.look_again()
        asked = request.args.get("n", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else -1
        letter = sent(ws, token, f"link {number}")
        if number == TRAP:
            if len(scanned) >= _MOST:
                scanned.clear()
            scanned[letter.letter] = ws.now
            return Response(status=204)
        if number >= len(letter.links):
            raise NotFound("no such link", "")
        if request.method == "GET" and _is_person(ws.now, letter, scanned):
            _keep(writer, letter, number)
        headers = {"Location": letter.links[number], "Referrer-Policy": "no-referrer"}
        return Response(status=302, headers=headers)

    app.add_url_rule("/l/<token>", "links", follow, methods=["GET"])


def _is_person(now: datetime, letter: Sent, scanned: dict[str, datetime]) -> bool:
    is_scanned = letter.letter in scanned and now - scanned[letter.letter] < SCANNED
    return letter.left is not None and now - letter.left.at >= AT_ONCE and not is_scanned


def _keep(writer: Writer, letter: Sent, number: int) -> None:
    """Each link of a letter counts once. Who followed it is led on, also where it cannot be kept."""
    target = letter.links[number].encode()
    try:
        writer.keep(
            Arrived(target, f"click:{number}:{letter.letter}", {"letter": letter.letter}), CHANNEL
        )
    except CrmError as error:
        g.why = str(error)
