"""do: add_line, a line of the deal."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.sales import deal_lines


def run(work: Work) -> Effect:
    """Add it as a person would: its product has the price, unless that is given."""
    wanted = deal_lines.LineTerms(
        name=work.text("product"),
        quantity=work.text("quantity"),
        unit=work.text("unit"),
        price=work.text("price"),
        vat=work.text("vat"),
        discount=work.text("discount"),
    )
    deal, line = deal_lines.add_in(work.change, work.ws, work.target, wanted)
    return Effect("done", {"line": line.name, "lines": len(deal.lines)}, line.name)
