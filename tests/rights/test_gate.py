"""What each user sees and may do, by every way in which a workspace is read and changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmcli.errors import Forbidden, NotFound
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.sales.merging import merge as merging
from crmcli.sales.merging.unmerge import unmerge
from tests import kit
from tests.rights.conftest import ACCESS, USERS, Base

SEEN = {
    "anna": {"anna"},
    "boris": {"anna", "boris"},
    "olga": {"olga"},
    "ivan": {"olga", "ivan"},
    "root": {*USERS},
}
"""Whose deals and leads each user reads."""


def names(records: dict[str, Record], what: str, owners: set[str]) -> set[str]:
    return {records[f"{what} {owner}"].id for owner in owners}


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("what", ["deal", "lead"])
def test_lists_counts_and_sums_hold_what_is_ones_own(base: Base, user: str, what: str) -> None:
    ws = base.open(user)
    wanted = names(base.records, what, SEEN[user])
    if what == "lead" and user in ("boris", "root"):
        wanted.add(base.records["free"].id)  # what nobody owns is for heads to give away
    assert {row["id"] for row in ws.rows(what)} == wanted
    assert ws.count(what) == len(wanted)
    assert sum(total.count for total in ws.sums(what, ["owner"])) == len(wanted)
    assert {facts.id for facts in ws.facts(what, ["name"])} == wanted


@pytest.mark.parametrize("user", USERS)
def test_what_hangs_on_a_deal_is_read_with_it(base: Base, user: str) -> None:
    ws = base.open(user)
    for what in ("contact", "company", "task"):
        shown = {row["id"] for row in ws.rows(what)}
        assert names(base.records, what, SEEN[user]) <= shown
    others = set(USERS) - SEEN[user]
    own = {f"alone {one}" for one in SEEN[user]}
    assert {row["id"] for row in ws.rows("contact")} >= {base.records[one].id for one in own}
    for one in others:
        if base.records[f"contact {one}"].get("owner") not in SEEN[user]:
            assert not ws.exists(base.records[f"contact {one}"].id)


@pytest.mark.parametrize("user", USERS)
def test_what_is_not_seen_is_not_there(base: Base, user: str) -> None:
    ws = base.open(user)
    hidden = [
        record
        for record in base.records.values()
        if record.id not in {row["id"] for row in ws.rows(record.entity)}
    ]
    assert bool(hidden) is (user != "root")
    for record in hidden:
        name = str(record.get("name"))
        absent = record.id[:-8] + "zzzzzzzz"
        with pytest.raises(NotFound) as forbidden:
            ws.get(record.id)
        with pytest.raises(NotFound) as missing:
            ws.get(absent)
        assert str(forbidden.value).replace(record.id, absent) == str(missing.value)
        for ref in (record.id, record.id[: len(record.entity) + 5], name):
            with pytest.raises(NotFound):
                ws.resolve(ref)
        assert not ws.exists(record.id)
        assert ws.search(name) == [] or record.id not in {hit.id for hit in ws.search(name)}
        assert ws.events(record=record.id) == []
        assert record.id not in {event.record for event in ws.events()}
        assert ws.lookup("name", name, list(ENTITIES)) == []
        assert ws.holding("name", [name.casefold()], [record.entity]) == []


def test_words_in_the_text_of_others_are_not_found(base: Base) -> None:
    assert base.open("root").search("секрет olga")
    assert base.open("anna").search("секрет olga") == []
    assert base.open("anna").search("секрет anna")


WRITES = [
    # who, what, of whom, verb: whether it is allowed
    ("anna", "deal", "anna", "edit", True),
    ("anna", "deal", "anna", "remove", False),
    ("anna", "task", "olga", "edit", None),
    ("anna", "contact", "anna", "edit", False),  # readable by the deal, and boris's own
    ("anna", "deal", "olga", "edit", None),
    ("boris", "deal", "anna", "edit", True),
    ("boris", "deal", "anna", "remove", True),
    ("boris", "deal", "olga", "edit", None),
    ("ivan", "deal", "olga", "edit", True),
    ("ivan", "deal", "olga", "move", False),
    ("ivan", "deal", "olga", "remove", False),
    ("root", "deal", "olga", "remove", True),
]


@pytest.mark.parametrize(("user", "what", "owner", "verb", "allowed"), WRITES)
def test_a_change_asks_before_it_writes(
    base: Base, user: str, what: str, owner: str, verb: str, allowed: bool | None
) -> None:
    from crmcli.sales.records.remove import remove
    from crmcli.sales.stages import move

    ws, record = base.open(user), base.records[f"{what} {owner}"]

    def act() -> None:
        found = ws.find(record.id, what)
        if verb == "edit":
            kit.edit(ws, found.id, name="Иначе")
        elif verb == "remove":
            remove(ws, found.id, unlink=True)
        else:
            move(ws, found.id, "won")

    before = kit.records_of(base.root)
    if allowed:
        act()
        assert kit.records_of(base.root) != before
    else:
        with pytest.raises(Forbidden if allowed is False else NotFound):
            act()
        assert kit.records_of(base.root) == before


HIDING = (
    ACCESS.replace("anna: [manager]", "anna: [seller]")
    + """
