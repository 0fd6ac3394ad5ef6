"""Bitrix24's words, Russian and English, and its field ids."""

from __future__ import annotations

from crmcli.sales.imports.presets.preset import Preset, StageName, headers

BITRIX24 = Preset(
    "bitrix24",
    marks=(
        "Название лида", "Дополнительно об источнике", "Доступен для всех", "Телефон для рассылок",
        "Страница ВКонтакте", "Имя, Фамилия", "Улица, номер дома", "Контакт Открытая линия",
        "ASSIGNED_BY_ID", "STATUS_ID", "SOURCE_ID", "COMPANY_TITLE", "HONORIFIC", "SECOND_NAME",
        "TYPE_ID", "OPENED", "STAGE_ID", "CATEGORY_ID", "OPPORTUNITY", "CURRENCY_ID",
    ),
    columns={
        "": headers(
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
                "do_not_mail": (
                    "Не писать | Не присылать писем | Отписан | Отписался | Отписан от рассылки | "
                    "Отказ от рассылки"
                ),
                "do_not_call": "Не звонить",
                "do_not_sms": "Не слать SMS | Не слать СМС | Не присылать SMS | Не присылать СМС",
                "stage": "Стадия | Статус",
                "currency": "Валюта",
                "source": "Источник",
                "source_detail": "Дополнительно об источнике",
                "owner": "Ответственный | Менеджер",
                "tags": "Тег | Теги",
                "created_at": "Дата создания | Создан",
            }
        ),
        "lead": headers(
            {
                "name": "Название лида | Название | Тема",
                "company_name": "Название компании | Компания | Организация",
                "company_inn": "ИНН компании | ИНН",
                "amount": "Возможная сумма | Сумма | Бюджет",
            }
        ),
        "contact": headers(
            {
                "company_name": "Название компании | Компания | Организация",
                "company_inn": "ИНН компании | ИНН",
                "type": "Тип контакта",
            }
        ),
        "company": headers(
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
        "deal": headers(
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
        "": headers(
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
        "lead": headers(
            {
                "name": "TITLE",
                "company_name": "COMPANY_TITLE",
                "stage": "STATUS_ID",
                "labelled": "STATUS_DESCRIPTION",
                "amount": "OPPORTUNITY",
            }
        ),
        "contact": headers(
            {
                "company_name": "COMPANY_TITLE",
            }
        ),
        "company": headers(
            {
                "name": "TITLE",
                "type": "COMPANY_TYPE",
                "industry": "INDUSTRY",
                "turnover": "REVENUE",
            }
        ),
        "deal": headers(
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
