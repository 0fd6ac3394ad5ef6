"""The head of a template: what it is for, its language and its mask of numbers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.render import Renderer, Style, TemplateFailed

OFFER = {"offer": {"name": "1"}, "x": {}}
PAGE = "---\n# a page\nentity: offer, deal\nLanguage: en\nnumber: КП-{year}-{seq:04}\n---\n<b>{{ sum|money }}</b>\n"


@pytest.fixture
def renderer(tmp_path: Path) -> Renderer:
    (tmp_path / "templates/mail").mkdir(parents=True)
    return Renderer(tmp_path / "templates", Style("ru", "RUB"))


def test_a_page_says_what_it_is_for(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "templates/a.html.j2").write_text(PAGE, encoding="utf-8")
    head = renderer.head("a.html.j2")
    assert (head.entities, head.language) == (("offer", "deal"), "en")
    assert head.number == "КП-{year}-{seq:04}"
    text = renderer.render_text("a.html.j2", {**OFFER, "sum": Decimal("1234.5")})
    assert text.startswith("<b>")
    assert "1,234.50" in text


def test_a_message_may_have_either_head(renderer: Renderer, tmp_path: Path) -> None:
    fenced = "---\nentity: lead\nsubject: {{ lead.name }}\n---\nText\n"
    plain = "Entity: lead\nSubject: {{ lead.name }}\n\nText\n"
    for name, text in (("a", fenced), ("b", plain)):
        (tmp_path / f"templates/mail/{name}.j2").write_text(text, encoding="utf-8")
        message = renderer.render_mail(f"mail/{name}.j2", {"lead": {"name": "Roof"}})
        assert (message.subject, message.text) == ("Roof", "Text\n")
        assert renderer.head(f"mail/{name}.j2").subject == "{{ lead.name }}"


def test_a_template_is_refused_for_other_records(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "templates/a.html.j2").write_text(PAGE, encoding="utf-8")
    with pytest.raises(TemplateFailed, match="it is a template for: offer, deal"):
        renderer.render_text("a.html.j2", {"lead": {}, "sum": 1})


def test_problems_below_a_head_name_their_line(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "templates/a.html.j2").write_text(PAGE + "{{ x.y }}", encoding="utf-8")
    with pytest.raises(TemplateFailed, match=r"line 8: no field 'x\.y'"):
        renderer.render_text("a.html.j2", {**OFFER, "sum": 1})


@pytest.mark.parametrize(
    ("head", "line", "message"),
    [
        ("entity: ofer", 2, "no noun 'ofer'"),
        ("language: de", 2, "'de' is not a language"),
        ("\nnumber: КП", 3, "has no {seq}"),
        ("number: {seq}{day}", 2, "may hold only"),
        ("colour: red", 2, "header 'colour' is not allowed here"),
        ("entity: offer\nentity: deal", 3, "a second Entity"),
    ],
)
def test_faulty_heads(
    renderer: Renderer, tmp_path: Path, head: str, line: int, message: str
) -> None:
    (tmp_path / "templates/a.html.j2").write_text(f"---\n{head}\n---\n", encoding="utf-8")
    [problem] = renderer.validate("a.html.j2")
    assert (problem.line, message in problem.message) == (line, True), problem


def test_a_head_that_is_not_closed(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "templates/a.html.j2").write_text("---\nentity: offer\n", encoding="utf-8")
    assert "has no end" in renderer.validate("a.html.j2")[0].message