roles:
  seller:
    like: manager
    deal: {hidden: [amount], readonly: [close_by]}
    contact: {hidden: [phones]}
    lead: {hidden: [comment]}
"""
)


def test_a_hidden_field_is_nowhere_and_survives_an_edit(base: Base) -> None:
    kit.write(base.root, "access.yaml", HIDING)
    ws = base.open("anna")
    deal, contact = base.records["deal anna"].id, base.records["contact anna"].id
    assert ws.get(deal).get("amount") is None
    assert "amount" not in ws.stored(deal).raw
    assert [row.get("amount") for row in ws.rows("deal")] == [None]
    assert [total.amount for total in ws.sums("deal", ["owner"])] == [0]
    assert ws.count("deal", ws.condition("amount > 5", "deal")) == 0
    assert ws.lookup("phone", "+79161234500", ["contact"]) == []
    assert ws.search("79161234500") == []
    assert ws.search("секрет anna") == []
    assert ws.search("Лид anna")
    assert not any("amount" in str(event.data) for event in ws.events(record=deal))
    kit.edit(ws, deal, name="Чай")
    assert base.open("root").get(deal).get("amount") == 1000
    kit.edit(base.open("anna"), base.records["alone anna"].id, name="Анна")
    assert ws.rows("contact")
    with pytest.raises(Forbidden, match=r"Close by|Закрыть"):
        kit.edit(base.open("anna"), deal, close_by="2027-01-01")
    assert base.open("root").get(contact).get("phones")


def test_the_next_number_counts_the_documents_of_all(base: Base) -> None:
    by_root = kit.offer(base.open("root"), deal=base.records["deal olga"].id)
    by_anna = kit.offer(base.open("anna"), deal=base.records["deal anna"].id, owner="anna")
    assert by_root.name != by_anna.name


def test_nobody_in_particular_opens_nothing(base: Base) -> None:
    with pytest.raises(Forbidden):
        base.open("")
    kit.write(base.root, "access.yaml", ACCESS.replace("ivan: [assistant]", "ivan: []"))
    with pytest.raises(Forbidden):
        base.open("ivan")
    kit.write(base.root, "access.yaml", ACCESS + "off: [olga]\n")
    with pytest.raises(Forbidden):
        base.open("olga")


def test_what_may_not_leave_is_not_exported(base: Base) -> None:
    from crmcli.sales.exports.export import export

    with pytest.raises(Forbidden):
        export(base.open("anna"), "deal")
    told = b"".join(export(base.open("boris"), "deal")).decode()
    assert "Сделка anna" in told
    assert "Сделка olga" not in told
    kit.write(
        base.root, "access.yaml", ACCESS + "roles: {manager: {deal: {read: all, export: own}}}\n"
    )
    told = b"".join(export(base.open("anna"), "deal")).decode()
    assert "Сделка anna" in told
    assert "Сделка olga" not in told


def test_what_others_have_of_a_client_is_not_lost_with_it(base: Base) -> None:
    from crmcli.sales.merging.merge import merge, plan
    from crmcli.sales.records.remove import StillLinked, remove

    kit.write(base.root, "access.yaml", ACCESS + "roles: {manager: {contact: {delete: own}}}\n")
    theirs, mine = base.records["deal olga"].id, base.records["alone anna"].id
    twin = kit.contact(base.open("anna"), name="Один Анны", owner="anna", anyway=True)
    kit.edit(base.open("root"), theirs, contacts=twin.id)
    with pytest.raises(StillLinked, match="others work with"):
        remove(base.open("anna"), twin.id)
    ws = base.open("anna")
    merge(ws, plan(ws, mine, [twin.id], {}))
    assert base.open("root").get(theirs).get("contacts") == (mine,)
    assert base.open("root").get(theirs).get("owner") == "olga"


def test_one_undoes_what_one_did_and_not_what_others_did_before(base: Base) -> None:
    from crmcli.sales.history import undo

    mine, theirs = base.records["deal anna"].id, base.records["deal olga"].id
    kit.edit(base.open("anna"), mine, name="Моё")
    kit.edit(base.open("olga"), theirs, name="Её")
    undo.undo(base.open("anna"))
    assert base.open("root").get(mine).get("name") == "Сделка anna"
    assert base.open("root").get(theirs).get("name") == "Её"
    with pytest.raises(Forbidden):
        undo.undo(base.open("anna"), whose="anybody's")
    kit.edit(base.open("root"), mine, name="Наше")  # which anna may change, but did not
    with pytest.raises(Forbidden):
        undo.undo(base.open("anna"), whose="anybody's")
    assert base.open("root").get(mine).get("name") == "Наше"
    kit.edit(base.open("anna"), mine, owner="olga")
    with pytest.raises((Forbidden, NotFound)):
        undo.undo(base.open("anna"))  # it is not hers any more
    assert base.open("root").get(mine).get("owner") == "olga"


def test_one_takes_apart_what_one_merged(base: Base) -> None:
    ws = base.open("olga")
    twin = kit.add(ws, "contact", name="Двойник", owner="olga")
    mine = base.records["alone olga"].id
    merging.merge(ws, merging.plan(ws, mine, [twin.id]))
    base.open("anna").look_again()
    with pytest.raises(NotFound):
        base.open("anna").get(twin.id)
    assert unmerge(base.open("olga"), twin.id).restored.get("name") == "Двойник"


def test_the_way_to_ask_why_names_what_is_there(base: Base) -> None:
    ws = base.open("olga")
    with pytest.raises(Forbidden) as new:
        kit.add(ws, "deal", name="Чужая", owner="anna")
    assert "crm can olga add deal --why" in new.value.hint
    with pytest.raises(Forbidden) as seen:
        kit.edit(ws, base.records["contact olga"].id, comment="x")
    assert base.records["contact olga"].id in seen.value.hint


CLERK = "anna: [clerk]"
STAGED = """roles:
  clerk: {like: manager, deal: {edit: own, stages: {talks: {edit: none}}}}
"""


def test_what_is_ones_own_is_not_called_anothers(crm: Callable[..., kit.Run], base: Base) -> None:
    """On a stage where nothing may be changed the refusal is because of the place."""
    kit.write(base.root, "access.yaml", ACCESS.replace("anna: [manager]", CLERK) + STAGED)
    own, others = base.records["deal anna"].id, base.records["deal olga"].id
    acts = {"cwd": base.root, "CRM_USER": "anna"}
    assert crm("deal", "edit", own, "--name", "Здесь", **acts).code == 0
    assert crm("deal", "move", own, "talks", cwd=base.root, CRM_USER="root").code == 0
    done = crm("deal", "edit", own, "--name", "Там", **acts)
    assert done.code == 4
    assert "where it stands now" in done.err
    assert "not yours" not in done.err
    kit.write(base.root, "access.yaml", ACCESS.replace("anna: [manager]", CLERK) + STAGED.replace(
        "like: manager, deal: {", "like: manager, deal: {read: all, "))  # fmt: skip
    foreign = crm("deal", "edit", others, "--name", "Там", **acts)
    assert (foreign.code, "it is not yours" in foreign.err) == (4, True), foreign
