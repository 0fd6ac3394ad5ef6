"""Moving, closing and converting several records at once: one transaction, each by its own rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run, records_of

Crm = Callable[..., Run]


@pytest.fixture
def three(crm: Crm) -> list[str]:
    """Deals with an amount, without one, and one that is closed."""
    ids = [
        crm("deal", "add", "--name", f"Кровля {n}", *more).out.strip()
        for n, more in enumerate((["--amount", "100"], [], ["--amount", "300"]))
    ]
    crm("deal", "lose", ids[2], "--reason", "price")
    return ids


def stages_of(crm: Crm, ids: list[str]) -> list[str]:
    return [json.loads(crm("deal", "show", i, "--json").out)["stage"] for i in ids]


def test_the_last_word_is_the_stage_and_refusals_are_listed(crm: Crm, three: list[str]) -> None:
    done = crm("deal", "move", *three, three[0], "paid", CRM_LANG="en")
    assert done.code == 1
    assert [line.split()[1] for line in done.out.splitlines()] == three[:2]
    assert f"{three[2]} is closed" in done.err
    assert "changed 2 deals, 1 refused" in done.err
    assert stages_of(crm, three) == ["paid", "paid", "lost"]
    assert crm("undo", "--yes").code == 0
    assert stages_of(crm, three) == ["request", "request", "lost"]


def test_each_by_its_own_rules(crm: Crm, three: list[str]) -> None:
    done = crm("deal", "move", "--where", "amount > 0 or name ~ Кровля", "offer", "-q", "--reopen")
    assert done.code == 1
    assert three[1] in done.err  # which has no amount, told with -q too
    assert stages_of(crm, three) == ["request", "request", "lost"]  # none has a contact
    done = crm("deal", "move", "--where", "amount > 0", "paid", "--reopen")
    assert done.code == 0, done.err
    assert stages_of(crm, three) == ["paid", "request", "paid"]


def test_all_or_nothing_and_dry_run_write_nothing(crm: Crm, folder: Path, three: list[str]) -> None:
    before = records_of(folder)
    done = crm("deal", "move", *three, "paid", "--all-or-nothing")
    assert (done.code, done.out) == (1, "")
    assert "nothing changed: 1 of 3 refused" in done.err
    done = crm("deal", "move", *three, "paid", "-n")
    assert (done.code, len(done.out.splitlines())) == (1, 2)
    assert records_of(folder) == before


def test_one_is_refused_as_ever(crm: Crm, three: list[str]) -> None:
    done = crm("deal", "move", three[2], "paid")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("crm: error: ")
    assert "refused" not in done.err


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        ("move", 2, "STAGE"),
        ("move offer", 2, "no REF is given"),
        ("move {} --where amount>0 offer", 2, "exclude each other"),
        ("move {} zzz offer", 3, "no deal matches 'zzz'"),
        ("move {} nowhere", 2, "no stage 'nowhere'"),
        ("move --where name~Кровля nowhere", 2, "no stage 'nowhere'"),
        ("move --where ammount>0 offer", 2, "amount"),
        ("win", 2, "REF"),
        ("win {} zzz", 3, "no deal matches 'zzz'"),
        ("lose {} --reason bored", 2, "lost_reason"),
    ],
)
def test_bad_words_change_nothing(
    crm: Crm, folder: Path, three: list[str], args: str, code: int, says: str
) -> None:
    before = records_of(folder)
    done = crm("deal", *args.format(three[0]).split())
    assert (done.code, done.out) == (code, ""), done.err
    assert says in done.err
    assert records_of(folder) == before


def test_several_are_won_lost_and_junk_at_once(crm: Crm, three: list[str]) -> None:
    assert crm("deal", "win", *three[:2]).code == 0
    assert stages_of(crm, three) == ["shipped", "shipped", "lost"]
    crm("undo", "--yes")
    assert crm("deal", "lose", *three[:2], "--reason", "price", "--note", "дорого").code == 0
    assert stages_of(crm, three) == ["lost"] * 3
    leads = [crm("lead", "add", "--name", f"Лид {n}").out.strip() for n in range(3)]
    assert crm("lead", "junk", *leads[:2], "--reason", "spam").code == 0
    done = crm("lead", "convert", *leads)
    assert done.code == 1
    assert len(done.out.splitlines()) == 1
    assert len(json.loads(crm("contact", "list", "--json").out)) == 1
    crm("undo", "--yes")
    done = crm("lead", "convert", *leads, "--all-or-nothing")
    assert (done.code, done.out) == (1, "")
    assert crm("contact", "list", "--ids").out == ""


def test_an_empty_selection_is_no_error(crm: Crm, three: list[str]) -> None:
    done = crm("deal", "move", "--where", "amount > 99999", "offer")
    assert (done.code, done.out) == (0, "")
    assert "changed 0 deals" in done.err
