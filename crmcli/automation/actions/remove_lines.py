"""do: remove_lines, lines of the deal taken away."""

from __future__ import annotations

from typing import cast

from crmcli.automation.actions.work import Effect, Work
from crmcli.model.deal import Deal
from crmcli.model.values import fold
from crmcli.sales import deal_lines


def run(work: Work) -> Effect:
    """Take away the lines of a product, or all."""
    deal, word = cast("Deal", work.the_record), fold(work.text("product"))
    lines = [(n, fold(line.product), fold(line.name)) for n, line in enumerate(deal.lines, 1)]
    numbers = [n for n, *names in lines if not word or word in names]
    if not numbers:
        return Effect("skipped", {"reason": "there is no such line"})
    _, gone = deal_lines.remove_in(work.change, work.ws, deal.id, numbers)
    names = [line.name for line in gone]
    return Effect("done", {"lines": names}, ", ".join(names))
