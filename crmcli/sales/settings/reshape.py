"""Changing settings.yaml with the records and files that use it, in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar, cast

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage, InvalidData, Problem, Refused
from crmcli.language import tr
from crmcli.model.event import RENAMED
from crmcli.model.values import Raw
from crmcli.store.layout import FORMS, PIPELINES, SCORES, SETTINGS, VIEWS
from crmcli.store.yaml.codec import load_marked
from crmcli.store.yaml.text_edit import edited, places, with_key
from crmcli.workspace import Change, FileChanged, Workspace
from crmcli.workspace.own_reports import own_reports
from crmcli.workspace.plans import read_plans
from crmcli.workspace.reads import Reads

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition

T = TypeVar("T")
Tree = dict[str, Raw]
SPEAKING = ("when", "where", "requires", "fields", "field", "columns", "sort", "with", "after", "at",
            "before")  # fmt: skip
"""The keys of pipelines.yaml and views.yaml whose values name fields and values of fields."""


class StillNamed(Refused):
    """pipelines.yaml or views.yaml speaks of what is to go; `problems` are the places."""

    def __init__(self, message: str, hint: str, problems: Sequence[Problem]) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Word:
    """A word that comes in the place of another; `fields` are those that robots may set to it."""

    old: str
    new: str
    fields: Sequence[str] = ()


@dataclass
class SettingsEdit:
    """A change of settings.yaml and the word that changes with it in other files.

    `edit` changes the raw tree, `key` is a key to rename, `renamed` what the timeline says of it.
    `pipelines`, `views` and `forms` change the raw trees of those files, of which the first is then the
    one that is renamed in.
    """

    edit: Callable[[Tree], None] | None = None
    key: tuple[tuple[str, ...], str] | None = None
    word: Word | None = None
    renamed: tuple[str, ...] = ()
    pipelines: Callable[[Tree], None] | None = None
    views: Callable[[Tree], None] | None = None
    forms: Callable[[Tree], None] | None = None
    scores: Callable[[Tree], None] | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Templates that are new with it, by path from the root."""


@dataclass
class Reshaping:
    """An open change under new settings, which still finds records by the old ones."""

    change: Change
    before: Reads
    first: str = ""
    """The first pipeline of deals, as it was."""
    rewritten: list[str] = field(default_factory=list)
    texts: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """Each of the files as it was and as it is now."""

    def select(self, entity: str, condition: Condition) -> list[str]:
        """The ids of records that fit a condition on the fields as they were."""
        return [str(row["id"]) for row in self.before.rows(entity, condition)]


@contextmanager
def reshaping(ws: Workspace, command: str, wanted: SettingsEdit) -> Iterator[Reshaping]:
    """A change under new settings; refused if that makes a file of the configuration wrong."""
    old = ws.settings
    before = {
        path: read_text(ws, path)
        for path in (SETTINGS, PIPELINES, VIEWS, FORMS, SCORES, *wanted.files)
    }
    after = _new_settings(before[SETTINGS], wanted)
    had_forms = bool(before[FORMS]) and _has_sound_forms(ws)
    was, _ = ws.read_pipelines(), ws.views  # faults that were there before are not told as ours
    wrong = _wrong_reports(ws)
    try:
        ws.take_settings(valid(SETTINGS, ws.read_settings, after))
        new = {**wanted.files, SETTINGS: after, **_others(ws, wanted)}
        new |= _new_forms(ws, wanted) if had_forms else {}
        if wanted.scores is not None and before[SCORES]:
            new[SCORES] = text_with(before[SCORES], SCORES, wanted.scores)
        with ws.change(command) as change:
            for path in new:
                if read_text(ws, path) != before[path]:
                    raise FileChanged(
                        tr("{} was changed by someone else meanwhile", path), "try again"
                    )
            texts = {path: (before[path], data) for path, data in new.items()}
            done = Reshaping(change, ws.under(old), was.deals[0].id, texts=texts)
            where = SETTINGS if wanted.pipelines is None else PIPELINES
            facts = {where: {RENAMED: [*wanted.renamed]}} if wanted.renamed else {}
            done.rewritten = [
                path for path, data in new.items() if change.rewrite(path, data, facts.get(path))
            ]
            yield done
        for problem in _wrong_reports(ws):
            if problem not in wrong:
                said = tr(
                    "{}:{} is wrong from now on: {}", problem.path, problem.line, problem.message
                )
                ws.notes.append(said)
    except BaseException:
        ws.take_settings(old)
        raise


def _wrong_reports(ws: Workspace) -> list[Problem]:
    """What is wrong in reports.yaml and plans.yaml, which nobody rewrites with the settings."""
    found: list[Problem] = []
    for read in (own_reports, read_plans):
        try:
            read(ws)
        except InvalidData as error:
            found += error.problems
    return found


def reshape(ws: Workspace, command: str, wanted: SettingsEdit) -> Reshaping:
    """Such a change to which nothing else belongs."""
    with reshaping(ws, command, wanted) as done:
        return done


def raw_settings(ws: Workspace) -> Tree:
    """What settings.yaml says, as it is written."""
    return load_marked(read_text(ws, SETTINGS), SETTINGS).value


def below(tree: Tree, *steps: str) -> Tree:
    """The map at the end of a path, made where there is none yet."""
    for step in steps:
        if not isinstance(tree.get(step), dict):
            tree[step] = {}
        tree = cast("Tree", tree[step])
    return tree


def read_text(ws: Workspace, path: str) -> bytes:
    """A file of the configuration, empty where there is none."""
    return ws.file(path) or b""


