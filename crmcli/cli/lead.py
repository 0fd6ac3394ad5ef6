"""crm lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.nouns import closing, noun
from crmcli.cli.options import ARGUMENT, text_given
from crmcli.cli.params import ALL_OR_NOTHING, REF, ChangingVerb, complete, option
from crmcli.cli.printing import Answer, each_told
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, CrmError
from crmcli.language import tr
from crmcli.present.told import Told
from crmcli.sales.duplicates.ways import ASK, OF_CONVERT, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


lead = noun("lead")
lead.remark = "crmcli.sales.conversion.intake:remark"
lead.makers = {**lead.makers, "add": "crmcli.cli.lead:add_command"}
MADE = ("contact", "company", "deal")
closing(
    lead,
    "leads:junk",
    "Close leads as junk.\n\nExample: crm lead junk 7k3 --reason wrong_number",
    option("--reason", "Reason: one of junk_reasons."),
)


def add_command(entity: str) -> click.Command:
    """`crm lead add`, which reads a scrap of text, and asks on a terminal for what the deal lacks where no
    leads are kept."""
    from crmcli.cli import records

    command = records.add_command(entity)
    usual = command.callback
    assert usual is not None

    def callback(session: Session, /, each_line: bool = False, **options: Any) -> Answer:
        said = options.pop(ARGUMENT, None)
        if said is None:
            if each_line:
                raise BadUsage("--each-line needs a text", "crm lead add --each-line - < leads.txt")
            return _asking(session, usual, options)
        text = text_given(said)
        if not text:
            raise BadUsage(tr("the text is empty"))
        if not each_line:
            return _add_scrap(session, usual, text, options)
        return _add_each(session, usual, text, options)

    command.callback = callback
    told = "Each line of the text is a lead of its own."
    command.params.append(option("--each-line", told, is_flag=True))
    told = "Let the rules under assignment: in settings.yaml choose the owner."
    command.params.append(option("--assign", told, is_flag=True))
    command.help = (
        "Add a lead and print its id.\n\nA text is read for phones, e-mails, handles, sites, a name, a "
        "company and a budget; what is not certain stays in the comment. A text in which nobody can be "
        "reached is the name. - reads the text from stdin.\n\n"
        "Example: crm lead add 'Maria +44 20 7946 0123 wants a new roof, maria@example.com' --source web"
    )
    return command


def _asking(session: Session, add: Callable[..., Any], options: Mapping[str, Any]) -> Answer:
    from crmcli.cli.converting import pairs_for
    from crmcli.sales.records.required import MissingFields

    given = dict(options)
    while True:
        try:
            answer: Answer = add(session, **given)
            return answer
        except MissingFields as error:
            given["put"] = (*given["put"], *pairs_for(session, error))


def _add_scrap(
    session: Session, add: Callable[..., Any], text: str, options: Mapping[str, Any]
) -> Answer:
    """A lead of what a text says; what an option says already goes with the rest into the comment."""
    from crmcli.present import scraps
    from crmcli.sales.intake.scrap import read_scrap

    ws = session.workspace
    scrap = read_scrap(text, ws.settings.phone_country)
    if not scrap.tells_how_to_reach:
        name = "field_comment" if "\n" in text else ARGUMENT
        return _asking(session, add, {**options, name: text})
    given: dict[str, Any] = dict(options)
    rest = [given["field_comment"] or "", scrap.rest]
    for field, values in scrap.values.items():
        option_of = f"field_{field}"
        if isinstance(given[option_of], tuple):
            given[option_of] += tuple(values)
        elif given[option_of] is None:
            given[option_of] = values[0]
        else:
            rest += values
    given["field_comment"] = "\n".join(filter(None, rest)) or None
    answer = _asking(session, add, given)
    ws.notes.append(scraps.read(ws, "lead", scrap))
    return answer


def _add_each(
    session: Session, add: Callable[..., Any], text: str, options: Mapping[str, Any]
) -> Answer:
    """A lead for each line; lines that are refused are told, and make the exit code 1."""
    answers: list[Told] = []
    count = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            answer = _add_scrap(session, add, line.strip(), options)
        except CrmError as error:
            session.out.warn(tr("line {}: {}", number, error))
            session.exit_code = 1
        else:
            count += 1
            answers += [answer] if isinstance(answer, Told) else []
            if not any(sign.isdecimal() or sign == "@" for sign in line):
                session.out.note(tr("line {}: nobody can be reached: {}", number, line.strip()))
    session.out.note(tr("leads added: {}", count))
    return answers


@lead.command(
    cls=ChangingVerb,
    params=[
        *(option(f"--{entity}", f"Create a {entity}.", is_flag=True) for entity in MADE),
        option("--pipeline", "Pipeline of the deal.", "ID"),
        option("--set put", "A value of what it becomes.", "ENTITY.FIELD=VALUE", multiple=True),
        option("--on-duplicate", told(tuple(OF_CONVERT)), default=ASK, among=tuple(OF_CONVERT)),
        *(option(f"--use-{e}", f"Fill in this {e} instead.", "REF") for e in MADE),
        ALL_OR_NOTHING,
    ],
)
@click.argument("refs", nargs=-1, required=True, metavar="REF...", shell_complete=complete)
def convert(
    session: Session,
    /,
    refs: Sequence[str],
    pipeline: str,
    put: Sequence[str],
    on_duplicate: str,
    all_or_nothing: bool,
    **given: str | bool,
) -> list[Told]:
    """Convert leads, each into a contact, a company and a deal, or any of them.

    Without options: a contact, a deal, and a company if the lead names one. The contact and the company that
    the lead has already are used. What is missing is asked for on a terminal. Several leads are one
    transaction, in which one new client becomes one contact; those that are refused are listed.

    Example: crm lead convert 7k3 --contact --deal --set deal.close_by=friday
    """
    from crmcli.cli.converting import completed, values_of
    from crmcli.present.changes import converted
    from crmcli.sales import leads
    from crmcli.sales.many import Chosen, each

    ws = session.workspace
    wanted = leads.ConvertOptions(
        make=tuple(entity for entity in MADE if given[entity]),
        use={e: ws.resolve(str(r), e) for e in MADE if (r := given[f"use_{e}"])},
        pipeline=pipeline,
        on_duplicate=on_duplicate,
        is_apart=on_duplicate == "create",
        given=values_of(put),
    )
    chosen = Chosen("lead", list(dict.fromkeys(ws.resolve(ref, "lead") for ref in refs)))
    made = leads.MadeEarlier()
    ways = {lead_id: completed(session, lead_id, wanted) for lead_id in chosen.ids}
    done = each(
        ws, "lead convert", chosen,
        lambda change, i: leads.convert_in(change, ws, i, ways[i], made), whole=all_or_nothing,
    )  # fmt: skip
    return each_told(session, chosen, done, converted)


@lead.command(cls=ChangingVerb, params=[REF])
def unconvert(session: Session, ref: str) -> list[Told]:
    """Take a conversion back: what it made is removed, what it filled up is as before.

    Refused if any of that was changed since, or something links to it; what it is, is said.

    Example: crm lead unconvert 7k3
    """
    from crmcli.present.changes import undone
    from crmcli.sales import leads

    ws = session.workspace
    done = leads.unconvert(ws, ws.resolve(ref, "lead"))
    ws.notes += done.stays
    return list(undone(ws, done))
