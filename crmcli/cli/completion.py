"""crm completion: what makes a shell complete commands and values."""

from __future__ import annotations

import click

from crmcli.cli.params import Session, Verb

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CRM_COMPLETE"


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(session: Session, shell: str) -> None:
    """Print a script for the shell, which then completes commands, options, records, stages, users, views
    and files. Put the line of the example into ~/.bashrc; for fish, write the script to
    ~/.config/fish/completions/crm.fish.

    Example: eval "$(crm completion bash)"
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    root = click.get_current_context().find_root().command
    session.out.content([made(root, {}, "crm", VARIABLE).source().encode()])
