"""Passwords and keys that cannot be had here, from where settings.yaml and robots say that they stand."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.channels import secrets
from crmcli.errors import InvalidData, Problem
from crmcli.model.actions import ACTIONS
from crmcli.store import layout
from crmcli.workspace import Workspace

_WHOSE = "{user}"
"""Stands for whose password of several it is."""


def problems(ws: Workspace) -> Iterator[Problem]:
    """Each that is not here, with its line. No command is run for one, and none is ever shown."""
    places = [(layout.SETTINGS, *one) for one in ws.secrets_of_settings()]
    places += [(layout.PIPELINES, *one) for one in _of_robots(ws)]
    for path, line, reference in dict.fromkeys(places):
        for each in _each(ws, reference):
            try:
                secrets.check(each)
            except secrets.NoSecret as error:
                yield Problem(path, line, error.message, _hint(each, error), passing=True)


def _of_robots(ws: Workspace) -> Iterator[tuple[int, str]]:
    try:
        declared = list(ws.pipelines.acts())
    except InvalidData:
        return  # that is told with its lines
    for act, _, _ in declared:
        for key in ACTIONS[act.do].of_kind("secret") if act.do in ACTIONS else ():
            if given := str(act.params.get(key) or ""):
                yield act.line, given


def _each(ws: Workspace, reference: str) -> list[str]:
    """The secret of each mailbox, where it is told with whose it is."""
    if _WHOSE not in reference:
        return [reference]
    from crmcli.channels import imap

    users = dict.fromkeys(imap.box(one).user for one in ws.settings.mail.fetch)
    return [reference.replace(_WHOSE, user) for user in users]


def _hint(reference: str, error: secrets.NoSecret) -> str:
    """What to do; what cron calls has other variables than who runs this."""
    if reference.startswith("env:"):
        return "not in this environment: cron, crm serve and your shell each have their own"
    return error.hint
