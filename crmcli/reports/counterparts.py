"""Which row of the period before answers to which one of now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crmcli.language import tr
from crmcli.model.figures import Dimension, Place
from crmcli.model.periods import Period, keys_within


class Counterparts:
    """The days, weeks, months, … of two periods in pairs, as far as there are pairs."""

    def __init__(
        self, by: Sequence[Dimension], now: Period, before: Period, *, is_year: bool = False
    ) -> None:
        self._by = by
        self._now: dict[str, str] = {}
        steps = {one.step for one in by if one.step}
        for step in steps:
            there, here = keys_within(before, step), keys_within(now, step)
            if is_year and not (step == "day" and "week" in steps):  # those of the same name
                own = {f"{int(key[:4]) - 1:04}{key[4:]}": key for key in here}
                self._now.update({key: own[key] for key in there if key in own})
            else:
                self._now.update(zip(there, here, strict=False))
        self._before = {now: before for before, now in self._now.items()}

    def now(self, place: Place) -> Place:
        """A place of the period before as the one of now that answers to it. What none answers to, as the
        31st beside a February, stays what it is, and says so where it would be taken for one of now."""

        def moved(key: str) -> str:
            return self._now.get(key) or (f"{key} {tr('before')}" if key in self._before else key)

        return self._each(place, moved)

    def before(self, place: Place) -> Place:
        """The same the other way."""
        own = f" {tr('before')}"
        return self._each(place, lambda key: self._before.get(key) or key.removesuffix(own))

    def _each(self, place: Place, moved: Callable[[str], str]) -> Place:
        pairs = zip(self._by, place, strict=True) if place else ()
        return tuple(moved(key) if one.step and isinstance(key, str) else key for one, key in pairs)
