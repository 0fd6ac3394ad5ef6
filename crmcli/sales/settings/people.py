"""Who works here and who may do what: users of settings.yaml, their roles and teams in access.yaml."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast

from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import tr, tr_in
from crmcli.model.access import Team
from crmcli.model.listed import allowed_hint
from crmcli.model.user import names_of
from crmcli.model.values import Raw, fold
from crmcli.sales.settings.reshape import (
    SettingsEdit,
    Tree,
    below,
    read_text,
    reshaping,
    text_with,
    valid,
)
from crmcli.store.layout import ACCESS
from crmcli.workspace import FileChanged, Workspace
from crmcli.workspace.approving import rights_with

ADMINISTRATOR = "administrator"
_BEGINNING = "# yaml-language-server: $schema=schema/access.schema.json\n#\n# {}\n"
Edit = Callable[[Tree], None]


def has_rights(ws: Workspace) -> bool:
    """Whether there is an access.yaml."""
    return ws.has_file(ACCESS)


def with_rights(ws: Workspace, edit: Edit) -> dict[str, bytes]:
    """access.yaml with other values, a new one where there is none, by its path."""
    about = tr_in(
        "Who may do what: crm help rights. In a folder or clone that a person can read, this is advice.",
        ws.settings.language,
    )
    return {
        ACCESS: text_with(read_text(ws, ACCESS) or _BEGINNING.format(about).encode(), ACCESS, edit)
    }


def write_rights(ws: Workspace, command: str, edit: Edit) -> None:
    """Change access.yaml; BadUsage with the first fault that it would have."""
    before, new = read_text(ws, ACCESS), with_rights(ws, edit)[ACCESS]
    valid(ACCESS, partial(ws.read_access, thorough=True), new)
    with ws.change(command) as change:
        if read_text(ws, ACCESS) != before:
            raise FileChanged(tr("{} was changed by someone else meanwhile", ACCESS), "try again")
        change.gate_rights = at_gate(ws, edit)
        change.rewrite(ACCESS, new)


def at_gate(ws: Workspace, edit: Edit) -> bytes | None:
    """What is approved for the gate, with the same change; None where there is no gate."""
    return rights_with(ws, partial(text_with, path=ACCESS, edit=edit))


# --- users ------------------------------------------------------------------------------------------


def add(ws: Workspace, user: str, facts: Mapping[str, Raw], roles: Sequence[str]) -> None:
    """Add a user, with roles where there are rights; BadUsage if somebody has that id or address."""
    users = ws.settings.users
    taken = names_of(users)
    if fold(user) in map(fold, users):
        raise BadUsage(tr("user {!r} already exists", user), tr("crm user show {}", user))
    address = str(facts.get("email", ""))
    if address and (others := taken.get(fold(address))):
        raise BadUsage(tr("{} is the address of {}", address, others[0]), "use another one")
    if phone := str(facts.get("phone", "")):
        _check_phone(phone, ws.settings.phone_country)
    if roles and not has_rights(ws):
        raise _no_rights_yet()
    named = roles_named(ws, roles)

    def edit(tree: Tree) -> None:
        below(tree, "users")[user] = dict(facts)

    def grant(tree: Tree) -> None:
        below(tree, "users")[user] = [*named]

    files = with_rights(ws, grant) if named else {}
    with reshaping(ws, "user add", SettingsEdit(edit, files=files)) as done:
        done.change.gate_rights = at_gate(ws, grant) if named else None


def _check_phone(phone: str, country: str) -> None:
    from crmcli.model.phones import parse_phones

    try:
        parse_phones(phone, country)
    except ValueError as error:
        raise BadUsage(tr("{}: {}", "--phone", error), "the number as it is dialled") from None


def roles_named(ws: Workspace, roles: Sequence[str]) -> list[str]:
    """The ids of roles; NotFound with the nearest for one that is not there."""
    known = ws.rules.roles
    for role in roles:
        if role not in known:
            raise NotFound(tr("no role {!r}", role), allowed_hint(role, known, tr("roles")))
    return [*dict.fromkeys(roles)]


def left_out(ws: Workspace, user: str) -> list[str]:
    """Who would have no rights once the first role is given: all but that one and who gives it."""
    return [one for one in ws.settings.users if one not in (user, ws.user)]


def set_roles(ws: Workspace, user: str, roles: Sequence[str]) -> None:
    """Give a user these roles and no others; where there are no rights yet, who gives them becomes
    administrator. BadUsage if nobody could change rights any more."""
    if not ws.settings.users:
        raise Refused("settings.yaml names no users", "crm user add ID adds one")
    if not has_rights(ws) and ws.user not in ws.settings.users:
        raise Refused(tr("{!r} is not among the users here", ws.user), "crm user add adds you")
    named, is_first = roles_named(ws, roles), not has_rights(ws)

    def edit(tree: Tree) -> None:
        users = below(tree, "users")
        if is_first and not users:
            users[ws.user] = [ADMINISTRATOR]
        users[user] = [*named]

    write_rights(ws, "user role", edit)


def take_back(ws: Workspace, user: str) -> None:
    """Let a user in again who was put off."""
    if user not in ws.rules.off:
        raise Refused(tr("{} has not left", user), tr("crm user show {}", user))

    def edit(tree: Tree) -> None:
        tree["off"] = [one for one in cast("list[Raw]", tree.get("off") or []) if one != user]
        if not tree["off"]:
            del tree["off"]

    write_rights(ws, "user on", edit)


def _no_rights_yet() -> Refused:
    return Refused(tr("there is no {} yet", ACCESS), "crm user role USER ROLE makes it")


# --- teams ------------------------------------------------------------------------------------------


def team_named(ws: Workspace, ref: str) -> Team:
    """A team by its id or its name; NotFound with the nearest."""
    teams = ws.rules.teams
    found = [one for one in teams.values() if fold(ref) in (fold(one.id), fold(one.name))]
    if len(found) != 1:
        hint = tr("crm team add {} makes it", ref)
        raise NotFound(
            tr("no team {!r}", ref), allowed_hint(ref, teams, tr("teams")) if teams else hint
        )
    return found[0]


def add_team(ws: Workspace, team: str, facts: Mapping[str, Raw]) -> None:
    """Add a team by its keys in access.yaml."""
    if not has_rights(ws):
        raise _no_rights_yet()
    if team in ws.rules.teams:
        raise BadUsage(tr("team {!r} already exists", team), tr("crm team set {} …", team))

    def edit(tree: Tree) -> None:
        below(tree, "teams")[team] = dict(facts)

    write_rights(ws, "team add", edit)


def set_team(
    ws: Workspace, team: Team, facts: Mapping[str, Raw], more: Sequence[str], fewer: Sequence[str]
) -> None:
    """Change what access.yaml says of a team, and who belongs to it."""
    for user in fewer:
        if user not in team.members:
            raise BadUsage(tr("{} is not in team {}", user, team.id), "crm team list shows who is")

    def edit(tree: Tree) -> None:
        told = {**below(tree, "teams", team.id), **facts}
        known = [str(one) for one in cast("list[Raw]", told.get("members") or [])]
        members = [one for one in dict.fromkeys((*known, *more)) if one not in fewer]
        if members != known:
            told["members"] = list[Raw](members)
        below(tree, "teams")[team.id] = {key: value for key, value in told.items() if value != ""}

    write_rights(ws, "team set", edit)


def remove_team(ws: Workspace, team: Team) -> None:
    """Take a team away; refused while others are parts of it."""
    parts = [one.id for one in ws.rules.teams.values() if one.above == team.id]
    if parts:
        told = tr("{} is made of {}", team.id, ", ".join(parts))
        raise Refused(told, tr("crm team set {} --in …", parts[0]))

    def edit(tree: Tree) -> None:
        teams = below(tree, "teams")
        teams.pop(team.id, None)
        if not teams:
            del tree["teams"]

    write_rights(ws, "team rm", edit)
