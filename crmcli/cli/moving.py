"""`move`, which leads and deals share, and the line that says what a move did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import Change, Session
from crmcli.cli.printing import notes, tell
from crmcli.model.plural import counted

if TYPE_CHECKING:
    from crmcli.sales.stages import Move


def move_command(entity: str) -> click.Command:
    """`crm lead move` and `crm deal move`."""

    @click.argument("ref")
    @click.argument("stage")
    @click.option("--reason", default="", help="Why, where the stage is a lost one.")
    @click.option("--reopen", is_flag=True, help="Take up again what has ended.")
    @click.pass_obj
    def callback(
        session: Session, ref: str, stage: str, reason: str, reopen: bool, pipeline: str = ""
    ) -> None:
        from crmcli.sales import stages

        ws = session.workspace
        done = stages.move(
            ws, ws.resolve(ref, entity), stage, pipeline=pipeline, reason=reason, reopen=reopen
        )
        print_move(session, done)

    params: list[click.Parameter] = getattr(callback, "__click_params__", [])[::-1]
    if entity == "deal":
        params.append(
            click.Option(("--pipeline",), default="", metavar="ID", help="Into another pipeline.")
        )
    return Change(
        "move",
        params=params,
        callback=callback,
        short_help="Move to a stage, by id or name.",
        help=f"Move a {entity} to a stage, by its id or name.\n\nExample: crm {entity} move 7k3 working",
    )


def print_move(session: Session, done: Move) -> None:
    """Say where the record went, and what waits for it there."""
    from crmcli.present.records import raw_row

    record, stage = done.record, done.stage
    row: dict[str, Any] = raw_row(session.workspace, record)
    if not done.moved:
        more = f"; the reason is {done.reason} now" if done.reason else ""
        tell(session, f"{record.id} stands in {stage.name!r} already{more}.", row)
        return
    tell(session, f"Moved {record.id} {record.get('name')} to {stage.name!r}.", row)
    waiting = sum(robot.enabled for robot in stage.robots)
    if waiting and not session.dry_run:
        robots = counted(waiting, "robot waits", "robots wait")
        session.out.detail(f"{robots} there for crm tick")
    notes(session)
