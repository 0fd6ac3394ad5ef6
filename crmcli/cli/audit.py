"""crm audit: who looked at what, exported, was refused; whether that is whole; its heads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from crmcli.cli.params import REF, ChangingVerb, Noun, complete, option
from crmcli.cli.printing import print_problems
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.access import SETTINGS
from crmcli.model.audit import KINDS, OWN, heads_in
from crmcli.model.event import KINDS as EVENTS
from crmcli.model.listed import allowed_hint
from crmcli.model.masking import contacts_of
from crmcli.present.audit import audit_table, head_table
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.sales import audit as audited
from crmcli.sales import canaries
from crmcli.sales.history import past
from crmcli.workspace import Workspace
from crmcli.workspace import audit as kept
from crmcli.workspace.canaries import Canary

audit = Noun(
    "audit", help="Who looked at how much, exported, was refused: list, verify, head, canary."
)


@audit.command(
    "list",
    params=[
        option("--user", "Only what this user did; may be repeated.", "USER", multiple=True),
        option("--since", "Since then, e.g. 2026-11-20 or -2h.", "WHEN", default="-7d"),
        option("--door", "Only what came by this door: cli, gate, …", "DOOR"),
        option("--kind", "Only this kind, e.g. export or lead.created.", "KIND", multiple=True),
        option("--limit", "Only the last N.", "N", at_least=1),
    ],
)
def list_(
    session: Session,
    user: Sequence[str],
    since: str,
    door: str,
    kind: Sequence[str],
    limit: int | None,
) -> Listing:
    """What users looked at, exported and were refused, and what they changed, oldest first.

    command is what was shown; export, refused, reveal and canary are told by themselves; what was changed
    stands on the timeline and has the kinds of events.

    Example: crm audit list --user boris --since yesterday
    """
    ws = session.workspace
    ws.require(SETTINGS)
    known = (*KINDS, *OWN, *EVENTS)
    for word in kind:
        if word not in known:
            raise BadUsage(
                tr("no line is of the kind {!r}", word), allowed_hint(word, known, shown=KINDS)
            )
    moment = past.moment_of(ws, since, "--since", start=True)
    found = audited.told(ws, moment, [ws.user_id(one) for one in user], door, kind)
    return audit_table(ws, found[-limit:] if limit else found)


@audit.command(
    params=[
        option(
            "--head", "A head that was kept elsewhere, or a text with some; may be repeated.", "HEAD",
            multiple=True,
        )
    ]
)  # fmt: skip
def verify(session: Session, head: Sequence[str]) -> int:
    """Check that the audit is whole; names the first bad line of each file.

    Lines that were edited, moved or taken out break the chain. Lines that were cut off from the end, or a
    file that is gone, are missed in the clone that wrote them, whose .crm remembers how far it came.
    Elsewhere, and where .crm went too or all was written anew, heads tell that were kept: on the timeline,
    in tags of git (crm audit head), or given with --head.

    Example: crm audit verify --head 2026-11/k3mxw9tz:57:0123456789abcdef
    """
    ws = session.workspace
    ws.require(SETTINGS)
    anchored = [one for text in head for one in heads_in(text)]
    if head and not anchored:
        raise BadUsage(
            tr("no head stands in {!r}", head[0]),
            "a head is like 2026-11/k3mxw9tz:57:0123456789abcdef",
        )
    found = kept.faults(ws, anchored)
    fine = tr("The audit is whole.") if kept.is_there(ws) else tr("nothing is kept yet")
    return print_problems(session, found, kept.forks(ws), fine)


@audit.command(
    params=[
        option(
            "--sign", "Put it into a tag of git, signed by your key if git knows one.", is_flag=True
        )
    ]
)
def head(session: Session, sign: bool) -> Listing:
    """How far the audit of each clone went: keep that elsewhere, and crm audit verify --head tells whether
    the end of it is still there.

    With --sign it stands in a tag of git, which crm audit verify reads; push it to where nobody can move it
    (git push origin TAG). audit: {letter: head@example.com} in access.yaml mails it once a day.

    Example: crm audit head --sign
    """
    ws = session.workspace
    ws.require(SETTINGS)
    if sign:
        name, is_signed = kept.sign(ws)
        told = (
            tr("signed tag {}", name)
            if is_signed
            else tr("tag {}, not signed: git knows no key", name)
        )
        ws.notes.append(tr("{}; push it: git push origin {}", told, name))
    return head_table(kept.heads(ws))


canary = Noun(
    "canary", help="Made-up clients that nobody calls, and who touches them: add, mark, list, rm."
)
audit.add_command(canary)
CANARIES = [
    Column("id", "Id", keep=True), Column("name", "Name"), Column("owner", "Owner", "user"),
    Column("contacts", "Phones and e-mails"), Column("state", "State", "word"),
]  # fmt: skip
_NONE = "no canaries yet: crm audit canary add USER"


@canary.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("user",), metavar="USER", shell_complete=complete),
        option("--count", "How many.", "N", at_least=1, at_most=100, default=1),
        option(
            "--phone",
            "A number of yours that rings with you; may be repeated.",
            "PHONE",
            multiple=True,
        ),
        option("--email", "An address of yours for it; may be repeated.", "EMAIL", multiple=True),
    ],
)
def add(
    session: Session, user: str, count: int, phone: Sequence[str], email: Sequence[str]
) -> list[Told]:
    """Make up clients owned by a user, that look like the others and that nobody calls.

    Which they are only the audit knows. Administrators hear of whoever exports, reveals, changes, removes,
    merges, calls or writes to one, and of letters that come in with its address. It is entered by you, now:
    do so when you enter others for that user, or import some and mark one of them. Without --phone the
    number is made up: it begins with +7 979, by which whoever knows that finds it, and may become somebody's
    one day. One of yours that you can watch is better.

    Example: crm audit canary add boris --email kate.orlova@example.com
    """
    ws = session.workspace
    ws.require(SETTINGS)
    owner = ws.user_id(user)
    made = canaries.add(ws, owner, count, phone, email)
    if canaries.stand_alone(ws, owner, made):
        said = tr("the owner has few other contacts ({}), so it stands out: add it when there are more,"
                  " or mark one of an import", ws.owner_name(owner))  # fmt: skip
        session.out.note(said)
    return [
        Told(tr("Added canary {} {}.", one.id, one.get("name")), {"id": one.id, "owner": owner})
        for one in made
    ]


@canary.command("list")
def canary_list(session: Session) -> Listing:
    """List the canaries and whose they are; one that somebody removed or merged is there with that word.

    Example: crm audit canary list
    """
    ws = session.workspace
    ws.require(SETTINGS)
    return Listing([*map(partial(_row, ws), canaries.all_of(ws))], CANARIES, _NONE)


def _row(ws: Workspace, one: Canary) -> dict[str, Any]:
    row = {"id": one.id, "owner": one.owner, "name": "", "contacts": []}
    if not one.is_there:
        gone = "merged" if one.id and ws.merged_into(one.id) else "gone"
        return {**row, "state": gone}
    record = ws.get(one.id)
    found = [*contacts_of(ws.schema.write(record), ws.schema.contacts(record.entity))]
    return {**row, "name": record.get("name"), "contacts": found, "state": ""}


@canary.command("mark", cls=ChangingVerb, params=[REF])
def mark(session: Session, ref: str) -> Told:
    """Let a client who is there be a canary: one that came with an import, among others, has a past.

    Example: crm audit canary mark 7k3
    """
    ws = session.workspace
    ws.require(SETTINGS)
    one = canaries.mark(ws, ref)
    owner = str(one.get("owner"))
    return Told(
        tr("{} {} is a canary now.", one.id, one.get("name")), {"id": one.id, "owner": owner}
    )


@canary.command("rm", cls=ChangingVerb, params=[REF])
def canary_rm(session: Session, ref: str) -> Told:
    """Remove a canary with its record, or the mark of a client who was there before; one that is gone leaves
    the list.

    Example: crm audit canary rm 7k3
    """
    ws = session.workspace
    ws.require(SETTINGS)
    record_id, is_removed = canaries.remove(ws, ref)
    told = tr("Removed canary {}.", record_id)
    if is_removed or not ws.exists(record_id):
        return Told(told, {"id": record_id})
    told = tr("{} is no canary any more.", record_id)
    stays = tr("the contact stays: crm contact rm {} removes it", record_id)
    return Told(told, {"id": record_id}, [stays])
