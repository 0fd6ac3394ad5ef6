"""A small workspace whose stages the tests of the verbs know by heart."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.workspace import Workspace
from tests import kit

PIPELINES = """
leads:
  stages:
    - {id: new, name: Новый, kind: open}
    - {id: working, name: В работе, kind: open, requires: [phone|email]}
    - {id: converted, name: Качественный, kind: won}
    - {id: junk, name: Некачественный, kind: lost}
deals:
  - id: sales
    name: Продажи
    stages:
      - {id: request, name: Запрос, kind: open, probability: 10}
      - {id: offer, name: Предложение, kind: open, probability: 40, requires: [amount]}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Отказ, kind: lost}
      - {id: cheap, name: Дёшево, kind: lost}
  - id: service
    name: Сервис
    stages:
      - {id: start, name: Начало, kind: open}
      - {id: fine, name: Готово, kind: won}
      - {id: bad, name: Срыв, kind: lost}
"""
SETTINGS = """
language: ru
currency: RUB
time_zone: Europe/Moscow
phone_country: RU
users:
  anna: {name: Анна Смирнова, email: anna@example.ru}
  boris: {name: Борис Котов, email: boris@example.ru}
directories:
  sources: {web: Сайт, call: Звонок}
  lost_reasons: {price: Дорого, silent: Не отвечает}
  junk_reasons: {wrong: Ошиблись номером}
fields:
  lead:
    area: {type: number, label: Площадь}
    roof: {type: choice, choices: [flat, pitched]}
    secret: {type: text}
  deal:
    area: {type: number, label: Площадь}
    roof: {type: text}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the small workspace."""
    root = tmp_path / "small"
    (root / "data").mkdir(parents=True)
    (root / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")
    (root / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    return root


@pytest.fixture
def ws(folder: Path) -> Workspace:
    """The small workspace, opened as Anna at NOW."""
    return kit.opened(folder)
