"""What `crm lead convert` asks on a terminal, and what becomes of the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from crmcli.cli.converting import completed
from crmcli.sales.leads import ConvertOptions
from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


def asked(monkeypatch: pytest.MonkeyPatch, *answers: object) -> Iterator[object]:
    left = iter(answers)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", lambda *words, **more: next(left))
    return left


@pytest.mark.parametrize(("deal", "pipeline"), [(1, ""), (0, "service")])
def test_who_is_chosen_keeps_what_was_asked_for_a_new_one_away(
    folder: Path,
    crm: Crm,
    monkeypatch: pytest.MonkeyPatch,
    deal: int,
    pipeline: str,
) -> None:
    assert crm("pipeline", "add", "Сервис", "--id", "service").code == 0
    ws = kit.opened(folder)
    anna = kit.contact(ws, name="Анна Ким", phones="89123456789")
    there = kit.deal(ws, name="Кровля", contacts=anna.id)
    lead = kit.lead(ws, first_name="Анна", last_name="Ким", phones="89123456789", anyway=True)
    left = asked(monkeypatch, "service", 1, deal)
    session = cast("Any", SimpleNamespace(workspace=ws, yes=False, dry_run=False))
    wanted = completed(session, lead.id, ConvertOptions(on_duplicate="ask"))
    assert next(left, None) is None
    assert (wanted.pipeline, wanted.given) == (pipeline, {})
    assert wanted.use == {"contact": anna.id, **({"deal": there.id} if deal else {})}