def _new_settings(data: bytes, wanted: SettingsEdit) -> bytes:
    if wanted.key is not None:
        data = with_key(data, SETTINGS, *wanted.key)
    return data if wanted.edit is None else text_with(data, SETTINGS, wanted.edit)


def text_with(data: bytes, path: str, edit: Callable[[Tree], None]) -> bytes:
    """A file of the configuration with other values."""
    tree = deepcopy(load_marked(data, path).value)
    edit(tree)
    return edited(data, path, tree)


def valid(path: str, read: Callable[[bytes], T], data: bytes) -> T:
    """What a file would declare; BadUsage with the first of its faults."""
    try:
        return read(data)
    except InvalidData as error:
        first = error.problems[0]
        told = tr("{} would not be valid: {}", path, tr(first.message))
        raise BadUsage(told, first.hint) from None


def _others(ws: Workspace, wanted: SettingsEdit) -> dict[str, bytes]:
    """The other files of configuration as they have to be under the new settings."""
    changed: dict[str, bytes] = {}
    if wanted.pipelines is not None:
        changed[PIPELINES] = text_with(read_text(ws, PIPELINES), PIPELINES, wanted.pipelines)
        read = partial(ws.read_pipelines, new_files=wanted.files)
        ws.take_pipelines(valid(PIPELINES, read, changed[PIPELINES]))
    else:
        new = _adapted(ws, PIPELINES, wanted.word, ws.read_pipelines)
        changed |= {} if new is None else {PIPELINES: new}
        ws.take_pipelines(ws.read_pipelines(new))
    if wanted.views is not None and read_text(ws, VIEWS):
        changed[VIEWS] = text_with(read_text(ws, VIEWS), VIEWS, wanted.views)
        valid(VIEWS, ws.read_views, changed[VIEWS])
    elif wanted.views is None:
        new = _adapted(ws, VIEWS, wanted.word, ws.read_views)
        changed |= {} if new is None else {VIEWS: new}
    return changed


def _has_sound_forms(ws: Workspace) -> bool:
    """Whether forms.yaml has no fault; one that has is left as it is."""
    try:
        ws.read_forms()
    except InvalidData:
        return False
    return True


def _new_forms(ws: Workspace, wanted: SettingsEdit) -> dict[str, bytes]:
    """forms.yaml as it has to be; StillNamed where it speaks of what is to go."""
    if wanted.forms is not None:
        data = read_text(ws, FORMS)
        new = text_with(data, FORMS, wanted.forms)
        if new != data:
            valid(FORMS, ws.read_forms, new)
            return {FORMS: new}
    _adapted(ws, FORMS, None, ws.read_forms)
    return {}


def in_forms(tree: Tree) -> Iterator[Tree]:
    """Each form of forms.yaml, as it is written."""
    forms = tree.get("forms")
    for form in forms.values() if isinstance(forms, dict) else ():
        if isinstance(form, dict):
            yield form


def _adapted(
    ws: Workspace, path: str, word: Word | None, load: Callable[[bytes | None], object]
) -> bytes | None:
    """A file with the new word where the old one is wrong now; None if nothing is wrong."""
    lines = set(_set_values(ws, path, word))
    try:
        load(None)
        if not lines:
            return None
        problems: Sequence[Problem] = ()
    except InvalidData as error:
        problems = error.problems
    data = read_text(ws, path)
    if word is not None:
        new = _with_word(data, path, word, lines | {problem.line for problem in problems})
        if new is not None:
            try:
                load(new)
            except InvalidData:
                pass  # refused below, with the places as they are
            else:
                return new
    named = ", ".join(str(line) for line in sorted({problem.line for problem in problems}))
    raise StillNamed(
        tr("{} mentions it in line {}: {}", path, named, problems[0].message)
        if problems
        else tr("{} mentions it and cannot be changed safely", path),
        tr("change {} first", path),
        problems,
    )


def _with_word(data: bytes, path: str, word: Word, lines: set[int]) -> bytes | None:
    """The file with a word for another in some lines; None if that would change anything else."""
    rows = data.decode("utf-8").split("\n")
    pattern = re.compile(rf"(?<![\w-]){re.escape(word.old)}(?![\w-])")
    for line in lines:
        if 0 < line <= len(rows):
            text, sign, comment = rows[line - 1].partition(" #")
            rows[line - 1] = pattern.sub(lambda _: word.new, text) + sign + comment
    changed = "\n".join(rows).encode()
    before, after = (load_marked(text, path).value for text in (data, changed))
    pairs = list(zip_longest(places(before), places(after), fillvalue=((), "")))
    differing = [(place, text) for (place, text), (_, new) in pairs if text != new]
    return None if any(not _speaks(place, text, word) for place, text in differing) else changed


def _speaks(place: Sequence[object], text: str, word: Word) -> bool:
    """Whether a text at a place names fields or their values: not a title, not a tag, no template."""
    if "{{" in text or not any(step in SPEAKING for step in place):
        return False
    return "with" not in place or place[-1] == "with" or place[-1] in word.fields


def _set_values(ws: Workspace, path: str, word: Word | None) -> Iterator[int]:
    """The lines in which a robot sets a field to the old word: no check names these."""
    if path != PIPELINES or word is None or not word.fields:
        return
    marked = load_marked(read_text(ws, path), path)
    for place, text in places(marked.value):
        if "with" in place and text.lstrip("+- ") == word.old and place[-1] in word.fields:
            robot: Raw = marked.value
            for step in place[: place.index("with")]:
                robot = cast("Mapping[object, Raw]", robot)[step]
            if isinstance(robot, dict) and robot.get("do") == "set":
                yield marked.lines[place]
