"""The commands that traits bring: move of what stands in stages, consent of clients, merge and unmerge."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.options import check_chosen, chosen_records
from crmcli.cli.params import ALL_OR_NOTHING, REF, SOME_REFS, ChangingVerb, complete, option
from crmcli.cli.printing import changes, each_told, unreadable
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import counted, together, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import has_field
from crmcli.model.values import CONSENT_CHANNELS
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.sales.merging.merge import Plan
    from crmcli.workspace import Workspace

_CHANNELS = {"mail": "E-mails.", "sms": "SMS and messages.", "call": "Calls."}


def move_command(entity: str) -> click.Command:
    """`crm lead move` and `crm deal move`."""

    def callback(
        session: Session, /, refs: Sequence[str], stage: str, where: str, **given: Any
    ) -> list[Told]:
        from crmcli.cli.converting import with_reason
        from crmcli.present.changes import moved
        from crmcli.sales import stages
        from crmcli.sales.many import Many, each

        ws, whole = session.workspace, given.pop("all_or_nothing")
        way = tr("crm {0} move REF… STAGE, or crm {0} move --where EXPR STAGE", entity)
        check_chosen(refs, where, way)
        chosen = chosen_records(ws, entity, refs, where)

        def run(reason: str) -> Many[stages.Move]:
            how = {**given, "reason": reason} if reason else given
            return each(
                ws, f"{entity} move", chosen,
                lambda change, i: stages.move_one(change, ws, i, stage, **how), whole=whole,
            )  # fmt: skip

        done = with_reason(session, entity, run)
        return each_told(session, chosen, done, moved)

    stage = "offer" if has_field(entity, "pipeline") else "working"
    params = [
        SOME_REFS,
        click.Argument(("stage",), shell_complete=complete),
        option("--where -w", "Move all that match this condition.", "EXPR"),
        ALL_OR_NOTHING,
        option("--reason", "Reason, for a lost stage."),
        option("--reopen", "Reopen a closed record.", is_flag=True),
        option("--note", "A note on it, for the timeline.", "TEXT"),
    ]
    if has_field(entity, "pipeline"):
        params.append(option("--pipeline", "To another pipeline.", "ID"))
    return ChangingVerb(
        "move",
        params=params,
        callback=callback,
        help=f"Move {ENTITIES[entity].plural} to a stage, by its id or name.\n\nThe last word is the stage. "
        "Each is moved by its own rules, all in one transaction; those that are refused are listed.\n\n"
        f"Example: crm {entity} move 7k3 9mq {stage}",
    )


def consent_command(entity: str) -> click.Command:
    """`crm NOUN consent`: yes or no to e-mails, SMS and calls, with the text that was agreed to."""

    def callback(
        session: Session,
        /,
        ref: str,
        text: str,
        source: str,
        topic: Sequence[str],
        **answers: str | None,
    ) -> list[Told]:
        from crmcli.sales.consent import permission

        ws = session.workspace
        said = {channel: answer == "yes" for channel, answer in answers.items() if answer}
        said |= permission.topics_said(ws, topic)
        record_id = ws.resolve(ref, entity)
        return changes(session, [permission.decide(ws, record_id, said, text, source)])

    return ChangingVerb(
        "consent",
        params=[
            REF,
            *(option(f"--{c}", _CHANNELS[c], among=("yes", "no")) for c in CONSENT_CHANNELS),
            option("--topic", "A topic of letters, yes or no.", "TOPIC=no", multiple=True),
            option("--text", "Version of the text that was agreed to.", "VERSION"),
            option("--source", "Source: form, paper, …"),
        ],
        callback=callback,
        help="Record a consent or a refusal.\n\nA consent is kept with its time; a refusal stops "
        "messages of robots and mailings.\n\n"
        f"Example: crm {entity} consent 7k3 --mail yes --text v2",
    )


def merge_command(entity: str) -> click.Command:
    """`crm NOUN merge`: shows what it comes to, asks on a terminal, does it."""
    plural = ENTITIES[entity].plural

    def callback(session: Session, ref: str, others: Sequence[str], take: Sequence[str]) -> Told:
        from crmcli.present.merging import merged
        from crmcli.sales.merging import merge

        ws = session.workspace
        survivor = ws.named(ref, entity)
        ids = [ws.named(other, entity) for other in others]
        plan = merge.plan(ws, survivor, ids, _takes(ws, entity, take, ids))
        _show(session, plan)
        if sys.stdin.isatty() and not session.dry_run:
            session.out.flush()
            question = tr("merge {} into {}?", together(ids), survivor)
            if links := len(merge.relations(ws, ids)):
                count = counted(links, "record")
                told = "merge {} into {} and redirect the links of {}?"
                question = tr(told, together(ids), survivor, count)
            session.confirm(question)
        done = merge.merge(ws, plan)
        unreadable(session)  # what cannot be read may link to what was merged
        return merged(ws, done)

    told = "Take the other's value; separate fields with commas."
    return ChangingVerb(
        "merge",
        params=[
            REF,
            click.Argument(
                ("others",), nargs=-1, required=True, metavar="OTHER...", shell_complete=complete
            ),
            option("--take", told, "FIELD[=OTHER]", multiple=True),
        ],
        callback=callback,
        short_help=f"Merge several {plural} into one.",
        help=f"Merge {plural}: the others are merged into REF, which is kept. On a terminal it asks "
        "first.\n\nThe values of REF win; phones, e-mails, tags and other lists are combined, "
        "comments are joined. Links to the others then lead to REF, and so do their ids. "
        "--take name,comment takes these values from the other; with several others, "
        f"--take name=9mq says from which. crm {entity} unmerge undoes it.\n\n"
        f"Example: crm {entity} merge 7k3 9mq --take name -n",
    )


def unmerge_command(entity: str) -> click.Command:
    """`crm NOUN unmerge`: the reverse."""

    def callback(session: Session, ref: str) -> Told:
        from crmcli.present.merging import unmerged
        from crmcli.sales.merging import unmerge

        ws = session.workspace
        return unmerged(ws, unmerge.unmerge(ws, unmerge.find_merged(ws, ref, entity)))

    return ChangingVerb(
        "unmerge",
        params=[REF],
        callback=callback,
        short_help="Undo a merge.",
        help=f"Undo a merge of {ENTITIES[entity].plural}: both are as they were. REF is the one that was "
        "merged, or, if only one was, the one that was kept.\n\nWhat was edited since is kept and "
        "listed; what was linked since stays with the one that was kept.\n\n"
        f"Example: crm {entity} unmerge 9mq",
    )


def _takes(ws: Workspace, entity: str, texts: Sequence[str], ids: Sequence[str]) -> dict[str, str]:
    """Field -> the id of which it is taken, of `name,position` and `name=7k3`."""
    takes: dict[str, str] = {}
    for text in texts:
        names, _, ref = text.partition("=")
        if not ref and len(ids) > 1:
            which = tr("--take {}: from which of the {}?", text, len(ids))
            raise BadUsage(which, tr("--take {}=OTHER", names))
        record_id = ws.named(ref, entity) if ref else ids[0]
        for name in names.split(","):
            if name.strip():
                takes[name.strip()] = record_id
    return takes


def _show(session: Session, plan: Plan) -> None:
    """Print what differs, and what becomes of it; what yields is told on stderr."""
    from crmcli.present.merging import differences, title, yielding

    if not session.out.quiet:
        session.out.section(title(plan), *differences(session.workspace, plan))
    for line in yielding(session.workspace, plan):
        session.out.note(line)
