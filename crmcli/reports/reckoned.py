"""What follows of what was measured: shares, ratios, and of what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from crmcli.model.figures import Dimension, Number, Place, ratio, share
from crmcli.model.report import Measure

Values: TypeAlias = dict[str, Number]
COUNTED = ("count", "records", "distinct")
WHOLE = "_whole"
"""Ends the names of that of which a measure is a part, where that is not all rows together."""


def reckon(measures: Sequence[Measure], values: Values, total: Mapping[str, Number]) -> None:
    """Add what follows from other measures, and noughts where nothing was counted."""
    for measure in measures:
        if measure.how in COUNTED:
            values[measure.name] = values.get(measure.name) or 0
        elif measure.unit == "sums" and not measure.is_reckoned:
            values[measure.name] = values.get(measure.name) or {}
        elif not measure.is_reckoned:
            values.setdefault(measure.name, None)
        elif measure.how == "share":
            values[measure.name] = share(values.get(measure.part), values.get(measure.over))
        elif measure.how == "ratio":
            values[measure.name] = ratio(values.get(measure.part), values.get(measure.over))
        elif measure.how == "of_all":
            own = total.get(measure.over + WHOLE)
            if own is not None:
                values[measure.name + WHOLE] = own
            whole = total.get(measure.over) if own is None else own
            values[measure.name] = share(values.get(measure.part), whole)


def own_wholes(
    by: Sequence[Dimension],
    always: Sequence[str],
    measures: Sequence[Measure],
    values: Mapping[Place, Values],
) -> Mapping[Place, Values]:
    """Of what the rows of each owner, month, … are parts in a report that always has stages: of all that this
    owner has."""
    if not always or len(by) == len(always):
        return {}
    names = {one.over for one in measures if one.how == "of_all"}
    sums: defaultdict[Place, defaultdict[str, float]] = defaultdict(lambda: defaultdict(int))
    for place, found in values.items():
        for name in names:
            number = found.get(name)
            if isinstance(number, int | float):
                sums[place[: -len(always)]][name] += number
    return {
        place: {name + WHOLE: sums[place[: -len(always)]][name] for name in names}
        for place in values
    }
