"""Finding duplicates: what counts, what does not, what people have said about it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from crmcli.errors import Ambiguous, BadUsage
from crmcli.sales import add as adding
from crmcli.sales.duplicates import marks
from crmcli.sales.duplicates.auto_merge import GroupMerge, merge_certain
from crmcli.sales.duplicates.known import AlreadyKnown, look_for_known
from crmcli.sales.duplicates.searching import Group, read_groups, search
from crmcli.sales.history import undo
from crmcli.sales.merging import merge
from crmcli.sales.records import edit as editing
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW

PHONE = "8 912 345-67-89"


def found(ws: Workspace, entity: str = "contact", least: int = 60) -> list[Group]:
    ws.look_again()
    return read_groups(ws, search(ws, entity, None, least))


def pairs(ws: Workspace, entity: str = "contact", least: int = 60) -> list[set[str]]:
    return [set(group.ids) for group in found(ws, entity, least)]


def why(ws: Workspace, entity: str = "contact") -> list[str]:
    (group,) = found(ws, entity)
    (_, other) = group.alike
    return list(other.reasons)


def test_the_same_phone_in_another_spelling(ws: Workspace, folder: Path) -> None:
    one = kit.add(ws, "contact", name="Пётр Иванов", phones=PHONE).id
    other = kit.add(ws, "contact", name="Петр Иванов", phones="+79001112233").id
    path = next(folder.glob(f"data/contacts/*/{other}.yaml"))
    path.write_text(path.read_text("utf-8").replace("'+79001112233'", "8 (912) 3456789"), "utf-8")
    assert pairs(ws) == [{one, other}]
    assert why(ws) == [
        "same phone +7 912 345-67-89, written 8 (912) 3456789",
        "name differs in ё/е",
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Bdfyjd Gtnh", "typed in another keyboard layout: Bdfyjd Gtnh = Иванов Пётр"),
        ("Petr Ivanov", "transliteration: Иванов Петр = Ivanov Petr"),
        ("Пётр Иванов", "words in another order"),
        ("Иванов Петя", "short for one name: Петр = Петя"),
        ("Иваноф Пётр", "one letter differs: Иванов = Иваноф"),
        ("Иванов П.", "initial: Петр = П"),
    ],
)
def test_reasons_of_names(ws: Workspace, name: str, reason: str) -> None:
    one = kit.add(
        ws, "contact", name="Иванов Пётр", phones=PHONE, comment="сначала", position="снабжение"
    ).id
    other = kit.add(ws, "contact", name=name, phones=PHONE).id
    assert pairs(ws) == [{one, other}]
    assert why(ws)[0] == "same phone +7 912 345-67-89"
    assert reason in why(ws)


def test_relatives_and_colleagues_are_two(ws: Workspace) -> None:
    kit.add(ws, "contact", name="Талхмелов Пётр Сергеевич", phones=PHONE, emails="dom@mail.ru")
    kit.add(ws, "contact", name="Талхмелов Сергей Петрович", phones=PHONE, emails="dom@mail.ru")
    kit.add(ws, "contact", name="Анна Ким", phones="+74951234567")
    kit.add(ws, "contact", name="Борис Цой", phones="+74951234567")
    assert pairs(ws) == []


def test_a_common_name_alone_is_weak_and_a_rare_one_is_not(ws: Workspace) -> None:
    kit.add(ws, "contact", name="Иван Иванов", phones="+79001112233")
    kit.add(ws, "contact", name="Иван Иванов", phones="+79001112244")
    rare = {
        kit.add(ws, "contact", name="Ковальчук Зинаида Аристарховна", phones="+79001112255").id,
        kit.add(ws, "contact", name="Ковальчюк Зинаида Аристарховна", emails="zk@mail.ru").id,
    }
    assert pairs(ws) == [rare]


def test_name_and_company_together_are_strong(ws: Workspace) -> None:
    firm = kit.add(ws, "company", name="Вектор").id
    one = kit.add(ws, "contact", name="Иван Иванов", companies=firm).id
    other = kit.add(ws, "contact", name="Иванов Ваня", companies=firm).id
    kit.add(ws, "contact", name="Иван Иванов", emails="i@mail.ru")
    assert pairs(ws) == [{one, other}]
    assert "same company Вектор" in why(ws)


def test_the_same_mailbox(ws: Workspace) -> None:
    one = kit.add(ws, "contact", name="Анна Ким", emails="anna.kim@gmail.com").id
    other = kit.add(ws, "contact", name="Анна", emails="annakim+shop@gmail.com").id
    assert pairs(ws) == [{one, other}]
    assert why(ws)[0].startswith("same mailbox: ")
    kit.add(ws, "contact", name="Глеб Седых", emails="info@vektor.ru")
    kit.add(ws, "contact", name="Вера Пак", emails="info@vektor.ru")
    assert len(pairs(ws)) == 1


def test_companies(ws: Workspace) -> None:
    one = kit.add(ws, "company", name="ООО «Ромашка»", inn="7707083893", phones="+74951112233").id
    same = kit.add(ws, "company", name="Romashka LLC", inn="7707083893").id
    assert pairs(ws, "company") == [{one, same}]
    assert "same INN 7707083893" in why(ws, "company")
    kit.add(ws, "company", name="ООО Ромашка", inn="7728168971")  # another INN: another firm
    assert pairs(ws, "company") == [{one, same}]


def test_the_legal_form_aside(ws: Workspace) -> None:
    pair = {
        kit.add(ws, "company", name="ООО «Северный лес»").id,
        kit.add(ws, "company", name="Северный лес").id,
    }
    kit.add(ws, "company", name="ООО «Северный лес 2»")
    kit.add(ws, "company", name="АО «Южный лес»")
    assert pairs(ws, "company") == [pair]
    assert why(ws, "company")[0].startswith("legal form aside: ")
    kit.add(ws, "company", name="ООО «Орион»")
    kit.add(ws, "company", name="АО «Орион»")
    assert pairs(ws, "company") == [pair]


def test_branches_are_no_duplicates(ws: Workspace) -> None:
    kit.add(ws, "company", name="ООО Ромашка", inn="7707083893", kpp="770701001")
    kit.add(ws, "company", name="ООО Ромашка", inn="7707083893", kpp="780601001")
    assert pairs(ws, "company") == []


def test_leads(ws: Workspace) -> None:
    one = kit.add(ws, "lead", name="Кровля склада", phones=PHONE).id
    other = kit.add(ws, "lead", name="Фасад", phones=PHONE).id
    kit.add(ws, "lead", name="Заявка с сайта", phones="+79001112233")
    kit.add(ws, "lead", name="Заявка с сайта", phones="+79001112244")
    assert pairs(ws, "lead") == [{one, other}]


def test_the_fuller_record_is_the_best(ws: Workspace) -> None:
    kit.add(ws, "contact", name="Анна Ким", phones=PHONE)
    best = kit.add(
        ws, "contact", name="Анна Ким", phones=PHONE, emails="a@mail.ru", position="закупки"
    ).id
    (group,) = found(ws)
    assert group.ids[0] == best
    assert (group.alike[0].like, group.alike[1].like) == ("", best)


def test_a_group_holds_nobody_who_contradicts_another(ws: Workspace) -> None:
    """A nameless record with the phone of two brothers goes with one of them at most."""
    kit.add(ws, "contact", name="Антон Царбел", phones=PHONE)
    kit.add(ws, "contact", name="Роман Царбел", phones=PHONE)
    kit.add(ws, "contact", name="Царбел", phones=PHONE)
    assert all(len(group) == 2 for group in pairs(ws))


def test_only_groups_that_touch_the_condition(ws: Workspace) -> None:
    for phone, source in (("+79001112233", "web"), ("+79001112244", "call")):
        kit.add(ws, "contact", name="Анна Ким", phones=phone, source=source)
        kit.add(ws, "contact", name="Анна Ким", phones=phone)
    hits = search(ws, "contact", ws.condition("source = web", "contact"))
    (group,) = read_groups(ws, hits)
    assert "web" in {one.record.get("source") for one in group.alike}


# -- no duplicates ---------------------------------------------------------------------------------


def test_kept_apart_until_it_is_taken_back(ws: Workspace) -> None:
    one, other = (kit.add(ws, "contact", name="Анна Ким", phones=PHONE).id for _ in range(2))
    assert len(marks.deny(ws, [one, other])) == 1
    assert marks.deny(ws, [other, one]) == []
    hits = search(ws, "contact")
    assert (hits.clusters, hits.hidden) == ([], 1)
    assert len(search(ws, "contact", marked_too=True).clusters) == 1
    undo.undo(ws)
    assert pairs(ws) == [{one, other}]
    undo.redo(ws)
    assert pairs(ws) == []
    assert len(marks.deny(ws, [one, other], back=True)) == 1
    assert pairs(ws) == [{one, other}]
    with pytest.raises(BadUsage):
        marks.deny(ws, [one])


def test_a_mark_outlives_the_merge_of_one_of_the_two(ws: Workspace) -> None:
    one, other, third = (kit.add(ws, "contact", name="Анна Ким", phones=PHONE).id for _ in range(3))
    marks.deny(ws, [one, other])
    merge.merge(ws, merge.plan(ws, third, [other]))
    assert pairs(ws) == []
    assert marks.denied(ws) == {marks.pair_of(one, third)}


def test_marks_of_two_clones_come_together(ws: Workspace, folder: Path) -> None:
    one, other, third = (kit.add(ws, "contact", name="Анна Ким", phones=PHONE).id for _ in range(3))
    marks.deny(ws, [one, other])
    (folder / ".crm/clone-id").unlink()
    there = Workspace.open(folder, user="boris", now=NOW)
    marks.deny(there, [other, third])
    assert there.clone != ws.clone
    assert marks.denied(there) == {marks.pair_of(one, other), marks.pair_of(other, third)}
    ws.look_again()
    assert pairs(ws) == [{one, third}]


# -- merging by itself -----------------------------------------------------------------------------


def test_only_what_is_certain_and_without_conflict_is_merged(ws: Workspace) -> None:
    best = kit.add(ws, "contact", name="Анна Ким", phones=PHONE, emails="a@mail.ru").id
    same = kit.add(ws, "contact", name="Анна Ким", phones=PHONE).id
    odd = kit.add(ws, "contact", name="Ким Аня", phones=PHONE).id
    done: list[GroupMerge] = []
    hits = search(ws, "contact")
    merge_certain(ws, hits, read_groups(ws, hits), done.append)
    (joined,) = done
    assert (joined.survivor, joined.merged) == (best, (same,))
    assert joined.left == ((odd, "they differ in name"),)
    assert ws.survivor(same) == best
    assert ws.get(odd).get("name") == "Ким Аня"


def test_what_does_not_fit_the_condition_is_not_merged(ws: Workspace) -> None:
    kit.add(ws, "contact", name="Анна Ким", phones=PHONE, source="web", emails="a@mail.ru")
    kit.add(ws, "contact", name="Анна Ким", phones=PHONE)
    done: list[GroupMerge] = []
    hits = search(ws, "contact", ws.condition("source = web", "contact"))
    merge_certain(ws, hits, read_groups(ws, hits), done.append)
    assert done == []


# -- arriving --------------------------------------------------------------------------------------


def arrive(ws: Workspace, entity: str, policy: str = "warn", **given: str) -> adding.Added:
    return adding.add(ws, entity, {k: v.split("|") for k, v in given.items()}, policy)


def test_whom_a_new_record_may_be(ws: Workspace) -> None:
    contact = kit.add(ws, "contact", name="Пётр Иванов", phones=PHONE).id
    kit.add(ws, "contact", name="Сергей Иванов", phones=PHONE)
    lead = kit.add(ws, "lead", name="Кровля", phones=PHONE).id
    done = arrive(ws, "contact", first_name="Петя", last_name="Иванов", phones="+79123456789")
    assert done.is_new
    assert [known.record.id for known in done.known] == [contact, lead]
    assert "same phone +7 912 345-67-89" in str(done.known[0])
    assert arrive(ws, "contact", name="Вера Пак", phones="+79001112233").known == ()


def test_known_by_name(ws: Workspace) -> None:
    firm = kit.add(ws, "company", name="ООО «Ромашка»").id
    done = arrive(ws, "company", name="Ромашка")
    assert [(known.record.id, known.surely) for known in done.known] == [(firm, False)]
    assert arrive(ws, "company", "fail", name="Ромашка").is_new  # a name alone is no proof


def test_fail_and_link(ws: Workspace) -> None:
    contact = kit.add(ws, "contact", name="Пётр Иванов", emails="p@mail.ru").id
    with pytest.raises(AlreadyKnown, match=contact):
        arrive(ws, "contact", "fail", name="Пётр", emails="P@mail.ru")
    done = arrive(ws, "contact", "link", name="Пётр", emails="p@mail.ru")
    assert (done.record.id, done.is_new) == (contact, False)
    lead = arrive(ws, "lead", "link", name="Кровля", emails="p@mail.ru")
    assert (lead.is_new, lead.record.get("contact")) == (True, contact)
    again = arrive(ws, "lead", "link", name="Кровля ещё", emails="p@mail.ru")
    assert (again.is_new, again.record.id) == (False, lead.record.id)
    assert ws.count("lead") == ws.count("contact") == 1


def test_link_wants_one(ws: Workspace) -> None:
    for _ in range(2):
        kit.add(ws, "contact", name="Пётр Иванов", emails="p@mail.ru")
    with pytest.raises(Ambiguous):
        arrive(ws, "contact", "link", name="Пётр", emails="p@mail.ru")


def test_a_lead_that_has_ended_is_not_named(ws: Workspace) -> None:
    from crmcli.sales import leads

    lead = kit.add(ws, "lead", name="Кровля", phones=PHONE).id
    leads.junk(ws, lead, "wrong")
    assert arrive(ws, "lead", "fail", name="Кровля", phones=PHONE).is_new


def test_a_hand_edit_is_seen_where_it_decides(ws: Workspace, folder: Path) -> None:
    contact = kit.add(ws, "contact", name="Пётр Иванов", phones="+79001112233").id
    path = next(folder.glob(f"data/contacts/*/{contact}.yaml"))
    path.write_text(path.read_text("utf-8").replace("+79001112233", "+79123456789"), "utf-8")
    with pytest.raises(AlreadyKnown):
        arrive(kit.opened(folder), "contact", "fail", name="П", phones=PHONE)


def test_an_edit_says_whom_the_record_may_be_now(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна Орлова", phones=PHONE)
    other = kit.contact(ws, name="Анна Орлова")
    ws.notes.clear()
    editing.edit(ws, other.id, kit.put(comment="юрист"), partial(look_for_known, ws, "warn"))
    assert ws.notes == []
    with pytest.raises(AlreadyKnown, match=anna.id):
        editing.edit(ws, other.id, kit.put(phones=PHONE), partial(look_for_known, ws, "fail"))
    editing.edit(ws, other.id, kit.put(phones=PHONE), partial(look_for_known, ws, "warn"))
    assert anna.id in ws.notes[-1]


@pytest.mark.parametrize(
    ("policy", "name", "position"),
    [("skip", "Анна Орлова", ""), ("merge", "Анна Орлова", "юрист"), ("replace", "Аня Орлова", "юрист")],
)  # fmt: skip
def test_a_known_record_is_used_as_the_policy_says(
    ws: Workspace, policy: str, name: str, position: str
) -> None:
    anna = kit.contact(ws, first_name="Анна", last_name="Орлова", phones=PHONE)
    ws.look_again()
    given = {
        "first_name": ["Аня"],
        "last_name": ["Орлова"],
        "phones": [PHONE],
        "position": ["юрист"],
    }
    done = adding.add(ws, "contact", given, policy)
    assert (done.record.id, done.is_new) == (anna.id, False)
    assert (kit.raw(ws, anna.id)["name"], kit.raw(ws, anna.id).get("position", "")) == (
        name,
        position,
    )


@pytest.mark.parametrize(
    ("entity", "one", "other", "known"),
    [
        ("company", {"name": "Hill Corp", "urls": "https://www.Hill.com/en/?utm=1"}, {"name": "Hill Company", "urls": "hill.com"}, True),
        ("company", {"name": "Лютик", "urls": "vk.com/lutik"}, {"name": "Ромашка", "urls": "vk.com/romashka"}, False),
        ("company", {"name": "Лютик", "urls": "ozon.ru/seller/7"}, {"name": "Ромашка", "urls": "ozon.ru/seller/8"}, False),
        ("company", {"name": "Лютик", "urls": "lutik.tilda.ws"}, {"name": "Ромашка", "urls": "romashka.tilda.ws"}, False),
        ("company", {"name": "Лютик", "urls": "ozon.ru/seller/7"}, {"name": "ООО Лютик Плюс", "urls": "www.ozon.ru/seller/7/"}, True),
        ("contact", {"name": "Анна", "handles": "telegram:@anna"}, {"name": "Анна Орлова", "urls": "https://t.me/Anna"}, True),
        ("contact", {"name": "Анна Орлова", "handles": "tg:@anna"}, {"name": "Борис Котов", "handles": "t.me/anna"}, False),
        ("contact", {"name": "Bill Hill", "phones": PHONE}, {"name": "William Hill", "phones": PHONE}, True),
        ("contact", {"name": "Hans Müller", "emails": "h@m.de"}, {"name": "Johannes Mueller", "emails": "h@m.de"}, True),
    ],
)  # fmt: skip
def test_signs_beside_phones_and_addresses(
    ws: Workspace, entity: str, one: dict[str, str], other: dict[str, str], known: bool
) -> None:
    kit.add(ws, entity, **one)
    ws.look_again()
    given = {name: [text] for name, text in other.items()}
    assert bool(adding.add(ws, entity, given).known) is known
    assert bool(pairs(ws, entity)) is known


def test_initials_with_a_firm(ws: Workspace) -> None:
    firm = kit.company(ws, "Ромашка")
    kit.contact(ws, name="Щукарев Иван Петрович", companies=firm.id)
    ws.look_again()
    given = {"name": ["И. Щукарев"], "companies": [firm.id]}
    assert adding.add(ws, "contact", given).known
    assert not adding.add(ws, "contact", {"name": ["А. Щукарев"], "companies": [firm.id]}).known


def test_a_handle_finds_its_record(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна", handles="https://www.linkedin.com/in/Anna-Hill/?x=1")
    boris = kit.contact(ws, name="Борис", urls="https://t.me/boris")
    ws.look_again()
    assert kit.raw(ws, anna.id)["handles"] == ["linkedin:Anna-Hill"]
    for ref in ("@anna-hill", "linkedin:anna-hill", "https://linkedin.com/in/anna-hill"):
        assert ws.resolve(ref, "contact") == anna.id
    assert ws.resolve("@boris", "contact") == ws.resolve("tg:@Boris", "contact") == boris.id


def test_a_number_in_a_field_of_ones_own_is_told_as_such(folder: Path) -> None:
    said = (folder / "settings.yaml").read_text("utf-8")
    new = said.replace("\nfields:", "\nfields:\n  contact: {mobile: {type: phone}}", 1)
    kit.write(folder, "settings.yaml", new)
    kit.contact(kit.opened(folder), name="Сергей Волков", mobile="8 926 777-88-98")
    done = adding.add(
        kit.opened(folder), "lead", {"name": ["Крыша"], "phones": ["8 926 777 88 98"]}
    )
    assert "same phone +7 926 777-88-98" in str(done.known[0])
