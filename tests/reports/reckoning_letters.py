"""The judge of `crm report mail`: what became of letters, with pandas straight from the timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from tests.reports.reckoning import Row
from tests.reports.reckoning_files import Base, Event, seconds
from tests.reports.reckoning_work import ALWAYS, Period, Place, _median, is_within

BACK = ("mail.in", "mail.bounced", "mail.opened", "mail.clicked", "preferences.set")


def _amended(base: Base) -> dict[str, Event]:
    return {e.data["activity"]: e for e in base.events if e.kind.startswith("activity.")}


def letters(base: Base) -> pd.DataFrame:
    """One row a letter, by its Message-ID."""
    amended, rows = _amended(base), {}
    starts = {e.id: e.data["sequence"] for e in base.events if e.kind == "sequence.started"}
    back: dict[str, list[Event]] = {}
    causes = _causes(base)
    for event in base.events:
        now = amended.get(event.id)
        if now is not None and now.kind == "activity.deleted":
            continue
        data = now.data if now is not None else event.data
        if event.kind in BACK and "letter" in data:
            back.setdefault(data["letter"], []).append(event._replace(data=data))
        is_refused = event.kind == "mail.bounced" and "intake" not in data
        if not (is_refused or (event.kind == "mail.out" and "message_id" in data)):
            continue
        letter = data["letter" if is_refused else "message_id"]
        row = rows.setdefault(letter, {"letter": letter, "at": 1e18, "left": False})
        actor = data.get("actor", event.actor)
        row["at"] = min(row["at"], seconds(data["at"]) if "at" in data else event.at)
        row["left"] |= not is_refused
        row |= {
            "record": event.record, "actor": actor, "template": data.get("template", ""),
            "topic": data.get("topic", ""), "mailbox": data["from"].lower(),
            "kind": "robot" if ":" in actor else "person", "robot": actor.partition(":")[2],
            "person": "" if ":" in actor else actor, "sequence": starts.get(causes[event.id], ""),
            "opens": "opens" in data, "linked": "linked" in data,
            "entity": event.record.partition("-")[0],
        }  # fmt: skip
    return pd.DataFrame([row | _back(row, back.get(letter, [])) for letter, row in rows.items()])


def _causes(base: Base) -> dict[str, str]:
    frames = [pd.read_csv(p, dtype=str, keep_default_na=False, usecols=["id", "cause"])
              for p in (base.root / "data/timeline").glob("*/*.csv")]  # fmt: skip
    whole = pd.concat(frames)
    return dict(zip(whole["id"], whole["cause"], strict=True))


def _back(row: Row, events: list[Event]) -> Row:
    def came(kind: str, fits: Callable[[Any], bool] = lambda data: True) -> bool:
        return any(e.kind == kind and fits(e.data) for e in events)

    hard = not row["left"] or came("mail.bounced", lambda d: d["bounce"] == "hard")
    answers = [e.at for e in events if e.kind == "mail.in" and "automatic" not in e.data]
    opened = came("mail.opened", lambda d: "doubtful" not in d)
    no = {word for e in events for word in e.data.get("refuses", ())}
    return {
        "hard": hard,
        "soft": came("mail.bounced", lambda d: d["bounce"] == "soft"),
        "opened": opened or came("mail.clicked"),
        "clicked": came("mail.clicked"),
        "hours": max((min(answers) - row["at"]) / 3600, 0) if answers else None,
        "answered": bool(answers),
        "unsubscribed": any(word == "mail" or word.startswith("topic:") for word in no),
    }


def mail(base: Base, by: str, period: Period = ALWAYS) -> dict[Place, Row]:
    """By one or two columns what became of the letters that left within a period."""
    frame = letters(base)
    frame = frame[[is_within(at, period) for at in frame["at"]]]
    frame = frame.assign(month=[base.local(at).strftime("%Y-%m") for at in frame["at"]])
    for name in {"owner", "source", "stage", "pipeline"} & set(by.split(",")):
        frame = frame.assign(**{name: [_field(base, r, name) for r in frame["record"]]})
    found = {}
    for place, rows in frame.groupby(by.split(",")):
        there = rows[~rows["hard"]]
        tracked, linked = there[there["opens"]], there[there["linked"]]
        counts = {
            "sent": len(rows), "delivered": len(there), "bounced": int(rows["hard"].sum()),
            "delayed": int(there["soft"].sum()), "tracked": len(tracked), "linked": len(linked),
            "opened": int(tracked["opened"].sum()), "clicked": int(linked["clicked"].sum()),
            "answered": int(rows["answered"].sum()), "unsubscribed": int(rows["unsubscribed"].sum()),
            "traced": int((~rows["hard"] | rows["answered"]).sum()),
        }  # fmt: skip
        rates = {"open_rate": ("opened", "tracked"), "click_rate": ("clicked", "linked"),
                 "answer_rate": ("answered", "traced")}  # fmt: skip
        found[place] = {
            **counts,
            **{name: _share(counts[part], counts[over]) for name, (part, over) in rates.items()},
            "hours": _median([*rows["hours"]]),
        }
    return found


def _field(base: Base, record: str, name: str) -> str:
    plural = {"company": "companies"}.get(record.partition("-")[0], record.partition("-")[0] + "s")
    if name in ("stage", "pipeline") and plural != "deals":
        return ""
    return str(base.records(plural).get(record, {}).get(name, ""))


def _share(part: int, over: int) -> float | None:
    return round(100 * part / over, 1) if over else None
