"""What the lines, the days and the number of a deal, an offer or an invoice can be, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmcli.errors import BadUsage, CrmError
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.invoice import Invoice
from crmcli.model.line_text import check_line
from crmcli.model.offer import Offer
from crmcli.model.vat import RateNotValid, VatRate, check_rates


def faults(record: Record, rates: Sequence[VatRate]) -> Iterator[tuple[tuple[str, ...], CrmError]]:
    """What cannot be so, each with the fields that it comes from. A rate is one of the document's day; of
    what was sent, and of a credit note, which has those of its invoice, rates and sum are not asked again."""
    if not isinstance(record, Deal | Offer | Invoice):
        return
    for line in record.lines:
        try:
            check_line(line)
        except BadUsage as error:
            yield ("lines",), error
    if isinstance(record, Deal):
        return
    if not record.name.isprintable():
        told = tr("{!r} is not a number of a document", record.name)
        yield ("name",), BadUsage(told, "letters, digits and signs on one line")
    yield from _of_days(record)
    if record.status != "draft" or (isinstance(record, Invoice) and record.credits):
        return
    if record.totals.gross < 0:
        told = tr("the lines come to less than nothing: {}", f"{record.totals.gross:f}")
        yield ("lines",), BadUsage(told, "what is paid back is a credit note: crm invoice credit")
    if record.date:
        try:
            check_rates(rates, (line.vat for line in record.lines), record.date)
        except RateNotValid as error:
            yield ("date", "lines"), error


def _of_days(record: Offer | Invoice) -> Iterator[tuple[tuple[str, ...], CrmError]]:
    """A document is neither valid, nor to be paid, only before its date."""
    if isinstance(record, Offer):
        name, last = "valid_until", record.valid_until
        told = tr("an offer cannot be valid only before its date: {}", last)
    else:
        name, last = "due", record.due
        told = tr("an invoice cannot be due before its date: {}", last)
    if record.date and last and last < record.date:
        yield ("date", name), BadUsage(told, f"--{name.replace('_', '-')} +10d")


def check(record: Record, rates: Sequence[VatRate], before: Record | None = None) -> None:
    """Raise the first fault; where the record was another before, the first in what has changed."""
    for names, error in faults(record, rates):
        if before is None or any(record.get(name) != before.get(name) for name in names):
            raise error
