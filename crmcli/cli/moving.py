"""`move`, which leads and deals share."""

from __future__ import annotations

import click

from crmcli.cli.params import REF, ChangingVerb, Session, option
from crmcli.cli.printing import say
from crmcli.model.schema import has_field


def move_command(entity: str) -> click.Command:
    """`crm lead move` and `crm deal move`."""

    @click.pass_obj
    def callback(
        session: Session, ref: str, stage: str, reason: str, reopen: bool, pipeline: str = ""
    ) -> None:
        from crmcli.present.changes import moved
        from crmcli.sales import stages

        ws = session.workspace
        done = stages.move(
            ws, ws.resolve(ref, entity), stage, pipeline=pipeline, reason=reason, reopen=reopen
        )
        say(session, moved(ws, done))

    stage = "offer" if has_field(entity, "pipeline") else "working"
    params = [
        REF,
        click.Argument(("stage",)),
        option("--reason", "Reason, for a lost stage."),
        option("--reopen", "Reopen a closed record.", is_flag=True),
    ]
    if has_field(entity, "pipeline"):
        params.append(option("--pipeline", "To another pipeline.", "ID"))
    return ChangingVerb(
        "move",
        params=params,
        callback=callback,
        help=f"Move a {entity} to a stage, by its id or name.\n\nExample: crm {entity} move 7k3 {stage}",
    )
