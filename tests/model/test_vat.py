"""VAT rates are valid on some days and not on others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.model.vat import RateNotValid, VatRate, check_rates
from crmcli.store.config.settings import load_settings
from tests.kit import Run

D = Decimal
OLD, NEW = date(2025, 12, 31), date(2026, 1, 1)


@pytest.fixture
def russian(folder: Path) -> tuple[VatRate, ...]:
    """The rates of a new Russian workspace."""
    return load_settings(folder).vat_rates


@pytest.mark.parametrize(
    ("rate", "day", "is_valid"),
    [
        (D(20), OLD, True), (D(20), NEW, False), (D(22), OLD, False), (D(22), NEW, True), (D("22.0"), NEW, True),
        (D(10), OLD, True), (D(7), NEW, True), (D(5), NEW, True), (D(0), NEW, True), (None, NEW, True),
        (D(18), OLD, False), (D(13), NEW, False),
    ],
)  # fmt: skip
def test_a_rate_has_its_days(
    russian: tuple[VatRate, ...], rate: D | None, day: date, is_valid: bool
) -> None:
    if is_valid:
        check_rates(russian, [rate], day)
        return
    with pytest.raises(RateNotValid) as refused:
        check_rates(russian, [D(10), rate], day)
    assert "valid then: " in refused.value.hint


def test_where_none_are_named_any_is_valid() -> None:
    check_rates((), [D(13), None], NEW)


def test_the_refusal_says_when_it_was_valid(russian: tuple[VatRate, ...]) -> None:
    with pytest.raises(
        RateNotValid, match="VAT of 20 % until 2025-12-31 is not valid on 2026-01-01"
    ):
        check_rates(russian, [D(20)], NEW)


def test_an_offer_of_an_old_rate_is_refused(crm: Callable[..., Run]) -> None:
    deal = crm("deal", "add", "--name", "Крыша", "--amount", "100").out.strip()
    done = crm("offer", "draft", "--deal", deal, "--line", "Монтаж;1;100;;20")
    assert done.code == 1
    assert "20 %" in done.err
    assert crm("offer", "list", "--json").out.strip() == "[]"
