"""The reports that come with crm, each a declaration as reports.yaml has others (`crm report show NAME`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from crmcli.model.report import ANY_TIME, Measure, Report

_came = partial(Measure, at="came_at")
_step = partial(Measure, at="came_at", is_of_open=True)
_AMOUNT = Measure("amounts", "Amount", "sum", of="amount", unit="sums")
_WON = Measure("won", "Won", when="won", at="ended_at")
_LOST = Measure("lost", "Lost", when="lost", at="ended_at")
_ENDED = Measure("closed", "Closed", when="closed", at="ended_at", shown=False)
_WON_AMOUNT = Measure(
    "won_amounts", "Won amount", "sum", of="amount", when="won", at="ended_at", unit="sums"
)
_AVERAGE = Measure(
    "average", "Average", "average", of="amount", when="won", at="ended_at", unit="sums"
)
_CYCLE = Measure("days", "Days", "median", of="days", when="won", at="ended_at", unit="days")
_WIN_RATE = Measure("win_rate", "Win rate", "share", part="won", over="closed", unit="percent")
_OF_ALL = Measure("of_all", "Of all", "of_all", part="won", over="won", unit="percent")
_expected = partial(Measure, at="expected_on")
_odds = partial(Measure, is_of_open=True)
_sold = partial(Measure, when="won", at="ended_at")
_cohort = partial(Measure, at="first_bought")


def _value_after(days: int, label: str) -> Sequence[Measure]:
    """What a client has brought so many days after the first purchase, of those who are clients that long."""
    known, sums = f"known_{days}", f"within_{days}"
    return (
        _cohort(known, how="distinct", of="client", when=known, shown=False),
        _cohort(sums, how="sum", of="amount", when=sums, unit="sums", shown=False),
        _cohort(f"value_{days}", label, "ratio", part=sums, over=known, unit="sums", people="some"),
    )


REPORTS = (
    Report(
        "leads",
        "Leads by source, stage or owner: how many came in, were converted, were junk or are open.",
        "leads",
        (
            Measure("leads", "Leads"),
            Measure("converted", "Converted", when="won"),
            Measure("junk", "Junk", when="lost"),
            Measure("open", "Open", when="open"),
            Measure("conversion", "Conversion", "share", part="converted", over="leads", unit="percent"),
            _AMOUNT,
            Measure("converted_amounts", "Converted amount", "sum", of="amount", when="won", unit="sums"),
        ),
        by=("source",), order="-leads", title="Leads",
    ),
    Report(
        "funnel",
        "How many records reached each stage or a later one, moved on or were lost, and how fast.",
        "reached",
        (
            _came("reached", "Reached"),
            _step("moved_on", "Moved on", when="moved_on"),
            _step("to_next", "To next", "share", part="moved_on", over="reached", unit="percent"),
            _came("overall", "Total", "of_all", part="reached", over="cohort", unit="percent"),
            _step("lost", "Lost", when="lost"),
            _step("open", "Open", when="open"),
            _step("moved_away", "Moved away", when="moved_away", people="some"),
            _step("skipped", "Skipped", when="skipped", people="some"),
            _came("median_days", "Median", "median", "stays", "days", "ended", unit="days"),
            _came("p90_days", "P90", "p90", "stays", "days", "ended", unit="days"),
            _step("waiting", "Here now", source="stays", when="running", people="none"),
            _came("waiting_days", "So far", "median", "stays", "days", "running", unit="days"),
            _came("amounts", "Amount", "sum", of="amount", unit="sums"),
            _came("cohort", "Records", source="stays", when="first", shown=False),
            _came("reopened", source="stays", when="reopened", shown=False),
        ),
        always=("stage",), picture="funnel", title="Funnel",
    ),
    Report(
        "velocity",
        "How long records stay in each stage: those that left it in the period, and those that are there.",
        "stays",
        (
            Measure("left", "Left", when="ended", at="left_at", is_of_open=True),
            Measure("median_days", "Median", "median", of="days", when="ended", at="left_at", unit="days"),
            Measure("p90_days", "P90", "p90", of="days", when="ended", at="left_at", unit="days"),
            Measure("waiting", "Here now", when="running", at=ANY_TIME, is_of_open=True),
            Measure("waiting_days", "So far", "median", of="days", when="running", at=ANY_TIME, unit="days"),
            Measure("waiting_p90", "P90 so far", "p90", of="days", when="running", at=ANY_TIME, unit="days"),
        ),
        always=("stage",), title="Time in stages",
    ),
    Report(
        "conversion",
        "What becomes of leads by source, UTM mark, owner or form: converted, and the deals won of them.",
        "leads",
        (
            Measure("leads", "Leads"),
            Measure("open", "Open", when="open"),
            Measure("converted", "Converted", when="won"),
            Measure("conversion", "Conversion", "share", part="converted", over="leads", unit="percent"),
            Measure("sold", "Deals won", when="sold"),
            Measure("sales_rate", "Of leads", "share", part="sold", over="leads", unit="percent"),
            Measure("days", "Days", "median", of="days", when="won", unit="days"),
        ),
        by=("source",), order="-leads", title="Conversion of leads",
    ),
    Report(
        "sources", "What each source brings: leads, deals, sales.", "deals",
        (
            Measure("leads", "Leads", source="leads"),
            Measure("converted", "Converted", source="leads", when="won"),
            Measure("deals", "Deals"),
            _WON,
            _ENDED,
            _WIN_RATE,
            _WON_AMOUNT,
            _AVERAGE,
        ),
        by=("source",), order="-won_amounts", title="Sources",
    ),
    Report(
        "owners", "What each owner has: deals won and lost in the period, and what is open now.", "deals",
        (
            _WON,
            _LOST,
            _ENDED,
            _WIN_RATE,
            _WON_AMOUNT,
            _AVERAGE,
            _CYCLE,
            Measure("open", "Open", when="open", at=ANY_TIME),
            Measure("open_amounts", "Open amount", "sum", of="amount", when="open", at=ANY_TIME, unit="sums"),
            Measure("activities", "Activities", source="activities", when="people"),
        ),
        by=("owner",), order="-won_amounts", title="Owners",
    ),
    Report(
        "forecast",
        "What open deals will bring by month: all of it, by the odds of their stages, and by the past.",
        "deals",
        (
            _expected("open", "Open", when="open"),
            _expected("amounts", "Amount", "sum", of="amount", when="open", unit="sums"),
            _expected("weighted", "Weighted", "sum", of="weighted", when="open", unit="sums"),
            _expected("by_past", "By the past", "sum", of="by_past", when="open", unit="sums"),
            _expected("no_past", when="no_past", shown=False),
            _expected("guessed", when="guessed", shown=False),
        ),
        by=("expected.month",), title="Forecast", draws="weighted",
    ),
    Report(
        "odds",
        "How many of the closed deals that stood in each stage were won, and how soon: what the past says.",
        "passed",
        (
            _odds("closed", "Closed"),
            _odds("won", "Won", when="won"),
            _odds("win_rate", "Win rate", "share", part="won", over="closed", unit="percent"),
            _odds("declared", "Declared", "average", of="declared", unit="percent"),
            _odds("days", "Days", "median", of="days", when="won", unit="days"),
        ),
        always=("stage",), title="Odds of stages",
    ),
    Report(
        "won", "Deals won in the period.", "deals",
        (
            _WON,
            _WON_AMOUNT,
            _AVERAGE,
            _CYCLE,
            _OF_ALL,
        ),
        by=("owner",), order="-won_amounts", title="Won",
    ),
    Report(
        "clients", "Sales to new and to returning clients; by company, what each has brought.", "deals",
        (_WON, _OF_ALL, _WON_AMOUNT,
         _AVERAGE, _CYCLE),
        by=("buyer",), order="-won_amounts", title="New and returning clients",
    ),
    Report(
        "lifetime",
        "What each client has brought so far: sales, their sum, the first and the last of them.", "deals",
        (
            _WON_AMOUNT,
            _WON,
            _AVERAGE,
            _sold("first", "First sale", "first", of="first_bought", unit="date"),
            _sold("last", "Last sale", "last", of="ended_at", unit="date"),
            _sold("months", "Months", "median", of="client_months", unit="number"),
        ),
        by=("client",), order="-won_amounts", title="What clients have brought", limit=100,
    ),
    Report(
        "cohorts",
        "Clients by when they first bought: how many, who still buys, what one has brought after a time.",
        "deals",
        (
            _cohort("clients", "Clients", "distinct", of="client", when="bought"),
            _cohort("again", "Again", "distinct", of="client", when="bought_again"),
            _cohort("again_rate", "Of clients", "share", part="again", over="clients", unit="percent"),
            _cohort("lately", "Still buy", "distinct", of="client", when="bought_lately"),
            _cohort("amounts", "Amount", "sum", of="amount", when="bought", unit="sums"),
            _cohort("value", "Per client", "ratio", part="amounts", over="clients", unit="sums"),
            *_value_after(91, "3 months"),
            *_value_after(182, "6 months"),
            *_value_after(365, "12 months"),
        ),
        by=("first_bought.quarter",), title="Clients by first purchase",
    ),
    Report(
        "products", "What was sold: lines of deals won in the period, by product.", "lines",
        (
            Measure("deals", "Deals", "records", when="won", at="ended_at"),
            Measure("quantity", "Quantity", "sum", of="quantity", when="won", at="ended_at", unit="number"),
            Measure("amounts", "Amount", "sum", of="line_amount", when="won", at="ended_at", unit="sums"),
        ),
        by=("product",), order="-amounts", title="Products sold",
    ),
    Report(
        "lost", "Deals lost in the period: why, from which stage, whose.", "deals",
        (
            _LOST,
            Measure("of_all", "Of all", "of_all", part="lost", over="lost", unit="percent"),
            Measure("lost_amounts", "Amount", "sum", of="amount", when="lost", at="ended_at", unit="sums"),
            Measure("days", "Days", "median", of="days", when="lost", at="ended_at", unit="days"),
        ),
        by=("lost_reason",), order="-lost", title="Lost",
    ),
    Report(
        "stale",
        "Open deals that nobody moves: longer in their stage than it allows, without activity or task.",
        "deals",
        (
            Measure("open", "Open", when="open", at=ANY_TIME),
            Measure("overdue", "Too long", when="overdue", at=ANY_TIME),
            Measure("idle", "Idle 14 days", when="idle", at=ANY_TIME),
            Measure("no_task", "No task", when="no_task", at=ANY_TIME),
            Measure("overdue_amounts", "Too long, amount", "sum", of="amount", when="overdue", at=ANY_TIME,
                    unit="sums"),
            Measure("stood", "In stage", "median", of="stood", when="open", at=ANY_TIME, unit="days"),
        ),
        by=("owner",), order="-overdue", title="Standing still",
    ),
    Report(
        "activity", "Calls, messages, meetings and notes by person and kind.", "activities",
        (Measure("activities", "Activities"), Measure("records", "Records", "records")),
        by=("owner", "kind"), order="-activities", picture="stacked", title="Activity",
    ),
    Report(
        "response", "How soon clients get a first answer from a person.", "answers",
        (
            Measure("came", "Came"),
            Measure("answered", "Answered", when="answered"),
            Measure("unanswered", "Unanswered", when="unanswered"),
            Measure("given_up", "Closed unanswered", when="given_up", people="some"),
            Measure("median_hours", "Median", "median", of="hours", when="answered", unit="hours"),
            Measure("p90_hours", "P90", "p90", of="hours", when="answered", unit="hours"),
            Measure("within_hour", "Within an hour", when="within_hour"),
            Measure("hour_rate", "Of answered", "share", part="within_hour", over="answered", unit="percent"),
        ),
        by=("owner",), order="-came", title="First answer",
    ),
    Report(
        "robots", "What robots did: done, failed, skipped.", "jobs",
        (
            Measure("jobs", "Jobs"),
            Measure("done", "Done", when="done"),
            Measure("failed", "Failed", when="failed"),
            Measure("skipped", "Skipped", when="skipped"),
            Measure("cancelled", "Cancelled", when="cancelled"),
            Measure("unknown", "Unknown", when="unknown"),
        ),
        by=("robot",), order="-jobs", title="Robots",
    ),
    Report(
        "mail", "What became of letters: delivered, opened, clicked, answered.", "letters",
        (
            Measure("sent", "Sent"),
            Measure("delivered", "Delivered", when="delivered", people="none"),
            Measure("bounced", "Bounced", when="bounced", people="some"),
            Measure("delayed", "Delayed", when="delayed", people="none"),
            Measure("traced", "Traced", when="traced", people="none"),
            Measure("answered", "Answered", when="answered"),
            Measure("answer_rate", "Answer rate", "share", part="answered", over="traced", unit="percent"),
            Measure("hours", "Median", "median", of="hours", when="answered", unit="hours"),
            Measure("tracked", "Tracked", when="tracked", people="none"),
            Measure("opened", "Opened", when="opened"),
            Measure("open_rate", "Open rate", "share", part="opened", over="tracked", unit="percent"),
            Measure("linked", "With links", when="linked", people="none"),
            Measure("clicked", "Clicked", when="clicked"),
            Measure("click_rate", "Click rate", "share", part="clicked", over="linked", unit="percent"),
            Measure("unsubscribed", "Unsubscribed", when="unsubscribed", people="some"),
        ),
        by=("template",), order="-sent", title="Letters",
    ),
)  # fmt: skip
DASHBOARD = "dashboard"
"""What is asked for like a report, and is a page of several."""
VERBS = ("accuracy", "check", DASHBOARD, "explain", "list", "show")
"""What else follows crm report: no report is called so."""
PLAN = Report(
    "plan",
    "Plan against fact: what was won beside plans.yaml, what is left, what it comes to at this pace.",
    "deals",
    (
        Measure("fact", "Won amount", "sum", of="amount", when="won", at="ended_at", unit="sums"),
        Measure("won", "Won", when="won", at="ended_at"),
    ),
    by=("owner",), order="-fact", period="month", title="Plan and fact",
)  # fmt: skip
ACCURACY = Report(
    "accuracy",
    "How right forecasts were: what each would have said on the first day of a month, beside what was won.",
    "deals", (), by=("month",), title="How right forecasts were",
)  # fmt: skip
BY_NAME = {report.name: report for report in (*REPORTS, PLAN)}
