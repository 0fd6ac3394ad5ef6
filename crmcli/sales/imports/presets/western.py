"""The words of HubSpot, Salesforce and Pipedrive, English and Russian."""

from __future__ import annotations

from crmcli.sales.imports.presets.preset import Preset, StageName, headers

_ENDS = {
    "Closed won": StageName(("won",), "won"), "Won": StageName(("won",), "won"),
    "Closed lost": StageName(("lost",), "lost"), "Lost": StageName(("lost",), "lost"),
    "Выиграна": StageName(("won",), "won"), "Проиграна": StageName(("lost",), "lost"),
}  # fmt: skip

HUBSPOT = Preset(
    "hubspot",
    marks=(
        "Record ID", "Associated Company", "Primary Associated Company", "Lifecycle Stage",
        "Contact owner", "Company owner", "Deal owner", "Create Date", "Country/Region",
        "State/Region", "Lead Status", "Company Domain Name", "Associated Contact",
        "Идентификатор записи", "ИД записи", "Связанная компания", "Владелец контакта",
        "Владелец компании", "Владелец сделки", "Страна/регион", "Статус лида",
    ),
    asked={
        "": headers(
            {
                "id": "Record ID | Идентификатор записи | ИД записи",
                "owner": (
                    "Contact owner | Company owner | Deal owner | Владелец контакта | "
                    "Владелец компании | Владелец сделки"
                ),
                "created_at": "Create Date | Дата создания",
                "phones": "Phone Number | Номер телефона",
                "phone_mobile": "Mobile Phone Number | Номер мобильного телефона",
                "emails": "Эл. почта | Адрес электронной почты",
                "address_part": (
                    "Street Address | City | State/Region | Postal Code | Country/Region | "
                    "Адрес | Город | Область | Почтовый индекс | Страна/регион"
                ),
                "company_name": (
                    "Associated Company | Primary Associated Company | Company name | "
                    "Связанная компания"
                ),
                "urls": "Website URL | Company Domain Name | Доменное имя компании",
                "labelled": (
                    "Lifecycle Stage | Deal Type | Number of Employees | Стадия жизненного цикла"
                ),
            }
        ),
        "lead": headers({"stage": "Lead Status | Статус лида"}),
        "contact": headers({"labelled": "Lead Status | Статус лида"}),
        "company": headers({"name": "Company name | Name", "turnover": "Annual Revenue"}),
        "deal": headers(
            {
                "contact_name": "Associated Contact | Связанный контакт",
                "stage": "Deal Stage | Этап сделки",
                "pipeline": "Pipeline | Воронка",
                "close_by": "Close Date | Дата закрытия",
            }
        ),
    },
    stages={
        "deal": _ENDS,
        "lead": {
            "NEW": StageName(("new",), "initial"),
            "In Progress": StageName(("working",)),
            "Unqualified": StageName(("junk",), "lost"),
        },
    },
)  # fmt: skip

SALESFORCE = Preset(
    "salesforce",
    marks=(
        "IsDeleted", "MasterRecordId", "LastName", "FirstName", "LeadSource", "OwnerId",
        "IsConverted", "ConvertedDate", "ConvertedAccountId", "CreatedById", "CreatedDate",
        "LastModifiedDate", "MobilePhone", "PostalCode", "NumberOfEmployees", "AnnualRevenue",
        "StageName", "CloseDate", "AccountId", "MailingStreet", "MailingCity", "BillingStreet",
        "BillingCity", "Lead ID", "Master Record ID", "Contact ID", "Account ID", "Opportunity ID",
    ),
    asked={
        "": headers(
            {
                "id": "Id | Lead ID | Contact ID | Account ID | Opportunity ID",
                "owner": "OwnerId | Owner | Owner Name",
                "created_at": "CreatedDate | Created Date",
                "source": "LeadSource",
                "phones": "Phone",
                "phone_mobile": "MobilePhone",
                "phone_home": "HomePhone",
                "phone_other": "OtherPhone",
                "phone_fax": "Fax",
                "comment": "Description",
                "address_part": (
                    "Street | City | State | PostalCode | Country | MailingStreet | MailingCity | "
                    "MailingState | MailingPostalCode | MailingCountry | BillingStreet | "
                    "BillingCity | BillingState | BillingPostalCode | BillingCountry"
                ),
                "labelled": (
                    "Rating | NumberOfEmployees | Department | NextStep | Employees | "
                    "ForecastCategory"
                ),
            }
        ),
        "lead": headers(
            {
                "full_name": "Full Name | Name",
                "position": "Title",
                "company_name": "Company",
                "stage": "Status | Lead Status",
                "labelled": "Industry | AnnualRevenue | Annual Revenue",
            }
        ),
        "contact": headers(
            {
                "full_name": "Full Name | Name",
                "position": "Title",
                "company_name": "Account Name | Account.Name",
            }
        ),
        "company": headers(
            {
                "name": "Account Name | Name",
                "turnover": "AnnualRevenue",
                "labelled": "Industry | Type",
            }
        ),
        "deal": headers(
            {
                "name": "Opportunity Name | Name",
                "stage": "StageName | Stage",
                "close_by": "CloseDate",
                "company_name": "Account Name | Account.Name",
                "labelled": "Type",
            }
        ),
    },
    stages={
        "deal": {**_ENDS, "Prospecting": StageName(("new",), "initial")},
        "lead": {
            "Open - Not Contacted": StageName(("new",), "initial"),
            "Working - Contacted": StageName(("working",)),
            "Closed - Converted": StageName(("converted",), "won"),
            "Closed - Not Converted": StageName(("junk",), "lost"),
        },
    },
)  # fmt: skip


