"""crm init: a new workspace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from crmcli.cli.params import Verb, option
from crmcli.cli.session import Session
from crmcli.cli.terminal import quoted
from crmcli.language import prefer, spoken, tr
from crmcli.model.settings import LANGUAGES
from crmcli.present.told import Told
from crmcli.sales.init.create import create_workspace
from crmcli.sales.init.place import Place, place_of
from crmcli.store.layout import SETTINGS

_TOLD = "Language of stages and messages. [default: that of CRM_LANG or LANG]"
LANGUAGE = option("--lang language", _TOLD, default=None, among=LANGUAGES)


@click.command(cls=Verb, params=[LANGUAGE])
@click.argument("folder", metavar="[DIR]", type=click.Path(), default="")
@click.option("--demo", is_flag=True, help="Fill it with a small made-up company.")
@click.option("--no-git", is_flag=True, help="Do not create a git repository or a commit.")
def init(session: Session, folder: str, demo: bool, language: str | None, no_git: bool) -> Told:
    """Create a workspace in DIR, or here. Existing files are left as they are.

    Example: crm init sales --demo
    """
    chosen = language or ("ru" if demo else spoken())
    prefer(chosen)
    place = None if demo else place_of(chosen, os.environ)
    founding = create_workspace(
        Path(folder or session.folder or "."),
        language=chosen,
        demo=demo,
        use_git=not no_git,
        now=session.now,
        place=place,
    )
    root, made, kept = founding.root, list(founding.made), list(founding.kept)
    return Told(
        tr("Created a workspace in {}.", root),
        {"root": str(root), "made": made, "kept": kept},
        [*founding.notes, *_where(place, made), *_what_next(root, folder, demo=demo)],
    )


def _where(place: Place | None, made: Sequence[str]) -> list[str]:
    """What the settings say of the country, and how it is changed."""
    if place is None or SETTINGS not in made:
        return []
    return [
        tr(
            "Country {}, currency {}, time zone {}; to change them, or VAT, edit settings.yaml.",
            *place,
        )
    ]


def _what_next(root: Path, folder: str, *, demo: bool) -> list[str]:
    steps = [f"cd {quoted(folder)}"] if folder else []
    if demo:
        steps += [
            "crm login anna",
            "crm lead list",
            "crm deal list --where 'amount > 100000'",
            "crm tick",
        ]
    else:
        steps += [
            tr("edit settings.yaml and pipelines.yaml, then: crm pipeline check"),
            tr("crm lead add --name Maria --email maria@example.com --source web"),
            tr("crm help views               and robots, cron, money, …: short guides"),
            tr(
                "crm tick                     runs the robots; crm tick --install lets cron call it"
            ),
        ]
    return ["", tr("Next:"), *(f"  {step}" for step in steps)]
