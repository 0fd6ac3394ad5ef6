"""Reports that a person mails: made as each reader may see them, queued together, delivered at once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from crmcli.automation.actions.report import queue
from crmcli.automation.person_mail import Delivery, deliver
from crmcli.automation.report_letters import ReportLetter, Wanted, letters, recipients
from crmcli.errors import Refused
from crmcli.model.event import PERSON
from crmcli.workspace import Workspace


def send(ws: Workspace, wanted: Wanted, to: Sequence[str]) -> list[tuple[ReportLetter, Delivery]]:
    """Mail reports now, to addresses of nobody's as who acts may see and export; Refused if a letter of them
    could not be made: then none leaves."""
    who = f"{PERSON}{ws.actor}"
    act = (who, secrets.token_hex(8))
    found = [*letters(ws, wanted, recipients(ws, to), act, ws.person)]
    for letter in found:
        if letter.why:
            raise Refused(letter.why)
    with ws.change("report") as change:
        for letter in found:
            queue(change, ws, letter, who, ", ".join(wanted.reports))
    return [(letter, deliver(ws, letter.key)) for letter in found]
