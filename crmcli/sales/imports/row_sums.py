"""What the numbers of some rows come to, and whether a row of totals says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

CENT = Decimal("0.01")


class Sums:
    """What the columns of some rows come to, or of one; columns are known by their places."""

    def __init__(self, numbers: Mapping[int, Decimal] | None = None) -> None:
        self._sums: dict[int, Decimal] = {}
        self._filled: Counter[int] = Counter()
        self.rows = 0
        if numbers is not None:
            self.add(numbers)

    def add(self, numbers: Mapping[int, Decimal]) -> None:
        """Count one row more."""
        self.rows += 1
        for place, number in numbers.items():
            self._sums[place] = self._sums.get(place, Decimal(0)) + number
            self._filled[place] += 1

    def are(self, numbers: Mapping[int, Decimal], taxes: Mapping[int, Decimal]) -> bool:
        """Whether these are the sums, with taxes or without; a number of rows counts too."""
        return self.rows > 0 and any(
            all(
                number == self.rows or _is_near(number - sign * taxes.get(n, 0), self._sums.get(n))
                for n, number in numbers.items()
            )
            for sign in ((0, 1, -1) if taxes else (0,))
        )

    def have_averages(self, numbers: Mapping[int, Decimal]) -> bool:
        """Whether these are the averages, of all rows or of those that have a number."""
        return self.rows > 0 and all(
            any(
                abs(number - self._sums.get(n, Decimal(0)) / rows) < _last_digit(number)
                for rows in (self.rows, self._filled[n] or 1)
            )
            for n, number in numbers.items()
        )


def _is_near(number: Decimal, total: Decimal | None) -> bool:
    return abs(number - (total or 0)) <= CENT


def _last_digit(number: Decimal) -> Decimal:
    """By how much a number that was rounded may be off."""
    return Decimal(1) if number == number.to_integral_value() else CENT
