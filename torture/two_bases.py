"""Two bases that differ by the clients of others alone, and every command on both: the same to the byte."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import click

from crmcli.cli.root import crm
from crmcli.cli.session import Session
from crmcli.model.fields import Record
from crmcli.sales import activities
from crmcli.sales import add as adding
from crmcli.sales.init.create import create_workspace
from crmcli.store.audit import signing
from crmcli.store.layout import record_path
from crmcli.store.timeline import csv_lines
from crmcli.workspace import Workspace
from torture.copies import adopt
from torture.score import Score

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
USERS = """users:
  anna: {name: Анна Петрова, email: anna@chai.example}
  olga: {name: Ольга Чайкина, email: olga@chai.example}
  root: {name: Вера Хозяйка}
"""
ACCESS = "users: {anna: [manager], olga: [manager], root: [administrator]}\n"
WORDS = {"anna": ("Ромашка", "Пётр Иванов", "+7 916 111-22-33", "petr@romashka.example"),
         "olga": ("Василёк", "Ирина Седых", "+7 926 444-55-66", "irina@vasilek.example")}  # fmt: skip


class Bases(NamedTuple):
    """The two folders, and the records of the one who asks and of the other by their nouns."""

    whole: Path
    part: Path
    mine: Mapping[str, str]
    theirs: Mapping[str, str]


def make(folder: Path, rules: str = ACCESS) -> Bases:
    """A team's workspace in which anna and olga have a client each with all that hangs on it, and the same
    as if olga's had never been."""
    whole, part = folder / "whole", folder / "part"
    create_workspace(whole, language="ru", use_git=False, now=NOW)
    settings = whole / "settings.yaml"
    settings.write_text(settings.read_text("utf-8").replace("users:\n", USERS, 1), encoding="utf-8")
    made = {user: _client(whole, user, at) for at, user in enumerate(WORDS)}
    (whole / "access.yaml").write_text(rules, encoding="utf-8")
    shutil.copytree(whole, part, copy_function=shutil.copy)
    _without(part, set(made["olga"].values()))
    for root in (whole, part):
        shutil.rmtree(root / ".crm")
    return Bases(whole, part, made["anna"], made["olga"])


def _client(root: Path, user: str, hour: int) -> dict[str, str]:
    """A company with a person, a deal with an offer, an invoice and lines, a lead, tasks, talks."""
    ws = Workspace.open(root, user=user, now=NOW - timedelta(days=3, hours=hour))
    firm, person, phone, email = WORDS[user]
    made: dict[str, Record] = {}

    def add(entity: str, **given: str) -> str:
        record = adding.add(ws, entity, {k: [v] for k, v in given.items()}, anyway=True).record
        made[entity] = record
        ws.look_again()
        return record.id

    company = add("company", name=f"ООО {firm}", site=f"https://{email.partition('@')[2]}")
    contact = add("contact", name=person, phones=phone, emails=email, companies=company)
    add("lead", name=f"Заявка {firm}", comment=f"Хочет чай {firm}", tags=f"чай{firm}", source="web")
    deal = add("deal", name=f"Поставка {firm}", amount="250000", contacts=contact, company=company,
               close_by="2026-12-20", tags="опт")  # fmt: skip
    add("offer", name=f"КП-{firm}", deal=deal)
    add("invoice", name=f"СЧ-{firm}", deal=deal)
    add("task", name=f"Позвонить {firm}", about=deal, due="2026-11-24")
    activities.log(ws, deal, "note", f"Договорились о сорте {firm}")
    activities.log(ws, contact, "call.out", f"Спросил цену {firm}")
    return {entity: record.id for entity, record in made.items()}


def _without(root: Path, gone: set[str]) -> None:
    """Take out some records and all that is told of them, as if they had never been."""
    for record_id in gone:
        (root / record_path(record_id)).unlink()
    for path in sorted((root / "data/timeline").rglob("*.csv")):
        rows = csv_lines.read_file(path).rows
        kept = [row.event for row in rows if row.event.record not in gone]
        path.write_bytes(csv_lines.lines(kept, csv_lines.Tail(0, "", "")))
    for plural in (root / "data").iterdir():
        for shard in plural.iterdir() if plural.is_dir() else ():
            if shard.is_dir() and not any(shard.iterdir()):
                shard.rmdir()


# --- the commands ------------------------------------------------------------------------------------


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""

    def below(
        command: click.Command, path: tuple[str, ...]
    ) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        if not isinstance(command, click.Group):
            yield path, command
            return
        context = click.Context(command, info_name=" ".join(path), obj=Session())
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from below(child, (*path, name))

    yield from below(crm, ())


HOST_S = frozenset({"init", "completion", "serve", "help", "trust"})
"""Commands that open no base, or go on until they are stopped."""


def calls(bases: Bases, *, every_option: bool, seed: int = 1) -> Iterator[list[str]]:
    """Calls of every command: with the ids, the names, the phones of others where a word is asked for, with
    what is not there, and with one's own; if wanted, with each of its options too, so that each word for an
    argument and each value of an option is there, put together at random."""
    chance = random.Random(seed)
    for path, command in commands():
        if path[0] in HOST_S:
            continue
        nouns = [path[0]] if path[0] in bases.mine else [*bases.mine]
        given = [*_arguments(command, bases, nouns)]
        options = [[], *(_options(command, bases, nouns) if every_option else ())]
        chance.shuffle(given)
        for number in range(max(len(given), len(options))):
            yield [*path, *given[number % len(given)], *options[number % len(options)]]


