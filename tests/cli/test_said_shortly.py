"""What people leave out is taken from where it stands or asked for, and what cannot be done names what can."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def deal(crm: Crm) -> str:
    return crm("deal", "add", "Навес", "--amount", "100").out.strip()


@pytest.mark.parametrize("noun", ["lead", "contact", "company", "deal", "task"])
def test_a_name_needs_no_option(crm: Crm, noun: str) -> None:
    for words in (["Навес над входом"], ["--name", "Навес над входом"]):
        one = crm(noun, "add", *words).out.strip()
        assert json.loads(crm(noun, "show", one, "--json").out)["name"] == "Навес над входом"
    twice = crm(noun, "add", "Навес", "--name", "Навес")
    assert (twice.code, twice.out) == (2, "")
    assert "given twice" in twice.err


def test_what_a_document_is_made_of_needs_no_option(crm: Crm, deal: str) -> None:
    offer = crm("offer", "draft", deal).out.strip()
    again = crm("offer", "draft", offer).out.strip()
    made = [json.loads(crm("offer", "show", one, "--json").out) for one in (offer, again)]
    assert [one["deal"] for one in made] == [deal, deal]
    for source in (deal, offer):
        made = [
            json.loads(
                crm("invoice", "show", crm("invoice", "add", source).out.strip(), "--json").out
            )
        ]
        assert made[0]["deal"] == deal
    assert crm("template", "preview", "mail/offer.j2", deal).out.count("Навес") == 1
    for call in (
        ("offer", "draft", deal, "--deal", deal),
        ("invoice", "add", deal, "--offer", offer),
        ("invoice", "add"),
        ("template", "preview", "mail/offer.j2", deal, "--for", deal),
    ):
        assert crm(*call).code == 2


@pytest.mark.parametrize("typed", ["price\n", "Дорого\n", "нечто\nprice\n"])
@pytest.mark.parametrize("words", [("deal", "lose"), ("deal", "move", "lost")])
def test_a_reason_is_asked_for_on_a_terminal(
    crm: Crm, folder: Path, deal: str, typed: str, words: tuple[str, ...]
) -> None:
    keyboard, terminal = os.openpty()
    os.write(keyboard, typed.encode())
    command = [sys.executable, "-m", "crmcli", *words[:2], deal, *words[2:]]
    run = subprocess.run(command, stdin=terminal, capture_output=True, cwd=folder, check=False)
    os.close(terminal)
    os.close(keyboard)
    assert "Выбрали другого" in run.stderr.decode()
    assert run.returncode == 0
    assert json.loads(crm("deal", "show", deal, "--json").out)["lost_reason"] == "price"


def test_elsewhere_the_reasons_are_listed(crm: Crm, deal: str) -> None:
    lead = crm("lead", "add", "Навес").out.strip()
    for call in (("deal", "lose", deal), ("lead", "junk", lead), ("deal", "move", deal, "lost")):
        run = crm(*call)
        assert (run.code, run.out) == (1, "")
        assert "--reason" in run.err
        assert "(" in run.err.partition("one of")[2]


def test_what_was_given_out_is_not_removed(crm: Crm, deal: str) -> None:
    """Each state of a document: only a draft, or what is over without a trace at the client, goes."""

    def gone(noun: str, ref: str) -> str:
        run = crm(noun, "rm", ref, "--yes", "--unlink")
        assert (run.code, bool(run.out)) in ((0, True), (1, False))
        return run.err

    for end, way in (("accept", "offer draft"), ("decline", ""), ("", "")):
        offer = crm("offer", "draft", deal).out.strip()
        if end:
            crm("offer", end, offer)
        assert way in gone("offer", offer)
        assert crm("offer", "show", offer).code == (0 if way else 3)
    for paid, way in (("", ""), ("5", "invoice credit"), ("100", "stays")):
        invoice = crm("invoice", "add", deal, "--line", "Навес;1;100;;no").out.strip()
        if paid:
            crm("invoice", "pay", invoice, paid)
        assert way in gone("invoice", invoice)
        assert crm("invoice", "show", invoice).code == (0 if way else 3)
        if way == "invoice credit":
            note = crm("invoice", "credit", invoice).out.strip()
            assert "stays" in gone("invoice", invoice) or "credit notes" in gone("invoice", invoice)
            assert note


def test_kinds_are_in_the_readers_language(crm: Crm) -> None:
    lead = crm("lead", "add", "Навес", "--phone", "89123456789").out.strip()
    crm("lead", "move", lead, "working")
    told = crm("timeline", lead, CRM_LANG="ru").out
    assert "смена стадии" in told
    assert "stage.entered" not in told
    kinds = {
        event["kind"] for event in json.loads(crm("timeline", lead, "--json", CRM_LANG="ru").out)
    }
    assert "stage.entered" in kinds
    stages = crm("stage", "list", CRM_LANG="ru").out
    assert {"открытая", "выигрыш", "проигрыш"} <= set(stages.split())
    assert json.loads(crm("stage", "list", "--json", CRM_LANG="ru").out)[0]["kind"] == "open"


def test_a_part_of_a_name_that_changes_is_told(crm: Crm, folder: Path) -> None:
    views = (
        "deals:\n"
        "  - {id: hot, name: Горячие, where: stage ~ коммерч}\n"
        "  - {id: paid, name: Оплата, where: 'stage ~ опла or stage ~ предл'}\n"
        "  - {id: all, name: Все, where: stage ~ счёт}\n"
    )
    (folder / "views.yaml").write_text(views, "utf-8")
    run = crm("stage", "rename", "offer", "Наше предложение")
    assert run.code == 0
    assert "views.yaml:2 asks for a part of a name" in run.err
    assert "views.yaml:3" not in run.err
    assert "views.yaml:4" not in run.err
    run = crm("stage", "rename", "offer", "Счёт на подпись")
    assert "views.yaml:3" in run.err
    assert "views.yaml:4" in run.err


def test_a_message_with_an_offer_says_the_sum_of_that_offer(crm: Crm) -> None:
    crm("contact", "add", "Анна Петрова", "--email", "anna@example.ru")
    deal = crm(
        "deal", "add", "Навес", "--amount", "100", "--contact", "anna@example.ru"
    ).out.strip()
    offer = crm("offer", "draft", deal, "--line", "Навес;1;250").out.strip()
    send = ("mail", "send", deal, "--template", "mail/offer.j2", "-n")
    assert "на 100,00 ₽" in crm(*send).out.replace("\N{NO-BREAK SPACE}", " ")
    shown = crm(*send, "--attach", offer).out.replace("\N{NO-BREAK SPACE}", " ")
    assert "на 250,00 ₽" in shown
    assert "Здравствуйте, Анна!" in shown  # by the first name, wherever that stands
