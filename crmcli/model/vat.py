"""VAT rates and the days on which each is valid, as settings.yaml dates them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from crmcli.dataclass import dataclass
from crmcli.errors import Refused
from crmcli.language import tr


class RateNotValid(Refused):
    """A VAT rate is not valid on the day of a document."""


@dataclass(frozen=True, slots=True)
class VatRate:
    """A rate in per cent, and from when until when (both days included) it is valid."""

    rate: Decimal
    since: date | None = None
    until: date | None = None

    def is_valid(self, day: date) -> bool:
        """Whether it is valid on a day."""
        return (self.since or day) <= day <= (self.until or day)

    def __str__(self) -> str:
        """`20 % until 2025-12-31`."""
        parts = [f"{self.rate.normalize():f} %"]
        parts += [tr("from {}", self.since)] if self.since else []
        parts += [tr("until {}", self.until)] if self.until else []
        return " ".join(parts)


def check_rates(known: Sequence[VatRate], rates: Iterable[Decimal | None], day: date) -> None:
    """RateNotValid if one of the rates of a document is not valid on its day.

    Where settings.yaml names no rates, any is valid; what is free of VAT (None) always is.
    """
    for rate in dict.fromkeys(rates):
        same = [one for one in known if one.rate == rate]
        if not known or rate is None or any(one.is_valid(day) for one in same):
            continue
        valid = ", ".join(f"{one.rate.normalize():f}" for one in known if one.is_valid(day))
        raise RateNotValid(
            tr("VAT of {} is not valid on {}", "; ".join(map(str, same)) or f"{rate:f} %", day),
            tr("valid then: {}, none (vat: rates: in settings.yaml)", valid),
        )