def _typed(entity_words: str, name: str, types: dict[str, str]) -> dict[str, str]:
    """`phone_work` -> `Person - Phone (Work) | …` for each type."""
    return {
        f"{name}_{kind}": " | ".join(
            f"{words} ({caption})" for words in entity_words.split(" | ") for caption in captions.split(" | ")
        )
        for kind, captions in types.items()
    }  # fmt: skip


_PHONES = {"work": "Work | Рабочий", "mobile": "Mobile | Мобильный", "home": "Home | Домашний",
           "other": "Other | Другой"}  # fmt: skip
_EMAILS = {"work": "Work | Рабочий", "home": "Home | Домашний", "other": "Other | Другой"}
_PHONE = "Person - Phone | Контактное лицо - Телефон"
_EMAIL = "Person - Email | Контактное лицо - Эл. почта | Контактное лицо - Электронная почта"
_PERSON = {
    "full_name": "Person - Name | Контактное лицо - Имя",
    "first_name": "Person - First name",
    "last_name": "Person - Last name | Контактное лицо - Фамилия",
    "position": "Person - Job title",
    "phones": _PHONE,
    "emails": _EMAIL,
    **_typed(_PHONE, "phone", _PHONES),
    **_typed(_EMAIL, "email", _EMAILS),
    "company_name": (
        "Organization - Name | Person - Organization | Организация - Название | "
        "Контактное лицо - Организация"
    ),
}
_DEAL = {
    "name": "Deal - Title | Сделка - Название",
    "owner": "Deal - Owner | Сделка - Владелец",
    "stage": "Deal - Stage | Deal - Stage (pipeline) | Сделка - Этап",
    "stage_status": "Deal - Status | Сделка - Статус",
    "amount": "Deal - Value | Сделка - Сумма | Сделка - Стоимость",
    "currency": "Deal - Currency of value | Deal - Currency of Value | Сделка - Валюта",
    "tags": "Deal - Label | Сделка - Метка",
    "created_at": "Deal - Deal created | Deal - Created",
}

PIPEDRIVE = Preset(
    "pipedrive",
    marks=("Deal - *", "Person - *", "Organization - *", "Lead - *", "Сделка - *",
           "Контактное лицо - *", "Организация - *"),
    asked={
        "": headers({"comment": "Note | Примечание | Заметка"}),
        "deal": headers(
            {
                **_DEAL,
                "pipeline": "Deal - Pipeline | Сделка - Воронка",
                "close_by": "Deal - Expected close date | Сделка - Ожидаемая дата закрытия",
                "probability": "Deal - Probability | Сделка - Вероятность",
                "lost_reason": "Deal - Lost reason | Сделка - Причина проигрыша",
                "closed_at": "Deal - Won time | Deal - Lost time | Deal - Deal closed on",
                "contact_name": f"{_PERSON['full_name']} | Deal - Contact person",
                "contact_phone": " | ".join([_PHONE, *_typed(_PHONE, "phone", _PHONES).values()]),
                "contact_email": " | ".join([_EMAIL, *_typed(_EMAIL, "email", _EMAILS).values()]),
                "company_name": "Organization - Name | Deal - Organization | Организация - Название",
                "labelled": "Organization - Address | Организация - Адрес",
            }
        ),
        "lead": headers(
            {
                **_PERSON,
                "name": "Lead - Title | Deal - Title | Сделка - Название",
                "owner": "Lead - Owner | Deal - Owner",
                "amount": "Lead - Value | Deal - Value",
                "currency": "Lead - Currency of value | Deal - Currency of value",
                "tags": "Lead - Labels | Deal - Label",
            }
        ),
        "contact": headers(
            {
                **_PERSON,
                "owner": "Person - Owner | Контактное лицо - Владелец",
                "tags": "Person - Label | Person - Labels | Контактное лицо - Метка",
                "birthday": "Person - Birthday",
                "labelled": "Organization - Address | Организация - Адрес",
            }
        ),
        "company": headers(
            {
                "name": "Organization - Name | Организация - Название",
                "address": "Organization - Address | Организация - Адрес",
                "owner": "Organization - Owner | Организация - Владелец",
                "tags": "Organization - Label | Organization - Labels | Организация - Метка",
            }
        ),
    },
    stages={"deal": _ENDS},
)  # fmt: skip
