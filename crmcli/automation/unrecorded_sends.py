"""What left this machine and the timeline no longer knows: git has stepped back since."""

from __future__ import annotations

from crmcli.automation.ledger import enter
from crmcli.language import counted, tr
from crmcli.model import sent
from crmcli.model.local_times import local_minute
from crmcli.model.sent import Claim
from crmcli.model.values import parse_instant
from crmcli.workspace import Workspace

WAY_OUT = (
    "restore the history (git stash pop, git checkout BRANCH, git reflog), or accept it: "
    "crm tick --accept-history"
)


def unrecorded(ws: Workspace) -> list[Claim]:
    """The messages that left here and of which the timeline knows nothing, the oldest first. Nothing of it
    is read again while neither the list nor what stood on the timeline has changed. Who acts may not see
    what others have sent, so the house is asked."""
    timeline = ws.house.timeline
    if ws.sent_size() == timeline.sent_seen():
        return []
    known = ws.sent_list()
    begun = timeline.claims(list(known.claims))
    gone = [claim for claim in known.claims.values() if begun.get(claim.key, 0) < claim.number]
    if not gone:
        timeline.note_sent_seen(known.size)
    return gone


def words(ws: Workspace, gone: list[Claim]) -> str:
    """One line on what the timeline has no record of, and what is to be done."""
    what = counted(len(gone), "sent message", "sent messages")
    last = max(gone, key=lambda claim: claim.at)
    when = local_minute(parse_instant(last.at), ws.zone)
    return tr(
        "git went back: the timeline no longer has {} from here, the last to {} on {}. Nothing "
        "is sent until you {}",
        what, last.to, when, tr(WAY_OUT),
    )  # fmt: skip


def accept(ws: Workspace) -> list[Claim]:
    """Write down on the timeline what left and it no longer knows, so that it never leaves again."""
    with ws.change("tick --accept-history") as change:
        gone = unrecorded(ws)
        for claim in gone:
            change.note_sent(sent.ended_line(claim.key))
            enter(
                change, "done", claim.record, claim.key, claim.robot, claim.action, to=claim.to,
                claims=claim.number, accepted=True,
                reason=tr("sent on {}, before the history went back", claim.at),
            )  # fmt: skip
    return gone
