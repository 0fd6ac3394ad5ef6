"""The short guides of `crm help TOPIC`, and all examples that add something: copied, they work as they stand."""

from __future__ import annotations

import os
import re
import shlex
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmcli.cli.helping import ACTIONS_MARK, GUIDES, TOPICS, action_lines, made_up
from crmcli.cli.pages import EXAMPLE, paragraphs
from crmcli.language import prefer, tr
from tests import kit
from tests.kit import Run
from tests.test_house import ALL

Crm = Callable[..., Run]
FILE = re.compile(r"  # ((?:robots|hooks)\.d/\S+|\S+/?\S*\.(?:yaml|j2))\n")
BELOW = re.compile(
    r"  # (?:below a stage of|под стадией в) pipelines\.yaml\n|  # (?:below a pipeline of|под воронкой в) "
)


def guide(name: str, language: str) -> str:
    return (GUIDES / language / f"{name}.txt").read_text(encoding="utf-8")


@pytest.fixture
def spoken() -> Iterator[None]:
    """The language spoken is English again afterwards."""
    yield
    prefer("en")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_guide_is_a_topic(language: str) -> None:
    assert {file.stem for file in (GUIDES / language).iterdir()} == {*TOPICS} - {"options"}


@pytest.mark.parametrize(
    ("name", "language"),
    kit.some(
        [
            (name, language)
            for language in ("en", "ru")
            for name in sorted(set(TOPICS) - {"conditions", "options", "privacy", "scores"})
        ],
        4,
    ),
)
def test_what_a_guide_shows_works(
    crm: Crm,
    tmp_path: Path,
    name: str,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    spoken: None,
) -> None:
    root = tmp_path / "new"
    assert crm("init", str(root), "--lang", language, "--no-git").code == 0
    page = crm("help", name, cwd=root, COLUMNS="80", CRM_LANG=language)
    assert page.code == 0
    monkeypatch.setenv("CRM_LANG", language)
    prefer(language)
    text = guide(name, language)
    for mark, (_, example) in made_up().items():
        text = text.replace(mark, example)
    text = text.replace(ACTIONS_MARK, action_lines())
    parts = text.split("\n\n")
    shown = page.out.replace(" \\\n", " ")  # a long command goes on in the next line
    assert "\n".join(shown.split()) == "\n".join(text.replace(" \\\n", " ").split())
    for number, part in enumerate(parts):
        _write(root, part, parts[number + 1 :])
    if name == "rights":
        monkeypatch.setenv("CRM_USER", "vera")  # whom the guide calls administrator
    assert crm("check", cwd=root).code == 0, crm("check", cwd=root).out
    for line in [line for part in parts for line in part.split("\n") if line.startswith("  crm ")]:
        command, _, file = re.match(r"  (.+?)( > (\S+\.csv))?$", line).group(1, 2, 3)  # type: ignore[union-attr]
        run = crm(*shlex.split(command)[1:], cwd=root)
        assert run.code == 0, (line, run.err)
        if file:
            (root / file).write_text(run.out, encoding="utf-8")
    again = crm("help", name, cwd=root, COLUMNS="80", CRM_LANG=language)
    assert not any(example in again.out for _, example in made_up().values())


def _write(root: Path, part: str, following: list[str]) -> None:
    """What a guide shows of a file, put where it says."""
    if match := FILE.match(part):
        text = part[match.end() :]
        text += "\n\n" + following[0] if match[1].endswith(".j2") else ""
        kit.write(root, match[1], textwrap.dedent(text).strip() + "\n")
        if match[1].startswith(("robots.d/", "hooks.d/")):
            (root / match[1]).chmod(0o755)
            os.utime(root / match[1])  # as if it was made so
    elif "pipelines.yaml" in part.split("\n")[0] and part.startswith("  # "):
        rules = textwrap.dedent(part.split("\n", 1)[1]).strip()
        stage = "  - {id: work, name: Work}\n  - id: talk\n    name: Talk\n"
        below = "".join(f"    {line}\n" for line in rules.split("\n"))
        stages = f"stages:\n  - {{id: new, name: New}}\n{stage}"
        text = stages + below if "schedules:" not in rules else f"{stages}\n{rules}\n"
        kit.write(
            root,
            "pipelines.yaml",
            kit.pipelines("stages:\n  - {id: request, name: Request}\n", text),
        )


WORLDS = {
    "en": ("en", "GB"),
    "ru": ("ru", "RU"),
    "en in Germany": ("en", "DE"),
    "ru in Kazakhstan": ("ru", "KZ"),
}


@pytest.mark.parametrize("world", kit.some(WORLDS, 2))
def test_every_example_that_adds_works_in_any_country(
    crm: Crm, tmp_path: Path, world: str, spoken: None
) -> None:
    language, country = WORLDS[world]
    root = tmp_path / "new"
    assert crm("init", str(root), "--lang", language, "--no-git").code == 0
    settings = root / "settings.yaml"
    text = re.sub(
        r"(?m)^phone_country: \w+", f"phone_country: {country}", settings.read_text("utf-8")
    )
    settings.write_text(text, encoding="utf-8")
    prefer(language)
    examples = {
        tr(part.removeprefix(EXAMPLE))
        for command in ALL.values()
        for part in paragraphs(command.help or "")
        if part.startswith(EXAMPLE)
    }
    tried = [
        e
        for e in sorted(examples)
        if re.match(r"crm [a-z]+ (add|save)", e) and "7k3" not in e
        if "team add" not in e  # which takes people with roles
    ]
    assert len(tried) >= 7
    for example in tried:
        run = crm(*shlex.split(example)[1:], cwd=root)
        assert run.code == 0, (example, run.err)
