"""How a person is written, found in texts and taken out of them; who is called nearly so is not."""

from __future__ import annotations

import pytest

from crmcli.sales.privacy.spelled import Identity, Spelled

PEOPLE = {
    ("Пётр", "Сергеевич", "Вяземский"): (
        ["Вяземский Пётр Сергеевич", "Петра Сергеевича Вяземского", "П.С. Вяземский", "Вяземскому П. С.",
         "ВЯЗЕМСКИЙ ПЕТР", "с Вяземским", "Пётр Сергеевич", "Вяземский, Пётр"],
        ["Вязьма", "вяземский пряник", "Пётр Иванович", "Петропавловск", "Сергеевич"],
    ),
    ("Алёна", "", "Кузьмина"): (
        ["Алены Кузьминой", "Кузьмину А.", "А. Кузьмина", "у Кузьминой", "Алёне Кузьминой"],
        ["Алёна", "Кузьма", "Кузьмич", "кузьмину гору"],
    ),
    ("Юлия", "", "Цой"): (["Цой Юлия", "Юлии Цой", "Ю. Цой", "Цой Ю."], ["Цой", "цой", "Юлия"]),
    ("Олег", "", "Бондаренко"): (["Бондаренко", "Олегу Бондаренко"], ["бондарь", "Бондарь"]),
    ("Anna", "", "Hill"): (["Anna Hill", "HILL, Anna", "A. Hill", "with Hill"], ["on the hill", "Hillary"]),
}  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
def test_names_in_their_orders_and_cases(name: tuple[str, str, str]) -> None:
    identity = Identity()
    identity.add_name(*name)
    spelled = Spelled(identity)
    named, others = PEOPLE[name]
    assert [
        text for text in named if spelled.taken_out(f"так {text} тут", "#") == f"так {text} тут"
    ] == []
    assert [text for text in others if spelled.is_in(f"так {text} тут")] == []
    shared = Spelled(identity, shared_last=[name[2]])
    assert not shared.is_in(f"просто {name[2]} тут")
    assert shared.is_in(f"просто {name[2]} {name[0]} тут")


NUMBERS = {
    "+79161234567": (
        ["8 (916) 123-45-67", "+7 916 123 45 67", "9161234567", "79161234567", "(916)1234567",
         "тел.89161234567", "8-916-123-45-67", "+7\u00a0916\u00a01234567"],
        ["391612345678", "916123456", "8 916 123-45-66", "19161234567890"],
    ),
    "+442079460123": (
        ["020 7946 0123", "+44 20 7946 0123", "0044 20 7946 0123", "+44 (20) 79460123"],
        ["020 7946 0124", "120794601234"],
    ),
    "+12025550143": (["(202) 555-0143", "1-202-555-0143", "+1 202 555 0143"], ["202 555 01430"]),
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_in_any_spelling(number: str) -> None:
    spelled = Spelled(Identity(phones={number: None}))
    named, others = NUMBERS[number]
    assert [text for text in named if not spelled.is_in(f"звоните {text}, жду")] == []
    assert [text for text in others if spelled.is_in(f"звоните {text}, жду")] == []


def test_addresses_and_nobody() -> None:
    spelled = Spelled(Identity(emails={"p.v@mail.ru": None}, others={"telegram:@vyaz": None}))
    for text in ("P.V@Mail.ru", "<p.v@mail.ru>", "?to=p.v%40mail.ru&x", "telegram:@vyaz"):
        assert spelled.is_in(text)
    for text in ("ap.v@mail.ru", "p.v@mail.rus", "pxv@mail.ru"):
        assert not spelled.is_in(text)
    assert not Spelled(Identity()).is_in("что угодно")
