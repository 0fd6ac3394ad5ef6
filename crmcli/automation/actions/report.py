"""do: report, reports to our own people by mail, as each may see them; made first, queued in the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crmcli.automation.actions.email import kept
from crmcli.automation.actions.work import Effect, Work
from crmcli.automation.ledger import enter
from crmcli.automation.report_letters import ReportLetter, Wanted, letters, recipients, user_named
from crmcli.dataclass import replace
from crmcli.language import together, tr
from crmcli.model.action_texts import listed_words
from crmcli.model.periods import ALWAYS, read_period
from crmcli.sales.documents import messages
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.automation.cron_slots import Slot
    from crmcli.model.automation import Schedule


def prepared(ws: Workspace, rule: Schedule, who: str, slot: Slot) -> Sequence[ReportLetter]:
    """The letters of one time of a schedule."""
    to = recipients(ws, listed_words(rule.params.get("to")))
    wanted = Wanted.of(rule.params, slot.at)
    return [*letters(ws, wanted, to, (who, slot.key), user_named(ws, rule.params))]


def run(work: Work) -> Effect:
    """Queue the letters that could be made; of the others the ledger says why there are none."""
    found: Sequence[ReportLetter] = work.prepared()
    names, subject = ", ".join(_names(work.params)), work.text("subject")
    for letter in found:
        if letter.made is not None:
            queue(work.change, work.ws, letter, work.who, names, subject)
    failed = [_failed(letter) for letter in found if letter.why]
    if failed or not found:
        return Effect("dead", {"reason": "; ".join(failed) or tr("nobody is there to get it")})
    to = ", ".join(address for letter in found for address in letter.to)
    return Effect("done", {"to": to}, tr("{} to {}", names, to))


def queue(
    change: Change, ws: Workspace, letter: ReportLetter, who: str, names: str, subject: str = ""
) -> None:
    """Queue a letter that was made; one to our own people is a notice, which asks for no consent."""
    assert letter.made is not None
    mail = replace(letter.made.mail, subject=subject or letter.made.mail.subject)
    message = messages.message_of(ws, mail, letter.to, key=letter.key, automatic=True)
    message = replace(message, attachments=message.attachments + letter.made.attached)
    facts = {**kept(change, message), "report": names, "seen_as": letter.seen_as}
    notice = {"notice": "yes"} if letter.users else {}
    enter(change, "queued", "", letter.key, who, "report", **facts, **notice)


def _failed(letter: ReportLetter) -> str:
    who = ", ".join(letter.users or letter.to)
    return letter.why if who in letter.why else f"{who}: {letter.why}"


def announced(params: Mapping[str, Any]) -> str:
    """Which reports it mails to whom."""
    from crmcli.model.reports import BY_NAME, DASHBOARD

    titles = {name: one.title for name, one in BY_NAME.items()} | {DASHBOARD: "How sales stand"}
    told = "; ".join(tr(titles.get(name, name)) for name in _names(params))
    of_period = f", {params['period']}" if params.get("period") else ""
    to = together(listed_words(params.get("to")))
    return tr("mails reports: {}, to {}", told + of_period, to)


def at_a_time(ws: Workspace, params: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """The parameters with the days that their period is at a time of the schedule."""
    with suppress(ValueError):  # which crm check tells
        period = read_period(str(params.get("period") or ""), at, ws.zone, ws.inputs.date_order)
        return {**params, "period": "" if period == ALWAYS else str(period)}
    return params


def _names(params: Mapping[str, Any]) -> list[str]:
    return listed_words(params.get("report"))
