"""What follows a change, whatever door it came through: the automatic commit, and a tick if wanted."""

from __future__ import annotations

from collections.abc import Callable

from crmcli.workspace import Workspace


def follow(
    ws: Workspace,
    tell: Callable[[str], None],
    tick: Callable[[], bool] | None = None,
    *,
    has_ticked: bool = False,
) -> None:
    """Commit what was changed, as settings.yaml says, then tick and commit that too.

    `tick` says whether it ran, `has_ticked` that the changes came from a tick. The changes stand even if
    the commit fails: `tell` gets what there is to say.
    """
    _commit(ws, tell, has_ticked=has_ticked)
    if tick is not None and not ws.dry_run:
        ws.call = "crm tick"
        ws.is_settled = False
        if tick():
            _commit(ws, tell, has_ticked=True)


def _commit(ws: Workspace, tell: Callable[[str], None], *, has_ticked: bool) -> None:
    when = ws.settings.commit
    if when == "never" or not (has_ticked or (when == "each" and ws.has_changed)):
        return
    from crmcli.workspace.git_commits import commit_changes

    try:
        said = commit_changes(ws, is_unattended=has_ticked)
    except KeyboardInterrupt:
        said = ["saved, but not committed yet: interrupted"]
    for line in said:
        tell(line)
