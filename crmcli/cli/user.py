"""crm user: who works here, and who may do what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from crmcli.cli.params import ChangingVerb, Noun, complete, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.present.cells import Listing
from crmcli.present.permission import ADVICE, USERS, handed_over, user_rows
from crmcli.present.told import Told
from crmcli.sales.settings import leaving, people

user = Noun("user", help="Users: add, list, show; their roles; who leaves.")
USER = click.Argument(("ref",), metavar="USER", shell_complete=complete)
FACTS = [
    option("--name", "What the user is called.", "NAME"),
    option("--email", "Where notices go; letters to it are for this user.", "EMAIL"),
    option("--phone", "Phone.", "PHONE"),
    option("--head", "Who leads this user.", "USER"),
    option("--extension extensions", "Extension of the telephone exchange; may be repeated.", "NUMBER",
           multiple=True),
]  # fmt: skip
ROLES = option("--role roles", "A role; may be repeated.", "ROLE", multiple=True)


@user.command(cls=ChangingVerb, params=[click.Argument(("ref",), metavar="ID"), *FACTS, ROLES])
def add(session: Session, /, ref: str, roles: Sequence[str], **given: Any) -> Told:
    """Add a user to settings.yaml, with roles to access.yaml too.

    Example: crm user add olga --name 'Olga Reed' --email olga@example.com
    """
    ws = session.workspace
    if not ws.user:
        ws.is_house = True  # nobody can say who he is before he is among them
    facts = {key: value for key, value in given.items() if value}
    if facts.get("head"):
        facts["head"] = ws.user_id(facts["head"])
    if given["extensions"]:
        facts["extensions"] = [*given["extensions"]]
    was = len(ws.settings.users)
    people.add(ws, ref, facts, roles)
    notes = []
    if was == 1:
        notes.append(tr("several people work here now: crm login NAME says who you are"))
    if people.has_rights(ws) and not roles:
        notes.append(tr("{} has no role yet: crm user role {} ROLE", ref, ref))
    return Told(tr("Added user {}.", ref), {"user": ref, **facts, "roles": [*roles]}, notes)


@user.command("list")
def list_(session: Session) -> Listing:
    """List the users with their roles and teams.

    Example: crm user list
    """
    ws = session.workspace
    has_rights = people.has_rights(ws)
    none = tr("there is no access.yaml: everybody may do everything")
    ws.notes.append(tr(ADVICE) if has_rights else none)
    rows = user_rows(ws, ws.rules, has_rights=has_rights)
    return Listing(rows, USERS, "settings.yaml names no users: crm user add ID")


@user.command(params=[USER])
def show(session: Session, ref: str) -> Listing:
    """Show a user: roles, teams, and whether that one has left.

    Example: crm user show anna
    """
    ws = session.workspace
    rows = user_rows(ws, ws.rules, has_rights=people.has_rights(ws))
    found = ws.user_id(ref)
    return Listing([row for row in rows if row["id"] == found], USERS)


@user.command(
    cls=ChangingVerb,
    params=[USER, click.Argument(("roles",), nargs=-1, required=True, metavar="ROLE...")],
)
def role(session: Session, ref: str, roles: Sequence[str]) -> Told:
    """Give a user these roles, and no others; crm role has what there is.

    Where there is no access.yaml yet it is made: you become administrator, and who has no role may do
    nothing from then on.

    Example: crm user role boris manager
    """
    ws = session.workspace
    found, roles = ws.user_id(ref), [*dict.fromkeys(roles)]
    notes = []
    if not people.has_rights(ws):
        people.roles_named(ws, roles)
        others = people.left_out(ws, found)
        if others:
            told = tr("access.yaml is new: you become administrator, and {} may do nothing until they have"
                      " roles. Go on?", ", ".join(others))  # fmt: skip
            session.confirm(told)
            notes.append(tr("without a role: {}", ", ".join(others)))
        notes.append(tr("access.yaml is new: {} is administrator", ws.user))
        notes.append(tr(ADVICE))
    people.set_roles(ws, found, roles)
    text = tr("{} is {} now.", ws.owner_name(found), ", ".join(roles))
    return Told(text, {"user": found, "roles": [*roles]}, notes)


@user.command(
    cls=ChangingVerb,
    params=[
        USER,
        option("--give-to heir", "Who gets what was theirs.", "USER"),
        option("--where -w", "Only records that match a condition go to that one.", "EXPR"),
        option("--closed", "Closed deals, leads, tasks and documents too.", is_flag=True),
    ],
)
def off(session: Session, ref: str, heir: str, where: str, closed: bool) -> Told:
    """Close every door to a user who leaves and, with --give-to, pass on what was theirs.

    Clients, open leads, deals, tasks and documents go to the other, and so do letters to that address, calls
    to those extensions, turns, forms, robots' duties and the teams that they led: all in one transaction,
    which crm undo takes back. What is closed stays theirs, for reports, unless --closed is given. Records may
    go to several people: run it again with another --give-to. No robot acts upon the new owner.

    Example: crm user off boris --give-to anna --dry-run

    Example: crm user off boris --give-to anna --where 'tags has vip'
    """
    ws = session.workspace
    found, to = ws.user_id(ref), ws.user_id(heir) if heir else ""
    is_first = not people.has_rights(ws)
    name = ws.owner_name(found)
    leaving.check(ws, found, to, where)
    question = tr("close every door to {}, and give all to {}?", name, ws.owner_name(to))
    session.confirm(question if to else tr("close every door to {}?", name))
    done = leaving.put_off(ws, found, to, where, finished=closed)
    told = handed_over(ws, found, to, done)
    if is_first:
        more = tr("access.yaml is new: all others may do everything, as before")
        told = told._replace(notes=[*told.notes, more])
    return told


@user.command(cls=ChangingVerb, params=[USER])
def on(session: Session, ref: str) -> Told:
    """Let a user in again who was put off, with the roles of before.

    Example: crm user on boris
    """
    ws = session.workspace
    found = ws.user_id(ref)
    people.take_back(ws, found)
    told = Told(tr("{} may work here again.", ws.owner_name(found)), {"user": found})
    if ws.settings.users[found].email:
        return told
    note = tr(
        "the e-mail and phones of {} went out of settings.yaml when the doors were closed: write them"
        " there again", found,
    )  # fmt: skip
    return told._replace(notes=[note])
