"""Lists of maps with an id: items come between, go and change places; comments and quoting stay."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from crmcli.store.yaml.codec import load_marked
from crmcli.store.yaml.text_edit import edited

TEXT = """\
# head
stages:
  # the first
  - id: new
    name: Новый      # as it comes
    color: '#39a8ef'

  # of the offer
  - id: offer
    name: 'КП'
    robots:
      - id: ask
        do: task
        # - id: off

  - {id: won, name: Успех, kind: won, color: '#7bd500'}
# tail
other: 1
"""


def change(text: str, edit: Any) -> str:
    tree: Any = deepcopy(load_marked(text.encode(), "p").value)
    edit(tree["stages"])
    return edited(text.encode(), "p", tree).decode()


def test_an_item_comes_between_others_as_they_are_written() -> None:
    new = {
        "id": "deal",
        "name": "Договор",
        "color": "#f7d325",
        "requires": ["amount", "phone|email"],
    }
    after = change(TEXT, lambda stages: stages.insert(2, new))
    assert after == TEXT.replace(
        "        # - id: off\n",
        "        # - id: off\n\n  - id: deal\n    name: Договор\n    color: '#f7d325'\n"
        '    requires: [amount, "phone|email"]\n',
    )
    first = change(TEXT, lambda stages: stages.insert(0, {"id": "a", "name": "A"}))
    assert "stages:\n  - id: a\n    name: A\n\n  # the first\n  - id: new\n" in first
    last = change(TEXT, lambda stages: stages.append({"id": "z", "name": "Z"}))
    assert "color: '#7bd500'}\n\n  - id: z\n    name: Z\n# tail\n" in last


def test_an_item_goes_with_the_comment_above_it() -> None:
    after = change(TEXT, lambda stages: stages.pop(1))
    start, end = TEXT.index("  # of the offer"), TEXT.index("  - {id: won")
    assert after == TEXT[:start] + TEXT[end:]
    assert "# tail\nother: 1\n" in change(TEXT, lambda stages: stages.pop())


def test_items_change_places_with_their_comments() -> None:
    after = change(TEXT, lambda stages: stages.insert(0, stages.pop(1)))
    assert after.index("# of the offer") < after.index("id: offer") < after.index("# - id: off")
    assert after.index("# - id: off") < after.index("id: new") < after.index("{id: won")
    assert sorted(after.splitlines()) == sorted(TEXT.splitlines())
    back = change(after, lambda stages: stages.insert(0, stages.pop(1)))
    assert load_marked(back.encode(), "p").value == load_marked(TEXT.encode(), "p").value


def test_values_keep_their_quotes() -> None:
    def edit(stages: Any) -> None:
        stages[0]["color"] = "#000000"
        stages[1]["name"] = "КП: отправлено"
        stages[2] |= {"name": "Победа, ура", "probability": "100"}

    after = change(TEXT, edit)
    assert "color: '#000000'\n" in after
    assert "name: 'КП: отправлено'\n" in after
    assert (
        "{id: won, name: \"Победа, ура\", kind: won, color: '#7bd500', probability: 100}" in after
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", "other: 1\n"])
@pytest.mark.parametrize("was", range(3))
@pytest.mark.parametrize("now", range(3))
def test_any_order_says_what_was_meant(end: str, tail: str, was: int, now: int) -> None:
    text = f"stages:\n- id: a\n  name: A\n# b\n- id: b\n- {{id: c, name: C}}\n{tail}".replace(
        "\n", end
    )
    after = change(text, lambda stages: stages.insert(now, stages.pop(was)))
    ids = ["a", "b", "c"]
    ids.insert(now, ids.pop(was))
    assert [one["id"] for one in load_marked(after.encode(), "p").value["stages"]] == ids  # type: ignore[index, union-attr, call-overload]
    assert sorted(after.split(end)) == sorted(text.split(end))


def test_a_key_goes_out_of_braces_and_the_rest_stays_as_it_is_written() -> None:
    text = """\
a:
  - {id: b, name: 'К: П', color: "#ff8800" , requires: [x, y], with: {t: "о"}}   # here
  - {id: c,
     name: "В",
     kind: won}
"""
    tree = load_marked(text.encode(), "p.yaml").value
    wanted: Any = deepcopy(tree)
    del wanted["a"][0]["requires"], wanted["a"][0]["color"], wanted["a"][1]["kind"]
    wanted["a"][0]["days"] = "5"
    made = edited(text.encode(), "p.yaml", wanted).decode()
    assert (
        made
        == """\
a:
  - {id: b, name: 'К: П', with: {t: "о"}, days: 5}   # here
  - {id: c,
     name: "В"}
"""
    )


def test_a_text_on_lines_of_its_own_becomes_another_text() -> None:
    text = "a:\n  - id: b\n    name: >-\n      Счёт\n      выставлен\n    days: 5 # d\n"
    tree = load_marked(text.encode(), "p.yaml").value
    wanted: Any = deepcopy(tree)
    wanted["a"][0]["name"] = "Счёт: да"
    made = edited(text.encode(), "p.yaml", wanted).decode()
    assert made == 'a:\n  - id: b\n    name: "Счёт: да"\n    days: 5 # d\n'


def test_entries_in_brackets_come_and_go_and_the_others_stay_as_they_are_written() -> None:
    text = """\
a: [{id: b, name: 'Б'}, {id: c, name: "В"},
    {id: d, name: "Г"}]   # all
"""
    tree = load_marked(text.encode(), "p.yaml").value
    wanted: Any = deepcopy(tree)
    wanted["a"][0]["days"] = "5"
    wanted["a"][1:2] = [{"id": "x", "name": "Я"}, {"id": "y", "name": "Ю"}]
    made = edited(text.encode(), "p.yaml", wanted).decode()
    assert (
        made
        == """\
a: [{id: b, name: 'Б', days: 5}, {id: x, name: Я}, {id: y, name: Ю},
    {id: d, name: "Г"}]   # all
"""
    )
    wanted = deepcopy(tree)
    wanted["a"].append({"id": "x", "name": "Я"})
    del wanted["a"][2]
    made = edited(text.encode(), "p.yaml", wanted).decode()
    assert made.startswith(
        "a: [{id: b, name: 'Б'}, {id: c, name: \"В\"}, {id: x, name: Я}]   # all"
    )
