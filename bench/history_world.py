"""The company whose history is made up: its people, pipelines and products; what was renamed when."""

from __future__ import annotations

from typing import NamedTuple

DAY = 86_400
YEARS = 3
USERS = {"anna": "Анна Ким", "boris": "Борис Цой", "vera": "Вера Пак", "gleb": "Глеб Седых",
         "dina": "Дина Ткач", "egor": "Егор Живаго"}  # fmt: skip
OWNERS = tuple(USERS)
NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Зинаида", "Илья", "Ксения",
         "Лев", "Мария", "Никита", "Ольга", "Пётр", "Раиса", "Семён", "Татьяна")  # fmt: skip
SURNAMES = ("Иваненко", "Ковальчук", "Лысенко", "Мельник", "Ткач", "Шевчук", "Ким", "Пак", "Цой",
            "Черных", "Долгих", "Седых", "Живаго", "Дурново", "Гоголь", "Ёлкин")  # fmt: skip
FIRMS = ("Ромашка", "Лютик", "Василёк", "Кровля и фасад", "Северный лес", "Тёплый дом", "Вектор")
GOODS = ("Окна", "Двери", "Кровля", "Фасад", "Забор", "Лестница", "Навес", "Ворота")
TEXTS = ("Обсудили объём и цвет, ждут предложение к пятнице", "Просит скидку, сравнивает с соседями",
         "Нужен договор, и счёт на юридическое лицо", "Перезвонить в понедельник",
         "Сказал \"подумаю\", вернуться через неделю")  # fmt: skip
SOURCES = ("web", "call", "fair", "partner", "repeat")
CAMPAIGNS = ("osen", "vesna", "brand", "zabory")
FORMS = ("callback", "calculator", "order")
REASONS = ("price", "competitor", "no_need", "terms", "no_answer")
JUNK = ("spam", "wrong_number", "no_answer", "no_money")
COMPETITORS = ("Заборы24", "СтройДвор", "Мастер окон")
ROBOTS = ("hello", "remind", "ask")
PRODUCTS = tuple(
    (f"P{n:02}", f"{GOODS[n % len(GOODS)]} {n}", ("шт", "м²")[n % 2], 100 + 37 * n * n)
    for n in range(24)
)
"""Article number, name, unit and price, in whole roubles."""


class Stage(NamedTuple):
    """A stage, by the id that it has today."""

    id: str
    name: str
    kind: str = "open"
    chance: int = 0


PIPELINES = {
    "sales": (
        Stage("new", "Новая", chance=10), Stage("talks", "Переговоры", chance=30),
        Stage("proposal", "КП", chance=50), Stage("contract", "Договор", chance=80),
        Stage("won", "Успех", "won", 100), Stage("lost", "Отказ", "lost"),
        Stage("cancelled", "Отменена клиентом", "lost"),
    ),
    "service": (
        Stage("request", "Заявка", chance=20), Stage("visit", "Выезд", chance=60),
        Stage("done", "Готово", "won", 100), Stage("refused", "Отказ", "lost"),
    ),
    "leads": (
        Stage("new", "Новый"), Stage("working", "В работе"), Stage("ready", "Обработан"),
        Stage("converted", "Качественный", "won"), Stage("junk", "Мусор", "lost"),
        Stage("double", "Повтор", "lost"),
    ),
}  # fmt: skip
STAGE = {(pipeline, s.id): s for pipeline, stages in PIPELINES.items() for s in stages}


class Renaming(NamedTuple):
    """A stage that got another id: at which share of the years; those that are undone lasted an hour."""

    share: float
    pipeline: str
    old: str
    new: str
    undone: bool = False


RENAMED = (
    Renaming(0.35, "sales", "offer", "quote"),
    Renaming(0.5, "leads", "done", "ready"),
    Renaming(0.6, "service", "visit", "trip", undone=True),
    Renaming(0.7, "sales", "quote", "proposal"),
)
RATES = (("USD", "88.5", 0.0), ("EUR", "97", 0.0), ("USD", "92.4", 0.4), ("EUR", "101.25", 0.5),
         ("USD", "81.1", 0.9))  # fmt: skip
"""What a currency costs, from which share of the years on."""

SETTINGS = """\
language: ru
currency: RUB
time_zone: Europe/Moscow
users:
{users}
directories:
  sources: {{web: Сайт, form: Форма, call: Звонок, fair: Выставка, partner: Партнёр, repeat: Повторно}}
  lost_reasons: {{price: Дорого, competitor: Другой, no_need: Не нужно, terms: Сроки, no_answer: Молчит}}
  junk_reasons: {{spam: Спам, wrong_number: Ошиблись, no_answer: Молчит, no_money: Нет денег}}
fields:
  deal:
    competitor: {{type: text, label: Конкурент}}
"""


def settings() -> str:
    users = "\n".join(f"  {user}: {{name: {name}}}" for user, name in USERS.items())
    return SETTINGS.format(users=users)


def pipelines(called: dict[tuple[str, str], str] | None = None) -> str:
    """The text of pipelines.yaml; `called` are ids that stages had by then."""

    def stages(pipeline: str, indent: str) -> str:
        lines = []
        for stage in PIPELINES[pipeline]:
            name = (called or {}).get((pipeline, stage.id), stage.id)
            chance = "" if pipeline == "leads" else f", probability: {stage.chance}"
            lines.append(
                f"{indent}- {{id: {name}, name: {stage.name}, kind: {stage.kind}{chance}}}\n"
            )
        return "".join(lines)

    deals = "".join(
        f"  - id: {pipeline}\n    name: {name}\n    stages:\n{stages(pipeline, '      ')}"
        for pipeline, name in (("sales", "Продажи"), ("service", "Сервис"))
    )
    return f"leads:\n  stages:\n{stages('leads', '    ')}deals:\n{deals}"
