"""What crm tick does for the audit: the ends of its chains leave by mail once a day, old months go."""

from __future__ import annotations

from crmcli.automation import canary_alerts
from crmcli.automation.actions.email import kept
from crmcli.automation.ledger import enter, job_key
from crmcli.language import tr
from crmcli.model.access import Access
from crmcli.model.event import ANCHORED
from crmcli.model.work_time import shift
from crmcli.render import MailText
from crmcli.sales.documents import messages
from crmcli.workspace import Workspace, audit


def run(ws: Workspace) -> int:
    """Do what is due; how many messages are to leave by it."""
    if ws.dry_run or not audit.is_there(ws):
        return 0
    rules = ws.read_access()
    if rules is None:
        return 0
    count = canary_alerts.run(ws)
    if rules.audit_keep is not None:
        oldest = shift(ws.now, rules.audit_keep, ws.zone, back=True)
        audit.drop(ws, f"{oldest:%Y-%m}")
    return count + _anchor(ws, rules)


def _anchor(ws: Workspace, rules: Access) -> int:
    """Once a day the ends of the chains are noted on the timeline, which other clones get, and mailed."""
    last = ws.events(kinds=[ANCHORED], clone=ws.clone, limit=1, newest_first=True)
    if last and last[0].at.astimezone(ws.zone).date() >= ws.today:
        return 0
    heads = "\n".join(map(str, audit.heads(ws)))
    if last and last[0].data.get("heads") == heads:
        return 0
    with ws.change("tick", actor="crm") as change:
        change.note(ANCHORED, "", {"heads": heads, "to": rules.audit_letter})
        if rules.audit_letter:
            key = job_key("audit", ws.clone, ws.today.isoformat())
            mail = MailText(
                subject=tr("Audit: ends of the chains, {}", ws.today), text=f"{heads}\n"
            )
            letter = messages.message_of(ws, mail, (rules.audit_letter,), key=key, automatic=True)
            facts = kept(change, letter)
            enter(change, "queued", "", key, "alert:audit", "email", **facts, notice="yes")
    return int(bool(rules.audit_letter))
