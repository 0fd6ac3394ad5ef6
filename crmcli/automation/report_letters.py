"""Reports by mail: who gets one, as who it is seen, and the letters made, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.automation.ledger import job_key
from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, CrmError, Forbidden, NotFound
from crmcli.language import tr
from crmcli.model.access import Access
from crmcli.model.action_texts import listed_words
from crmcli.model.audit import COMMAND, EXPORT
from crmcli.model.listed import allowed_hint
from crmcli.model.reports import DASHBOARD
from crmcli.model.user import names_of
from crmcli.model.values import fold
from crmcli.sales.documents.messages import named_address
from crmcli.store.layout import ACCESS, REPORTS
from crmcli.workspace.trail import Trail, append_entry

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.channels.message import AttachedFile
    from crmcli.render import MailText
    from crmcli.workspace import Workspace

DOOR = "mail"
"""By which door a report leaves, as the audit has it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a schedule asks for: reports by name, and how; `at` is the moment of which it tells."""

    reports: tuple[str, ...]
    at: datetime
    period: str = ""
    by: tuple[str, ...] = ()
    where: str = ""
    pipeline: str = ""
    compare: str = ""
    currency: str = ""
    sheet: str = "xlsx"
    has_picture: bool = True
    limit: int | None = None

    def check(self) -> None:
        """BadUsage without a report, and for what a dashboard, which is of several, cannot be asked."""
        if not self.reports:
            raise BadUsage("which report?", "crm report list names them")
        asked = [name for name in ("by", "where", "currency", "limit") if getattr(self, name)]
        if DASHBOARD in self.reports and asked:
            raise BadUsage(
                tr("dashboard takes no {!r}", asked[0]), "leave it out, or name single reports"
            )

    @classmethod
    def of(cls, params: Mapping[str, Any], at: datetime) -> Wanted:
        """What stands under `with:`."""
        plain = {
            name: str(params.get(name) or "")
            for name in ("period", "where", "pipeline", "compare", "currency")
        }
        return cls(
            tuple(listed_words(params.get("report"))),
            at,
            by=tuple(listed_words(params.get("by"))),
            sheet=str(params.get("sheet") or "xlsx"),
            has_picture=str(params.get("picture") or "yes") not in ("no", "False", "false"),
            limit=None if params.get("limit") is None else int(params["limit"]),
            **plain,
        )


class MadeReport(NamedTuple):
    """A report as a letter: its words, and the pictures and sheets that go with it."""

    mail: MailText
    attached: tuple[AttachedFile, ...] = ()


class ReportLetter(NamedTuple):
    """One letter, or why there is none: its key, the addresses and the users of those, as who it is seen."""

    key: str
    to: tuple[str, ...]
    users: tuple[str, ...]
    seen_as: str
    made: MadeReport | None
    why: str = ""


class Recipients(NamedTuple):
    """Who is meant: users by id, and addresses that are no user's."""

    users: tuple[str, ...]
    outside: tuple[str, ...]


def recipients(ws: Workspace, words: Sequence[str]) -> Recipients:
    """Whom the words of `to:` mean; NotFound for one that means nobody, BadUsage without any."""
    users: list[str] = []
    outside: list[str] = []
    known, rules = names_of(ws.settings.users), ws.rules
    for word in words:
        found = known.get(fold(word)) or _group(rules, word)
        if not found and "@" in word:
            outside.append(word)
        elif not found:
            there = [*ws.settings.users, *rules.teams, *rules.roles]
            raise NotFound(tr("no user, team or role {!r}", word), allowed_hint(word, there))
        users += found or ()
    if not words:
        raise BadUsage("nobody is there to get it", "name users, teams, roles or addresses")
    here = [user for user in users if user in ws.settings.users and user not in ws.gone]
    return Recipients(tuple(dict.fromkeys(here)), tuple(dict.fromkeys(outside)))


def _group(rules: Access, word: str) -> tuple[str, ...]:
    """The users of a team, or of a role."""
    for team in rules.teams.values():
        if fold(word) in (fold(team.id), fold(team.name)):
            return tuple(sorted(team.everybody))
    for role in rules.roles.values():
        if fold(word) in (fold(role.id), fold(role.name)):
            return tuple(user for user, roles in rules.users.items() if role.id in roles)
    return ()


