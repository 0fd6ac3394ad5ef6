"""Where the configuration comes from, as git knows it: which commits changed it, which were made here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

from crmcli.store.disk import files
from crmcli.store.git import commands

MOST_COMMITS = 60
"""How far back a change of the configuration is sought."""
MOST_TIPS = 60
"""Branches that are looked at, the newest first."""
_MADE_HERE = re.compile(r"commit(?: \((?:initial|amend)\))?: ")
_AMENDED = "commit (amend): "
_REPLAYED = re.compile(r"(?:pull|rebase)\b.*\((?:pick|reword|edit|squash|fixup|continue)\)")
_OWN_REFS = ("refs/stash",)
"""What git keeps for the owner of what he has not committed."""
_CONVERTING = ("filter", "ident", "working-tree-encoding")
_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "FETCH_HEAD")


def digest_of(text: bytes) -> str:
    """The digest of a text file, whatever ends git has given its lines in the folder."""
    return files.digest(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


def together(parts: Iterable[tuple[str, bytes | None]]) -> bytes:
    """Several text files as one content: their paths and digests."""
    return "".join(f"{path}\0{digest_of(text or b'')}\n" for path, text in parts).encode(
        "utf-8", "surrogateescape"
    )


class Lineage:
    """The history of some files in the repository around a folder. The reflog, which no clone brings along,
    says how each commit came to stand here."""

    def __init__(self, root: Path, paths: tuple[str, ...]) -> None:
        self.root = root
        self.paths = paths
        self.read = lru_cache(maxsize=4096)(self._read)
        self.changes = lru_cache(maxsize=1024)(self._changes)

    @cached_property
    def made_here(self) -> tuple[str, ...]:
        """The commits that were typed here, the newest first."""
        return tuple(commit for commit, how in self._steps if _MADE_HERE.match(how))

    @cached_property
    def replayed(self) -> frozenset[str]:
        """The commits that a rebase wrote here anew, one's own ones and others'."""
        return frozenset(commit for commit, how in self._steps if _REPLAYED.match(how))

    @cached_property
    def amended(self) -> dict[str, str]:
        """The commits that were typed in the place of others, with those."""
        pairs = zip(self._steps, self._steps[1:], strict=False)
        return {now: before for (now, how), (before, _) in pairs if how.startswith(_AMENDED)}

    def converts(self, paths: Iterable[str]) -> set[str]:
        """Those files that git may write into the folder in another form than the commits have them, line
        ends apart."""
        given = "\0".join(paths).encode()
        said = commands.output(self.root, "check-attr", "-z", "--stdin", *_CONVERTING, given=given)
        words = said.decode("utf-8", "replace").split("\0")[:-1]
        facts = zip(words[::3], words[2::3], strict=True)
        return {path for path, value in facts if value not in ("unspecified", "unset")}

    @cached_property
    def _steps(self) -> list[tuple[str, str]]:
        how = ("--walk-reflogs", "--no-show-signature", "--format=%H %gs")
        # Without a commit or a reflog nothing is known to have been made here.
        lines = commands.answer(self.root, "log", *how, "HEAD").splitlines()
        return [(line[:40], line[41:]) for line in lines if line]

    @cached_property
    def tips(self) -> tuple[str, ...]:
        """The commits at which branches stand, here and on other sides, and what is being merged."""
        names = commands.output(
            self.root, "for-each-ref", f"--count={MOST_TIPS}", "--sort=-committerdate",
            "--format=%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)",
        )  # fmt: skip
        found = []
        for line in names.decode("utf-8", "replace").splitlines():
            name, *words = line.split(" ")
            if name not in _OWN_REFS:
                pairs = zip(words[::2], words[1::2], strict=False)
                found += [commit for kind, commit in pairs if kind == "commit"]
        for name in ("HEAD", *_UNDER_WAY):
            commit = f"{name}^{{commit}}"
            found.append(commands.answer(self.root, "rev-parse", "--verify", "--quiet", commit))
        return tuple(dict.fromkeys(filter(None, found)))

    def _changes(self, tip: str) -> dict[str, list[str]]:
        """The commits up to a tip that changed one of the files, the newest first, with those before each."""
        how = ("rev-list", "--parents", f"--max-count={MOST_COMMITS}")
        said = commands.output(self.root, *how, tip, "--", *self.paths)
        lines = [line.split() for line in said.decode().splitlines()]
        return {commit: before for commit, *before in lines}

    def parents(self, commit: str) -> list[str]:
        """The commits that a commit follows."""
        return commands.run(self.root, "rev-list", "--parents", "--max-count=1", commit).split()[1:]

    def _read(self, commit: str, path: str) -> bytes | None:
        """A file as a commit has it; None where it has none. `FOLDER/**` reads all of a folder."""
        folder = path.removesuffix("/**")
        if folder != path:
            names = commands.output(
                self.root, "ls-tree", "-r", "-z", "--name-only", commit, "--", f"{folder}/"
            )
            parts = [os.fsdecode(name) for name in sorted(names.split(b"\0")) if name]
            return together((part, self.read(commit, part)) for part in parts)
        return commands.blob(self.root, commit, path)
