"""crm reveal: the phones and e-mails of a client, beyond the day's number."""

from __future__ import annotations

from collections.abc import Iterator

import click

from crmcli.cli.params import REF, Verb
from crmcli.cli.session import Session
from crmcli.errors import Forbidden
from crmcli.language import tr
from crmcli.model.entities import having
from crmcli.model.masking import CONTACTS, contacts_of
from crmcli.present.cells import Locale
from crmcli.present.told import Told


@click.command(cls=Verb, params=[REF])
def reveal(session: Session, ref: str) -> Told:
    """Show the phones and e-mails of a client whose are masked, for today; the audit keeps that.

    Who may not export clients is shown a number of them a day in full (budget in access.yaml).

    Example: crm reveal 7k3
    """
    ws = session.workspace
    record = ws.find(ref, *having("client"))
    raw = ws.schema.write(record)
    names = ws.schema.contacts(record.entity)
    if ws.hidden_of(record.entity).intersection(CONTACTS):
        hint = "ask an administrator; crm user list names them"
        raise Forbidden("your role hides phones and e-mails", hint)
    if ws.trail is None or not ws.trail.reveal(record.id):
        ws.notes.append(tr("{} is shown to you in full anyway", record.id))
    found = [*contacts_of(raw, names)]
    shown = [one for name in names for one in _shown(raw.get(name), session.out.locale)]
    told = ": ".join(filter(None, (str(record.get("name")), ", ".join(shown))))
    return Told(told, {"id": record.id, "name": record.get("name"), "contacts": found})


def _shown(items: object, locale: Locale) -> Iterator[str]:
    """Each of the phones or e-mails of a record as people read it, with the extension."""
    for item in items if isinstance(items, list) else filter(None, [items]):
        told = item if isinstance(item, dict) else {"value": item}
        value = str(told.get("value", ""))
        number = value if "@" in value else locale.phone(value)
        yield tr("{} ext. {}", number, told["ext"]) if told.get("ext") else number
