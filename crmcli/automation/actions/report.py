"""do: report, reports to our own people by mail, as each may see them; made first, queued in the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.automation.actions.email import kept
from crmcli.automation.actions.work import Effect, Work
from crmcli.automation.ledger import enter
from crmcli.automation.report_letters import ReportLetter, letters
from crmcli.dataclass import replace
from crmcli.language import together, tr
from crmcli.model.action_texts import listed_words
from crmcli.sales.documents import messages
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.automation.cron_slots import Slot
    from crmcli.model.automation import Schedule


def prepared(ws: Workspace, rule: Schedule, who: str, slot: Slot) -> Sequence[ReportLetter]:
    """The letters of one time of a schedule."""
    return [*letters(ws, rule.params, who, slot.key, slot.at)]


def run(work: Work) -> Effect:
    """Queue the letters that could be made; of the others the ledger says why there are none."""
    found: Sequence[ReportLetter] = work.prepared()
    names, subject = ", ".join(_names(work.params)), work.text("subject")
    for letter in found:
        if letter.made is None:
            continue
        mail = replace(letter.made.mail, subject=subject or letter.made.mail.subject)
        message = messages.message_of(work.ws, mail, letter.to, key=letter.key, automatic=True)
        message = replace(message, attachments=message.attachments + letter.made.attached)
        facts = {**kept(work.change, message), "report": names, "seen_as": letter.seen_as}
        notice = {"notice": "yes"} if letter.users else {}
        enter(work.change, "queued", "", letter.key, work.who, work.action, **facts, **notice)
    failed = [_failed(letter) for letter in found if letter.why]
    if failed or not found:
        return Effect("dead", {"reason": "; ".join(failed) or tr("nobody is there to get it")})
    to = ", ".join(address for letter in found for address in letter.to)
    return Effect("done", {"to": to}, tr("{} to {}", names, to))


def _failed(letter: ReportLetter) -> str:
    who = ", ".join(letter.users or letter.to)
    return letter.why if who in letter.why else f"{who}: {letter.why}"


def announced(params: Mapping[str, Any]) -> str:
    """Which reports it mails to whom."""
    to = together(listed_words(params.get("to")))
    of_period = f", {params['period']}" if params.get("period") else ""
    return tr("mails the report {} to {}", together(_names(params)) + of_period, to)


def _names(params: Mapping[str, Any]) -> list[str]:
    return listed_words(params.get("report"))
