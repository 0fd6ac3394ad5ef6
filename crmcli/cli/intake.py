"""crm intake: what came in by mail, forms, calls and messages, as it came."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.bringing import brought
from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, InvalidData
from crmcli.language import tr
from crmcli.model.channels import RECEIVED
from crmcli.model.listed import allowed_hint
from crmcli.model.providers import providers_of
from crmcli.present import intake as present
from crmcli.present.cells import Listing
from crmcli.present.told import Told

intake = Noun("intake", help="What came in, kept as it came: list, show, retry, drop.")
STATES = ("waiting", "quarantined", "unreadable", "taken", "dropped")
REFS = click.Argument(("refs",), nargs=-1, required=True, metavar="ID…")


@intake.command(
    "list",
    params=[
        option(
            "--state states",
            "waiting, quarantined, unreadable, taken, dropped or all.",
            multiple=True,
        )
    ],
)
def list_(session: Session, states: Sequence[str]) -> Listing:
    """List what came in and is not taken up yet: what waits for crm tick, what could not be read, and what
    is in quarantine.

    Example: crm intake list

    Example: crm intake list --state all
    """
    from crmcli.sales.intake import kept

    wanted = [part.strip() for state in states for part in state.split(",")] or [
        "waiting",
        "unreadable",
        "quarantined",
    ]
    for word in wanted:
        if word not in (*STATES, "all"):
            raise BadUsage(tr("{!r} is not a state", word), allowed_hint(word, (*STATES, "all")))
    found = STATES if "all" in wanted else tuple(wanted)
    return present.intakes(session.workspace, kept.listed(session.workspace, found))


@intake.command(
    params=[
        click.Argument(("ref",), metavar="ID"),
        option("--raw", "Print it as it came.", is_flag=True),
    ]
)
def show(session: Session, ref: str, raw: bool) -> None:
    """Show something that came in: where it is from, what became of it, and what it says.

    Example: crm intake show e1m8
    """
    from crmcli.sales.intake import kept
    from crmcli.sales.intake.taking import read

    ws = session.workspace
    one = kept.named(ws, ref)
    if raw:
        session.out.content([kept.content(ws, one)])
        return
    session.out.one(*present.intake(ws, one, read(ws, one) if one.state != "unreadable" else None))


@intake.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("channel",)),
        click.Argument(("paths",), nargs=-1, metavar="FILE…"),
        option("--key", "What is the same if it comes again; else its content is.", "KEY"),
        option(
            "--provider", "It is what this provider posts: zadarma, mango, twilio, json.", "NAME"
        ),
    ],
)
def receive(
    session: Session, channel: str, paths: Sequence[str], key: str, provider: str
) -> list[Told]:
    """Take in what has come by a channel, from files or stdin, for programs that bring it.

    It is kept as it is first; then it is told of whom it is from, or a lead is made of it. The same
    never counts twice. A list of calls (CDR) is read as CSV, by its header: each call counts once, also
    where the exchange told of it by itself.

    Example: echo '{"direction": "in", "from": "+7 916 123-45-67"}' | crm intake receive call
    """
    if channel not in RECEIVED:
        raise BadUsage(tr("nothing comes in by {!r}", channel), allowed_hint(channel, RECEIVED))
    if key and len(paths) > 1:
        raise BadUsage("--key is for one alone", "give the files one after the other")
    known = providers_of(channel)
    if provider and provider not in known:
        raise BadUsage(tr("{!r} is not a provider", provider), allowed_hint(provider, known))
    return brought(session.workspace, channel, paths, key, provider)


@intake.command(cls=ChangingVerb, params=[REFS])
def retry(session: Session, refs: Sequence[str]) -> list[Told]:
    """Take up at once what could not be read, after its cause is mended, or what was dropped by mistake.

    Example: crm intake retry e1m8
    """
    from crmcli.sales.intake import kept
    from crmcli.sales.intake.taking import take

    ws = session.workspace
    done = [take(ws, kept.named(ws, ref), dropped=True) for ref in refs]
    if any(one.failed for one in done):
        session.exit_code = InvalidData.exit_code
    return [present.taken(ws, one) for one in done]


@intake.command(cls=ChangingVerb, params=[REFS])
def drop(session: Session, refs: Sequence[str]) -> list[Told]:
    """Throw away what waits or could not be read: nothing comes of it.

    What came is kept.

    Example: crm intake drop e1m8
    """
    from crmcli.sales.intake import kept

    ws = session.workspace
    told = []
    for ref in refs:
        one = kept.named(ws, ref)
        kept.drop(ws, one)
        told.append(Told(tr("Dropped: {}.", one.id), {"id": one.id}))
    return told
