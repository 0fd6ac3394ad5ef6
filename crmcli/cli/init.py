"""crm init: a new workspace."""

from __future__ import annotations

from pathlib import Path

import click

from crmcli.cli.params import Session, Verb, option
from crmcli.language import tr
from crmcli.model.settings import LANGUAGES

LANGUAGE = option(
    "--lang language", "Language of stages and messages.", default="ru", among=LANGUAGES
)


@click.command(cls=Verb, params=[LANGUAGE])
@click.argument("folder", metavar="[DIR]", type=click.Path(), default="")
@click.option("--demo", is_flag=True, help="Fill it with a small made-up company.")
@click.option("--no-git", is_flag=True, help="Do not create a git repository or a commit.")
@click.pass_obj
def init(session: Session, folder: str, demo: bool, language: str, no_git: bool) -> None:
    """Create a workspace in DIR, or here. Existing files are left as they are.

    Example: crm init sales --demo
    """
    from crmcli.sales.init.create import create_workspace

    founding = create_workspace(
        Path(folder or session.folder or "."),
        language=language,
        demo=demo,
        use_git=not no_git,
        now=session.now,
    )
    out = session.out
    out.changed(
        tr("Created a workspace in {}.", founding.root),
        {"root": str(founding.root), "made": list(founding.made), "kept": list(founding.kept)},
    )
    for note in founding.notes:
        out.note(note)
    for line in _what_next(founding.root, folder, demo=demo):
        out.note(line)


def _what_next(root: Path, folder: str, *, demo: bool) -> list[str]:
    steps = [f"cd {folder}"] if folder else []
    if demo:
        steps += ["crm lead list", "crm deal list --where 'amount > 100000'", "crm tick"]
    else:
        steps += [
            tr("edit settings.yaml and pipelines.yaml, then: crm pipeline check"),
            "crm lead add --name Maria --email maria@example.com --source web",
            tr("crm tick                     runs the robots; let cron call it:"),
            f"*/5 * * * * crm -C {root} tick",
        ]
    return ["", tr("Next:"), *(f"  {step}" for step in steps)]
