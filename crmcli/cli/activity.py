"""crm log: what happened with a client; crm activity: what was logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.options import listed, text_given
from crmcli.cli.params import REF, REFS, ChangingVerb, Noun, option
from crmcli.cli.printing import unreadable
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.durations import parse_duration
from crmcli.model.event import ACTIVITIES
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import DERIVED
from crmcli.model.values import fold, parse_instant
from crmcli.model.words import WORDS, in_words
from crmcli.present.cells import Listing
from crmcli.present.told import Told
from crmcli.sales import activities
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from datetime import datetime


LOGGED = ("call", "mail", "sms", "message", "meeting", "note")
ONE_WAY = ("meeting", "note")
AT = option("--at", "When it was, if not now: 15:00, yesterday 10:30, -2h.", "TIME")
DURATION = option("--duration", "How long it took, e.g. 5m.", "TIME")

log = Noun("log", help="Log what happened with a client. Triggers see it at the next tick.")
activity = Noun("activity", help="What was logged: calls, e-mails, meetings, notes.")


def _command(word: str) -> click.Command:
    def callback(
        session: Session,
        ref: str,
        text: str,
        subject: str,
        duration: str,
        at: str,
        others: Sequence[str],
        new: bool,
        incoming: bool = False,
        outgoing: bool = False,
        anyway: bool = False,
        missed: bool = False,
    ) -> Told:
        if incoming + outgoing + missed > 1:
            raise BadUsage("--in, --out and --missed cannot be used together", "use one of them")
        ws = session.workspace
        way = "missed" if missed else "in" if incoming else "out"
        kind = word if word in ONE_WAY else f"{word}.{way}"
        body = text_given(text)
        if word == "note" and not body:
            raise BadUsage("a note needs a text", "crm log note REF 'Call back at 5'")
        length = _seconds(duration)
        moment = _moment(ws, at)
        with ws.series():
            record_id, note = (
                _caller(ws, ref)
                if new and word == "call" and _is_number(ref)
                else _whom(ws, ref, is_new=new, anyway=anyway)
            )
            is_made = not (note and ws.dry_run)  # else there is no lead on which it could be
            if is_made:
                activities.log(
                    ws, record_id, kind, body, others=[ws.resolve(other) for other in others],
                    at=moment, anyway=anyway, subject=subject, duration=length,
                )  # fmt: skip
        name = ws.get(record_id).get("name") if is_made else ref
        told = tr("Logged {} on {} {}.", in_words(word), record_id, name)
        return Told(told, notes=list(filter(None, [note])))

    example = f"crm log {word} 7k3 'Call back at 5'" + " --in" * (word not in ONE_WAY)
    return ChangingVerb(
        word,
        params=_params(word),
        callback=callback,
        help=f"Log {WORDS[word]}; - reads the text from stdin.\n\nExample: {example}",
    )


def _params(word: str) -> list[click.Parameter]:
    params: list[click.Parameter] = [
        REF,
        click.Argument(("text",), required=False, default=""),
        AT,
        option(
            "--with others", "Who took part too; the activity counts once.", "REF", multiple=True
        ),
        option("--new", "If nobody has this phone or e-mail: add a lead with it.", is_flag=True),
        option("--subject", "What it was about."),
        DURATION,
    ]
    if word in ONE_WAY:
        return params
    missed = option("--missed", "From the client, and nobody answered.", is_flag=True)
    return [
        *params,
        *([missed] if word == "call" else []),
        option("--in incoming", "From the client.", is_flag=True),
        option("--out outgoing", "To the client (the default).", is_flag=True),
        option("--anyway", "Even from a blocked sender.", is_flag=True),
    ]


def _is_number(ref: str) -> bool:
    return ref.strip("+( ")[:1].isdecimal()


def _caller(ws: Workspace, number: str) -> tuple[str, str]:
    """Whose call that is, as the web hook of an exchange finds it: the open deal of who has the number, or
    a new lead; and a note of that."""
    from crmcli.channels.incoming import Incoming
    from crmcli.sales.forms import is_phone
    from crmcli.sales.intake import taking, whose

    if not is_phone(ws, number):
        raise BadUsage(tr("{!r} is not a phone number", number), "like '+7 916 123-45-67'")
    incoming = Incoming("call.in", phones=[number])
    if (known := whose.record_of(ws, incoming)) is not None:
        return known.id, ""
    owner = {"owner": [ws.actor]} if ws.actor in ws.settings.users else {}
    with ws.change("log") as change:
        lead = taking.new_lead(change, ws, {"phones": [number], "source": ["call"], **owner})
    return lead.id, tr("new lead {} {}", lead.id, lead.get("name"))


def _whom(ws: Workspace, ref: str, *, is_new: bool, anyway: bool) -> tuple[str, str]:
    """The record that a reference means, or with `is_new` the lead that is added for it, and a note."""
    try:
        return ws.resolve(ref), ""
    except NotFound as error:
        is_reach = "@" in ref.strip("@") or _is_number(ref)
        if not is_new and is_reach:
            raise NotFound(error.message, tr("{}, or add a lead with --new", error.hint)) from None
        if not is_new:
            raise
    from crmcli.sales.add import add

    field = "emails" if "@" in ref else "phones"
    lead = add(ws, "lead", {field: [ref]}, anyway=anyway).record
    return lead.id, tr("new lead {} {}", lead.id, lead.get("name"))


def _moment(ws: Workspace, text: str) -> datetime | None:
    """The moment of --at; a day alone means its beginning."""
    if not text:
        return None
    try:
        return parse_instant(str(DERIVED[0].read(text, ws.inputs)))
    except ValueError as error:
        raise BadUsage(tr("{}: {}", "--at", error)) from None


def _seconds(text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_duration(text).seconds
    except ValueError as error:
        raise BadUsage(tr("--duration: {}", error)) from None


for _word in LOGGED:
    log.add_command(_command(_word))


@activity.command(
    name="list",
    params=[
        click.Argument(("ref",), required=False, default=""),
        option("--kind", "Only these: call, mail, sms, message, meeting, note; call.in.", "A,B"),
        option("--owner", "Logged by this user; me for you.", "USER"),
        option("--since", "From this day or time on, e.g. monday.", "WHEN"),
        option("--until", "Until this day or time.", "WHEN"),
        option("--where -w", "With records that match a condition.", "EXPR"),
        option("--limit", "Only the last N.", "N", at_least=0),
    ],
)
def list_(
    session: Session,
    ref: str,
    kind: str,
    owner: str,
    since: str,
    until: str,
    where: str,
    limit: int | None,
) -> Listing:
    """List activities, oldest first: with one record, or with all.

    What several took part in is one.

    Example: crm activity list --kind call --owner me --since monday

    Example: crm activity list --where 'company.inn = 7701234567'
    """
    from crmcli.present.events import activity_table
    from crmcli.sales.history.past import moment_of

    ws = session.workspace
    said = {fold(in_words(word)): word for word in (*ACTIVITIES, *activities.KINDS)}
    kinds = [said.get(fold(word), word) for word in listed(kind)]
    for word in kinds:
        if word not in (*activities.KINDS, *ACTIVITIES):
            hint = allowed_hint(word, activities.KINDS)
            raise BadUsage(tr("{!r} is not an activity", word), hint)
    wanted = activities.Wanted(
        kinds=kinds,
        actor=(ws.actor if owner == "me" else ws.user_id(owner)) if owner else "",
        since=moment_of(ws, since, "--since", start=True) if since else None,
        until=moment_of(ws, until, "--until") if until else None,
        record=ws.resolve(ref) if ref else "",
        where=where,
    )
    found = activities.find(ws, wanted)
    unreadable(session)
    return activity_table(ws, found[-limit:] if limit else found if limit is None else [])


@activity.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("activity_id",), metavar="ID"),
        option("--text", "What was said.", default=None),
        option("--subject", "What it was about.", default=None),
        DURATION,
        AT,
    ],
)
def edit(
    session: Session,
    activity_id: str,
    text: str | None,
    subject: str | None,
    duration: str,
    at: str,
) -> Told:
    """Correct what was logged by hand: its text, its time.

    ID is the beginning of an id of the list.

    Example: crm activity edit e1q7 --text 'Call back at 6' --at 'yesterday 17:00'
    """
    ws = session.workspace
    event = activities.named(ws, activity_id)
    moment = _moment(ws, at)
    values = {"text": text, "subject": subject, "duration": _seconds(duration)}
    if moment is None and all(value is None for value in values.values()):
        raise BadUsage("nothing to change", "give --text, --subject, --duration or --at")
    event = activities.edit(ws, event, values, moment)
    return Told(tr("Changed {} of {}.", in_words(event.kind), event.record))


@activity.command(cls=ChangingVerb, params=[REFS])
def rm(session: Session, refs: Sequence[str]) -> list[Told]:
    """Remove what was logged by mistake.

    The text stays in the files of the timeline.

    Example: crm activity rm e1q7
    """
    ws = session.workspace
    events = [activities.named(ws, ref) for ref in refs]
    with ws.series():
        for event in events:
            activities.remove(ws, event)
    return [Told(tr("Removed {} of {}.", in_words(event.kind), event.record)) for event in events]
