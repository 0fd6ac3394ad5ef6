"""What people give back masked is what stands in the record, in its place, or it is refused."""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.addresses import read_email
from crmcli.model.masking import CONTACTS, STAR, Contacts, contact_keys
from crmcli.model.unmasking import Unclear, unmasked
from tests import kit
from tests.rights.conftest import ACCESS, Base

Crm = Callable[..., kit.Run]
ALIKE = [
    {"type": "work", "value": "+79261234533"},
    {"type": "home", "value": "+79269999933"},
    {"type": "work", "value": "+79261112248"},
]
MASKED = [{**one, "value": f"+7926*****{one['value'][-2:]}"} for one in ALIKE]
SAID = "Вера +79261234533, Валя +79269999933"


IN_MASK = re.compile(r"(?=(\S…@\S*))|(?=([+\d*][\d* ()-]*[\d*]))")


def tried(shown: Any, stored: Any, rest: Any = ()) -> Any:
    try:
        return unmasked(shown, stored, rest)
    except Unclear as error:
        return error


@pytest.mark.parametrize(
    ("shown", "stored", "wanted"),
    [
        (MASKED, ALIKE, ALIKE),
        (MASKED[1:], ALIKE, ALIKE[1:]),
        ([MASKED[0], MASKED[2]], ALIKE, [ALIKE[0], ALIKE[2]]),
        ([MASKED[0], {**MASKED[1], "type": "mobile"}, MASKED[2]], ALIKE, [ALIKE[0], {**ALIKE[1], "type": "mobile"}, ALIKE[2]]),
        (["home:+7926*****33"], ALIKE, ["home:+79269999933"]),
        (["8 926 ***-**-48"], ALIKE, ["+79261112248"]),
        (["+7926*****33"], ALIKE, None),
        (["+7926*****33", "+79261234533"], ALIKE, ["+79269999933", "+79261234533"]),
        ("Валя +7926*****33", SAID, "Валя +79269999933"),
        ("Вера +7926*****33", SAID, None),
        ("Валя +7926*****33\nВера +7926*****33", SAID, "Валя +79269999933\nВера +79261234533"),
        ("Вера +7926*****33, Валя +7926*****33 и +7926*****33", SAID, None),
        ("Вера +7926*****33, Валя, +7926*****33!", SAID, "Вера +79261234533, Валя, +79269999933!"),
        ("Вера +7926*****34, Валя +7926*****33", SAID, None),
        ("v…@x.example и v…@x.example", "valya@x.example и vera@x.example", "valya@x.example и vera@x.example"),
        ("v…@x.example", "valya@x.example и vera@x.example", None),
        ("2*3", "243", "2*3"), ("*важно* 12*12", "x", "*важно* 12*12"), ("ну…@", "243", "ну…@"),
        ("чужой +7917*****00", "", "чужой +7917*****00"),
        ("*****67 и", "1234567", "1234567 и"),
        ("Вера v… ну @x.example", "Вера vera@x.example", None), ("Вера V…", "Вера Vera@x.example", None),
        ("Вера v… и v…@y.example", "Вера vera@x.example и vi@y.example", None),
        ("Вера… жду", "Вера vera@x.example", "Вера… жду"),
        ("v…@x.exampleда", "vera@x.example +79261234533 *", None),
    ],
)  # fmt: skip
def test_a_mask_is_known_by_its_place_or_not_at_all(shown: Any, stored: Any, wanted: Any) -> None:
    found = tried(shown, stored)
    assert isinstance(found, Unclear) if wanted is None else found == wanted


TWO = "Анна: 8 916\n123-45-67\nВера: 8 916\n123-99-67"
NEAR = "Анна 8 (916) 123-99-67, Вера 8 (916) 123-45-67\nОфис 301\n916 123-45-67 секретарь"


@pytest.mark.parametrize(
    ("stored", "old", "new", "is_told"),
    [
        (NEAR, "Вера", "Вера К.", True), (NEAR, "Анна", "Звонил.\nАнна", True),
        (NEAR, "секретарь", "секретарь\n***", True), (NEAR, "Офис 301\n", "", True),
        ("Анна: 8 916\n123-45-67\nВера: 8 916 123-99-67", "Анна: 8 916\n", "Анна: 8 916 ", True),
        (TWO, "Анна: 8 916\n***-**-67\n", "", True), (TWO, "\nВера", "\n\nВера", True),
        ("Тел. 8 916\n123-45-67", "\n", " ", True), ("8 916 123-45-67", "916 ", "916\n", True),
        ("+7 916 123-45-67", "-67", "-67 12 мая", True), ("+7 916 123-45-67 5", " 5", " 6 шт.", True),
        ("8 916\n123-45-67", "916", "926", False), ("8 (916) 123-45-67", "-67", "", False), ("8 (916) 123-45-67", "-67", "-68", False),
        (TWO, "-67", "-68", False),
        ("Тел. 8 (916) 123-\n45-67\n***\nИтого", "**-67\n***\n", "", False),
    ],
)  # fmt: skip
def test_an_edit_keeps_each_number_in_its_place_or_is_refused(
    stored: str, old: str, new: str, is_told: bool
) -> None:
    shown = Contacts(stored).masked({"9161234567", "9161239967"}, bool)
    assert old in shown
    found, wanted = tried(shown.replace(old, new), stored), stored
    if not is_told:
        assert isinstance(found, Unclear), found
        return
    if STAR in old:  # the same lines of what is stored
        at = shown.index(old)
        wanted = stored[:at] + new + stored[at + len(old) :]
    assert found == (wanted if STAR in old else stored.replace(old, new))


