"""Robots that go by a date of a linked record, as contacts.birthday of a deal: whose they are, and which."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.workspace import Workspace


def leaning_on(ws: Workspace, record_ids: Sequence[str]) -> list[str]:
    """The leads and deals whose robots go by dates of some of these records."""
    return []
