"""Cells that name the people or the firms of a record."""

from __future__ import annotations

from pathlib import Path

from crmcli.sales.imports.mention_text import read_mentions
from tests.tried import Tried


def people(form: str, folder: Path) -> str:
    """Who is named, each with what is said of them."""
    return _named(form, "contact")


def firms(form: str, folder: Path) -> str:
    """The same of firms."""
    return _named(form, "company")


def _named(form: str, entity: str) -> str:
    found = read_mentions(form.replace("⏎", "\n"), entity, several=True)
    each = [(m.name, m.id, *(f"{n} {v}" for n, v in sorted(m.facts.items()))) for m in found]
    return " + ".join(", ".join(filter(None, one)) for one in each)


PEOPLE = {
    "Jed Kent (jed@x.org);Mike Tread (mike@x.org)": "Jed Kent, emails jed@x.org + Mike Tread, emails mike@x.org",
    "Anne <a@x.org>, Bob Smith <b@x.org>": "Anne, emails a@x.org + Bob Smith, emails b@x.org",
    "Arnold, Anne <a@x.org>, Smith, Bob <b@x.org>": "Arnold, Anne, emails a@x.org + Smith, Bob, emails b@x.org",
    '"Arnold, Anne" <a@x.org>; Bob': "Arnold, Anne, emails a@x.org + Bob",
    "office@x.org;tj@x.org": "emails office@x.org + emails tj@x.org",
    "a@x.org, b@x.org": "emails a@x.org + emails b@x.org",
    "a@x.org (Anna Orlova)": "Anna Orlova, emails a@x.org",
    "Anna Orlova - anna@x.org": "Anna Orlova, emails anna@x.org",
    "Анна anna@x.ru, Борис b@x.ru": "Анна, emails anna@x.ru + Борис, emails b@x.ru",
    "Иван Иванов <mailto:i@x.ru>": "Иван Иванов, emails i@x.ru",
    "Анна Орлова (id: 77), Борис (id 78)": "Анна Орлова, external 77 + Борис, external 78",
    "Anne Arnold [123456]": "Anne Arnold, external 123456",
    "Anne (a@x.org) [55]": "Anne, emails a@x.org, external 55",
    "Anne Arnold (contact-7k3qf2m9)": "Anne Arnold, contact-7k3qf2m9",
    "Петров (+7 916 123-45-67); Ким": "Петров, phones +7 916 123-45-67 + Ким",
    "Иванов И.И. (директор)": "Иванов И.И. (директор)",
    "Анна⏎Борис": "Анна + Борис",
    "Jürgen Weiß | Zoë Łoś": "Jürgen Weiß + Zoë Łoś",
    "Анна, директор": "Анна, директор",
    'Robert "Bob" Hill': 'Robert "Bob" Hill',
    'Анна "Аня"': 'Анна "Аня"',
    '["Орлова; Анна", "Борис"]': "Орлова; Анна + Борис",
}
FIRMS = {
    "Acme, Inc. (123), Beta GmbH (124)": "Acme, Inc., external 123 + Beta GmbH, external 124",
    "Ромашка (ИНН 7707083893)": "Ромашка, inn 7707083893",
    "ООО «Ромашка» (Москва)": "ООО «Ромашка» (Москва)",
    "ООО «Ромашка, Лютик» (77)": "ООО «Ромашка, Лютик», external 77",
    "Acme <info@acme.com>; Beta [0015g00000ABCDe]": "Acme, emails info@acme.com + Beta, external 0015g00000ABCDe",
    "Smith, Jones & Co.": "Smith, Jones & Co.",
    'ЗАО "Мята"': 'ЗАО "Мята"',
    'Hotel "Adria" (55)': 'Hotel "Adria", external 55',
    '"Мята"': "Мята",
    '"Мята" и "Лён"': '"Мята" и "Лён"',
    'Фонд "Лён" <info@len.ru>': 'Фонд "Лён", emails info@len.ru',
    "Hilltop (company-7k3qf2m9)": "Hilltop, company-7k3qf2m9",
}
CHAPTER = [
    Tried("Cells that name people, at import", PEOPLE, people),
    Tried("Cells that name firms, at import", FIRMS, firms),
]
