"""Adding, editing, importing, converting and `crm dupes` say the same of two records, whatever they hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crmcli.sales import add as adding
from crmcli.sales.duplicates.known import Known, known_after, known_of_made
from crmcli.sales.duplicates.searching import search
from crmcli.sales.leads import ConvertOptions, convert
from crmcli.sales.records import edit as editing
from crmcli.workspace import Workspace
from tests import kit

SETTINGS = "language: ru\ncurrency: RUB\ntime_zone: Europe/Moscow\nphone_country: RU\n"
FIRMS = ("ООО «Василёк»", "Hill & Sons Ltd")
FIRST = ("Анна", "Аня", "Anna", "Борис", "Boris", "François", "Francois", "Юлия", "Yulia", "А.")
LAST = ("Орлова", "Orlova", "Орлов", "Котова", "Lefèvre", "Щербакова", "Shcherbakova", "Иванова")
PHONES = ("+7 495 123-45-67", "84951234567", "8 (812) 700-10-20")
EMAILS = ("anna.orlova@gmail.com", "annaorlova+x@gmail.com", "b@mail.ru", "info@mail.ru")
SITES = (
    "https://hill.com",
    "hill.com/about",
    "https://t.me/hill",
    "romashka.ru",
    "vk.com/romashka",
)
NAMES = (
    "ООО «Ромашка»", "Ромашка", "Romashka", "Hjvfirf", "АО Ромашка", "Hill", "Hill Ltd", "HILL LIMITED",
    "Тепло дом", "Теплодом", "Müller GmbH", "Mueller", "Лютик", "Bosch", "Ромашка плюс", "\"Василек\"",
)  # fmt: skip
Values = Mapping[str, str]
FEW = settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate])
"""Each example is eight workspaces, so none is made smaller."""


def maybe(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(("", "", *values))


people = st.fixed_dictionaries(
    {
        "first_name": st.sampled_from(FIRST),
        "last_name": maybe(LAST),
        "phones": maybe(PHONES),
        "emails": maybe(EMAILS),
        "company": maybe(FIRMS),
    }
)
firms = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "phones": maybe(PHONES),
        "emails": maybe(EMAILS),
        "urls": maybe(SITES),
        "inn": maybe(("7707083893", "7736050003")),
    }
)


class Doors:
    """A record that is there, and another one that comes in by each door."""

    def __init__(self, root: Path, entity: str, there: Values, comes: Values) -> None:
        self.root = root
        self.entity = entity
        self.comes = comes
        ws = self.opened()
        self.firms = {name: kit.company(ws, name).id for name in FIRMS if entity == "contact"}
        self.there = kit.add(ws, entity, **self.given(there)).id

    def opened(self) -> Workspace:
        if not (self.root / "pipelines.yaml").exists():
            kit.workspace(self.root, kit.pipelines(), SETTINGS)
        return kit.opened(self.root)

    def given(self, values: Values) -> dict[str, kit.Given]:
        named = {"company": "companies", "": ""}
        return {
            named.get(n, n): self.firms.get(v, v) if n == "company" else v
            for n, v in values.items()
            if v
        }

    def verdict(self, known: list[Known]) -> str:
        return next((k.verdict for k in known if k.record.id == self.there), "none")

    def imported(self) -> str:
        text = io.StringIO()
        table = csv.writer(text)
        table.writerows([[*self.comes], [*self.comes.values()]])
        found = kit.bring(self.opened(), self.entity, text.getvalue(), on_duplicate="merge")
        if found.merged or found.unchanged:
            return "same"
        return "doubt" if found.rejected else "none"

    def edited(self) -> str:
        ws = self.opened()
        other = kit.add(ws, self.entity, name="Заготовка").id
        seen: list[str] = []
        editing.edit(
            ws,
            other,
            kit.put(**{"name": "", **self.given(self.comes)}),
            lambda before, after: seen.append(self.verdict(known_after(ws, before, after))),
        )
        kit.opened(self.root)
        return seen[0]

    def converted(self) -> str:
        ws = self.opened()
        of_lead = {n: v for n, v in self.given(self.comes).items() if n != "companies"}
        if self.entity == "company":
            of_lead["company_name"] = of_lead.pop("name")
        elif self.comes["company"]:
            of_lead["company"] = self.firms[self.comes["company"]]
        lead = kit.add(
            ws, "lead", name="Кровля", **{k: v for k, v in of_lead.items() if k != "name"}
        )
        made = ("company",) if self.entity == "company" else ()  # else with the company that it has
        done = convert(ws, lead.id, ConvertOptions(make=made))
        return self.verdict([known for _, known in known_of_made(ws, done.made)])

    def added(self) -> tuple[str, str]:
        ws = self.opened()
        done = adding.add(ws, self.entity, {n: [v] for n, v in self.given(self.comes).items()})
        ws.look_again()
        found = search(ws, self.entity)
        shown = any(
            {found.profiles[number].id for number in cluster.members}
            >= {self.there, done.record.id}
            for cluster in found.clusters
        )
        return self.verdict(list(done.known)), "shown" if shown else "not shown"


def judged(entity: str, there: Values, comes: Values) -> dict[str, str]:
    """What each door says."""
    said: dict[str, str] = {}
    for door in ("imported", "edited", "converted", "added"):
        with TemporaryDirectory() as folder:
            doors = Doors(Path(folder) / "w", entity, there, comes)
            if door == "converted" and comes.get("inn"):
                continue  # a lead has none
            if door == "added":
                said["added"], said["dupes"] = doors.added()
            else:
                said[door] = getattr(doors, door)()
    return said


def check(said: Mapping[str, str]) -> None:
    assert said["edited"] == said["added"]
    assert said.get("converted", said["added"]) == said["added"]
    assert said["dupes"] == ("shown" if said["added"] in ("same", "likely") else "not shown")
    assert said["imported"] == (said["added"] if said["added"] in ("same", "doubt") else "none")


@FEW
@given(people, people)
def test_of_two_people_each_door_says_the_same(there: Values, comes: Values) -> None:
    check(judged("contact", there, comes))


@FEW
@given(firms, firms)
def test_of_two_firms_each_door_says_the_same(there: Values, comes: Values) -> None:
    check(judged("company", there, comes))
