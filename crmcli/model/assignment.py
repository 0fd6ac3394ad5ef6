"""Who gets what comes in by itself: the rules of settings.yaml, the first that holds decides."""

from __future__ import annotations

from crmcli.dataclass import dataclass

TURN, LEAST_BUSY, WORKING = WAYS = ("turn", "least_busy", "working")
"""Whose turn it is, who has least to do, whose turn it is of those at work now."""


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    """Who gets a lead for which `when` holds ("" for any): one of `to`, found `by` one of WAYS."""

    to: tuple[str, ...]
    when: str = ""
    by: str = TURN

    @property
    def group(self) -> str:
        """By what turns are told: rules for the same people share theirs."""
        return ", ".join(self.to)
