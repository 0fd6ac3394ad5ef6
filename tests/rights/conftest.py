from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from crmcli.model.fields import Record
from crmcli.workspace import Workspace
from tests import kit

SETTINGS = """
company: {name: "ООО «Чайный дом»", email: sales@chai.example}
users:
  anna: {name: Анна Петрова, email: anna@chai.example}
  boris: {name: Борис Белов}
  olga: {name: Ольга Чайкина}
  ivan: {name: Иван Гора}
  root: {name: Хозяйка}
"""
ACCESS = """
users: {anna: [manager], boris: [head], olga: [manager], ivan: [assistant], root: [administrator]}
teams:
  house: {head: root, members: []}
  sales: {head: boris, members: [anna], in: house}
  north: {head: olga, members: [ivan], in: house}
"""
USERS = ("anna", "boris", "olga", "ivan", "root")


class Base(NamedTuple):
    """A team's workspace: for each user a deal with a contact of a colleague, an offer, a task, a lead."""

    root: Path
    records: dict[str, Record]

    def open(self, user: str) -> Workspace:
        return kit.opened(self.root, user=user)


def fill(root: Path) -> dict[str, Record]:
    ws = kit.opened(root, user="root")
    found: dict[str, Record] = {}
    for number, owner in enumerate(USERS):
        other = USERS[(number + 1) % len(USERS)]
        phone = f"+7 916 123-45-{number:02}"
        company = kit.company(ws, f"Фирма {owner}", owner=other)
        contact = kit.add(ws, "contact", name=f"Клиент {owner}", phones=phone, owner=other)
        deal = kit.deal(
            ws, name=f"Сделка {owner}", owner=owner, contacts=contact.id, company=company.id,
            amount=str(1000 + number), currency="RUB", anyway=True,
        )  # fmt: skip
        lead = kit.lead(ws, name=f"Лид {owner}", owner=owner, comment=f"секрет {owner}")
        task = kit.task(ws, name=f"Дело {owner}", owner=other, about=deal.id)
        alone = kit.add(ws, "contact", name=f"Один {owner}", owner=owner)
        found |= {f"{what.entity} {owner}": what for what in (company, contact, deal, lead, task)}
        found[f"alone {owner}"] = alone
    found["free"] = kit.lead(ws, name="Ничей")
    kit.replace(kit.file_of(ws, found["free"].id), "owner: root\n", "")
    return found


@pytest.fixture
def base(tmp_path: Path) -> Base:
    root = kit.workspace(tmp_path / "team", kit.pipelines(), SETTINGS)
    records = fill(root)
    kit.write(root, "access.yaml", ACCESS)
    return Base(root, records)


@pytest.fixture
def small(base: Base) -> Base:
    """Olga may see two clients a day, and has five with a phone and an e-mail."""
    kit.write(base.root, "access.yaml", ACCESS + "budget: 2\n")
    ws = base.open("root")
    for number in range(5):
        base.records[f"c{number}"] = kit.add(
            ws, "contact", name=f"Покупатель {number}", owner="olga",
            phones=f"+7 916 555-44-3{number}", emails=f"buyer{number}@romashka.example",
            tags="мой", anyway=True,
        )  # fmt: skip
    return base
