"""`consent`, which leads, contacts and companies have: what somebody allows, and what not."""

from __future__ import annotations

import click

from crmcli.cli.params import REF, ChangingVerb, Session, option
from crmcli.cli.printing import say_changes
from crmcli.model.values import CONSENT_CHANNELS

_TOLD = {"mail": "E-mails.", "sms": "SMS and messages.", "call": "Calls."}


def consent_command(entity: str) -> click.Command:
    """`crm NOUN consent`: yes or no to e-mails, SMS and calls, with the text that was agreed to."""

    @click.pass_obj
    def callback(
        session: Session, /, ref: str, text: str, source: str, **answers: str | None
    ) -> None:
        from crmcli.sales.consent import permission

        ws = session.workspace
        said = {channel: answer == "yes" for channel, answer in answers.items() if answer}
        record_id = ws.resolve(ref, entity)
        say_changes(session, [permission.decide(ws, record_id, said, text, source)])

    return ChangingVerb(
        "consent",
        params=[
            REF,
            *(option(f"--{c}", _TOLD[c], among=("yes", "no")) for c in CONSENT_CHANNELS),
            option("--text", "Version of the text that was agreed to.", "VERSION"),
            option("--source", "Source: form, paper, …"),
        ],
        callback=callback,
        help="Record a consent or a refusal.\n\nA consent is kept with its time; a refusal stops "
        "messages of robots and mailings.\n\n"
        f"Example: crm {entity} consent 7k3 --mail yes --text v2",
    )
