"""Reading import presets: those that come with crm, and a workspace's own in presets/."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import crmcli
from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.entities import having
from crmcli.model.listed import allowed_hint
from crmcli.model.preset import NONE, PLAIN, KnownNames, Preset, Presets
from crmcli.store.config.cursor import ID_HINT, ID_RULE, Cursor, marked
from crmcli.store.disk import files
from crmcli.store.yaml.canonical import MAX_BYTES

FOLDER = "presets"
KEYS = ("about", "marks", "columns", "stages", "sources")
ALL = "all"
"""What is said of every entity."""

KINDS = ("initial", "won", "lost")
MOST_NUMBERED = 9
"""`Phone {n} - Value` stands for the headers with 1 to 9."""

_PACKAGE = Path(crmcli.__file__).parent / FOLDER


def load_presets(root: Path, known: KnownNames) -> Presets:
    """Every preset; what is wrong with the workspace's own is collected, and those are left out."""
    found: dict[str, Preset] = {}
    problems: list[Problem] = []
    own = _own_paths(root)
    if len(own) > limits.PRESETS:
        said = tr("presets/ has at most {} files, here are {}", limits.PRESETS, len(own))
        problems.append(Problem(FOLDER, 0, said, "move some out; the last ones are not read"))
    for path in own[: limits.PRESETS]:
        try:
            top = marked(files.read_bytes(files.inside(root, path), most=MAX_BYTES), path)
            preset = _preset(top, _own_name(path, top), path, known)
            _check_targets(top, known)
            top.findings.settle()
            found[preset.name] = preset
        except InvalidData as error:
            problems += error.problems or [
                Problem(path, 0, error.message.removeprefix(f"{path} "), error.hint)
            ]
        except files.PermissionDenied as error:
            problems.append(Problem(path, 0, "this cannot be read", error.hint))
    for place in sorted(_PACKAGE.glob("*.yaml")):
        if place.stem not in found:
            found[place.stem] = _preset(
                marked(files.read_bytes(place), place.name), place.stem, "", known
            )
    plain = found.pop(PLAIN)
    return Presets(found, plain, problems)


def preset_text(root: Path, preset: Preset) -> str:
    """The file of a preset, to be copied into presets/."""
    place = files.inside(root, preset.path) if preset.path else _PACKAGE / f"{preset.name}.yaml"
    return files.read_bytes(place, most=MAX_BYTES).decode()


def _own_paths(root: Path) -> list[str]:
    """What stands in presets/, hidden names left out."""
    try:
        names = sorted(name for name in os.listdir(root / FOLDER) if name[0] != ".")
    except FileNotFoundError:
        return []
    except OSError:
        return [FOLDER]  # reading it as a file tells what is wrong
    return [f"{FOLDER}/{name}" for name in names]


def _own_name(path: str, top: Cursor) -> str:
    name, _, ending = path.removeprefix(f"{FOLDER}/").rpartition(".")
    if ending != "yaml" or not re.fullmatch(ID_RULE, name):
        top.fault("this is not the name of a preset", tr("presets/NAME.yaml, NAME of {}", ID_HINT))
    elif name in (PLAIN, NONE):
        top.fault(tr("{!r} cannot be the name of a preset", name), "rename the file")
    return name


def _preset(top: Cursor, name: str, path: str, known: KnownNames) -> Preset:
    every = {column for names in known.columns.values() for column in names}
    columns, stages = top.at("columns"), top.at("stages")
    top.known(KEYS)
    columns.known((ALL, *known.columns))
    stages.known(having("staged"))
    return Preset(
        name=name,
        about=top.at("about").text(),
        path=path,
        marks=tuple(text for text, _ in _captions(top.at("marks"))),
        columns={
            entity: _by_caption(columns.at(entity or ALL).known(sorted(names)))
            for entity, names in {"": every, **known.columns}.items()
        },
        stages={entity: _alternatives(stages.at(entity)) for entity in having("staged")},
        sources=_alternatives(top.at("sources")),
    )


def _captions(place: Cursor) -> Iterator[tuple[str, Cursor]]:
    """The captions at a place, one text with | between them or a list; `{n}` is any number."""
    if isinstance(place.value, list):
        found = place.texts()
    else:
        found = [(text.strip(), place) for text in place.text().split("|")]
    for text, at in found:
        numbers = range(1, MOST_NUMBERED + 1) if "{n}" in text else ("",)
        yield from ((text.replace("{n}", str(number)), at) for number in numbers if text)


def _by_caption(section: Cursor) -> dict[str, str]:
    """Caption -> the key under which it stands; the same one under two keys is a fault."""
    found: dict[str, str] = {}
    for entry in section.entries():
        for caption, at in _captions(entry):
            if found.setdefault(caption, entry.name) != entry.name:
                at.fault(
                    tr("{!r} is under {!r} too", caption, found[caption]), "keep one of the two"
                )
    return found


def _alternatives(section: Cursor) -> dict[str, tuple[str, ...]]:
    """Caption -> what it may mean here: the ids in its key, with | between them."""
    return {
        caption: tuple(filter(None, map(str.strip, key.split("|"))))
        for caption, key in _by_caption(section).items()
    }


def _check_targets(top: Cursor, known: KnownNames) -> None:
    """Stages and sources of which none is declared here are faults."""
    stages = known.stages() if top.at("stages").is_present else {}
    sections = [(top.at("stages").at(name), (*ids, *KINDS)) for name, ids in stages.items()]
    if known.sources:
        sections.append((top.at("sources"), tuple(known.sources)))
    for section, allowed in sections:
        for entry in section.entries():
            words = [word.strip() for word in entry.name.split("|")]
            if not any(word in allowed for word in words):
                hint = allowed_hint(words[0], allowed)
                entry.fault(tr("not declared here: {}", entry.name), hint)
