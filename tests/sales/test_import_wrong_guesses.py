"""Columns whose names mean a field that their values cannot be of."""

from __future__ import annotations

import pytest

from crmcli.present.cells import Locale
from crmcli.present.imports import summary
from crmcli.workspace import Workspace
from tests import kit


@pytest.mark.parametrize(
    ("entity", "column", "values"),
    [
        ("lead", "CONVERTED", ("Yes", "No", "No")),
        ("lead", "converted", ("0", "1", "0")),
        ("deal", "Closed", ("TRUE", "FALSE", "TRUE")),
        ("deal", "Closed", ("1", "0", "1")),
        ("deal", "Won date", ("да", "нет", "да")),
        ("deal", "Created", ("Anna Hill", "Boris", "Anna Hill")),
        ("deal", "Amount", ("high", "low", "medium")),
        ("contact", "Added", ("oui", "non", "oui")),
        ("company", "Turnover", ("gross", "klein", "mittel")),
    ],
)
def test_a_guess_that_would_cost_every_row_is_dropped_and_told(
    ws: Workspace, entity: str, column: str, values: tuple[str, ...]
) -> None:
    text = f"name,{column}\n" + "".join(f"R{n},{v}\n" for n, v in enumerate(values))
    found = kit.bring(ws, entity, text, dry_run=True)
    assert (found.created, found.rejected) == (3, 0)
    assert [guess.column for guess in found.wrong_guesses] == [column]
    told = "\n".join(summary(found, Locale("en")))
    assert values[0] in told
    assert f"--map '{column}=" in told
    assert found.unmapped == {column: sum(map(bool, values))}


def test_what_somebody_mapped_stays(ws: Workspace) -> None:
    text = "name,Closed\nA,yes\nB,ja\n"
    found = kit.bring(ws, "deal", text, columns={"Closed": "closed_at"})
    assert (found.created, found.rejected, found.wrong_guesses) == (0, 2, [])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("Created", ("45.13.2026", "46.13.2026")),
        ("Amount", ("12..5", "1,2,3.4.5")),
        ("Created", ("01/02/2026", "03/04/2026")),
        ("Created", ("yes", "2026-03-04", "2026-03-05")),
    ],
)
def test_values_that_are_only_not_understood_cost_their_rows(
    ws: Workspace, column: str, values: tuple[str, ...]
) -> None:
    text = f"name,{column}\n" + "".join(f'R{n},"{v}"\n' for n, v in enumerate(values))
    found = kit.bring(ws, "deal", text)
    assert found.rejected > 0
    assert not found.wrong_guesses


def test_a_rejects_file_disproves_nothing(ws: Workspace) -> None:
    text = "name,Closed,crm_line,crm_reason\nA,yes,7,Closed: is not a date\n"
    found = kit.bring(ws, "deal", text)
    assert (found.rejected, found.wrong_guesses) == (1, [])
