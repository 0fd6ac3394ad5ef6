"""do: block, the client onto the block list."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.model.block_list import Block
from crmcli.sales.consent import block_list
from crmcli.sales.template_names import contact_of, linked


def run(work: Work) -> Effect:
    """Put there what is not there yet."""
    words, reason = addresses(work), work.text("reason")
    if not words:
        return told([], [])
    return told(words, block_list.add_in(work.change, work.ws, words, reason, work.who))


def addresses(work: Work) -> list[str]:
    """What the robot names, or every e-mail and phone of the record and of the people whom it names."""
    if work.params.get("what"):
        return work.texts("what")
    record = work.the_record
    ids = [*(getattr(record, "contacts", ())), getattr(record, "contact", "")]
    people = [record, contact_of(work.ws, record), *(linked(work.ws, one) for one in ids)]
    lists = (getattr(one, name, ()) for one in people for name in ("emails", "phones"))
    return list(dict.fromkeys(point.value for points in lists for point in points))


def told(words: Sequence[str], changed: Sequence[Block]) -> Effect:
    """How it ended for these words, of which some changed the list."""
    if not words:
        return Effect("skipped", {"reason": "there is no e-mail address or phone"})
    what = [block.what for block in changed]
    return Effect("done", {"what": what}, ", ".join(what) or tr("no change"))
