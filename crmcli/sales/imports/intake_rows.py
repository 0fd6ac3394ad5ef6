"""Rows that become deals with their contacts and companies, where no leads are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.model.lead import Lead
from crmcli.sales.conversion.intake import is_intake, parted, taken_in
from crmcli.sales.duplicates.known import MadeEarlier
from crmcli.sales.imports.draft import Draft
from crmcli.sales.records.given_values import Given, read_values
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.sales.conversion.plan import Conversion
    from crmcli.sales.imports.options import ImportOptions


class Intake:
    """What rows become, and who was made of the rows before: each client once."""

    def __init__(self, ws: Workspace, batch: str, policy: str, given: Mapping[str, Given]) -> None:
        self._ws = ws
        self._batch = batch
        self._policy = policy
        self._given = given
        self._change: Change | None = None
        self._made = MadeEarlier()

    def plan(self, change: Change, lead: Lead, draft: Draft) -> Conversion:
        """What a row becomes; the records that its links need may be new themselves."""
        if change is not self._change:  # the index knows those of the one before
            self._change, self._made = change, MadeEarlier()
        new = {one.id: one for one in draft.missing}
        plan = taken_in(
            self._ws,
            lead,
            self._policy,
            lambda i: new.get(i) or change.get(i),
            self._made,
            self._given,
        )
        made = {e: r.with_values({"batch": self._batch}) for e, r in plan.made.items()}
        self._made.add(self._ws, made.values())
        return replace(plan, made=made)


def without_others(
    ws: Workspace, entity: str, wanted: ImportOptions
) -> tuple[ImportOptions, Mapping[str, Given]]:
    """The options without what `--set deal.FIELD=VALUE` says of the deals that rows become, and that."""
    if not is_intake(ws, entity):
        return wanted, {}
    of_deal = [(name, text) for name, text in wanted.values if name.startswith("deal.")]
    texts: dict[str, list[str]] = {}
    for name, text in of_deal:
        texts.setdefault(name, []).append(text)
    _, given = parted(texts)
    for target, values in given.items():
        read_values(ws, target, values)  # what is wrong there is said before anything is written
    return replace(wanted, values=[v for v in wanted.values if v not in of_deal]), given
