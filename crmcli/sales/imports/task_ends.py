"""Tasks that a file calls done: with the time that it has, else when they were due."""

from __future__ import annotations

from datetime import datetime

from crmcli.model.kinds.numbers import TRUTHS
from crmcli.model.values import fold, format_instant
from crmcli.sales.imports.draft import Draft
from crmcli.words import joined

_WORDS = {name: {*map(fold, said.split())} for name, said in joined("task_ends", " ").items()}


def finish_done(draft: Draft, column: str, now: datetime) -> None:
    """Give a task that its row calls done a `done_at`; words that say neither go to the comment."""
    word = fold(draft.status).replace(" ", "_")
    if not word or draft.values.get("done_at"):
        return
    if word in _WORDS["done"] or TRUTHS.get(word) == "yes":
        due, today = str(draft.values.get("due", "")), format_instant(now)
        draft.values["done_at"] = due if due and due <= today else today
    elif word not in _WORDS["open"] and TRUTHS.get(word) != "no":
        draft.comment.append(f"{column}: {draft.status}")
