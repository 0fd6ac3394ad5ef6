"""Output in an encoding that lacks letters: escaped or refused, never `?`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from crmcli.workspace import Workspace
from tests import kit
from tests.forks import COMMAND, forks
from tests.kit import NOW

NAME = "Чай «Ёж» 😀 é"
ENCODINGS = ["ascii", "latin-1", "cp866", "koi8-r", "ascii:replace", "ascii:ignore"]


@pytest.fixture
def lead(folder: Path) -> str:
    return kit.lead(Workspace.open(folder, now=NOW), name=NAME).id


def run(folder: Path, encoding: str, *args: str, **environ: str) -> tuple[int, bytes, bytes]:
    """What the program prints where the streams have that encoding."""
    done = forks().run(args, stdin=b"", cwd=folder, environ=_environ(encoding, **environ))
    assert b"Traceback" not in done.stderr
    assert b"bug" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def _environ(encoding: str, **more: str) -> dict[str, str]:
    given = {"CRM_NOW": NOW.isoformat(), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    return {**os.environ, **given, **more}


@pytest.mark.parametrize("encoding", ["koi8-r", "ascii:replace"])
def test_a_fork_speaks_as_what_python_starts(encoding: str, lead: str, folder: Path) -> None:
    for args in (("lead", "list"), ("lead", "move", lead, "é😀"), ("lead", "list", "--csv")):
        done = subprocess.run(
            [*COMMAND, *args], cwd=folder, capture_output=True, env=_environ(encoding), check=False
        )
        assert run(folder, encoding, *args) == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_is_escaped(form: str, encoding: str, lead: str, folder: Path) -> None:
    name = encoding.partition(":")[0]
    code, out, _ = run(folder, encoding, "lead", "list", "--format", form)
    assert code == 0
    read = json.loads(out.decode(name))
    assert (read[0] if form == "json" else read)["name"] == NAME
    code, out, _ = run(folder, encoding, "lead", "show", lead, "--json")
    assert code == 0
    assert json.loads(out.decode(name))["name"] == NAME


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["csv", "tsv", "yaml"])
def test_other_formats_are_refused_before_anything_is_written(
    form: str, encoding: str, lead: str, folder: Path
) -> None:
    code, out, err = run(folder, encoding, "lead", "list", "--format", form)
    assert (code, out) == (6, b"")
    assert b"cannot encode" in err
    assert b"PYTHONIOENCODING=utf-8" in err
    assert run(folder, encoding, "lead", "list", "--ids") == (0, lead.encode() + b"\n", b"")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_people_get_escapes(encoding: str, lead: str, folder: Path) -> None:
    for args in (["lead", "list"], ["lead", "show", lead], ["search", "чай"]):
        code, out, _ = run(folder, encoding, *args)
        assert code == 0
        assert b"?" not in out
        assert rb"\U0001f600" in out
    code, _, err = run(folder, encoding, "lead", "move", lead, "😀")
    assert code in (2, 3, 6)
    assert rb"\U0001f600" in err
    assert b"?" not in err.replace(b"did you mean", b"")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_error_in_json(encoding: str, lead: str, folder: Path) -> None:
    _, _, err = run(folder, encoding, "lead", "show", "é😀", "--json")
    assert "é😀" in json.loads(err.decode(encoding.partition(":")[0]))["error"]["message"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    "args", [["field", "add", "--help"], ["help"], ["help", "conditions"], ["--help"], ["lead"]]
)
def test_help(args: list[str], encoding: str, folder: Path) -> None:
    code, out, err = run(folder, encoding, *args, CRM_LANG="ru")
    assert code in (0, 2)
    assert (out + err).decode(encoding)
    if args[0] == "field":
        assert rb"\u0441" in out


def test_a_letter(lead: str, folder: Path) -> None:
    (folder / "templates/mail/a.j2").write_text("Subject: {{ lead.name }}\n\nТекст\n", "utf-8")
    args = ("template", "preview", "mail/a.j2", "--for", lead)
    code, out, err = run(folder, "ascii", *args)
    assert (code, out) == (6, b"")
    assert b"cannot encode" in err
    code, out, _ = run(folder, "ascii", *args, "--json")
    assert json.loads(out)["subject"] == NAME


def test_an_export_is_utf_8_whatever_the_stream_is(lead: str, folder: Path) -> None:
    code, out, _ = run(folder, "ascii", "export", "leads")
    assert code == 0
    assert NAME in out.decode()


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_without_letters(locale: str, lead: str, folder: Path) -> None:
    environ = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for args in (["lead", "list"], ["lead", "list", "--csv"], ["lead", "list", "--json"]):
        _, out, err = run(folder, "", *args, **environ)
        assert b"?" not in out
        assert b"?" not in err