def letters(
    ws: Workspace, wanted: Wanted, to: Recipients, act: tuple[str, str], seen_as: str
) -> Iterator[ReportLetter]:
    """The letters of one act (who does it, and when), each made as its reader may see it; for those
    who see all once. What keeps one from being made keeps no other. What goes outside is as `seen_as`."""
    boxes = {user: ws.settings.users[user] for user in to.users}
    for user in [user for user, box in boxes.items() if not box.email]:
        told = tr("{} has no e-mail address", user)
        yield ReportLetter("", (), (user,), user, None, told)
    for users in _by_sight(ws, [user for user, box in boxes.items() if box.email], wanted):
        one = _letter(ws, wanted, ReportLetter("", (), users, users[0], None))
        for user in users:  # to each by itself: who refuses it keeps it from nobody else
            key, address = job_key(act[0], user, act[1]), boxes[user].email
            yield one._replace(
                key=key, to=(named_address(boxes[user].name, address),), users=(user,)
            )
    for address in to.outside:
        key = job_key(act[0], address, act[1])
        yield _letter(ws, wanted, ReportLetter(key, (address,), (), seen_as, None))


def user_named(ws: Workspace, params: Mapping[str, Any]) -> str:
    """As who it is made for addresses of nobody's; "" where that is not said."""
    word = str(params.get("as") or "")
    return ws.user_id(word) if word else ""


def _by_sight(ws: Workspace, users: Sequence[str], wanted: Wanted) -> Iterator[tuple[str, ...]]:
    """The users by what they see: those who see and may export all together, each other one alone."""
    told = wanted.where + (ws.file(REPORTS) or b"").decode("utf-8", "replace")
    is_own = re.search(r"\bme\b", told) is not None
    together: list[str] = []
    for user in users:
        if not is_own and _sees_all(ws, user):
            together.append(user)
        else:
            yield (user,)
    if together:
        yield tuple(together)


def _sees_all(ws: Workspace, user: str) -> bool:
    try:
        rights = ws.seen_by(user).rights
    except CrmError:
        return False  # the letter will say why
    return rights is None or (not rights.is_narrow and rights.may_all(EXPORT))


def _letter(ws: Workspace, wanted: Wanted, letter: ReportLetter) -> ReportLetter:
    try:
        return letter._replace(made=_made(ws, wanted, letter))
    except CrmError as error:
        why = ": ".join(filter(None, (tr(error.message), tr(error.hint))))
        return letter._replace(why=why)


def _made(ws: Workspace, wanted: Wanted, letter: ReportLetter) -> MadeReport:
    """The report as one user sees it, kept by the audit before it leaves."""
    if ws.reporter is None:
        raise BadUsage("reports are made by crm tick")
    if not letter.users:
        check_goes_outside(ws, letter.seen_as, letter.to[0])
    seen = ws.seen_by(letter.seen_as)
    command = f"report {', '.join(wanted.reports)}"
    trail = Trail(seen, command, DOOR) if seen.rights is not None else None
    seen.trail = trail
    made: MadeReport = ws.reporter(seen, wanted)
    if trail is not None:
        trail.give_out()
    if ws.has_file(ACCESS):
        facts = {"door": DOOR, "command": command}
        for user in letter.users[1:]:
            append_entry(ws, COMMAND, user, "", facts)
        if not letter.users:
            append_entry(ws, EXPORT, letter.seen_as, "", {**facts, "what": letter.to[0]})
    return made


def check_goes_outside(ws: Workspace, user: str, address: str) -> None:
    """Forbidden where nobody answers for what leaves for an address of no user, or may not export it."""
    if not ws.has_file(ACCESS):
        return
    if not user:
        told = tr("{} is no user: as who is the report made?", address)
        raise Forbidden(told, "write as: and a user who may export")
    rights = ws.seen_by(user).rights
    if rights is not None and not rights.exports_what_it_reads:
        told = tr("{} may not export all that {} would get", user, address)
        way = "leave that address out; in a schedule as: may name a user who may export"
        raise Forbidden(told, way)
