"""Rows that become deals with their contacts and companies, where no leads are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.sales.conversion.intake import taken_in
from crmcli.sales.duplicates.known import MadeEarlier
from crmcli.sales.imports.draft import Draft
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.model.lead import Lead
    from crmcli.sales.conversion.plan import Conversion


class Intake:
    """What rows become, and who was made of the rows before: each client once."""

    def __init__(self, ws: Workspace, batch: str, policy: str) -> None:
        self._ws = ws
        self._batch = batch
        self._policy = policy
        self._change: Change | None = None
        self._made = MadeEarlier()

    def plan(self, change: Change, lead: Lead, draft: Draft) -> Conversion:
        """What a row becomes; the records that its links need may be new themselves."""
        if change is not self._change:  # the index knows those of the one before
            self._change, self._made = change, MadeEarlier()
        new = {one.id: one for one in draft.missing}
        plan = taken_in(
            self._ws, lead, self._policy, lambda i: new.get(i) or change.get(i), self._made
        )
        made = {e: r.with_values({"batch": self._batch}) for e, r in plan.made.items()}
        self._made.add(self._ws, made.values())
        return replace(plan, made=made)
