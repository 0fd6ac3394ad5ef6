"""Whose hand an act is of: the owner's here, or somebody's by clone, pull, merge, checkout or unpacking."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path

from crmcli.automation.approval.acts import ALL_TEMPLATES, Act, acts_of
from crmcli.dataclass import dataclass
from crmcli.store import layout
from crmcli.store.disk import files, owners
from crmcli.store.git.lineage import MOST_COMMITS, Lineage, digest_of, together
from crmcli.store.yaml.canonical import MAX_BYTES

TOUCHED = (layout.PIPELINES, layout.SETTINGS, "templates", layout.PROGRAMS,
           layout.HOOKS_FOLDER)  # fmt: skip


def read_here(root: Path, path: str) -> bytes | None:
    """A file as it stands in the folder; None where there is none that could be read."""
    if path == ALL_TEMPLATES:
        return together((part, read_here(root, part)) for part in _templates(root))
    try:
        return files.read_bytes(files.inside(root, path), most=MAX_BYTES)
    except (files.Missing, files.UnsafePath, files.PermissionDenied):
        return None  # nothing can act by it


def typed_here(
    root: Path, acts: Collection[Act], declared: Collection[str], texts: Collection[str]
) -> set[str]:
    """The digests of those acts that the owner of the folder wrote here by his own hand.

    Whoever declares an act means its templates as they stand at that moment. When they change later,
    they must be his as well: `declared` and `texts` are the declarations and templates approved before.
    GitFailed if git cannot tell. In doubt an act is not his.
    """
    written = [act for act in acts if act.path and owners.is_typed(root, act.path)]
    history = _History(root) if written and _is_in_git(root) else None

    def is_own(act: Act) -> bool:
        if history is not None and history.brought(act.path, act.declared):
            return False
        changed = [path for path, text in act.texts.items() if text not in texts]
        own = (_is_own_text(root, path, act.texts[path], history) for path in changed)
        return act.declared not in declared or all(own)

    return {act.digest for act in written if is_own(act)}


def _is_own_text(root: Path, path: str, text: str, history: _History | None) -> bool:
    """Whether a template was typed here; of all of them together each must have been."""
    if path == ALL_TEMPLATES:
        here = ((part, digest_of(read_here(root, part) or b"")) for part in _templates(root))
        return all(_is_own_text(root, part, content, history) for part, content in here)
    return owners.is_typed(root, path) and not (history is not None and history.brought(path, text))


def _templates(root: Path) -> list[str]:
    found = (root / "templates").rglob("*")
    return sorted(path.relative_to(root).as_posix() for path in found if path.is_file())


def _is_in_git(root: Path) -> bool:
    return any(os.path.lexists(folder / ".git") for folder in (root, *root.parents))


class _History:
    """The declarations and templates in the commits of the repository around a folder."""

    def __init__(self, root: Path) -> None:
        self.lineage = Lineage(root, TOUCHED)
        self._at = lru_cache(maxsize=1024)(self._parts_of)
        self._converts = lru_cache(maxsize=1024)(lambda path: bool(self.lineage.converts([path])))

    def _parts_of(self, commit: str) -> frozenset[str]:
        acts = acts_of(lambda path: self.lineage.read(commit, path))
        return frozenset(part for act in acts for part in (act.declared, *act.texts.values()))

    def brought(self, path: str, part: str) -> bool:
        """Whether any branch has a declaration or text by a commit that was not made here, or may have
        it in another form."""
        there = _Part(self._at, self.lineage, path, part)
        tips = [tip for tip in self.lineage.tips if there.is_at(tip)]
        return self._converts(path) or any(not there.is_own(tip) for tip in tips)


@dataclass(frozen=True, slots=True)
class _Part:
    """A declaration, or the text of a template, of a file in the commits."""

    declared_at: Callable[[str], frozenset[str]]
    lineage: Lineage
    path: str
    digest: str

    def is_at(self, commit: str) -> bool:
        """Whether a commit has it; a template also where no robot of that commit fills it."""
        if self.digest in self.declared_at(commit):
            return True
        text = self.lineage.read(commit, self.path)
        return text is not None and digest_of(text) == self.digest

    def is_own(self, tip: str) -> bool:
        """Whether it came into the history of a commit by commits that were made here."""
        return all(self._is_made_here(source) for source in self._sources(tip))

    def _is_made_here(self, source: str) -> bool:
        before = self.lineage.amended.get(source)
        if before and self.is_at(before):
            return self.is_own(before)
        if source in self.lineage.made_here:
            return True
        made = self.lineage.made_here[:MOST_COMMITS]
        return source in self.lineage.replayed and any(map(self._begins, made))

    def _sources(self, tip: str) -> set[str]:
        """The commits that brought it into the history of a tip; "" for one that lies too far back."""
        changes = self.lineage.changes(tip)
        found: set[str] = set()
        seen: set[str] = set()
        waiting = list(changes)[:1]
        while waiting:
            commit = waiting.pop()
            if commit in seen:
                continue
            seen.add(commit)
            older = [before for before in changes.get(commit, ()) if self.is_at(before)]
            waiting += older
            if commit not in changes:
                found.add("")
            elif not older:
                found.add(commit)
        return found

    def _begins(self, commit: str) -> bool:
        return self.is_at(commit) and not any(map(self.is_at, self.lineage.parents(commit)))
