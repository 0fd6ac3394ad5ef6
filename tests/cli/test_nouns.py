"""add, list, show, edit, rm and bulk as a user types them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

from crmcli.store import layout
from tests.kit import Run

Crm = Callable[..., Run]


def test_add_prints_the_id_alone(crm: Crm) -> None:
    run = crm(
        "contact",
        "add",
        "--first-name",
        "Анна",
        "--phone",
        "mobile:8 912 345-67-89",
        "--tag",
        "vip",
    )
    assert (run.code, run.err) == (0, "")
    record = json.loads(crm("contact", "show", run.out.strip(), "--json").out)
    assert record["name"] == "Анна"
    assert record["phones"] == [{"value": "+79123456789", "type": "mobile"}]


def test_every_format_of_a_list(crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Кровля; «склад»", "--amount", "1 234,50").out.strip()
    assert crm("lead", "list", "--ids").out.split() == [lead]
    [row] = json.loads(crm("lead", "list", "--json").out)
    assert (row["id"], row["amount"], row["currency"]) == (lead, 1234.5, "RUB")
    assert json.loads(crm("lead", "list", "--format", "jsonl").out) == row
    [row] = csv.DictReader(
        io.StringIO(crm("lead", "list", "--csv", "--columns", "name,amount").out)
    )
    assert row == {"name": "Кровля; «склад»", "amount": "1234.50"}
    assert "\t" in crm("lead", "list", "--format", "tsv").out
    assert f"id: {lead}" in crm("lead", "list", "--format", "yaml").out
    table = crm("lead", "list").out
    assert "Не обработан" in table
    assert "1\u00a0234,50\u00a0₽" in table


def test_an_empty_list_is_empty(crm: Crm) -> None:
    assert json.loads(crm("deal", "list", "--json").out) == []
    run = crm("deal", "list")
    assert (run.code, run.out, run.err) == (0, "", "no deals\n")


def test_filters_conditions_and_order(crm: Crm) -> None:
    for name, amount, tag in (("А", "300", "vip"), ("Б", "100", "vip"), ("В", "200", "old")):
        crm("lead", "add", "--name", name, "--amount", amount, "--tag", tag, "--source", "web")

    def names(*args: str) -> str:
        return "".join(row["name"] for row in json.loads(crm("lead", "list", "--json", *args).out))

    assert names("--sort", "-amount") == "АВБ"
    assert names("--tag", "vip", "--sort", "amount") == "БА"
    assert names("--tag", "vip", "--tag", "old", "--sort", "name") == "АБВ"
    assert names("--where", "amount >= 200 and tags has old") == "В"
    assert (
        names("--where", "source = 'Веб-сайт'", "--stage", "Не обработан", "--sort", "name")
        == "АБВ"
    )
    assert names("--limit", "1", "--sort", "name") == "А"
    assert names("--where", "amount > 1000") == ""


def test_edit_says_what_changed(crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Кровля", "--amount", "100").out.strip()
    run = crm("lead", "edit", lead, "--amount", "200", "--add", "tags=vip")
    assert run.out == f"{lead} Кровля: amount 100 → 200; tags (empty) → vip\n"
    run = crm("lead", "edit", lead, "--amount", "200")
    assert "nothing to change" in run.out


def test_edit_in_the_editor(crm: Crm, folder: Path, tmp_path: Path) -> None:
    lead = crm("lead", "add", "--name", "Кровля").out.strip()
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/name: .*/name: Крыша/" "$1"\n')
    editor.chmod(0o755)
    run = crm("lead", "edit", lead, EDITOR=str(editor))
    assert run.out == f"{lead} Крыша: name Кровля → Крыша\n", run.err
    editor.write_text('#!/bin/sh\necho "amount: сто" >> "$1"\n')
    run = crm("lead", "edit", lead, EDITOR=str(editor))
    assert run.code == 6
    assert "amount" in run.err
    kept = run.err.split("your text is kept in ")[1].strip()
    assert "amount: сто" in Path(kept).read_text()
    Path(kept).unlink()
    assert "сто" not in (folder / layout.record_path(lead)).read_text()


def test_rm_asks_and_leaves_the_text_on_the_timeline(crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Кровля").out.strip()
    assert crm("lead", "rm", lead).code == 2
    run = crm("lead", "rm", lead, "--yes")
    assert (run.code, run.out) == (0, f"Removed {lead} Кровля.\n")
    assert crm("lead", "show", lead).code == 3


def test_bulk_rehearses_and_then_changes(crm: Crm) -> None:
    for amount in ("100", "300"):
        crm("deal", "add", "--name", f"Сделка {amount}", "--amount", amount)
    args = ("deal", "bulk", "--where", "amount > 200", "--set", "comment=большая")
    run = crm(*args, "--dry-run")
    assert run.out.startswith("dry run: deal-")
    assert "would change 1 deal" in run.err
    assert json.loads(crm("deal", "list", "--where", "comment is not empty", "--json").out) == []
    assert "changed 1 deal" in crm(*args).err
    [row] = json.loads(crm("deal", "list", "--where", "comment is not empty", "--json").out)
    assert row["name"] == "Сделка 300"


def test_tags_in_bulk_are_taken_back_as_one_change(crm: Crm) -> None:
    for name in ("А", "Б"):
        crm("deal", "add", "--name", name, "--tag", "старый")
    bulk = ("deal", "bulk", "--where", "tags has старый")
    run = crm(*bulk, "--add-tag", "vip", "--add", "tags=срочно", "--remove-tag", "старый")
    assert run.out.count("tags старый → vip, срочно") == 2
    crm("undo")
    assert all(row["tags"] == ["старый"] for row in json.loads(crm("deal", "list", "--json").out))


def test_dry_run_of_add_and_move_writes_nothing(crm: Crm, folder: Path) -> None:
    assert crm("lead", "add", "--name", "А", "--dry-run").code == 0
    assert not (folder / "data/leads").exists()
    lead = crm("lead", "add", "--phone", "89123456789").out.strip()
    run = crm("lead", "move", lead, "working", "-n")
    assert run.out.startswith("dry run: Moved")
    assert json.loads(crm("lead", "show", lead, "--json").out)["stage"] == "new"


def test_show_tells_names_links_and_events(crm: Crm) -> None:
    company = crm("company", "add", "--name", "Ромашка", "--inn", "7707083893").out.strip()
    crm("contact", "add", "--name", "Анна", "--company", "Ромашка: директор")
    deal = crm(
        "deal", "add", "--name", "Кровля", "--company", "7707083893", "--contact", "Анна"
    ).out.strip()
    out = crm("company", "show", "7707083893").out
    assert "Анна" in out
    assert "Кровля" in out
    out = crm("deal", "show", deal).out
    assert "Ромашка" in out
    assert "Поступил запрос" in out
    assert "deal created" in out
    assert company in crm("deal", "show", deal, "--json").out


def test_show_knows_what_was_linked_by_hand_a_moment_ago(crm: Crm, folder: Path) -> None:
    company = crm("company", "add", "--name", "Ромашка").out.strip()
    contact = crm("contact", "add", "--name", "Анна").out.strip()
    deal = crm("deal", "add", "--name", "Кровля").out.strip()
    assert "Кровля" not in crm("contact", "show", contact).out
    path = folder / "data/deals" / deal.partition("-")[2][0] / f"{deal}.yaml"
    path.write_text(path.read_text() + f"contacts:\n  - {contact}\n")
    assert "Кровля" in crm("contact", "show", contact).out
    assert "Кровля" not in crm("company", "show", company).out
    path = folder / "data/contacts" / contact.partition("-")[2][0] / f"{contact}.yaml"
    path.write_text(path.read_text() + f"companies:\n  - company: {company}\n")
    assert "Анна" in crm("company", "show", company).out
    assert "Кровля" in crm("show", contact).out


def test_the_workspace_is_found_from_below_and_by_name(
    crm: Crm, folder: Path, tmp_path: Path
) -> None:
    lead = crm("lead", "add", "--name", "А", cwd=folder / "data").out.strip()
    assert crm("-C", str(folder), "lead", "list", "--ids", cwd=tmp_path).out.strip() == lead
    assert crm("lead", "list", "--ids", "-C", str(folder), cwd=tmp_path).out.strip() == lead
    assert crm("lead", "list", "--ids", cwd=tmp_path, CRM_WORKSPACE=str(folder)).out.strip() == lead


def test_a_change_by_git_is_seen_by_the_next_command(crm: Crm, folder: Path) -> None:
    import subprocess

    def git(*args: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.ru", *args],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip

    git("init", "-q")
    lead = crm("lead", "add", "--name", "Старое").out.strip()
    git("add", "-A")
    git("commit", "-qm", "old")
    crm("lead", "edit", lead, "--name", "Новое!")
    assert "Новое!" in crm("lead", "list").out
    git("checkout", "-q", "--", "data/leads")
    assert "Старое" in crm("lead", "list").out
    assert crm("lead", "list", "--ids", "--where", "name = старое").out.strip() == lead


def test_a_rehearsed_add_prints_no_id_that_a_script_could_take(crm: Crm) -> None:
    run = crm("lead", "add", "--name", "Проба", "-n")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("dry run: Added lead-")
    assert crm("lead", "list", "--ids").out == ""


def test_the_story_of_a_removed_record_can_still_be_read(crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Ушёл").out.strip()
    assert crm("lead", "rm", lead, "--yes").code == 0
    kinds = [e["kind"] for e in json.loads(crm("timeline", lead, "--json").out)]
    assert kinds == ["lead.created", "lead.removed"]
    assert crm("timeline", "lead-00000000").code == 3


def test_a_change_says_what_tells_two_things_of_a_list_apart(crm: Crm) -> None:
    crm("company", "add", "--name", "Ромашка")
    contact = crm("contact", "add", "--name", "Анна", "--phone", "89123456789").out.strip()
    run = crm(
        "contact", "edit", contact, "--phone", "mobile:89123456789", "--company", "Ромашка: директор",
        "--utm", "source=yandex",
    )  # fmt: skip
    assert "phones +79123456789 → mobile:+79123456789" in run.out
    assert "(директор)" in run.out
    assert "utm (empty) → source=yandex" in run.out


def test_a_stage_has_the_name_that_its_own_pipeline_gives_it(crm: Crm, folder: Path) -> None:
    with (folder / "pipelines.yaml").open("a", encoding="utf-8") as text:
        text.write(
            "  - id: service\n    name: Сервис\n    stages:\n"
            "      - {id: request, name: Заявка, kind: open}\n"
            "      - {id: done, name: Готово, kind: won}\n"
            "      - {id: fail, name: Провал, kind: lost}\n"
        )
    deal = crm("deal", "add", "--name", "Д", "--pipeline", "сервис").out.strip()
    assert "Заявка" in crm("deal", "list").out
    crm("deal", "move", deal, "request", "--pipeline", "sales")
    assert "Поступил запрос" in crm("deal", "list").out
    assert "Заявка → Поступил запрос" in crm("timeline", deal).out
    assert "Stage:          Поступил запрос" in crm("deal", "show", deal).out


def test_an_edit_adds_whom_it_names_only_where_that_is_asked_for(crm: Crm) -> None:
    deal = crm("deal", "add", "--name", "Кровля").out.strip()
    refused = crm("deal", "edit", deal, "--company", "Ромашка")
    assert (refused.code, "--create" in refused.err) == (3, True)
    new = ("--company", "Ромашка", "--add", "contacts=Анна <anna@example.ru>", "--create")
    dry = crm("deal", "edit", deal, *new, "--dry-run")
    assert (dry.code, crm("company", "list", "--ids").out) == (0, "")
    done = crm("deal", "edit", deal, *new)
    assert (done.code, done.err.count("also added")) == (0, 2)
    record = json.loads(crm("deal", "show", deal, "--json").out)
    assert json.loads(crm("show", record["company"], "--json").out)["name"] == "Ромашка"
    assert crm("show", "anna@example.ru", "--json").code == 0
    crm("deal", "edit", deal, "--company", "РОМАШКА", "--create")
    assert len(crm("company", "list", "--ids").out.split()) == 1
    crm("undo", "--yes")
    assert crm("company", "list", "--ids").out == ""


def test_an_edited_text_may_name_somebody_new(crm: Crm) -> None:
    deal = crm("deal", "add", "--name", "Кровля").out.strip()
    editor = "sh -c 'echo company: Лютик >> $0'"
    refused = crm("deal", "edit", deal, EDITOR=editor)
    assert (refused.code, "--create" in refused.err) == (6, True)
    assert crm("deal", "edit", deal, "--create", EDITOR=editor).code == 0
    assert crm("company", "list", "--ids").out.strip() in crm("deal", "show", deal, "--json").out
