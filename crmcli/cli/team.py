"""crm team: the teams of access.yaml, each under its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.model.values import Raw
from crmcli.present.cells import Listing
from crmcli.present.permission import TEAMS, team_rows
from crmcli.present.told import Told
from crmcli.sales.settings import people
from crmcli.workspace import Workspace

team = Noun("team", help="Teams: list, add, set, rm.")
TEAM = click.Argument(("ref",), metavar="TEAM")
FACTS = [
    option("--name", "Name.", "NAME"),
    option("--head", "Who leads it.", "USER"),
    option("--in above", "The team of which it is a part.", "TEAM"),
    option("--add members", "A member; may be repeated.", "USER", multiple=True),
]


@team.command("list")
def list_(session: Session) -> Listing:
    """List the teams.

    Example: crm team list
    """
    return Listing(team_rows(session.workspace.rules), TEAMS, "no teams yet: crm team add ID")


@team.command(cls=ChangingVerb, params=[click.Argument(("ref",), metavar="ID"), *FACTS])
def add(session: Session, /, ref: str, **given: Any) -> Told:
    """Add a team.

    Its head sees what its members and those of the teams below own, if the role says so.

    Example: crm team add sales --name Sales --head boris --add anna --add vera
    """
    ws = session.workspace
    facts = _facts(ws, given)
    members: list[Raw] = [ws.user_id(one) for one in given["members"]]
    people.add_team(ws, ref, {**facts, **({"members": members} if members else {})})
    return Told(tr("Added team {}.", ref), {"team": ref, **facts, "members": members})


@team.command(
    "set",
    cls=ChangingVerb,
    params=[
        TEAM,
        *FACTS,
        option("--drop", "A member who leaves it; may be repeated.", "USER", multiple=True),
        option("--unset", "Take this away.", among=("name", "head", "in"), multiple=True),
    ],
)
def set_(session: Session, /, ref: str, drop: Sequence[str], unset: Any, **given: Any) -> Told:
    """Change a team: its name, head, members, of which team it is a part.

    Example: crm team set sales --head anna --drop boris
    """
    ws = session.workspace
    found = people.team_named(ws, ref)
    facts = {**dict.fromkeys(unset, ""), **_facts(ws, given)}
    more, fewer = ([ws.user_id(one) for one in names] for names in (given["members"], drop))
    people.set_team(ws, found, facts, more, fewer)
    return Told(tr("Changed team {}.", found.id), {"team": found.id})


@team.command(cls=ChangingVerb, params=[TEAM])
def rm(session: Session, ref: str) -> Told:
    """Remove a team; refused while others are parts of it.

    Example: crm team rm sales
    """
    ws = session.workspace
    found = people.team_named(ws, ref)
    people.remove_team(ws, found)
    return Told(tr("Removed team {}.", found.id), {"team": found.id})


def _facts(ws: Workspace, given: Mapping[str, Any]) -> dict[str, Raw]:
    """The keys of access.yaml that were given."""
    facts: dict[str, Raw] = {"name": given["name"]}
    facts["head"] = ws.user_id(given["head"]) if given["head"] else ""
    facts["in"] = people.team_named(ws, given["above"]).id if given["above"] else ""
    return {key: value for key, value in facts.items() if value}
