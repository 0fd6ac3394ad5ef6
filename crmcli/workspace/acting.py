"""Who acts: whom --as names, else CRM_USER, else crm login, else the only user, else the login name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, NamedTuple

from crmcli.errors import Forbidden
from crmcli.language import tr
from crmcli.model.access import ACT_AS, Rights, rights_of
from crmcli.model.event import is_machine
from crmcli.model.settings import Settings
from crmcli.model.user import find_user
from crmcli.store.safety import trust

LOGINS = "logins"
"""What this user of the machine has answered, by folder: beside what he trusts, outside every workspace, so
that neither git nor whoever shares the folder has it, and nothing that empties .crm takes it away."""


class NobodyActs(Forbidden):
    """Who is acting is not known, in a workspace where that decides."""

    def __init__(self) -> None:
        super().__init__(
            tr("who are you? several people work here"),
            tr(
                "crm login NAME says so for this folder, CRM_USER=NAME for a shell, --as NAME for a command"
            ),
        )


class NoRights(Forbidden):
    """Who acts may do nothing here, or has left."""

    told_as = "Forbidden"


class Acting(NamedTuple):
    """Who acts, "" if nobody knows; by what that is known; and who acts where --as is not given."""

    user: str = ""
    by: Literal["as", "environment", "login", "only", "system", "robot", ""] = ""
    otherwise: str = ""

    @property
    def really(self) -> str:
        """Who acts for somebody else, by --as; "" where nobody does."""
        return self.otherwise if self.by == "as" and self.otherwise != self.user else ""


def found(root: Path, settings: Settings, named: str, otherwise: str, *, asks: bool) -> Acting:
    """Who acts; BadUsage or Ambiguous where a word means no user, or several."""
    if named and not asks:
        return Acting(known_user(settings, named), "as")
    said = _by_environment(settings, otherwise)
    if not said.user and asks and len(settings.users) != 1:
        said = Acting(login := _answered(root, settings), "login" if login else "")
    if named:
        return Acting(known_user(settings, named), "as", said.user)
    return said if said.user else _only_user(settings)


def _by_environment(settings: Settings, named: str) -> Acting:
    """Whom CRM_USER names: somebody, or the robot whose program this is; nobody if it is empty."""
    if is_machine(named):
        return Acting(named, "robot")
    return Acting(known_user(settings, named), "environment") if named else Acting()


def known_user(settings: Settings, ref: str) -> str:
    """The user whom a word means; where settings.yaml names no users, anybody may be one."""
    return find_user(settings.users, ref) if settings.users else ref


def _answered(root: Path, settings: Settings) -> str:
    """What crm login wrote, of a user who is still there."""
    try:
        user = str(trust.read(LOGINS).get(os.path.realpath(root), ""))
    except trust.TrustUnreadable:
        return ""
    return user if user in settings.users or not settings.users else ""


def answer(root: Path, user: str) -> str:
    """Keep who acts in a folder, "" for nobody; returns who it was."""
    place = os.path.realpath(root)
    with trust.changed(LOGINS) as known:
        was = str(known.pop(place, ""))
        if user:
            known[place] = user
    return was


def _only_user(settings: Settings) -> Acting:
    """Who acts where nobody was named: the only user, or else the login name."""
    if len(settings.users) == 1:
        return Acting(next(iter(settings.users)), "only")
    login = _login_name()
    if login and (login in settings.users or not settings.users):
        return Acting(login, "system")
    return Acting()


def _login_name() -> str:
    """The name in the environment, which cron and ssh set, or else the system's for this process."""
    login = os.environ.get("LOGNAME") or os.environ.get("USER")
    if login:
        return login
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""  # a process of a number that has no name, as in some containers


def check_acts_as(rights: Rights, acting: Acting) -> None:
    """Forbidden where somebody acts as another and has no right to."""
    other, rules = acting.really, rights.access
    if not other:
        return
    if other in rules.off or not rights_of(other, rules).has(ACT_AS):
        told = tr("{} may not act as {}", other, acting.user)
        raise Forbidden(told, "leave out --as, or ask an administrator; crm user list names them")
