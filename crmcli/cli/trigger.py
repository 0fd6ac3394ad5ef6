"""crm trigger: the triggers of pipelines.yaml, and what they are told."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present import automation
from crmcli.present.cells import Listing
from crmcli.present.told import Told

trigger = Noun(
    "trigger",
    help="Triggers of pipelines.yaml: add, rm; fire one by its code; answer which deal was meant.",
    makers={verb: f"crmcli.cli.robot_rules:{verb}_trigger" for verb in ("add", "rm")},
)


@trigger.command(cls=ChangingVerb)
@click.argument("code")
@click.option("--on", "ref", required=True, metavar="REF", help="Record.")
@click.option(
    "--id", "call_id", default="", help="An id of the call, told once: a second call does nothing."
)
@click.option(
    "--with", "told", metavar="NAME=VALUE", multiple=True, help="What filters of triggers look at."
)
def fire(session: Session, code: str, ref: str, call_id: str, told: Sequence[str]) -> Told:
    """Tell the triggers that something happened to a record.

    CODE is a word of your own, or an event that no channel raises yet, such as site.returned. Triggers and
    robots with `on: CODE` see it at the next tick. For a contact or a company it counts for the open deal
    with the latest activity, or else for the lead. A code that no trigger waits for is refused, exit code 3.

    Example: crm trigger fire paid --on 7k3

    Example: crm trigger fire paid --on 7k3 --id payment-4711

    Example: crm trigger fire shipment.sent --on 7k3 --with value=TRACK-17
    """
    from crmcli.sales import activities

    ws = session.workspace
    record = ws.find(ref)
    fired = activities.fire(ws, record.id, code, call_id, _pairs(told))
    about = (code, record.id, record.get("name"))
    if not fired:
        return Told(tr("Already fired {} on {} {} with this id: nothing done.", *about))
    return Told(tr("Fired {} on {} {}.", *about))


@trigger.command(cls=ChangingVerb)
@click.argument("deal", required=False, default="")
@click.option("--event", metavar="ID", default="", help="The event, where several ask.")
def answer(session: Session, deal: str, event: str) -> list[Told] | Listing:
    """Say which deal an event meant, for triggers with choose: ask; without DEAL, list what is asked.

    The deal moves as if the client had no other, the others are passed over; both stand on the timeline.

    Example: crm trigger answer

    Example: crm trigger answer 7k3 --event e1m8
    """
    from crmcli.automation import trigger_answers as answers
    from crmcli.present.changes import moved

    ws = session.workspace
    if not deal:
        asked = [(one, answers.names(ws, one.deals)) for one in answers.questions(ws)]
        return automation.questions(asked)
    deal_id = ws.resolve(deal, "deal")
    done = answers.answer(ws, deal_id, event)
    told = Told(tr("Answered: {} was meant.", deal_id))
    return [told] if done is None else [told, moved(ws, done)]


def _pairs(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, is_pair, value = text.partition("=")
        if not is_pair:
            raise BadUsage(tr("{!r} is not NAME=VALUE", text), "write --with link=/price")
        found[name.strip()] = value.strip()
    return found
