"""crm calendar: days on which the company does not work as on others."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.language import counted, tr
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.sales.settings import feeds
from crmcli.sales.settings import holidays as of_countries

DAYS = [
    Column("day", "Day", "date", keep=True), Column("kind", "Kind"),
    Column("name", "Name", whole=True), Column("new", "New"),
]  # fmt: skip

calendar = Noun("calendar", help="Holidays and moved working days; calendars to subscribe to.")


@calendar.command(cls=ChangingVerb)
@click.argument("country", default="", metavar="[COUNTRY[-PART]]")
@click.argument("years", type=int, nargs=-1, metavar="[YEAR…]")
def holidays(session: Session, country: str, years: Sequence[int]) -> Listing:
    """Write the holidays and moved working days of a country into calendar: of settings.yaml.

    Without a country it is that of phone_country:, without a year this one and the next.

    What stands there stays, comments too; git diff shows what came, crm undo takes it back. Robots with
    workdays: yes and quiet_days: [holidays] go by it.

    Example: crm calendar holidays RU 2026 2027

    Example: crm calendar holidays DE-BY 2027 --dry-run
    """
    ws = session.workspace
    if country.isdecimal():
        country, years = "", (int(country), *years)
    this = ws.today.year
    days = of_countries.take(ws, country or ws.settings.phone_country, years or (this, this + 1))
    new = sum(one.is_new for one in days)
    told = "would add {} to calendar:" if ws.dry_run else "added {} to calendar:"
    ws.notes.insert(0, tr(told, counted(new, "day")))
    rows = [
        {
            "day": str(one.day),
            "kind": tr("worked") if one.is_worked else tr("off"),
            "name": one.name,
            "new": tr("new") if one.is_new else "",
        }
        for one in days
    ]
    return Listing(rows, DAYS)


@calendar.command(
    cls=ChangingVerb,
    params=[
        option("--revoke", "Take the address away: it opens nothing from then on.", is_flag=True)
    ],
)
@click.argument("user", default="", metavar="[USER]")
def feed(session: Session, user: str, revoke: bool) -> Told:
    """Give a user a secret address of a calendar: tasks, meetings and bookings, for phones and programs.

    It prints the path; before it goes the address at which crm serve is reached. It is shown this once,
    settings.yaml keeps its sha256. A new one ends the old one.

    Example: crm calendar feed anna

    Example: crm calendar feed anna --revoke
    """
    ws = session.workspace
    user = user or ws.user
    if revoke:
        feeds.revoke(ws, user)
        return Told(tr("The calendar address of {} is revoked.", user), {"user": user})
    had_one = user in ws.settings.users and bool(ws.settings.users[user].feed)
    path = f"/calendar/{feeds.give(ws, user)}.ics"
    name = ws.owner_name(user)
    said = (
        tr("For {}; the address of before opens nothing now.", name)
        if had_one
        else tr("For {}.", name)
    )
    return Told(path, {"user": user, "path": path}, details=[said])
