"""text: of a trigger asks the client's own words, not those that a letter quotes."""

from __future__ import annotations

import pytest

from crmcli.model.event import Event
from crmcli.model.trigger_events import unmet
from tests.kit import NOW

QUOTED = "> Вы согласны?\n"


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("Да, СОГЛАСНЫ.\n", True),
        (f"{QUOTED}Да, согласны.\n", True),
        (f"Подумаем.\n{QUOTED}", False),
        (f"{QUOTED}Подумаем.\n{QUOTED}", False),
        ("", False),
    ],
)
def test_what_is_quoted_does_not_count(text: str, is_met: bool) -> None:
    starts = [n for n in range(len(text)) if text.startswith(QUOTED, n)]
    quoted = [[n, n + len(QUOTED)] for n in starts]
    said = {"subject": "Согласны?", "text": text, "quoted": quoted or ""}
    event = Event("e1", NOW, "crm", "mail.in", "deal-1", "", 0, said)
    assert (unmet({"text": ("согласны",)}, "mail.in", event) == "") == is_met
