"""How right scores were: of records that were kept apart from the learning."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.model.scoring.tables import Tenth, Trial

_TENTHS = 10


def judged(told: Sequence[tuple[int, int, bool]]) -> Trial:
    """What scores were worth, by the sum of effects, the score and the end of each record."""
    won = sum(is_won for *_, is_won in told)
    high = sorted(told, key=lambda one: -one[0])[: max(1, len(told) // _TENTHS)]
    tenths = []
    for low in range(0, 100, 10):
        inside = [
            one for _, score, one in told if low <= score < low + 10 or score == low + 10 == 100
        ]
        tenths += [Tenth(low, len(inside), sum(inside))] if inside else []
    least = min((score for _, score, _ in high), default=0)
    top = Tenth(least, len(high), sum(one for *_, one in high))
    return Trial(len(told), won, _auc(told), top, tenths)


def _auc(told: Sequence[tuple[int, int, bool]]) -> float:
    """How often, of a won and a lost record, the won one has the higher sum; equal ones count half."""
    counts: dict[int, list[int]] = {}
    for total, _, is_won in told:
        counts.setdefault(total, [0, 0])[is_won] += 1
    below, pairs = 0, 0.0
    for _, (lost, won) in sorted(counts.items()):
        pairs += won * (below + lost / 2)
        below += lost
    good = sum(won for _, won in counts.values())
    return round(pairs / (good * below), 3) if good and below else 0.5
