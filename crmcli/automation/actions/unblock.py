"""do: unblock, the client off the block list."""

from __future__ import annotations

from crmcli.automation.actions.block import addresses, told
from crmcli.automation.actions.work import Effect, Work
from crmcli.sales.consent import block_list


def run(work: Work) -> Effect:
    """Take off what stands there."""
    words = addresses(work)
    return told(words, block_list.remove_in(work.change, work.ws, words))
