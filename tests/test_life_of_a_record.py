"""The life of a record through the real command line: row, lead, deal, robot, letter, report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.kit import Run

ROW = (
    '"Название лида";"Имя";"Фамилия";"Мобильный телефон";"Рабочий e-mail";"Название компании";"Стадия";'
    '"Возможная сумма";"Валюта";"Источник";\r\n'
    '"Кровля; склад";"Пётр";"Ёлкин";"8 (912) 345-67-89 доб. 12";"petr@example.ru";"ООО «Ромашка»";'
    '"Не обработан";"250 000,50";"RUB";"Веб-сайт";\r\n'
)


def test_from_a_row_to_a_report(crm: Callable[..., Run], folder: Path) -> None:
    """One lead all the way; each step is seen by the next one through the files alone."""
    (folder / "leads.csv").write_bytes(ROW.encode("cp1251"))
    run = crm("import", "leads", "leads.csv", "--preset", "bitrix24", "--robots")
    assert run.code == 0, run.err

    [lead] = json.loads(crm("lead", "list", "--json").out)
    assert (lead["name"], lead["amount"], lead["source"]) == ("Кровля; склад", 250000.5, "web")
    assert lead["phones"] == [{"value": "+79123456789", "ext": "12", "type": "mobile"}]

    run = crm("tick")
    assert (run.code, run.out, run.err) == (0, "", "")
    tasks = json.loads(crm("task", "list", "--json").out)
    assert [t["about"] for t in tasks] == [lead["id"]]
    assert crm("tick", CRM_NOW="2026-11-23T09:30:00+00:00").code == 0
    assert len(json.loads(crm("task", "list", "--json").out)) == len(tasks)

    assert crm("lead", "move", "8 912 345 67 89", "В работе").code == 0
    run = crm("lead", "convert", "petr@example.ru", "--json")
    assert run.code == 0, run.err
    ids = json.loads(run.out)
    deal = json.loads(crm("deal", "show", ids["deal"], "--json").out)
    assert (deal["company"], deal["contacts"]) == (ids["company"], [ids["contact"]])
    assert crm("lead", "convert", lead["id"]).code == 1

    assert crm("deal", "win", ids["deal"]).code == 0
    kinds = [e["kind"] for e in json.loads(crm("timeline", ids["deal"], "--json").out)]
    assert kinds[0] == "lead.created"
    assert {"deal.created", "stage.entered", "lead.converted", "mail.out"} <= set(kinds)
    rows = json.loads(crm("report", "leads", "--by", "source", "--json").out)
    assert rows[0]["converted"] == 1
