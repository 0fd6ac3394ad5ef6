"""One run of automation: receive, trigger, act, deliver, again and again until nothing is due."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from crmcli.automation import (
    audit_duties,
    breaker,
    changed_rules,
    chat_asks,
    clock_changes,
    hand_edits,
    lapses,
    report_checks,
    schedule_runs,
    staff_alerts,
    time_events,
)
from crmcli.automation.acts_left import ActsLeft
from crmcli.automation.approval.acts import Act
from crmcli.automation.approval.gate import Gate
from crmcli.automation.deliveries import Deliveries
from crmcli.automation.receive import Fetched, take_up
from crmcli.automation.record_looks import RecordLooks
from crmcli.automation.record_plan import STAGED
from crmcli.automation.robot_turns import RobotTurns
from crmcli.automation.tick_result import TickResult
from crmcli.automation.trigger_runs import run_triggers
from crmcli.errors import CrmError, InvalidData
from crmcli.language import together, tr
from crmcli.model.values import entity_of
from crmcli.sales.consent import audiences
from crmcli.sales.intake.accepted import write_down_left
from crmcli.sales.privacy import again as erased_again
from crmcli.store import layout
from crmcli.workspace import Workspace, snapshots
from crmcli.workspace.stays import settle_some
from crmcli.workspace.tick_times import alone, is_news, note_end

MOST_PASSES = 100
"""A guard only: loops end by their depth long before."""
MOST_SETTLED = 20_000
"""Records whose stays are told by one run, some seconds, when all else is done: reports find them ready."""


def tick(ws: Workspace, result: TickResult | None = None) -> TickResult:
    """Run what is due. A second tick at the same time leaves at once, its result `busy`. A `result` that is
    handed in tells what was done even if the tick ends with an error."""
    result = result or TickResult()
    with alone(ws) as lock:
        result.busy = lock is None
        if lock is None:
            return result
        if not ws.settings.runs_at(ws.clone):
            result.elsewhere = ws.settings.runner if is_news(lock, ws.settings.runner) else ""
            return result
        result.faults = ws.faults_of_rules()
        if paused := breaker.pause_of(ws):
            result.said.append(breaker.told(str(paused.data.get("reason", ""))))
            return result
        run = _Run(ws, result)
        with ws.series():
            run.erase_again()
            run.fetch()
            run.sync_cards()
            for _ in range(MOST_PASSES):
                if not run.passes_once() or result.limited:
                    break
                ws.look_again()
                ws.read_clock()
            run.copy_sent()
            run.tell_waiting()
            run.gate.missing |= {
                str(one): None for one in report_checks.not_installed(ws, ws.pipelines)
            }
            try:
                audiences.renew(ws)
            except InvalidData as damaged:
                # of the block list; nothing is exported before it is fixed either
                result.failures.append(damaged.message)
            result.failures += run.gate.news()
            try:
                snapshots.renew(ws)
            except CrmError as refused:
                result.failures.append(tr("no snapshot was written: {}", refused.message))
            note_end(lock, ws.now, anew=run.has_stepped)
        if not ws.dry_run:
            settle_some(ws, MOST_SETTLED)
    return result


def signature(ws: Workspace) -> str:
    """A digest of all that says when robots are due: with another one every record is looked at."""
    assert ws.pipelines  # read first, for a better complaint than that a file is missing
    rules = hashlib.sha256(ws.file(layout.PIPELINES) or b"")
    calendar = ws.settings.calendar
    days = [sorted(calendar.holidays), sorted(calendar.workdays)]  # sets have no order of their own
    times = (ws.settings.time_zone, calendar.days, calendar.opens, calendar.closes, days)
    rules.update(repr(ws.settings.presences).encode())
    rules.update(clock_changes.mark(ws).encode())
    rules.update(repr(times).encode())
    return rules.hexdigest()


class _Run:
    """The work of one tick, in passes; `has_stepped` says whether the clock was set meanwhile."""

    gate: Gate
    """What may leave the machine, looked at anew in each pass."""

    def __init__(self, ws: Workspace, result: TickResult) -> None:
        self._ws = ws
        self._result = result
        self._held: dict[str, Act] = {}
        self._left = ActsLeft(ws, result)
        self._looks = RecordLooks(ws, result)
        self._turns = RobotTurns(ws, result, self._looks, self._left)
        self._deliveries = Deliveries(ws, result)
        self.has_stepped = False

    def erase_again(self) -> None:
        """What was erased of a person and came back by git goes again, before anything looks at it."""
        is_again = erased_again.returned(self._ws) or erased_again.lines_again(self._ws)
        if is_again and not self._ws.dry_run:
            done = erased_again.finish(self._ws)
            told = tr("what was erased came back and was erased again: {}", together(done))
            self._result.failures.append(told)
            self._ws.look_again()

    def fetch(self) -> None:
        """Fetch what lies in the mailboxes, chats and spools of the settings, before all else."""
        gate, found = Gate(self._ws, self._held), list[tuple[str, Fetched]]()
        if self._ws.settings.mail.fetch and not gate.why_not_channel("mail"):
            from crmcli.automation.mail_fetch import fetch_all

            found += [("no mail is fetched: {}", one) for one in fetch_all(self._ws)]
        if chat_asks.is_fetched(self._ws) and not gate.why_not_channel("chat"):
            from crmcli.automation.chat_fetch import fetch_chat

            found += [("no chat is fetched: {}", one) for one in fetch_chat(self._ws)]
        sms = self._ws.settings.channels.get("sms", {})
        if sms.get("provider") and not gate.why_not_channel("sms"):
            from crmcli.automation.sms_fetch import fetch_sms

            found += [("SMS that came in: {}", one) for one in fetch_sms(self._ws)]
        for told, one in found:
            if one.trouble is not None and one.is_news:
                self._result.failures.append(tr(told, one.trouble.message))
        if found:
            self._ws.look_again()

    def sync_cards(self) -> None:
        """Bring contacts and the address book of the settings together."""
        if "cards" not in self._ws.settings.channels:
            return
        if Gate(self._ws, self._held).why_not_channel("cards"):
            return
        from crmcli.automation.card_sync import sync_cards

        self._result.failures += sync_cards(self._ws)
        self._ws.look_again()

    def copy_sent(self) -> None:
        """Keep copies of what left in the folder of sent mail that the settings name."""
        if not self._ws.settings.mail.sent or self.gate.why_not_channel("mail"):
            return
        from crmcli.automation.sent_copies import copy_sent

        self._result.failures += copy_sent(self._ws)

    def tell_waiting(self) -> None:
        """Tell once of what waits because a channel let out all that it may."""
        self._deliveries.tell_waiting(self.gate)

    def passes_once(self) -> bool:
        """One pass over all of it; says whether anything happened, so that more may be due."""
        self._begin()
        has_received = self._receive()
        has_timed = bool(time_events.run(self._ws))
        has_heard = self._hear()
        acted = self._schedule() + self._turns.act() + audit_duties.run(self._ws)
        acted += staff_alerts.run(self._ws, self.gate)
        if has_received or has_timed or has_heard:
            return True  # messages leave in a pass in which nothing new was heard of
        return bool(acted + self._deliveries.run(self.gate))

    def _begin(self) -> None:
        """See what the clock, undoing and the rules are now."""
        ws = self._ws
        stepped = clock_changes.notice(ws)
        self._result.failures += stepped
        self.has_stepped = self.has_stepped or bool(stepped)
        hand_edits.recall(ws)
        if ws.agenda.agenda_signature(signature(ws)):
            self._result.said += changed_rules.cancel_undeclared(ws)
        self.gate = self._looks.gate = Gate(ws, self._held)
        self._turns.begin()

    def _receive(self) -> bool:
        """Take in what people edited, what came in and what lapsed; whether anything was."""
        ws = self._ws
        failed: dict[str, Exception] = {}
        self._looks.unreceived = failed
        moved = hand_edits.receive(ws, failed)
        edited = hand_edits.receive_values(ws, failed)
        self._meet_unread(failed)
        self._result.failures += [str(error) for error in write_down_left(ws)]
        received = take_up(ws)
        self._result.failures += [
            f"{one.kept.id} ({one.kept.channel}): {one.failed}"
            for one in received
            if one.failed not in ("", one.kept.why) and not one.waits
        ]
        self._result.said += [tr("{}: moved by hand", record_id) for record_id in moved]
        self._result.said += [tr("{}: edited by hand", record_id) for record_id in edited]
        lapsed = lapses.run(ws)
        told = ((one.id, one.get("name"), one.get("status")) for one in lapsed)
        self._result.said += [tr("{} {} is {} now", *one) for one in told]
        taken = [one for one in received if not one.failed]  # else nothing came of it in this pass
        return bool(moved or edited or taken or lapsed)

    def _meet_unread(self, failed: Mapping[str, Exception]) -> None:
        """Tell of errors over records that stand in no stage, at which nobody looks again."""
        for record_id, error in failed.items():
            if entity_of(record_id) not in STAGED:
                self._result.met(error, record_id)

    def _hear(self) -> bool:
        """Let triggers see what happened, and robots act that were due before; whether it led to anything."""
        acts = self._result.effects
        heard = run_triggers(self._ws, self._turns.act_before, lambda: self._left.count() > 0)
        has_caught_up = self._result.effects > acts
        for told in heard:
            self._result.heard(told)
        return bool(heard) or has_caught_up

    def _schedule(self) -> int:
        done = schedule_runs.run(self._ws, self._left.count(), self.gate)
        for one in done:
            self._result.acted(one)
        return len(done)
