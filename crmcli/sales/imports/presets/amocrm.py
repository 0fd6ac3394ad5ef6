"""amoCRM's and Kommo's words: the suffix (контакт) or (компания) tells whose a column is."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.sales.imports.presets.preset import Preset, StageName, headers

_PERSON: Mapping[str, str] = {
    "full_name": "Полное имя (контакт) | Основной контакт | Full name (contact) | Main contact",
    "first_name": "Имя (контакт) | First name (contact)",
    "last_name": "Фамилия (контакт) | Last name (contact)",
    "position": "Должность (контакт) | Position (contact)",
    "phone_work": (
        "Рабочий телефон (контакт) | Рабочий прямой телефон (контакт) | Work phone (contact) | "
        "Work direct phone (contact)"
    ),
    "phone_mobile": "Мобильный телефон (контакт) | Mobile phone (contact)",
    "phone_home": "Домашний телефон (контакт) | Home phone (contact)",
    "phone_fax": "Факс (контакт) | Fax (contact)",
    "phone_other": "Другой телефон (контакт) | Other phone (contact)",
    "email_work": "Рабочий email (контакт) | Work email (contact)",
    "email_home": "Личный email (контакт) | Private email (contact) | Personal email (contact)",
    "email_other": "Другой email (контакт) | Other email (contact)",
    "company_name": "Название (компания) | Компания | Company name (company) | Company",
}
_ABOUT_THE_COMPANY = (
    "Адрес (компания) | Сайт компании | Web (компания) | Рабочий телефон (компания) | "
    "Рабочий email (компания) | Address (company) | Website (company) | Work phone (company)"
)
_ABOUT_THE_DEAL: Mapping[str, str] = {
    "name": "Название сделки | Lead name | Lead title",
    "amount": "Бюджет | Бюджет сделки | Budget | Lead budget | Sale",
    "owner": ("Ответственный | Ответственный за сделку | Responsible user | Lead responsible user"),
    "created_at": "Дата создания | Дата создания (сделка) | Created at | Lead created at",
    "stage": "Этап сделки | Статус сделки | Lead status | Lead stage",
    "tags": "Теги сделки | Тег сделки | Lead tags",
    "comment": (
        "Примечание 1 | Примечание 2 | Примечание 3 | Примечание 4 | Примечание 5 | "
        "Примечание к сделке | Note 1 | Note 2 | Note 3 | Note 4 | Note 5 | Lead note"
    ),
}

AMOCRM = Preset(
    "amocrm",
    marks=(
        "Полное имя (контакт)", "Рабочий телефон (контакт)", "Мобильный телефон (контакт)",
        "Рабочий email (контакт)", "Должность (контакт)", "Название (компания)",
        "Рабочий телефон (компания)", "Адрес (компания)", "Бюджет сделки", "Статус сделки",
        "Этап сделки", "Теги сделки", "Тег сделки", "Тег компании", "Тег контакта",
        "Примечание к сделке", "Примечание к компании", "Примечание к контакту", "Примечание 1",
        "Ответственный за сделку", "Ответственный за контакт", "Ответственный за компанию",
        "Дата создания (сделка)", "Кем создана сделка", "Кем создан контакт", "Кем создана",
        "Full name (contact)", "Work phone (contact)", "Work email (contact)", "Main contact",
    ),
    asked={
        "lead": headers(
            {
                **_PERSON,
                **_ABOUT_THE_DEAL,
                "labelled": f"Кем создана | Кем создана сделка | {_ABOUT_THE_COMPANY}",
            }
        ),
        "deal": headers(
            {
                **_ABOUT_THE_DEAL,
                "pipeline": "Воронка | Pipeline",
                "contact_name": _PERSON["full_name"],
                "contact_phone": " | ".join(_PERSON[f"phone_{kind}"] for kind in
                                            ("work", "mobile", "home", "fax", "other")),
                "contact_email": " | ".join(_PERSON[f"email_{kind}"] for kind in
                                            ("work", "home", "other")),
                "company_name": _PERSON["company_name"],
                "labelled": (
                    f"Кем создана | Кем создана сделка | {_PERSON['position']} | "
                    f"{_ABOUT_THE_COMPANY}"
                ),
            }
        ),
        "contact": headers(
            {
                **_PERSON,
                "full_name": f"{_PERSON['full_name']} | Полное имя",
                "owner": "Ответственный за контакт | Ответственный | Contact responsible user",
                "created_at": "Дата создания (контакт) | Дата создания | Contact created at",
                "tags": "Тег контакта | Теги контакта | Contact tags",
                "comment": "Примечание к контакту | Contact note",
                "address": "Адрес (контакт) | Address (contact)",
                "labelled": f"Кем создан контакт | Кем создана | {_ABOUT_THE_COMPANY}",
            }
        ),
        "company": headers(
            {
                "name": "Название (компания) | Название компании | Company name (company)",
                "owner": "Ответственный за компанию | Ответственный | Company responsible user",
                "created_at": "Дата создания (компания) | Дата создания | Company created at",
                "address": "Адрес (компания) | Address (company)",
                "phone_work": "Рабочий телефон (компания) | Work phone (company)",
                "phone_mobile": "Мобильный телефон (компания)",
                "phone_other": "Другой телефон (компания)",
                "email_work": "Рабочий email (компания) | Work email (company)",
                "urls": "Сайт компании | Web (компания) | Сайт (компания) | Website (company)",
                "tags": "Тег компании | Теги компании | Company tags",
                "comment": "Примечание к компании | Company note",
                "labelled": "Кем создана компания | Кем создана",
            }
        ),
    },
    stages={
        entity: {
            "Неразобранное": StageName(("new",), "initial"),
            "Первичный контакт": StageName(("new", "working", "contact"), "initial"),
            "Incoming leads": StageName(("new",), "initial"),
            "Initial contact": StageName(("new", "working", "contact"), "initial"),
            "Успешно реализовано": StageName(("won", "converted"), "won"),
            "Закрыто и не реализовано": StageName(("lost", "junk"), "lost"),
            "Closed - won": StageName(("won", "converted"), "won"),
            "Closed - lost": StageName(("lost", "junk"), "lost"),
        }
        for entity in ("lead", "deal")
    },
)  # fmt: skip
