"""Commands for which it is not enough to see and change records: what they need besides."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.cli.session import Session

RUN, SETTINGS = "run", "settings"
NEEDS: Mapping[tuple[str, ...], str] = {
    ("tick",): RUN,
    ("serve",): RUN,
    ("mail", "fetch"): RUN,
    ("mail", "receive"): RUN,
    ("form", "submit"): RUN,
    ("form", "quarantine"): RUN,
    ("intake",): RUN,
    ("audience",): SETTINGS,
    ("gate",): SETTINGS,
    ("contact", "sync"): SETTINGS,
    ("score", "train"): SETTINGS,
}
"""By the words of a command, or of its group, the power that it takes. What changes a file that is no record
need not stand here: the change itself asks. `check` and `trust`, which open a workspace in their own way, ask
themselves."""


HOUSE_S = (("tick",), ("serve",), ("mail", "fetch"), ("mail", "receive"), ("form", "submit"))
"""What machines call, cron and mail servers: where nobody says who they are, the house does it."""


def need_of(command: str) -> str:
    """The power that a command takes, like `mail fetch`; "" if none but what its records ask."""
    words = tuple(command.split())
    return NEEDS.get(words[:1]) or NEEDS.get(words[:2]) or ""


def ask(session: Session, command: str) -> None:
    """Forbidden if the acting user lacks the power. Who runs what comes in acts for the whole house."""
    need = need_of(command)
    session.is_of_house = tuple(command.split()) in HOUSE_S
    if need or session.tick:
        session.workspace.require(need or RUN)
    if need == RUN or (need and not session.workspace.user):
        session.workspace.act_for_all()
