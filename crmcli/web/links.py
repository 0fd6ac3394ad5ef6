"""Links of letters: /l/TOKEN?n=NUMBER leads on to where the link led; that a person followed it is kept.
/o/TOKEN is the picture that tells that a letter was opened."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, Response, g, request

from crmcli.channels.incoming import Arrived
from crmcli.errors import CrmError, NotFound
from crmcli.sales.letter_links import OPEN, TRAP, SentLetter, sent
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace

CHANNEL = "click"
AT_ONCE = timedelta(seconds=10)
"""So soon after a letter has left no person has read it."""
SCANNED = timedelta(minutes=1)
"""For so long what comes of a letter whose hidden link was followed is a scanner's."""
_MOST = 10_000
_DOT = b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A picture of one transparent point."""


def register(app: Flask, opened: Callable[[], Workspace], writer: Writer) -> None:
    """Lead on from the links of letters."""
    scanned: dict[str, datetime] = {}

    def follow(token: str) -> Response:
        ws = opened()
        ws.look_again()
        asked = request.args.get("n", "")
        number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else -1
        letter = sent(ws, token, f"link {number}")
        if number == TRAP:
            if len(scanned) >= _MOST:
                scanned.clear()
            scanned[letter.letter] = ws.now
            return Response(status=204)
        if number >= len(letter.links):
            raise NotFound("no such link", "")
        if request.method == "GET" and _is_person(ws.now, letter, scanned):
            facts = {"letter": letter.letter}
            key = f"click:{number}:{letter.letter}"
            _keep(writer, Arrived(letter.links[number].encode(), key, facts))
        headers = {"Location": letter.links[number], "Referrer-Policy": "no-referrer"}
        return Response(status=302, headers=headers)

    def opened_letter(token: str) -> Response:
        ws = opened()
        ws.look_again()
        letter = sent(ws, token, OPEN)
        if request.method == "GET" and _is_person(ws.now, letter, scanned):
            agent = request.headers.get("User-Agent", "")
            doubt = "yes" if agent == "Mozilla/5.0" or "ImageProxy" in agent else ""
            facts = {"letter": letter.letter, "opened": "yes", "doubtful": doubt}
            _keep(writer, Arrived(b"", f"open:{letter.letter}", facts))
        return Response(_DOT, mimetype="image/gif")

    app.add_url_rule("/o/<token>", "opens", opened_letter, methods=["GET"])
    app.add_url_rule("/l/<token>", "links", follow, methods=["GET"])


def _is_person(now: datetime, letter: SentLetter, scanned: dict[str, datetime]) -> bool:
    is_scanned = letter.letter in scanned and now - scanned[letter.letter] < SCANNED
    return letter.left is not None and now - letter.left.at >= AT_ONCE and not is_scanned


def _keep(writer: Writer, arrived: Arrived) -> None:
    """Each link of a letter counts once. Who followed it is led on, also where it cannot be kept."""
    try:
        writer.keep(arrived, CHANNEL)
    except CrmError as error:
        g.why = str(error)
