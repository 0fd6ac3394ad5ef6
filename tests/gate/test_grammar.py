"""No command and no option is forgotten: each is open or the host's, and none that is open names a file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from crmcli.cli.file_names import FileName
from crmcli.cli.gate_grammar import HOST, HOST_OPTIONS, OPEN, is_open
from crmcli.cli.params import Noun, Verb
from tests.gate.conftest import Host
from tests.gate.inside import watching
from tests.gate.probing import probe
from tests.gate.tree import commands

TREE = dict(commands())
OF_FILES = re.compile(r"\b(FILE|PATH|DIR|FOLDER|PROGRAM|MAILDIR)\b")
"""How an option calls its value that names something on the machine."""


def test_each_command_is_open_or_the_hosts_and_not_both() -> None:
    for words in TREE:
        noun, verb = (*words, "")[:2]
        is_host = noun in HOST and (not HOST[noun] or verb in HOST[noun].split(","))
        assert is_open(words) != is_host, f"{words}: say in cli/gate_grammar.py whether it is open"
    named = {words[:2] for words in TREE} | {words[:1] for words in TREE}
    for table in (OPEN, HOST):
        for noun, verbs in table.items():
            assert all((noun, verb) in named for verb in verbs.split(",") if verb), noun


def test_each_command_and_group_is_one_of_ours() -> None:
    for words, command in TREE.items():
        assert isinstance(command, Verb), words
    assert all(issubclass(kind, Verb) or kind is Noun for kind in (Verb, Noun))


def test_what_is_called_a_file_is_declared_as_one() -> None:
    for words, command in TREE.items():
        if not is_open(words):
            continue
        for param in command.params:
            if (
                HOST_OPTIONS & {*param.opts} or param.name == "template"
            ):  # looked for in templates/ alone
                continue
            called = f"{param.metavar or ''} {param.name}".upper()
            is_declared = isinstance(param.type, FileName)
            assert is_declared == isinstance(param.type, click.Path | click.File), (
                words,
                param.opts,
            )
            if OF_FILES.search(called.replace("[FILE]", "")):
                assert is_declared, f"{words} {param.opts}: give it a kind of cli/file_names.py"


def test_no_value_of_an_open_command_opens_a_file_of_the_host(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each parameter is given the name of a file that is there, once for all nouns (torture: each of all)."""
    monkeypatch.setenv("XDG_STATE_HOME", str(host.folder / "state"))
    monkeypatch.chdir(tmp_path)
    assert probe(host.root, host.ids["deal root"], tmp_path / "CANARY", each=False) > 200


def test_a_file_would_have_been_noticed(tmp_path: Path) -> None:
    secret = tmp_path / "CANARY"
    secret.write_text("x")
    with watching("CANARY") as touched:
        secret.read_text()
        subprocess.run(["true"], check=True)
    assert {event for event, _ in touched} == {"open", "subprocess.Popen"}
