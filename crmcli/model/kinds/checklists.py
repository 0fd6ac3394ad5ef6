"""Lines to be done, each with whether it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crmcli.model.kinds.base import Field, InputContext, Key, one_of
from crmcli.model.kinds.maps import Item, Maps
from crmcli.model.values import ChecklistLine, Raw, fold

_WRITTEN = re.compile(r"(?:[-*+] +)?(?:\[([ xX✓хХ]?)\] *)?(.+)")


class Checklist(Maps):
    """Lines in the order in which they were given: `[ ] Call`, and done `[x] Call`."""

    def parse_item(self, item: Item) -> ChecklistLine:
        is_done = one_of(item.get("done", "no"), ("yes", "no")) == "yes"
        return ChecklistLine(item["text"], is_done)

    def dump_item(self, item: ChecklistLine) -> dict[str, Raw]:
        return {"text": item.text, **({"done": "yes"} if item.done else {})}

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """A line each, as they are listed in Markdown, or the plain text of one."""
        found = (_WRITTEN.fullmatch(line.strip()) for line in text.split("\n"))
        lines = (ChecklistLine(m[2], bool((m[1] or "").strip())) for m in found if m)
        return [self.dump_item(line) for line in lines]

    def write_cell(self, raw: Any) -> str:
        return "\n".join(map(self.item_text, raw))

    def key(self, value: Any) -> Key | None:
        return fold(getattr(value, "text", value)) or None

    def number_in(self, raw: Any) -> object:
        return [{**item, "done": item.get("done") == "yes"} for item in raw or ()]

    def item_text(self, item: Mapping[str, Any]) -> str:
        """`[x] Call`."""
        return str(ChecklistLine(str(item["text"]), item.get("done") in ("yes", True)))


CHECKLIST = Checklist(
    "checklist",
    main="text",
    known=("text", "done"),
    identity=("text",),
    searched_in="rest",
    is_joined=True,
)
