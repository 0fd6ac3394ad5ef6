"""A condition means the same in SQL as on a record."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.errors import BadUsage
from crmcli.model.conditions.holds import holds
from crmcli.model.conditions.paths import routes
from crmcli.model.conditions.tree import (
    And,
    BadCondition,
    Compare,
    Condition,
    Empty,
    In,
    Literal,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
)
from crmcli.model.conditions.where import check
from crmcli.model.durations import UNITS, Duration
from crmcli.model.fields import Field
from crmcli.model.kinds import KINDS, kind_of
from crmcli.model.schema import Schema
from crmcli.model.values import Raw
from tests.store.index_folder import Folder
from tests.store.test_codec import TIMES

SCHEMA = Schema(
    {
        "deal": (
            Field("площадь", kind_of("number"), custom=True),
            Field("Area", kind_of("text"), custom=True),
            Field("area", kind_of("money"), custom=True),
            Field("виды", kind_of("choices"), choices=("крыша", "Фасад", "пол"), custom=True),
            Field("срочно", kind_of("bool"), custom=True),
            Field("связной", kind_of("phones"), custom=True),
            Field("объект", kind_of("link"), entities=("company", "contact"), custom=True),
            Field("сайт", kind_of("url"), custom=True),
            Field("замер", kind_of("datetime"), custom=True),
        )
    }
)
IDS = {
    "deal": [f"deal-0000000{n}" for n in range(5)],
    "contact": [f"contact-1000000{n}" for n in range(3)],
    "company": [f"company-2000000{n}" for n in range(3)],
    "lead": [f"lead-3000000{n}" for n in range(2)],
    "task": [f"task-4000000{n}" for n in range(3)],
}
NAMES = st.sampled_from(
    ["Ромашка", "ромашка плюс", "ЁЛКА", "елка и ко", "ООО «Вектор»", "Straße", "STRASSE", "ｆｕｌｌ", "50% скидка",
     "под_черк", "a'b\"c", "a\0b", "Ω", "🙂", "й", "и\u0306", "new", "New", "  два   слова ", "0", "-1", "z"]
)  # fmt: skip
AMOUNTS = st.sampled_from(["0", "100000", "100000.50", "-5", "0.01", "999999999999999", "7"])
DAYS = st.sampled_from(
    ["2026-11-22", "2026-11-23", "2026-11-24", "2026-12-01", "1970-01-01", "9999-12-31"]
)
MOMENTS = st.sampled_from(
    ["2026-11-22T21:00:00Z", "2026-11-22T20:59:59Z", "2026-11-23T09:00:00Z", "2026-11-23T12:00:00+03:00",
     "2026-11-23T21:00:00Z", "2026-12-01T00:00:00Z"]
)  # fmt: skip
PHONES = st.sampled_from(
    ["+79161234567", "8 (916) 123-45-67", "+74951234567", "доб. 12", "call me"]
)
MAILS = st.sampled_from(["anna@example.ru", "Anna@Example.ru", "b@почта.рф"])
SITES = st.sampled_from(["https://www.Vektor.ru/", "vektor.ru", "http://vektor.ru/p", "/"])


def maybe(fields: dict[str, st.SearchStrategy[Raw]]) -> st.SearchStrategy[dict[str, Raw]]:
    return st.fixed_dictionaries({}, optional=fields)


def phones() -> st.SearchStrategy[Raw]:
    item = st.builds(
        lambda v, t: {"value": v, "type": t}, PHONES, st.sampled_from(["work", "mobile"])
    )
    return st.lists(item, max_size=2)


def mails() -> st.SearchStrategy[Raw]:
    return st.lists(st.builds(lambda v: {"value": v}, MAILS), max_size=2)


def link(*entities: str) -> st.SearchStrategy[Raw]:
    return st.sampled_from([i for e in entities for i in IDS[e]] + ["company-zzzzzzzz", "no id"])


TAGS = st.lists(st.sampled_from(["vip", "VIP", "опт", "ёлка"]), max_size=3)
CREATED = {"name": NAMES, "created_at": MOMENTS, "tags": TAGS, "comment": NAMES}
FIELDS: dict[str, dict[str, st.SearchStrategy[Raw]]] = {
    "deal": {
        **CREATED, "stage": st.sampled_from(["new", "New", "won"]), "amount": AMOUNTS, "close_by": DAYS,
        "company": link("company"), "contacts": st.lists(link("contact"), max_size=2),
        "площадь": AMOUNTS, "Area": NAMES, "area": AMOUNTS, "виды": st.lists(st.sampled_from(["крыша", "Фасад"]), max_size=2),
        "срочно": st.sampled_from(["yes", "no", ""]), "связной": PHONES, "объект": link("company", "contact"),
        "сайт": SITES, "замер": MOMENTS, "utm": maybe({"source": NAMES, "term": NAMES, "own": NAMES}),
        "lines": st.lists(st.builds(lambda n: {"name": n, "price": "5"}, NAMES), max_size=2),
    },
    "contact": {**CREATED, "phones": phones(), "emails": mails(), "lead": link("lead"),
                "companies": st.lists(st.builds(lambda c: {"company": c, "role": "директор"}, link("company")), max_size=2)},
    "company": {**CREATED, "inn": st.sampled_from(["7701234567", "500100732259"]), "urls": st.lists(SITES, max_size=2),
                "lead": link("lead"), "turnover": AMOUNTS},
    "lead": {**CREATED, "stage": st.sampled_from(["new", "junk"]), "phones": phones(), "company": link("company"),
             "converted": maybe({"deal": link("deal"), "contact": link("contact")}), "birthday": st.one_of(DAYS, st.sampled_from(["--02-29", "--11-23"]))},
    "task": {"name": NAMES, "about": link("lead", "contact", "deal"), "due": MOMENTS, "done_at": MOMENTS},
}  # fmt: skip
PATHS = {
    "deal": ["name", "stage", "amount", "close_by", "company", "company.inn", "company.name", "company.turnover",
             "company.lead.stage", "contacts", "contact.email", "contacts.phone", "contacts.companies.inn",
             "contacts.company.name", "contacts.tags", "tags", "tag", "lines", "utm", "utm.source", "utm.term", "площадь",
             "Area", "area", "виды", "срочно", "связной", "объект", "объект.name", "объект.phone", "объект.inn", "сайт", "замер",
             "created_at", "id", "comment", "contacts.lead.converted.deal", "company.url"],
    "contact": ["phone", "email", "companies", "company.name", "companies.url", "lead.converted", "lead.company.inn", "tags", "name"],
    "lead": ["converted", "converted.deal", "converted.deal.amount", "converted.contact.email", "birthday", "phone", "stage"],
    "task": ["about", "about.stage", "about.name", "about.amount", "about.company.inn", "about.contacts.email", "due", "done_at", "name"],
}  # fmt: skip
TEXTS = st.builds(
    Text,
    st.one_of(NAMES, st.sampled_from(["vip", "опт", "ом", "b", "1", "new", "junk", "kk", "ка"])),
)
DATES = st.one_of(
    st.builds(Text, st.one_of(DAYS, MOMENTS)),
    st.builds(
        Moment, st.sampled_from(["today", "now"]), st.sampled_from([1, -1]),
        st.one_of(st.none(), st.builds(Duration, st.integers(0, 9), st.sampled_from(sorted(set(UNITS.values()))))),
    ),
)  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Literal]] = {
    **dict.fromkeys(("number", "money"), st.builds(lambda text: Number(Decimal(text)), AMOUNTS)),
    **dict.fromkeys(("date", "birthday", "datetime", "happened"), DATES),
    **dict.fromkeys(("link", "links", "companies", "id"), st.builds(Text, st.sampled_from([i for ids in IDS.values() for i in ids]))),
    **dict.fromkeys(("phone", "phones"), st.builds(Text, st.one_of(PHONES, st.sampled_from(["9161234567", "495", "8916"])))),
    "emails": st.builds(Text, st.one_of(MAILS, st.just("example"))),
    **dict.fromkeys(("url", "urls"), st.builds(Text, SITES)),
    "bool": st.builds(Text, st.sampled_from(["yes", "нет"])),
    "choices": st.builds(Text, st.sampled_from(["крыша", "ФАСАД", "пол"])),
    "inn": st.builds(Text, st.sampled_from(["7701234567", "770"])),
}  # fmt: skip


@st.composite
def trees(draw: st.DrawFn, entity: str, depth: int = 3) -> Node:
    """A condition that fits the entity: made of leaves that the check lets through."""
    shape = draw(st.sampled_from(["leaf", "leaf", "and", "or", "not"])) if depth else "leaf"
    if shape == "not":
        return Not(draw(trees(entity, depth - 1)))
    if shape != "leaf":
        parts = tuple(draw(st.lists(trees(entity, depth - 1), min_size=2, max_size=3)))
        return And(parts) if shape == "and" else Or(parts)
    path = tuple(draw(st.sampled_from(PATHS[entity])).split("."))
    field = routes(path, SCHEMA, entity)[0][-1].field
    values = VALUES.get(field.kind.name, TEXTS)
    op = draw(st.sampled_from(["is empty", *field.kind.operators]))
    leaf: Node = Empty(path)
    if op == "in":
        leaf = In(path, tuple(draw(st.lists(values, max_size=3))))
    elif op != "is empty":
        leaf = Compare(path, op, draw(values))
    return leaf if fits(leaf, entity) else Empty(path)


def fits(node: Node, entity: str) -> bool:
    try:
        check(Condition(str(node), node), SCHEMA, entity)
    except BadCondition:
        return False
    return True


@st.composite
def bases(draw: st.DrawFn) -> list[dict[str, Raw]]:
    return [
        {"id": record_id, **draw(maybe(FIELDS[entity]))}
        for entity, ids in IDS.items()
        for record_id in ids
        if draw(st.integers(0, 9))
    ]


QUESTIONS = st.lists(
    st.sampled_from(["deal", "deal", "contact", "lead", "task"]).flatmap(
        lambda entity: st.tuples(st.just(entity), trees(entity))
    ),
    min_size=12,
    max_size=12,
)


@given(base=bases(), questions=QUESTIONS)
@settings(max_examples=25 * TIMES, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_selects_the_records_for_which_the_condition_holds(
    base: list[dict[str, Raw]], questions: list[tuple[str, Node]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name), SCHEMA)
        for raw in base:
            folder.write(raw)
        index = folder.fresh()
        assert index.problems() == []
        records = [record for raw in base if (record := folder.record(str(raw["id"])))]
        for entity, tree in questions:
            condition = Condition(str(tree), tree)
            wanted = sorted(
                r.id for r in records if r.entity == entity and holds(condition, r, folder.env)
            )
            found = index.select(entity, condition, folder.env)
            assert sorted(str(raw["id"]) for raw in found) == wanted, condition
            assert index.count(entity, condition, folder.env) == len(wanted)
        index.close()


SCRAPS = st.sampled_from(
    ["", "+79161234567", "+7916", "+", "+٣٤", "8 916", "work", "mobile", "other", "VIP", "vip", " ", "company-20000000",
     "0", "-1.50", "-0", "007", "1.234", "9999999999999.99", "99999999999999.99", "1e5", "٣", "2026-11-23T09:00:00Z",
     "2026-02-31T09:00:00Z", "2026-W47-1T09:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T12:00:00+03:00", "Ёж"]
)  # fmt: skip
KEYS = st.sampled_from(["value", "type", "ext", "company", "role", "kind"])
SHAPES = st.one_of(
    SCRAPS, st.lists(st.one_of(SCRAPS, st.dictionaries(KEYS, st.one_of(SCRAPS, st.lists(SCRAPS, max_size=1)), max_size=3)), max_size=3),
    st.lists(st.fixed_dictionaries({"value": SCRAPS, "type": SCRAPS}), max_size=2),
    st.lists(st.fixed_dictionaries({"company": SCRAPS}, optional={"role": SCRAPS}), max_size=2), st.dictionaries(KEYS, SCRAPS),
)  # fmt: skip


@given(kind=st.sampled_from(sorted(KINDS)), raw=SHAPES)
@settings(max_examples=500 * TIMES, deadline=None)
def test_a_shortcut_gives_the_keys_of_the_typed_value_or_none(kind: str, raw: Raw) -> None:
    found = kind_of(kind).shortcut(raw)

    if found is not None:
        assert set(found) == set(kind_of(kind).keys(kind_of(kind).parse(raw)))


@pytest.mark.parametrize(
    ("kind", "raw"),
    [("phones", [{"value": "+79161234567", "type": "work"}]), ("emails", [{"value": "a@example.ru", "type": "work"}]),
     ("companies", [{"company": "company-20000000", "role": "директор"}]), ("tags", ["vip"]), ("links", ["contact-10000000"]),
     ("link", "company-20000000"), ("money", "120000.50"), ("number", "5"), ("datetime", "2026-11-23T09:00:00Z")],
)  # fmt: skip
def test_the_canonical_form_has_a_shortcut(kind: str, raw: Raw) -> None:
    assert kind_of(kind).shortcut(raw) == list(kind_of(kind).keys(kind_of(kind).parse(raw)))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path, SCHEMA)
    yield made
    made.index.close()


def deal(number: int, **fields: Raw) -> dict[str, Raw]:
    return {"id": f"deal-0000000{number}", **fields}


def test_order_is_by_folded_text_absent_last_and_then_by_age(folder: Folder) -> None:
    folder.write(deal(1, name="Ёлка", created_at="2026-01-03T00:00:00Z"))
    folder.write(deal(2, name="ель", created_at="2026-01-02T00:00:00Z"))
    folder.write(deal(3, created_at="2026-01-01T00:00:00Z"))
    folder.write(deal(4, name="АРКА"))
    folder.write(deal(5, name="ель", created_at="2026-01-01T00:00:00Z"))
    folder.fresh()

    assert folder.ids_of("deal", order=["name"]) == [f"deal-0000000{n}" for n in (4, 1, 5, 2, 3)]
    assert folder.ids_of("deal", order=["-name"]) == [f"deal-0000000{n}" for n in (5, 2, 1, 4, 3)]
    assert folder.ids_of("deal") == [f"deal-0000000{n}" for n in (3, 5, 2, 1, 4)]


def test_numbers_and_dates_sort_as_what_they_are(folder: Folder) -> None:
    for number, (amount, day) in enumerate(
        [("900", "2026-11-30"), ("1000.50", "2026-02-01"), ("-5", "")]
    ):
        folder.write(deal(number, amount=amount, close_by=day))
    folder.fresh()

    assert folder.ids_of("deal", order=["-amount"])[0] == "deal-00000001"
    assert folder.ids_of("deal", order=["amount"])[0] == "deal-00000002"
    assert folder.ids_of("deal", order=["close_by"]) == [
        "deal-00000001",
        "deal-00000000",
        "deal-00000002",
    ]


def test_order_follows_single_links_and_parts(folder: Folder) -> None:
    folder.write({"id": "company-20000000", "name": "Ромашка"})
    folder.write({"id": "company-20000001", "name": "Вектор", "lead": "lead-30000000"})
    folder.write({"id": "lead-30000000", "stage": "new"})
    folder.write(deal(1, company="company-20000000", utm={"source": "яндекс"}))
    folder.write(deal(2, company="company-20000001", utm={"source": "google"}))
    folder.write(deal(3, company="company-zzzzzzzz"))
    folder.fresh()

    assert [i[-1] for i in folder.ids_of("deal", order=["company.name"])] == ["2", "1", "3"]
    assert [i[-1] for i in folder.ids_of("deal", order=["utm.source"])] == ["2", "1", "3"]
    assert [i[-1] for i in folder.ids_of("deal", order=["company.lead.stage", "-utm.source"])] == [
        "2",
        "1",
        "3",
    ]


@pytest.mark.parametrize(
    ("order", "hint"), [("amuont", "amount"), ("tags", "name or created_at"), ("contacts.name", "")]
)
def test_order_refuses_what_is_unknown_or_holds_several_values(
    folder: Folder, order: str, hint: str
) -> None:
    with pytest.raises(BadUsage) as refusal:
        folder.index.select("deal", order=[order])
    assert hint in refusal.value.hint


def test_a_limit_cuts_the_order(folder: Folder) -> None:
    for number in range(5):
        folder.write(deal(number, amount=str(number)))
    folder.fresh()

    assert [i[-1] for i in folder.ids_of("deal", order=["-amount"], limit=2)] == ["4", "3"]


def test_a_condition_of_thousands_of_parts_is_no_trouble(folder: Folder) -> None:
    folder.write(deal(7, name="цель", tags=["9999"]))
    folder.fresh()

    ors = " or ".join(f"name = {n}" for n in range(3000)) + " or name = цель"
    ands = " and ".join(f"tags != {n}" for n in range(3000))
    many = f"name in ({', '.join(f'слово{n}' for n in range(3000))}, цель)"
    assert (
        folder.ids_of("deal", ors)
        == folder.ids_of("deal", ands)
        == folder.ids_of("deal", many)
        == ["deal-00000007"]
    )


def test_half_a_character_from_the_command_line_finds_nothing(folder: Folder) -> None:
    folder.write(deal(7, name="?"))
    folder.fresh()

    assert folder.ids_of("deal", 'name = "\udcff"') == []
    assert folder.ids_of("deal", 'name in ("\udcff", "b")') == []


def test_a_link_to_a_record_that_cannot_be_read_leads_nowhere(folder: Folder) -> None:
    folder.write(deal(1, company="company-20000000"))
    folder.write_text(folder.path("company-20000000"), "id: company-20000000\nturnover: много\n")
    folder.fresh()

    assert folder.ids_of("deal", "company.name is empty") == ["deal-00000001"]
    assert folder.ids_of("deal", "company is not empty") == ["deal-00000001"]