def test_numbers_that_change_places_over_lines_are_refused() -> None:
    shown = Contacts(TWO).masked({"9161234567", "9161239967"}, bool).split("\n")
    assert isinstance(tried("\n".join(shown[2:] + shown[:2]), TWO), Unclear)


def test_a_mask_of_another_field_is_refused() -> None:
    for shown in ("+7926*****33", "да 8 (926) ***-**-33", "v…@x.example"):
        assert isinstance(tried(shown, "", [ALIKE, "vera@x.example"]), Unclear)


numbers = st.sampled_from(
    ["+79261234533", "8 (926) 999-99-33", "+7 926 111-22-48", "8926 555 44 33", "8 926 555\n44-33", "12345", "1234567", "+49 30 1234567"]
)  # fmt: skip
addresses = st.sampled_from(
    ["vera@x.example", "Valya@x.example", "v@x.example", "a=b&c@x.example", "o!brien#1@ya.ru", "*b@x.example"]
)  # fmt: skip
words = st.text(st.sampled_from("абв xY\n,;.-(1*…@/«"), max_size=12)
texts = st.lists(st.one_of(numbers, addresses, words), max_size=7).map(" ".join)


def as_shown(raw: Mapping[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    """A record as it is shown, with some clients masked."""
    known = contact_keys({"phones": list(hidden)}, CONTACTS)

    def one(text: str) -> str:
        return Contacts(text).masked(known, bool)

    return {
        name: one(value) if isinstance(value, str) else [{**item, "value": one(item["value"])} for item in value]
        for name, value in raw.items()
    }  # fmt: skip


@pytest.mark.parametrize(
    "number", ["12345", "123456", "1234567", "123-45-67", "+79261234533", "8 926 123-45-33"]
)
@pytest.mark.parametrize(
    "round_it", ["* {}", "** {}", "*{}*", "- * {}", "*** {} ***", "89267654321 * {}", "89267654321 *** {}", "{} * {}", "* {} * {} *"]
)  # fmt: skip
def test_stars_of_ones_own_beside_a_mask(number: str, round_it: str) -> None:
    """As in a list or in bold: no mask stays in the place of the number."""
    stored = round_it.replace("{}", number) + " office"
    shown = as_shown({"comment": stored}, [number])["comment"]
    assert shown != stored
    for more in ("", ", call at 9"):
        found, wanted = tried(shown + more, stored), stored + more
        assert isinstance(found, Unclear) or found == wanted, (shown, found)


records = st.fixed_dictionaries(
    {
        "phones": st.lists(st.fixed_dictionaries({"type": st.sampled_from(["work", "home"]), "value": numbers}), max_size=4),
        "emails": st.lists(st.fixed_dictionaries({"value": addresses}), max_size=3),
        "comment": texts,
    }
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(records, st.lists(st.one_of(numbers, addresses)), st.data())
def test_what_is_given_back_changes_only_where_it_was_edited(
    raw: dict[str, Any], hidden: list[str], data: st.DataObject
) -> None:
    shown = as_shown(raw, hidden)
    for name, value in shown.items():
        assert unmasked(value, raw[name], {**raw, name: ""}) == raw[name]
    text, old = shown["comment"], raw["comment"]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    new = data.draw(st.sampled_from(["", "", "да", " ну ", "\n", ", "]))
    found = tried(text[:start] + new + text[end:], old)
    if not isinstance(found, Unclear):
        at = places(text, old)
        torn = [match.span(match.lastindex or 0) for match in IN_MASK.finditer(text)]
        first = min([start, *(a for a, b in torn if a < start < b or a < end < b)])
        last = max([end, *(b for a, b in torn if a < start < b or a < end < b)])
        assert found.startswith(old[: at[first]])
        assert found.endswith(old[at[last] :])
        assert (first, last) != (start, end) or found == old[: at[start]] + new + old[at[end] :]
    for name in ("phones", "emails"):
        if raw[name]:
            gone = data.draw(st.integers(0, len(raw[name]) - 1))
            fewer = raw[name][:gone] + raw[name][gone + 1 :]
            found = tried(shown[name][:gone] + shown[name][gone + 1 :], raw[name])
            assert isinstance(found, Unclear) or found == fewer


def places(shown: str, old: str) -> list[int]:
    """Where each letter of a masked text stands in the text itself."""
    found: list[int] = []
    at = 0
    for letter in shown:
        found.append(at)
        at = old.index("@", at) if letter == "…" and old[at] != "…" else at + 1
    return [*found, at]


def test_all_that_an_address_may_have_is_masked() -> None:
    for sign in "!#$%&'*+-/=?^_`{|}~.№":
        address = read_email(f"a{sign}b@x.example")
        for text in (address, f'{{"value":"{address}"}}', f"пишите {address}, да", f"<{address}>", f"/{address}",
                     f"mailto={address}", f"\\u2014{address}", f"к@л.рф/{address}"):  # fmt: skip
            found = Contacts(text).masked(contact_keys({"emails": [address]}, CONTACTS), bool)
            assert found == text.replace(address, "a…@x.example"), text
            assert unmasked(f"{found} ", text) == f"{text} "
    with pytest.raises(ValueError, match=r"a…@x\.example"):
        read_email("a…@x.example")


@pytest.mark.parametrize(
    "hostile",
    kit.some(["*a…@" + "." * 100_000, "7" * 100_000, "a@" + "b." * 50_000 + "x1", ("a." * 127 + "@b.c1.") * 380,
     "v…@b.c" * 16_000, "v…@" * 33_000, "v@b.c " * 16_000, "*" * 100_000, "7*" * 50_000, "7*****77 " * 11_000,
     "=/!a" * 25_000 + "@b.c", "a!@b.c/" * 14_000, "…@" * 50_000, "8 926 ***-**-33, " * 6_000, "a@b.1.1.1" * 11_000,
     "+79261234533, " * 7_000, "\\u2014v@b.c" * 9_000, "(" * 100_000, "1" + " " * 100_000, "v…@" + "b-" * 50_000], 2),
    ids=lambda text: text[:12],
)  # fmt: skip
def test_a_hostile_text_takes_little_time_and_memory(hostile: str) -> None:
    known = contact_keys(
        {"phones": ["+77777777777", "+79261234533"], "emails": ["v@b.c"]}, CONTACTS
    )
    started = time.process_time()
    shown = Contacts(hostile).masked(known, bool)
    for given_back, stored in ((hostile, "v@b.c"), ("v…@b.c 7*****77 да", hostile), (f"{shown} да", hostile),
                               (shown[9:], hostile), ([hostile], [hostile, "v@b.c"])):  # fmt: skip
        tried(given_back, stored)
    assert time.process_time() - started < 4
    tracemalloc.start()
    tried(f"да {shown[:20_000]}", hostile[:20_000])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 400 * 20_000


def test_of_numbers_that_look_alike_none_is_lost(crm: Crm, base: Base) -> None:
    kit.write(base.root, "access.yaml", ACCESS + "budget: 1\n")
    acts = {"cwd": base.root, "CRM_USER": "olga"}
    ws = base.open("root")
    kit.contact(ws, name="Первый", owner="olga", phones="+79161111111")
    said = "vera@x.example и valya@x.example"
    client = kit.contact(
        ws, name="Тайна", owner="olga", comment=said, emails="vera@x.example, valya@x.example",
        phones="work:+79261234533, home:+79269999933, work:+79261112248",
    ).id  # fmt: skip
    crm("contact", "show", "Первый", **acts)
    before = kit.raw(base.open("root"), client)
    printed = crm("contact", "edit", client, "--print", **acts).out
    assert printed.count("+7926*****33") == 2
    assert printed.count("v…@x.example") == 4

    def edited(text: str) -> kit.Run:
        lines = [
            line for line in text.splitlines(keepends=True) if not line.startswith("# version")
        ]
        return crm("contact", "edit", client, "--from", "-", stdin="".join(lines).encode(), **acts)

    assert edited(printed).code == 0
    assert edited(printed.replace("name: Тайна", "name: Секрет")).code == 0
    assert kit.raw(base.open("root"), client) == {**before, "name": "Секрет"}
    for args in (
        ("--phone", "+7926*****33"), ("--remove", "emails=v…@x.example"), ("--comment", "v…@x.example"),
        ("--set", "comment=+7926*****48"), ("--set", "position=v…@x.example"),
    ):  # fmt: skip
        done = crm("contact", "edit", client, *args, **acts)
        assert done.code == 2, (args, done)
        assert f"crm reveal {client}" in done.err
        assert len(done.err.splitlines()) == 2
    assert kit.raw(base.open("root"), client) == {**before, "name": "Секрет"}
    taken = crm("contact", "edit", client, "--phone", "home:+7926*****33", **acts)
    assert taken.code == 1, taken  # nobody takes away what is masked
    assert kit.raw(base.open("root"), client) == {**before, "name": "Секрет"}
