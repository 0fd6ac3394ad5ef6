"""Cells that hold something and say nothing: a dash, `нет`, `n/a`, the errors of spreadsheets."""

from __future__ import annotations

import re

from crmcli.model.kinds import BOOL, Field
from crmcli.model.kinds.numbers import TRUTHS
from crmcli.model.values import fold

_MARKS = re.compile(r"[-\u2010-\u2015\u2212_=.,…?*/\\|~;:'\"\s]+|\(-\)|\[\]|\{\}")
_PHRASES = frozenset(map(fold, (
    "n/a", "n\\a", "n.a.", "n/d", "n/k", "#n/a", "#na", "#н/д", "н/д", "н.д.", "#value!", "#ref!",
    "#div/0!", "#name?", "#null!", "#num!", "#знач!", "#ссылка!", "#дел/0!", "#имя?", "#пусто!",
    "#число!", "#nv", "#wert!", "#bezug!", "#n/d!", "<null>", "[null]", "(null)", "\\n", "undefined",
    "none", "(none)", "<none>", "--none--", "-_none_-", "(blank)", "(empty)", "(пусто)", "пусто",
    "empty", "blank", "not_set", "not_specified", "not_provided", "not_available", "not_applicable",
    "not_given", "unspecified", "unknown", "no_data", "no_value", "no_info", "не_указан", "не_указана",
    "не_указано", "не_указаны", "не_задан", "не_задана", "не_задано", "не_заполнен", "не_заполнено",
    "не_определен", "не_определено", "не_известен", "не_известно", "неизвестен", "неизвестно",
    "отсутствует", "нет_данных", "нет_информации", "данных_нет", "не_имеется", "не_предоставлен",
    "k.a.", "k._a.", "keine_angabe", "nicht_angegeben", "nicht_vorhanden", "unbekannt", "brak",
    "brak_danych", "nie_podano", "nie_dotyczy", "non_renseigné", "inconnu", "aucun", "néant",
    "não_informado", "não_possui", "sem_informação", "no_disponible", "sin_datos", "nan", "<na>",
)))  # fmt: skip
_ANSWERS = frozenset((
    "no", "нет", "нету", "nein", "nie", "non", "não", "nao", "null", "nil", "na", "ohne", "keine",
    "kein", "nichts", "sans", "sin", "-нет-",
))  # fmt: skip
"""Words that answer a question, or may be somebody's name, and elsewhere say nothing."""

_LONGEST = 24
_ZEROS = re.compile(r"[0\s().+-]*0[0\s().,+-]*")
_REACHED_BY = ("phone", "email", "site", "inn")


def says_nothing(spec: Field, part: str, text: str, *, may_answer: bool) -> bool:
    """Whether a cell of a field, or of a part of it, is as good as empty.

    Where the words of a question `may_answer`, no is an answer.
    """
    if len(text) > _LONGEST and text[0].isalnum():
        return False
    kind, folded = spec.kind, fold(text)
    if kind is BOOL and folded in TRUTHS:
        return False
    if _MARKS.fullmatch(text) or folded.replace(" ", "_") in _PHRASES:
        return True
    if folded in _ANSWERS:
        return not may_answer
    if not _ZEROS.fullmatch(text):
        return False
    is_reach = kind.found_by in _REACHED_BY or part in _REACHED_BY or kind.is_digits
    return is_reach or kind.is_time or kind.is_link
