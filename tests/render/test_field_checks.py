"""Every field that a template asks for is looked up before it runs; and that it comes to an end."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.model.schema import Schema
from crmcli.render import Renderer
from crmcli.sales.template_names import every_shape

FAULTY = [
    ("{{ deal.amuont }}", "no field 'deal.amuont'"),
    ("{{ deal['amuont'] }}", "no field 'deal.amuont'"),
    ("{{ company.in }}", "no field 'company.in'"),
    ("{{ deal.company.name }}", "no field 'deal.company.name'"),
    ("{% for line in deal.lines %}{{ line.cost }}{% endfor %}", "no field 'line.cost'"),
    ("{% for r in offer.totals.by_rate %}{{ r.sun }}{% endfor %}", "no field 'r.sun'"),
    ("{{ offer.totals.brutto }}", "no field 'offer.totals.brutto'"),
    ("{{ (deal.lines|first).cost }}", "no field 'cost'"),
    ("{{ deal.lines[0].cost }}", "no field 'cost'"),
    ("{{ deal.lines.name }}", "no field 'deal.lines.name'"),
    ("{{ deal.lines|sum(attribute='cost') }}", "no field 'deal.lines.cost'"),
    ("{{ deal.lines|selectattr('cost')|list }}", "no field 'deal.lines.cost'"),
    ("{% set c = company %}{{ c.emial }}", "no field 'c.emial'"),
    ("{% set c = company or contact %}{{ c.emial }}", "no field 'c.emial'"),
    ("{% with c = contact %}{{ c.emial }}{% endwith %}", "no field 'c.emial'"),
    ("{% if deal.x %}a{% elif company.y %}b{% endif %}", "no field 'deal.x'"),
    ("{{ contact.emails[0].adress }}", "no field 'adress'"),
    ("{% macro m(a) %}{{ us.nane }}{% endmacro %}{{ m(1) }}", "no field 'us.nane'"),
    ("{{ today.yaer }}", "no field 'today.yaer'"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macro 'm' calls itself without end"),
    (
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "macro 'b' calls itself without end",
    ),
    ("{% include 'x.j2' %}", "loads itself without end: x.j2 → x.j2"),
    (
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "loops more than 1,000,000 times",
    ),
]
SOUND = [
    "{% for line in deal.lines %}{{ line.name }}{{ loop.index }}{{ line.sum|money }}{% endfor %}",
    "{% set client = company or contact %}{{ client.legal_name }}{{ client.first_name }}",
    "{% if deal.nothing is defined %}{{ 1 }}{% endif %}",
    "{{ (deal.lines|sort(attribute='price')|last).name }}",
    "{% for name, value in deal.items() %}{{ name }}{% endfor %}",
    "{% set ns = namespace(n=0) %}{% set ns.n = 1 %}{{ ns.n }}",
    "{% set c = contact %}{% if company %}{% set c = 1 %}{% endif %}{{ c.legal_name }}",
    "{% macro m(x) %}{{ x.anything }}{% endmacro %}{{ m(deal) }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}",
    "{% for g in deal.lines|groupby('vat') %}{{ g.grouper }}{% endfor %}",
    "{{ deal.name.upper() }}{{ today.year }}{{ now.hour }}",
    "{{ us.accounts[0].bic }}{{ contact.companies[0].role }}",
    "{{ deal.lines[:2]|length }}{{ deal.lines|map(attribute='name')|join(', ') }}",
    "{% if deal.amount %}{% include 'x.j2' %}{% endif %}",
]


def check(tmp_path: Path, source: str) -> list[str]:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/x.j2").write_text("\n" + source, encoding="utf-8")
    found = Renderer(tmp_path / "templates").validate("x.j2", every_shape(Schema()))
    assert all(problem.line == 2 for problem in found)
    return [problem.message for problem in found]


@pytest.mark.parametrize(("source", "told"), FAULTY)
def test_what_is_not_there_is_found(tmp_path: Path, source: str, told: str) -> None:
    assert told in check(tmp_path, source)


@pytest.mark.parametrize("source", SOUND)
def test_what_is_there_passes(tmp_path: Path, source: str) -> None:
    assert check(tmp_path, source) == []


def test_many_templates_that_load_each_other_are_each_looked_at_once(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    for n in range(30):
        both = f"{{% include '{n + 1}.j2' %}}{{% if 1 %}}{{% include '{n + 1}.j2' %}}{{% endif %}}"
        (tmp_path / f"templates/{n}.j2").write_text(both, encoding="utf-8")
    (tmp_path / "templates/30.j2").write_text("{{ deal.x }}", encoding="utf-8")
    found = Renderer(tmp_path / "templates").validate("0.j2", every_shape(Schema()))
    assert [problem.message for problem in found] == ["no field 'deal.x'"]
