"""When two names may be one: people and firms, in two alphabets and as they are mistyped."""

from __future__ import annotations

import pytest

from crmcli.matching.firms import compare_firms, may_be_one, read_firm
from crmcli.matching.mail_domains import is_shared, mailbox, work_domain
from crmcli.matching.name_parts import split_name
from crmcli.matching.people import Comparison, compare, read_person
from crmcli.matching.words import differ_by_a_slip, skeleton, typed_otherwise, words_of
from crmcli.model.values import fold


def names(one: str, other: str) -> Comparison:
    left, right = (read_person("", "", "", fold(name)) for name in (one, other))
    return compare(left, right)


@pytest.mark.parametrize(
    ("russian", "latin"),
    [
        ("Соловьёв", "Solovyov Solovyev Soloviev"), ("Юлия", "Yuliya Julia Iuliia"),
        ("Дмитрий", "Dmitry Dmitriy Dmitrii Dmitri"), ("Щербаков", "Shcherbakov Scherbakov"),
        ("Наталья", "Natalya Natalia Nataliya"), ("Алексей", "Alexey Aleksei Aleksey"),
        ("Пётр", "Pyotr Petr"), ("Цветков", "Tsvetkov"), ("Жуков", "Zhukov"), ("Хабаров", "Khabarov"),
        ("Юрьев", "Yuriev Yuryev"), ("Ильин", "Ilyin Ilin"), ("Гладкитская", "Gladkitskaya"),
    ],
)  # fmt: skip
def test_both_alphabets_have_one_skeleton(russian: str, latin: str) -> None:
    wanted = skeleton(fold(russian))
    assert {skeleton(fold(word)) for word in latin.split()} == {wanted}


def test_words_of_digits_stay() -> None:
    assert skeleton("17") == "17"
    assert words_of("ООО «Ромашка-17»") == ("ооо", "ромашка", "17")


def test_the_other_keyboard_layout() -> None:
    assert typed_otherwise("bdfyjd gtnh") == "иванов петр"
    assert typed_otherwise(",jhbcjd") == "борисов"
    assert typed_otherwise("[vtkmybwrbq") == "хмельницкий"


@pytest.mark.parametrize(
    "text",
    ["ivanov petr", "schwartz", "schmidt", "dmitry", "lynch", "dns shop", "strength", "иванов", ""],
)
def test_what_can_be_spoken_is_left_alone(text: str) -> None:
    assert typed_otherwise(text) == ""


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("смирнов", "сминров", True), ("смирнов", "смирно", True), ("смирнов", "смирноов", True),
        ("смирнов", "смирков", True), ("смирнов", "смирнов", False), ("смирнов", "морозов", False),
        ("смирнов", "сирмнов", False), ("смирнов", "смир", False),
    ],
)  # fmt: skip
def test_a_slip(one: str, other: str, is_one: bool) -> None:
    assert differ_by_a_slip(one, other) is is_one
    assert differ_by_a_slip(other, one) is is_one


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("Пётр Иванов", "Иванов Петр", ["same", "same"]),
        ("Саша Петров", "Петров Александр Ильич", ["same", "short"]),
        ("Лена Ким", "Елена Ким", ["same", "short"]),
        ("Иванов И. И.", "Иван Ильич Иванов", ["same", "initial", "initial"]),
        ("И.И. Иванов", "Иванов Иван", ["same", "initial"]),
        ("Ксения Попова", "Попова К.", ["same", "initial"]),
        ("Bdfyjd Gtnh", "Пётр Иванов", ["same", "same"]),
        ("Petr Ivanov", "Иванов Пётр Сергеевич", ["same", "same"]),
        ("Алексей Иавнов", "Алексей Иванов", ["same", "slip"]),
        ("Alexander Kim", "Александр Ким", ["same", "short"]),
    ],
)
def test_one_person(one: str, other: str, how: list[str]) -> None:
    for found in (names(one, other), names(other, one)):
        assert [match.how for match in found.matches] == how
        assert found.against == ()


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        ("Иванов Пётр Сергеевич", "Иванов Сергей Петрович", ("first", "middle")),
        ("Талхмелов А. Н.", "Павел Алексеевич Талхмелов", ("first", "middle")),
        ("Мария Петрова", "Марина Петрова", ("first",)),
        ("Анна Петрова", "Анна Сидорова", ("last",)),
        ("Иванова Саша", "Иванов Саша", ("last",)),
        ("Иванов П.", "Иванов Сергей", ("first",)),
        ("Андрей Андреевич Попов", "Андрей Петрович Попов", ("middle",)),
    ],
)
def test_two_persons(one: str, other: str, against: tuple[str, ...]) -> None:
    assert names(one, other).against == against
    assert names(other, one).against == against


