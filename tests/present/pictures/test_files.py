"""Figures as PNG and as a workbook: to scale, whole, and real numbers in every cell."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

import pytest

from crmcli.dataclass import replace
from crmcli.formats.xlsx import NotInstalled, read_workbook
from crmcli.formats.xlsx_currencies import Currencies
from crmcli.language import speak
from crmcli.present.cells import Locale
from crmcli.present.figures import rows_told
from crmcli.present.pictures.panels import COLORS
from crmcli.present.pictures.plots import png
from crmcli.present.pictures.sheet import workbook
from tests.present.pictures.samples import COUNT, EVERY, figures, over_time, row

AT = datetime(2026, 11, 28, 9, tzinfo=UTC)
SOME = ("numbers", "funnel", "amounts", "month compared", "stacked", "none", "a day", "no number")
RU = Locale("ru", currency="RUB")
EN = Locale("en")


@pytest.fixture(autouse=True)
def in_russian() -> None:
    speak("ru")


def pixels(content: bytes) -> Any:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB")


def bars(image: Any, color: str) -> list[int]:
    """How many pixels wide each bar of a colour is, from above to below."""
    wanted = tuple(bytes.fromhex(color[1:]))
    wide, high = image.size
    found = image.get_flattened_data() if hasattr(image, "get_flattened_data") else image.getdata()
    lines = list(found)
    counts = [lines[y * wide : (y + 1) * wide].count(wanted) for y in range(high)]
    return [max(run) for some, run in ((k, list(g)) for k, g in groupby(counts, bool)) if some]


def test_bars_of_a_picture_are_to_scale() -> None:
    values = (40, 10, 30, 1)
    content = png(
        [figures("x", [row(f"№ {n}", {"deals": n}) for n in values], COUNT)], "Отчёт", RU, AT
    )
    found = bars(pixels(content), COLORS[0])
    assert [n / found[0] for n in found] == pytest.approx([n / 40 for n in values], abs=0.01)


@pytest.mark.slow
def test_every_report_is_drawn_and_twice_as_sharp(capfd: pytest.CaptureFixture[str]) -> None:
    some = [EVERY[name] for name in SOME]
    content = png(some, "Всё $сразу$ 電話", RU, AT)
    image = pixels(content)
    assert image.size[0] == 1536
    assert image.size[1] > 2500
    assert set(map(bytes.fromhex, (color[1:] for color in COLORS))) <= {
        bytes(color) for _, color in image.getcolors(10**6)
    }
    assert capfd.readouterr() == ("", "")


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_has_real_numbers_shares_days_and_currencies() -> None:
    content = workbook([EVERY["sources"], EVERY["amounts"], over_time(5)])
    (sources, amounts, dated) = sheets(content).values()
    assert sources[0] == ["Источник", "Сделки", "Сделки, раньше", "Конверсия", "Конверсия, раньше",
                          "Сумма, RUB", "Сумма, RUB, раньше"]  # fmt: skip
    assert sources[2] == ["Звонок", 41, 11, 0.12345, 0.2, 123456.5, 300000]
    assert sources[3][3] == ""  # no share of nothing
    assert sources[10][:3] == ["Всего", 199, 396]
    assert [one[0] for one in sources[11:]] == [
        "", "«sources», 2026-11-01 – 2026-11-30 в сравнении с 2026-10-01 – 2026-10-31",
        "3 records without a stage are left out",
    ]  # fmt: skip
    assert amounts[0][1:4] == ["Сумма, RUB", "Сумма, USD", "Сумма, EUR"]
    assert amounts[1][1:] == [1234567.89, 5000, "", 12]
    assert [one[0] for one in dated[1:4]] == [date(2026, 1, n) for n in (1, 2, 3)]
    found = Currencies(content, "Люди")
    assert [found.of(3, place) for place in found.columns] == ["RUB", "USD", "EUR"]


def test_every_report_is_a_sheet_with_a_name_that_excel_takes() -> None:
    odd = [
        figures("x", [], COUNT, title=title)
        for title in ("History", "a/b:c?" * 9, "", "''", "A" * 40, "a" * 40)
    ]
    names = list(sheets(workbook([*EVERY.values(), *odd])))
    assert len({name.casefold() for name in names}) == len(EVERY) + len(odd)
    assert all(0 < len(name) <= 31 and not set("[]:*?/\\'") & set(name) for name in names)
    assert read_workbook(workbook([EVERY["amounts"]]), "x.xlsx").header[0] == "Ответственный"


@pytest.mark.parametrize(
    ("module", "extra", "make"),
    [
        ("matplotlib", "plots", lambda: png([EVERY["one"]], "x", RU, AT)),
        ("xlsxwriter", "xlsx", lambda: workbook([EVERY["one"]])),
    ],
)
def test_without_the_extra_it_says_what_to_install(
    module: str, extra: str, make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotInstalled) as refused:
        make()
    assert refused.value.hint == f"pip install 'crmcli[{extra}]'"


def test_a_picture_says_that_rows_are_left_out() -> None:
    whole = EVERY["one"]
    assert png([replace(whole, of=48_112)], "x", EN, AT) != png([whole], "x", EN, AT)
    assert "48,112" in rows_told(replace(whole, of=48_112), EN)
