"""How other CRMs call columns, stages and sources: tables for the import, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StageName:
    """A stage of another CRM: the ids that it may have here, or else what kind of stage it is."""

    ids: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Preset:
    """One CRM's words: by entity ("" is all of them) header -> a name of mapping.Vocabulary.

    `stages` and `sources` map a caption to the ids that it may have here.

    `asked` are headers that mean something else elsewhere (`NAME` is a first name in Bitrix24), so
    that only `--preset` brings them in; all other words are always understood.
    """

    name: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, StageName]] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _headers(by_name: Mapping[str, str]) -> Mapping[str, str]:
    """Turn name -> `Header | Header` into header -> name."""
    return {header: name for name, many in by_name.items() for header in many.split(" | ")}


ENGLISH = Preset(
    "english",
    columns={
        "": _headers(
            {
                "position": "Job title | Job | Role",
                "last_name": "Surname | Family name",
                "middle_name": "Second name | Additional name | Patronymic",
                "first_name": "Given name | Forename",
                "full_name": "Full name",
                "salutation": "Prefix",
                "birthday": "Date of birth | Birth date | Birthdate | DOB",
                "phones": "Phone | Phone number | Telephone | Tel",
                "phone_work": "Business phone | Office phone",
                "phone_mobile": "Mobile | Cell | Cell phone | Mobile number",
                "phone_fax": "Fax | Fax number",
                "emails": "E-mail | E-mail address | Mail",
                "email_home": "Personal email | Private email",
                "email_work": "Business email",
                "urls": (
                    "Website | Web site | Site | URL | Homepage | LinkedIn | LinkedIn URL | "
                    "Company domain"
                ),
                "address_part": "Street | City | State | Region | Postal code | Zip | Country",
                "address": "Full address",
                "source": "Lead source",
                "source_detail": "Source description",
                "owner": (
                    "Assigned to | Responsible | Account manager | Contact owner | Lead owner | "
                    "Deal owner | Company owner"
                ),
                "tags": "Tag | Labels",
                "comment": "Note | Notes | Comments | Description | Background",
                "created_at": (
                    "Created | Created on | Create date | Creation date | Date created | "
                    "Created date"
                ),
            }
        ),
        "lead": _headers(
            {
                "name": "Lead name | Lead title | Subject | Topic",
                "position": "Title",
                "company_name": "Company | Organization | Organisation | Account name",
                "stage": "Lead status",
                "amount": "Value | Sum | Budget",
            }
        ),
        "contact": _headers(
            {
                "name": "Contact name",
                "position": "Title",
                "company_name": (
                    "Company | Organization | Organisation | Employer | Account name | "
                    "Associated company"
                ),
                "company_role": "Company role",
                "type": "Contact type",
            }
        ),
        "company": _headers(
            {
                "name": "Company | Company name | Organization | Organisation | Account name",
                "turnover": "Annual revenue | Revenue",
                "inn": "Tax id",
                "type": "Company type",
            }
        ),
        "deal": _headers(
            {
                "name": "Deal name | Deal title | Title | Opportunity name",
                "stage": "Deal stage",
                "pipeline": "Deal pipeline",
                "amount": "Value | Sum | Budget | Deal value | Price",
                "close_by": "Close date | Expected close date | Closing date | Deadline",
                "company_name": "Organization | Organisation | Account name",
                "contact_name": "Person | Contact person",
            }
        ),
    },
)

BITRIX24 = Preset(
    "bitrix24",
    columns={
        "": _headers(
            {
                "salutation": "Обращение",
                "first_name": "Имя",
                "last_name": "Фамилия",
                "middle_name": "Отчество",
                "full_name": "Имя, Фамилия | ФИО | Полное имя",
                "birthday": "Дата рождения | День рождения",
                "address": "Адрес",
                "address_part": (
                    "Улица, номер дома | Квартира, офис, комната, этаж | Населенный пункт | "
                    "Город | Район | Регион | Область | Почтовый индекс | Страна"
                ),
                "phones": "Телефон | Тел",
                "phone_work": "Рабочий телефон",
                "phone_mobile": "Мобильный телефон | Мобильный | Моб. телефон | Сотовый | Сотовый телефон",
                "phone_fax": "Номер факса | Факс",
                "phone_home": "Домашний телефон",
                "phone_pager": "Номер пейджера",
                "phone_mailing": "Телефон для рассылок",
                "phone_other": "Другой телефон",
                "urls": (
                    "Корпоративный сайт | Личная страница | Страница Facebook | "
                    "Страница ВКонтакте | Страница LiveJournal | Микроблог Twitter | "
                    "Другой сайт | Сайт | Веб-сайт"
                ),
                "emails": "E-mail | Почта | Эл. почта | Электронная почта",
                "email_work": "Рабочий e-mail",
                "email_home": "Частный e-mail | Личный e-mail",
                "email_mailing": "E-mail для рассылок",
                "email_other": "Другой e-mail",
                "labelled": (
                    "Контакт Facebook | Контакт Telegram | Контакт ВКонтакте | Контакт Skype | "
                    "Контакт Viber | Комментарии Instagram | Контакт Битрикс24 Network | "
                    "Онлайн-чат | Контакт Открытая линия | Контакт ICQ | Контакт MSN/Live! | "
                    "Контакт Jabber | Другой контакт | Дополнительно о стадии"
                ),
                "position": "Должность",
                "comment": "Комментарий | Комментарии | Примечание",
                "stage": "Стадия | Статус",
                "currency": "Валюта",
                "source": "Источник",
                "source_detail": "Дополнительно об источнике",
                "owner": "Ответственный | Менеджер",
                "tags": "Тег | Теги",
                "created_at": "Дата создания | Создан",
            }
        ),
        "lead": _headers(
            {
                "name": "Название лида | Название | Тема",
                "company_name": "Название компании | Компания | Организация",
                "amount": "Возможная сумма | Сумма | Бюджет",
            }
        ),
        "contact": _headers(
            {
                "company_name": "Название компании | Компания | Организация",
                "company_inn": "ИНН компании | ИНН",
                "type": "Тип контакта",
            }
        ),
        "company": _headers(
            {
                "name": "Название компании | Название | Наименование | Компания | Организация",
                "legal_name": "Полное наименование",
                "type": "Тип компании",
                "industry": "Сфера деятельности | Отрасль",
                "inn": "ИНН",
                "kpp": "КПП",
                "ogrn": "ОГРН",
                "address": "Фактический адрес",
                "legal_address": "Юридический адрес",
                "labelled": "Банковские реквизиты | Кол-во сотрудников",
                "turnover": "Годовой оборот | Оборот",
            }
        ),
        "deal": _headers(
            {
                "name": "Название сделки | Название",
                "pipeline": "Воронка | Направление",
                "stage": "Стадия сделки | Этап сделки",
                "probability": "Вероятность",
                "amount": "Сумма | Бюджет | Возможная сумма | Сумма сделки",
                "close_by": "Предполагаемая дата закрытия | Дата завершения",
                "company_name": "Компания | Название компании",
                "company_inn": "ИНН компании",
                "contact_name": "Контакт | Основной контакт",
            }
        ),
    },
    asked={
        "": _headers(
            {
                "first_name": "NAME",
                "middle_name": "SECOND_NAME",
                "salutation": "HONORIFIC",
                "birthday": "BIRTHDATE",
                "position": "POST",
                "comment": "COMMENTS",
                "owner": "ASSIGNED_BY_ID",
                "source": "SOURCE_ID",
                "source_detail": "SOURCE_DESCRIPTION",
                "currency": "CURRENCY_ID",
                "created_at": "DATE_CREATE",
                "type": "TYPE_ID",
                "address": "FULL_ADDRESS",
                "address_part": (
                    "ADDRESS | ADDRESS_2 | ADDRESS_CITY | ADDRESS_REGION | ADDRESS_PROVINCE | "
                    "ADDRESS_POSTAL_CODE | ADDRESS_COUNTRY"
                ),
                "urls": "WEB_WORK | WEB_HOME | WEB_OTHER",
            }
        ),
        "lead": _headers(
            {
                "name": "TITLE",
                "company_name": "COMPANY_TITLE",
                "stage": "STATUS_ID",
                "labelled": "STATUS_DESCRIPTION",
                "amount": "OPPORTUNITY",
            }
        ),
        "contact": _headers(
            {
                "company_name": "COMPANY_TITLE",
            }
        ),
        "company": _headers(
            {
                "name": "TITLE",
                "type": "COMPANY_TYPE",
                "industry": "INDUSTRY",
                "turnover": "REVENUE",
            }
        ),
        "deal": _headers(
            {
                "name": "TITLE",
                "company_name": "COMPANY_TITLE",
                "stage": "STAGE_ID",
                "pipeline": "CATEGORY_ID",
                "amount": "OPPORTUNITY",
                "close_by": "CLOSEDATE",
            }
        ),
    },
    stages={
        "lead": {
            "Не обработан": StageName(("new",), "initial"),
            "В работе": StageName(("working", "in_progress")),
            "Обработан": StageName(("processed", "qualified")),
            "Качественный лид": StageName(("converted",), "won"),
            "Некачественный лид": StageName(("junk",), "lost"),
            "Unassigned": StageName(("new",), "initial"),
            "In progress": StageName(("working", "in_progress")),
            "In process": StageName(("working", "in_progress")),
            "Processed": StageName(("processed", "qualified")),
            "Good lead": StageName(("converted",), "won"),
            "Converted": StageName(("converted",), "won"),
            "Junk lead": StageName(("junk",), "lost"),
            "Junk": StageName(("junk",), "lost"),
        },
        "deal": {
            "Новая": StageName(("new",), "initial"),
            "New": StageName(("new",), "initial"),
            "Сделка успешна": StageName(("won",), "won"),
            "Успешно реализовано": StageName(("won",), "won"),
            "Сделка провалена": StageName(("lost",), "lost"),
            "Закрыто и не реализовано": StageName(("lost",), "lost"),
            "Won": StageName(("won",), "won"),
            "Closed won": StageName(("won",), "won"),
            "Lost": StageName(("lost",), "lost"),
            "Lose": StageName(("lost",), "lost"),
            "Closed lost": StageName(("lost",), "lost"),
        },
    },
    sources={
        "Звонок": ("call", "phone"), "Call": ("call", "phone"),
        "Электронная почта": ("email", "mail"), "E-mail": ("email", "mail"),
        "Веб-сайт": ("web", "site", "website"), "Website": ("web", "site", "website"),
        "Реклама": ("ads", "advertising", "ad"), "Advertising": ("ads", "advertising", "ad"),
        "Существующий клиент": ("client", "partner", "existing"), "Partner": ("partner",),
        "Рекомендация": ("referral", "recommendation"),
        "По рекомендации": ("referral", "recommendation"),
        "Recommendation": ("referral", "recommendation"),
        "Выставка": ("exhibition", "trade_show", "event"), "Trade show": ("exhibition", "event"),
        "CRM-форма": ("form", "webform", "web"), "Webform": ("form", "webform", "web"),
        "Обратный звонок": ("callback", "call"), "Callback": ("callback", "call"),
        "Интернет-магазин": ("shop", "store", "web"), "Store": ("shop", "store"),
        "Другое": ("other",), "Other": ("other",),
    },
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {"bitrix24": BITRIX24}
"""What `--preset` may name."""

ALWAYS = (ENGLISH, *PRESETS.values())
"""The presets whose words are understood without being asked for, the first one first."""
