"""Who acts: whom --as names, else CRM_USER, else crm login, else the only user, else the login name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from crmcli import language
from crmcli.errors import Forbidden
from crmcli.language import tr
from crmcli.model.access import ACT_AS, Rights
from crmcli.model.settings import Settings
from crmcli.model.user import find_user
from crmcli.store.config.settings import load_settings
from crmcli.store.layout import ACCESS, find_root
from crmcli.store.safety import trust

if TYPE_CHECKING:
    from crmcli.workspace.configured import Configured

LOGINS = "logins"
"""What this user of the machine has answered, by folder: beside what he trusts, outside every workspace, so
that neither git nor whoever shares the folder has it, and nothing that empties .crm takes it away."""


class Acting(NamedTuple):
    """Who acts, "" if nobody knows; by what that is known; and who acts where --as is not given."""

    user: str = ""
    by: Literal["as", "environment", "login", "only", "system", ""] = ""
    otherwise: str = ""


def found(root: Path, settings: Settings, named: str, otherwise: str, *, asks: bool) -> Acting:
    """Who acts; BadUsage or Ambiguous where a word means no user, or several."""
    if named and not asks:
        return Acting(_known(settings, named), "as")
    said = Acting(_known(settings, otherwise), "environment") if otherwise else Acting()
    if not said.user and asks and len(settings.users) != 1:
        said = Acting(login := _answered(root, settings), "login" if login else "")
    if named:
        return Acting(_known(settings, named), "as", said.user)
    return said if said.user else _only_user(settings)


def _known(settings: Settings, ref: str) -> str:
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


def log_in(start: Path, ref: str) -> str:
    """Keep that one acts in a workspace as that user; Forbidden for who has left. The user's id."""
    root = find_root(start)
    settings = load_settings(root)
    language.prefer(settings.language)
    user = _known(settings, ref)
    if (root / ACCESS).exists():
        from crmcli.workspace.reads import Reads

        Reads(root, settings, user, None, "").take_rights()
    answer(root, user)
    return user


def log_out(start: Path) -> str:
    """Take that back; who it was, "" if nobody."""
    return answer(find_root(start), "")


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


def check_acts_as(ws: Configured, acting: Acting) -> None:
    """Forbidden where somebody acts as another and has no right to."""
    other = acting.otherwise
    if ws.rights is None or acting.by != "as" or other in ("", acting.user):
        return
    rules = ws.rights.access
    if other in rules.off or not Rights(other, rules).has(ACT_AS):
        told = tr("{} may not act as {}", ws.owner_name(other), ws.owner_name(acting.user))
        raise Forbidden(told, "leave out --as, or ask an administrator; crm user list names them")
