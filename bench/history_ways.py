"""The ways of deals through stages: on, ahead over some, back, away, to an end and out of it again."""

from __future__ import annotations

from typing import NamedTuple

from history_past import HOUR, Past, kind_of, won_of
from history_world import DAY, PIPELINES


class Step(NamedTuple):
    """A record comes to a stage of today; taken back and done again where these say when."""

    at: int
    pipeline: str
    stage: str
    undone_at: int = 0
    redone_at: int = 0


def way(past: Past, here: Step, until: int) -> list[Step]:
    """Where a deal goes from where it stands, until it rests or time is up."""
    chance, steps = past.chance, []
    for _ in range(14):
        found = _next(past, here)
        if found is None:
            break
        days = chance.lognormvariate(1.7, 1.1) * (30 if chance.random() < 0.04 else 1)
        at = past.calm(here.at + 60 + int(days * DAY))
        if at >= until:
            break
        back = again = 0
        if chance.random() < 0.04 and at + HOUR < until:
            back = at + chance.randrange(60, 900)
            again = back + chance.randrange(60, 900) if chance.random() < 0.3 else 0
        step = Step(at, *found, back, again)
        steps.append(step)
        here = Step(back or at, here.pipeline, here.stage) if back and not again else step
        if again:
            here = here._replace(at=again)
    return steps


def _next(past: Past, here: Step) -> tuple[str, str] | None:
    """The next place of a deal; None if it stays."""
    chance = past.chance
    stages = PIPELINES[here.pipeline]
    ids = [s.id for s in stages if s.kind == "open"]
    draw = chance.random()
    if kind_of(here.pipeline, here.stage) != "open":
        if draw < 0.1:
            return here.pipeline, chance.choice(ids)
        return _elsewhere(past, here.pipeline) if draw < 0.12 else None
    if draw < 0.14:
        ends = [s.id for s in stages if s.kind == "lost"]
        return here.pipeline, ends[0] if len(ends) == 1 or chance.random() < 0.75 else ends[1]
    if draw < 0.17:
        return _elsewhere(past, here.pipeline)
    place = ids.index(here.stage)
    if draw < 0.23 and place:
        return here.pipeline, ids[chance.randrange(place)]
    steps = [*ids, won_of(here.pipeline)]
    return here.pipeline, steps[min(place + (2 if draw < 0.4 else 1), len(steps) - 1)]


def _elsewhere(past: Past, pipeline: str) -> tuple[str, str]:
    other = "service" if pipeline == "sales" else "sales"
    return other, past.chance.choice([s.id for s in PIPELINES[other] if s.kind == "open"])