def test_a_number_or_an_address_is_no_name() -> None:
    assert read_person("", "", "", "+7 912 345-67-89") == ()
    assert read_person("", "", "", "anna@example.ru") == ()
    assert read_person("анна", "", "", "анна") == read_person("", "", "", "анна")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("ООО «Ромашка»", "ооо"), ('Ромашка, ООО', "ооо"), ("Romashka LLC", "ооо"), ("Ромашка", ""),
        ("Общество с ограниченной ответственностью «Ромашка»", "ооо"), ("ЗАО Ромашка", "ао"),
        ("Hjvfirf", ""),
    ],
)  # fmt: skip
def test_the_legal_form_is_set_aside(name: str, form: str) -> None:
    firm = read_firm(name)
    assert (firm.form, firm.bones) == (form, ("ромашка",))


def test_firms() -> None:
    def firms(one: str, other: str) -> tuple[tuple[str, ...], ...]:
        return tuple(compare_firms(read_firm(one), read_firm(other)))

    assert firms("Тёплый дом", "Дом Теплый") == (("тепли", "дом"), (), (), ())
    assert firms("Теплодом", "ООО Тепло Дом")[2:] == ((), ())
    assert firms("Ромашка 1", "Ромашка 12") == (("ромашка",), (), ("1",), ("12",))
    assert firms("Ромашка", "Ромашко")[1] == ("ромашко",)


def test_mailboxes() -> None:
    assert mailbox("a.kim+crm@gmail.com") == mailbox("akim@googlemail.com") == "akim@gmail.com"
    assert mailbox("a.kim@ya.ru") == mailbox("a-kim@yandex.com")
    assert mailbox("a.kim@romashka.ru") != mailbox("akim@romashka.ru")
    assert is_shared("info@romashka.ru")
    assert not is_shared("kim@romashka.ru")
    assert work_domain("kim@mail.ru") == work_domain("нет") == ""
    assert work_domain("kim@romashka.ru") == "romashka.ru"


SAME_FIRM = [
    ("ООО «Ромашка»", "Ромашка, ООО"), ("ООО «Ромашка»", "ромашка"), ("О.О.О. Ромашка", "РОМАШКА (ООО)"),
    ("Общество с ограниченной ответственностью «Ромашка»", "ооо \"Ромашка\""), ("Ёлка", "ЗАО Елка"),
    ("АО Черепица", "ЗАО «Черепица»"), ("АО Черепица", "ОАО Черепица"), ("АО Черепица", "Черепица"),
    ("Закрытое акционерное общество «Черепица»", "АО «ЧЕРЕПИЦА»"), ("ПАО Сбер", "PAO Сбер"),
    ("Публичное акционерное общество «Сбер»", "ПАО Сбер"), ("ИП Ким О. П.", "Индивидуальный предприниматель Ким О.П."),
    ("Acme Ltd.", "ACME Limited"), ("Acme LLC", "Acme Limited Liability Company"), ("Acme, Inc.", "ACME Corp"),
    ("Müller GmbH", "müller"), ("Müller G.m.b.H.", "Müller GmbH"), ("Nokia Oy", "Nokia"),
    ("AB Volvo", "Volvo AB"), ("ТОО Алма", "ООО Алма"), ("OOO Ромашка", "ООО Ромашка"), ("[Ромашка]", "«Ромашка»"),
]  # fmt: skip
OTHER_FIRM = [
    ("ООО Ромашка", "АО Ромашка"), ("ООО Ромашка", "ИП Ромашка"), ("ПАО Ромашка", "ЗАО Ромашка"),
    ("Ромашка", "Ромашка Плюс"), ("Acme LLC", "Acme Inc"), ("ООО", "АО"),
    ("Дом-1", "Дом-2"), ("Marks AS Spencer", "Marks Spencer"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "same"), [
    *((one, other, True) for one, other in SAME_FIRM),
    *((one, other, False) for one, other in OTHER_FIRM),
])  # fmt: skip
def test_one_rule_says_which_names_are_one_firm(one: str, other: str, same: bool) -> None:
    for left, right in ((one, other), (other, one)):
        mine, theirs = read_firm(left), read_firm(right)
        assert may_be_one(mine, theirs) is same
        found = compare_firms(mine, theirs)
        differ = bool(mine.form and theirs.form and mine.form != theirs.form)
        assert (differ or bool(found.only_one or found.only_other)) is not same


@pytest.mark.parametrize("name", [
    "Орлова Анна Ильинична", "Анна Ильинична Орлова", "Силыч Фома Лукич", "Алиев Вагиф Гасаноглы",
    "Ivanov Petr Ilyich", "Рабинович Анна Львовна",
])  # fmt: skip
def test_an_import_and_the_search_for_duplicates_find_the_same_patronymic(name: str) -> None:
    parts = split_name(name)
    words = read_person("", "", "", fold(name))
    assert [word.text for word in words if word.role == "middle"] == [fold(parts["middle_name"])]