def _arguments(command: click.Command, bases: Bases, nouns: Sequence[str]) -> Iterator[list[str]]:
    """Words for the arguments of a command: each kind of reference in turn."""
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    if not arguments:
        yield []
        return
    firm, person, phone, email = WORDS["olga"]
    theirs = [bases.theirs[noun] for noun in nouns]
    refs = [
        *theirs,
        theirs[0][-8:],
        phone,
        email,
        person,
        f"ООО {firm}",
        firm,
        f"КП-{firm}",
        f"чай{firm}",
    ]
    refs += [bases.mine[noun] for noun in nouns]
    for ref in refs:
        yield [ref, *(_word(param, bases) for param in arguments[1:] if param.required)]
    if len(arguments) > 1:
        yield [bases.mine[nouns[0]], *([theirs[0]] * (len(arguments) - 1))]


def _word(param: click.Parameter, bases: Bases) -> str:
    if isinstance(param.type, click.Choice):
        return str(param.type.choices[0])
    return {"stage": "won", "stage_ref": "won", "text": WORDS["olga"][0]}.get(
        str(param.name), bases.theirs["deal"]
    )


def _options(command: click.Command, bases: Bases, nouns: Sequence[str]) -> Iterator[list[str]]:
    """Each option of a command by itself."""
    firm, _, phone, _ = WORDS["olga"]
    for param in command.params:
        if not isinstance(param, click.Option) or param.is_eager:
            continue
        name = max(param.opts, key=len)
        if param.is_flag:
            yield [name]
        elif isinstance(param.type, click.Choice):
            yield [name, str(param.type.choices[-1])]
        elif param.name in ("where",):
            for text in (f'name ~ "{firm}"', "owner = olga", "amount > 1"):
                yield [name, text]
        elif name not in ("--help", "--folder", "--as"):
            for value in (bases.theirs[nouns[0]], firm, phone, "1"):
                yield [name, value]


# --- what comes of them --------------------------------------------------------------------------------

_IDS = re.compile(r"\b(?:[a-z]+-)?[0-9a-hjkmnp-tv-z]{8}\b|\b[0-9a-hjkmnp-tv-z]{16,26}\b")


def alike(text: str, root: Path, known: set[str]) -> str:
    """What was said, without the folder's name and the ids that are random."""
    text = text.replace(str(root), "ROOT")
    return _IDS.sub(lambda m: m[0] if m[0].rpartition("-")[2] in known else "NEW", text)


def fresh(base: Path, root: Path) -> Path:
    """A copy of a base to run one command on."""
    if root.exists():
        shutil.rmtree(root)
    shutil.copytree(base, root, copy_function=shutil.copy)
    (root / signing._KEY).parent.mkdir(exist_ok=True)
    (root / signing._KEY).write_bytes(b"k" * signing._BYTES)  # what both sign, they sign alike
    return adopt(root)


Said = tuple[int, str, str]


def sameness(
    folder: Path, *, every_option: bool, most: int = 0, seed: int = 1, rules: str = ACCESS
) -> Score:
    """What anna is told of every call is the same on both bases: code, output, complaints. `most` of the
    calls, chosen at random; all if 0."""
    score, bases = Score("sameness"), make(folder, rules)
    known = {i.rpartition("-")[2] for i in (*bases.mine.values(), *bases.theirs.values())}
    found = [*calls(bases, every_option=every_option, seed=seed)]
    for call in random.Random(seed).sample(found, most) if most else found:
        whole, part = (
            _said(call, fresh(base, folder / "run"), known) for base in (bases.whole, bases.part)
        )
        score.ran()
        if whole[0] == 70:
            score.fault("other", f"{' '.join(call)}: {whole[2][:300]}")
        if whole != part:
            score.fault("other", f"{' '.join(call)} tells the bases apart: {whole} and {part}")
        told = "".join(whole[1:])
        if any(word in told for word in _secrets(bases) if word not in " ".join(call)):
            score.fault("other", f"{' '.join(call)} tells what is another's: {told[:300]}")
    return score


def _secrets(bases: Bases) -> Iterator[str]:
    """What only the other's records say."""
    firm, person, _, email = WORDS["olga"]
    yield from (firm, person, email, "444-55-66", *bases.theirs.values())


def _said(call: Sequence[str], root: Path, known: set[str]) -> Said:
    from tests.forks import forks

    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "GIT_"))},
        "CRM_NOW": NOW.isoformat(), "CRM_USER": "anna", "PYTHONUTF8": "1", "COLUMNS": "120",
        "HOME": str(root.parent), "XDG_STATE_HOME": str(root.parent / "state"),
    }  # fmt: skip
    try:
        done = forks().run(call, stdin=b"", cwd=root, environ=environ, timeout=60)
    except subprocess.TimeoutExpired:
        return -1, "", "it did not end"
    said = (
        alike(text.decode("utf-8", "replace"), root, known) for text in (done.stdout, done.stderr)
    )
    out, err = said
    return done.returncode, out, err
