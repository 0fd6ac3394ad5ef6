"""`consent`, which leads, contacts and companies have: what somebody allows, and what not."""

from __future__ import annotations

from typing import Any

import click

from crmcli.cli.params import ChangingVerb, Session
from crmcli.cli.printing import say_changes
from crmcli.model.consent import CONSENT_CHANNELS


def consent_command(entity: str) -> click.Command:
    """`crm NOUN consent`: yes or no to letters, SMS and calls, with the text that was agreed to."""

    def callback(ref: str, text: str, source: str, **answers: str | None) -> None:
        session = click.get_current_context().ensure_object(Session)
        from crmcli.sales.consent import permission

        ws = session.workspace
        said = {channel: answer == "yes" for channel, answer in answers.items() if answer}
        record_id = ws.resolve(ref, entity)
        say_changes(session, [permission.decide(ws, record_id, said, text, source)])

    options: list[click.Parameter] = [
        click.Option((f"--{channel}",), type=click.Choice(("yes", "no")), help=_help(channel))
        for channel in CONSENT_CHANNELS
    ]
    more: dict[str, Any] = {"default": ""}
    return ChangingVerb(
        "consent",
        params=[
            click.Argument(("ref",)),
            *options,
            click.Option(
                ("--text",), metavar="VERSION", help="The text that was agreed to.", **more
            ),
            click.Option(("--source",), metavar="TEXT", help="Source: form, paper, …", **more),
        ],
        callback=callback,
        short_help="Record a consent or a refusal.",
        help="Record a consent or a refusal.\n\nA consent is kept with its time; a refusal stops "
        "messages of robots and mailings.\n\n"
        f"Example: crm {entity} consent 7k3 --mail yes --text v2",
    )


def _help(channel: str) -> str:
    return {"mail": "Letters.", "sms": "SMS and messages.", "call": "Calls."}[channel]
