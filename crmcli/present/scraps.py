"""What was read from a scrap of text, in one line."""

from __future__ import annotations

from crmcli.language import tr
from crmcli.model.amounts import read_money
from crmcli.model.phones import parse_phones
from crmcli.model.schema import own_fields
from crmcli.present.cells import Locale
from crmcli.sales.intake.scrap import Scrap
from crmcli.workspace import Workspace

_MOST = 60


def read(ws: Workspace, entity: str, scrap: Scrap) -> str:
    """The fields that were taken, by their labels, and the beginning of what is left."""
    labels = {field.name: field.label for field in own_fields(entity)}
    said = []
    for name, values in scrap.values.items():
        show = _SHOWN.get(name)
        shown = [show(ws, value) for value in values] if show else values
        said.append(f"{tr(labels[name])}: {', '.join(shown)}")
    if rest := " / ".join(line.strip() for line in scrap.rest.splitlines() if line.strip()):
        short = rest if len(rest) <= _MOST else f"{rest[: _MOST - 1].rstrip()}…"
        said.append(f"{tr(labels['comment'])}: {short}")
    return tr("read from the text: {}", "; ".join(said))


def _amount(ws: Workspace, text: str) -> str:
    amount, currency = read_money(text)
    return Locale.of(ws).money(amount, currency)


def _phone(ws: Workspace, text: str) -> str:
    [phone] = parse_phones(text, ws.settings.phone_country)
    number = Locale.of(ws).phone(phone.value)
    return tr("{} ext. {}", number, phone.ext) if phone.ext else number


_SHOWN = {"phones": _phone, "amount": _amount}
