"""First names: the short forms that people are called by, and what they are short for."""

from __future__ import annotations

import re
from functools import cache

from crmcli.matching.words import skeleton

_NAMES = """
Александр: Саша Шура Саня Сашка Алекс Санёк Alexander Alex
Александра: Саша Шура Саня Алекс
Алексей: Лёша Алёша Лёха
Алина: Аля
Алла: Аля
Анастасия: Настя Ася Стася Anastasia
Анатолий: Толя Толик
Андрей: Андрюша Дрон Andrew
Анжелика: Лика Анжела
Анна: Аня Анюта Нюра Нюша Ann Anne
Антон: Антоша Тоша
Антонина: Тоня
Аркадий: Аркаша
Арсений: Сеня Арсен
Артём: Тёма Артемий
Артур:
Богдан: Богдаша
Борис: Боря
Вадим: Вадик Дима
Валентин: Валя
Валентина: Валя
Валерий: Валера
Валерия: Лера
Варвара: Варя
Василий: Вася
Вера: Веруня
Вероника: Ника
Виктор: Витя
Виктория: Вика Victoria
Виталий: Виталик Виталя
Владимир: Вова Володя Вовчик
Владислав: Влад Слава Владик
Всеволод: Сева
Вячеслав: Слава
Галина: Галя
Геннадий: Гена
Георгий: Гоша Жора Егор George
Герман: Гера
Глеб:
Григорий: Гриша
Дарья: Даша Дария
Денис: Дениска Дэн
Диана:
Дмитрий: Дима Митя Димон
Ева:
Евгений: Женя Eugene
Евгения: Женя
Егор: Егорка Гоша
Екатерина: Катя Катерина Катюша Catherine Kate Katherine
Елена: Лена Алёна Helen
Елизавета: Лиза Elizabeth
Жанна:
Захар:
Зинаида: Зина
Зоя:
Иван: Ваня Ivan
Игорь: Игорёк Гарик
Илья: Илюша
Инна:
Ирина: Ира Ириша Irene
Кирилл: Кира Кирюша
Клавдия: Клава
Константин: Костя
Кристина: Кристи
Ксения: Ксюша Оксана
Оксана: Ксюша
Лариса: Лара
Лев: Лёва
Леонид: Лёня
Лидия: Лида
Любовь: Люба
Людмила: Люда Мила Люся
Максим: Макс Maxim
Маргарита: Рита Марго
Марина: Мариша
Мария: Маша Маруся Маня Mary
Марк:
Матвей: Мотя
Михаил: Миша Michael
Надежда: Надя
Наталья: Наташа Ната Наталия Natalie
Никита: Никитка
Николай: Коля Николаша Nicholas
Нина:
Оксана:
Олег: Олежка
Олеся: Леся
Ольга: Оля
Павел: Паша Павлик Paul
Полина: Поля
Пётр: Петя Peter
Раиса: Рая
Римма:
Роман: Рома
Ростислав: Слава Ростик
Руслан: Русик
Светлана: Света Лана
Семён: Сёма Сеня
Сергей: Серёжа Серёга Sergey
Софья: Соня София Sofia Sophie
Станислав: Слава Стас
Степан: Стёпа
Тамара: Тома
Тарас:
Татьяна: Таня
Тимофей: Тима
Тимур:
Ульяна: Уля
Фёдор: Федя Theodore
Филипп: Филя
Эдуард: Эдик
Юлия: Юля Julia
Юрий: Юра
Яков: Яша
Яна:
Ярослав: Слава Ярик
"""


@cache
def _known() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _NAMES.strip().splitlines():
        full, _, short = line.partition(":")
        key = skeleton(full.casefold())
        for name in (full, *short.split()):
            found.setdefault(skeleton(name.casefold().replace("ё", "е")), set()).add(key)
    return {name: frozenset(full) for name, full in found.items()}


def full_forms(bones: str) -> frozenset[str]:
    """The full first names, as skeletons, that a name's skeleton may stand for; none if unknown."""
    return _known().get(bones, frozenset())


OF_FATHER = ("оглы", "оглу", "кызы", "уулу", "углы", "гызы", "ogly", "oglu", "kyzy", "gizi")
"""Words that make the name before them a patronymic: Гасан оглы."""

_PATRONYMIC = re.compile(
    r".{2,}(?:[ое]вич|[ое]вна|инична|ична|ovich|evich|ovna|evna|ichna|"
    rf"-?(?:{'|'.join(OF_FATHER)}))"
)
_SHORT = re.compile(r".{2,}[иы]ч")
_SURNAME_TOO = re.compile(r".+(?:[ое]вич|[oe]vich)")
_ALWAYS = frozenset(
    (
        "ильич",
        "ilyich",
        "ilich",
        "кузьмич",
        "лукич",
        "никитич",
        "фомич",
        "саввич",
        "фокич",
        "силыч",
        "ильинична",
    )
)


def is_patronymic(word: str, words: int = 3) -> bool:
    """Whether a folded word, in whichever alphabet, is a patronymic, in a name of so many words.

    Of two words the second may be a surname: Анна Рабинович. Among three Силыч is none.
    """
    if word in _ALWAYS or " " in word:
        return True
    if words == 2 and _SURNAME_TOO.fullmatch(word):
        return False
    return bool(_PATRONYMIC.fullmatch(word)) or (words > 2 and bool(_SHORT.fullmatch(word)))
