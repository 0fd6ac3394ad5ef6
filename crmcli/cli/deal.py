"""crm deal."""

from __future__ import annotations

from crmcli.cli.nouns import closing, noun
from crmcli.cli.params import option

deal = noun("deal")
closing(deal, "deals:win", "Close a deal as won.\n\nExample: crm deal win 7k3")
closing(
    deal,
    "deals:lose",
    "Close a deal as lost.\n\nExample: crm deal lose 7k3 --reason price",
    option("--reason", "Reason: one of lost_reasons."),
    option("--stage", "The lost stage, if there are several."),
)
