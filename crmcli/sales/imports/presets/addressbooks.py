"""The words of address books: Google Contacts and Outlook, English and Russian."""

from __future__ import annotations

from crmcli.sales.imports.presets.preset import Preset, headers

_MOST = 9
"""Phones, e-mails, addresses and so on that one row of Google's has at most a name for."""


def _numbered(*templates: str) -> str:
    return " | ".join(t.format(n) for t in templates for n in range(1, _MOST + 1))


_GOOGLE = {
    "first_name": "Given Name | First Name",
    "middle_name": "Additional Name | Middle Name",
    "last_name": "Family Name | Last Name",
    "salutation": "Name Prefix",
    "phones": _numbered("Phone {} - Value"),
    "emails": _numbered("E-mail {} - Value"),
    "urls": _numbered("Website {} - Value"),
    "position": "Organization Title | Organization 1 - Title",
    "tags": "Group Membership | Labels",
    "comment": "Notes",
    "address_part": _numbered(
        "Address {} - Formatted", "Address {} - PO Box", "Address {} - Street",
        "Address {} - Extended Address", "Address {} - City", "Address {} - Region",
        "Address {} - Postal Code", "Address {} - Country",
    ),
    "company_name": "Organization Name | " + _numbered("Organization {} - Name"),
    "labelled": (
        "Name Suffix | Nickname | File As | Phonetic First Name | Phonetic Middle Name | "
        "Phonetic Last Name | Yomi Name | Given Name Yomi | Additional Name Yomi | "
        "Family Name Yomi | Initials | Short Name | Maiden Name | Gender | Location | Occupation | "
        "Hobby | Organization Department | Photo | "
        + _numbered(
            "Organization {} - Department", "Organization {} - Location",
            "Organization {} - Job Description", "IM {} - Value", "Relation {} - Value",
            "Event {} - Value", "Custom Field {} - Value",
        )
    ),
}  # fmt: skip

GOOGLE = Preset(
    "google",
    marks=(
        "Given Name", "Family Name", "Additional Name", "Yomi Name", "Group Membership",
        "Name Prefix", "Phonetic First Name", "E-mail 1 - Value", "E-mail 1 - Type",
        "E-mail 1 - Label", "Phone 1 - Value", "Phone 1 - Type", "Phone 1 - Label",
        "Organization 1 - Name", "Organization Name", "Address 1 - Formatted",
    ),
    asked={"contact": headers({**_GOOGLE, "name": "Name"}),
           "lead": headers({**_GOOGLE, "full_name": "Name"})},
)  # fmt: skip

_BUSINESS = (
    "Business Street | Business Street 2 | Business Street 3 | Business City | Business State | "
    "Business Postal Code | Business Country | Business Country/Region | "
    "Улица (раб. адрес) | Улица 2 (раб. адрес) | Улица 3 (раб. адрес) | Город (раб. адрес) | "
    "Область (раб. адрес) | Почтовый индекс (раб. адрес) | Индекс (раб. адрес) | "
    "Страна (раб. адрес) | Страна или регион (раб. адрес)"
)
_HOME = (
    "Home Street | Home Street 2 | Home Street 3 | Home City | Home State | Home Postal Code | "
    "Home Country | Home Country/Region | Улица (дом. адрес) | Улица 2 (дом. адрес) | "
    "Улица 3 (дом. адрес) | Город (дом. адрес) | Область (дом. адрес) | "
    "Почтовый индекс (дом.) | Индекс (дом. адрес) | Страна (дом. адрес) | "
    "Страна или регион (дом. адрес)"
)
_OUTLOOK = {
    "salutation": "Title | Обращение",
    "first_name": "First Name | Имя",
    "middle_name": "Middle Name | Отчество",
    "last_name": "Last Name | Фамилия",
    "company_name": "Company | Организация",
    "position": "Job Title | Должность",
    "birthday": "Birthday | День рождения",
    "phone_work": (
        "Business Phone | Business Phone 2 | Company Main Phone | Рабочий телефон | "
        "Телефон раб. 2 | Основной телефон организации"
    ),
    "phone_mobile": "Mobile Phone | Телефон переносной | Мобильный телефон",
    "phone_home": "Home Phone | Home Phone 2 | Домашний телефон | Телефон дом. 2",
    "phone_fax": "Business Fax | Home Fax | Other Fax | Рабочий факс | Домашний факс | Другой факс",
    "phone_pager": "Pager | Пейджер",
    "phone_other": (
        "Other Phone | Primary Phone | Car Phone | Radio Phone | Assistant's Phone | Callback | "
        "Другой телефон | Основной телефон | Телефон в машине | Телефон помощника"
    ),
    "emails": (
        "E-mail Address | E-mail 2 Address | E-mail 3 Address | Email Address | "
        "Адрес эл. почты | Адрес эл. почты 2 | Адрес эл. почты 3 | Адрес 2 эл. почты | "
        "Адрес 3 эл. почты"
    ),
    "urls": "Web Page | Personal Web Page | Веб-страница | Личная веб-страница",
    "tags": "Categories | Категории",
    "comment": "Notes | Заметки",
    "address_part": f"{_BUSINESS} | {_HOME}",
    "labelled": (
        "Suffix | Суффикс | Department | Отдел | Anniversary | Годовщина | Spouse | "
        "Супруг(а) | Manager's Name | Имя руководителя | Assistant's Name | Имя помощника | "
        "Profession | Профессия | Children | Дети | Hobby | Хобби | Gender | Пол"
    ),
}

OUTLOOK = Preset(
    "outlook",
    marks=(
        "E-mail Address", "E-mail 2 Address", "E-mail Display Name", "E-mail Type",
        "Business Street", "Business City", "Business Phone 2", "Home Street", "Company Main Phone",
        "Assistant's Phone", "Manager's Name", "Web Page", "Government ID Number",
        "Адрес эл. почты", "Тип эл. почты", "Адрес 2 эл. почты", "Телефон раб. 2",
        "Улица (раб. адрес)", "Улица (дом. адрес)", "Телефон переносной", "Имя помощника",
    ),
    asked={"contact": headers(_OUTLOOK), "lead": headers(_OUTLOOK)},
)  # fmt: skip
