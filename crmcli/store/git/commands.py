"""git, for those who have it: only ever with explicit paths, hooks off and no questions."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from crmcli.errors import ServiceFailed
from crmcli.language import tr
from crmcli.store.disk import files
from crmcli.store.disk.commit_record import MANY
from crmcli.store.git import safe_call

_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
_IN_ONE = ("-c", "core.fsync=none")
"""For many files: they are synced together afterwards, before anything names them."""
_NOBODY = ("crm", "crm@localhost")
_HASHING = frozenset(("update-index", "commit", "diff", "reset", "rm"))
"""The commands in which git would run filters: they read files of the work tree."""
_CLEAN = (b"nothing to commit", b"nothing added to commit", b"no changes added to commit")
_TIMEOUT = 60.0
_LONGEST = 900.0  # seconds for a commit of a hundred thousand files
_PATIENCE = 3.0  # seconds in which another git may finish
_PAUSE = 0.1
_REBASE = "a rebase, whose --abort would throw away what is not committed,"
_UNDER_WAY = {
    "MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert",
    "rebase-merge": _REBASE, "rebase-apply": _REBASE, "sequencer": "a cherry-pick",
    "BISECT_LOG": "a bisect",
}  # fmt: skip


class GitFailed(ServiceFailed):
    """git said no; the message has its own words."""


class GitBusy(GitFailed):
    """Another git holds the repository's index or branch."""


class NothingToCommit(GitFailed):
    """The files are already as the last commit has them."""


def is_installed() -> bool:
    """Whether there is a git to call."""
    return bool(safe_call.program())


def run(root: Path, *args: str) -> str:
    """What git prints for a command in that folder; GitFailed with its complaint."""
    return output(root, *args).decode("utf-8", "replace").strip()


def answer(root: Path, *args: str) -> str:
    """The same, but "" where git says no."""
    try:
        return run(root, *args)
    except GitFailed:
        return ""


def output(root: Path, *args: str, given: bytes = b"", timeout: float = _TIMEOUT) -> bytes:
    """What git prints for a command in that folder, byte for byte; GitFailed with its complaint."""
    import subprocess

    settings = _disarmed(root) if _HASHING & set(args) else {}
    try:
        done = subprocess.run(
            [safe_call.program() or "git", *safe_call.SAFE, *args],
            cwd=root,
            env=safe_call.environment(settings),
            input=given,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitFailed(
            tr("git cannot be run: {}", error), "check that git works by itself"
        ) from None
    if done.returncode:
        raise _refusal(args, done.stderr.decode("utf-8", "replace"), done.stdout)
    return done.stdout


def _disarmed(root: Path) -> dict[str, str]:
    """The settings by which git runs no filter that the folder's configuration names."""
    try:
        names = output(root, "config", "-z", "--name-only", "--get-regexp", safe_call.RUNS)
    except GitFailed as failure:
        if failure.message.endswith("no reason given"):  # there is none, which is exit 1
            return {}
        raise
    return safe_call.disarmed(names.decode("utf-8", "surrogateescape"))


def _refusal(args: Sequence[str], complaint: str, said: bytes) -> GitFailed:
    words = complaint.strip().splitlines() or ["no reason given"]
    command = next(word for word in args if word[0] != "-" and "=" not in word)
    if any(phrase in said for phrase in _CLEAN):
        return NothingToCommit("there is nothing to commit")
    for line in words:
        if line.startswith(("fatal: Unable to create", "fatal: cannot lock", "error: cannot lock")):
            hint = "if no git is running, remove that lock file"
            return GitBusy(tr("another git is at work: {}", line.partition(": ")[2]), hint)
    # The first tells the cause, later ones what came of it; advice may follow.
    reason = next((line for line in words if line.startswith(("fatal: ", "error: "))), words[-1])
    return GitFailed(tr("git {}: {}", command, reason), "check that git works by itself")


def top_of(root: Path) -> Path | None:
    """The work tree in which a folder stands, None if it stands in none."""
    try:
        found = _paths(root, "--show-toplevel")
    except GitFailed:
        return None
    return found[0] if found else None


def _paths(root: Path, *which: str) -> list[Path]:
    """Folders of the repository as `rev-parse` says them; one that has a line end is asked for alone."""
    said = output(root, "rev-parse", "--path-format=absolute", *which)
    lines = os.fsdecode(said).removesuffix("\n").split("\n")
    if len(which) > 1 and len(lines) != len(which):
        return [path for one in which for path in _paths(root, one)]
    if len(which) == 1:
        lines = ["\n".join(lines)]
    return [Path(line) for line in lines if line]


def obstacle(root: Path) -> str | None:
    """What keeps us from committing now, a merge for instance, "" if nothing does; None where there is no
    repository. GitFailed if git will not open it."""
    try:
        found = _paths(root, "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    except GitFailed as failure:
        if "not a git repository" in failure.message:
            return None
        raise
    top, folder, common = found
    worktree = answer(root, "config", "--get", "core.worktree")
    outside = safe_call.why_outside(top, folder, common, worktree)
    return outside or _under_way(root, folder)


def _under_way(root: Path, folder: Path) -> str:
    for name, what in _UNDER_WAY.items():
        if (folder / name).exists():
            return tr("{} is under way", tr(what))
    has_branch = answer(root, "symbolic-ref", "--quiet", "HEAD")
    return "" if has_branch else "no branch is checked out (HEAD is detached)"


def is_ignored(root: Path) -> bool:
    """Whether the repository around a folder ignores it."""
    return bool(answer(root, "check-ignore", str(root)))


def ignored(root: Path, paths: Iterable[str]) -> set[str]:
    """Which of these files, not tracked yet, the repository ignores."""
    given = "\0".join(paths).encode()
    try:
        found = output(root, "check-ignore", "-z", "--stdin", given=given)
    except GitFailed as failure:
        if failure.message.endswith("no reason given"):  # it found none, which is exit 1
            return set()
        raise
    return set(found.decode().split("\0")) - {""}


def in_last_commit(root: Path, paths: Sequence[str]) -> set[str]:
    """Those of the files that the last commit has."""
    given = "".join(f"HEAD:./{path}\n" for path in paths).encode()
    said = output(root, "cat-file", "--batch-check", given=given, timeout=_LONGEST).splitlines()
    return {path for path, line in zip(paths, said, strict=True) if not line.endswith(b" missing")}


def blob(root: Path, commit: str, path: str) -> bytes | None:
    """A file as a commit has it, None if it has none."""
    try:
        return output(root, "cat-file", "blob", f"{commit}:./{path}")
    except GitFailed:
        return None


def as_committed(root: Path, folder: str) -> Iterator[tuple[str, bytes]]:
    """The files of a folder that have changed since the last commit, as that has them; GitFailed if git
    cannot tell."""
    said = output(
        root, "diff", "-z", "--name-only", "--relative", "--diff-filter=M", "--no-renames",
        "--no-ext-diff", "--ignore-submodules=all", "HEAD", "--", folder, timeout=_LONGEST,
    )  # fmt: skip
    paths = [path for path in os.fsdecode(said).split("\0") if path and "\n" not in path]
    given = os.fsencode("".join(f"HEAD:./{path}\n" for path in paths))
    rest = output(root, "cat-file", "--batch", given=given, timeout=_LONGEST) if paths else b""
    for path in paths:
        head, _, rest = rest.partition(b"\n")
        size = int(head.split()[-1])
        yield path, rest[:size]
        rest = rest[size + 1 :]


def commit_with(root: Path, path: str) -> str:
    """A commit of whatever branch, or stash, that has a file; "" if none has."""
    return answer(
        root, "--literal-pathspecs", "log", "--all", "-n", "1", "--format=%h",
        "--diff-filter=AMRT", "--", path,
    )  # fmt: skip


def begin(root: Path) -> None:
    """Make the folder a repository."""
    run(root, "init", "--quiet")


def commit(
    root: Path, paths: Sequence[str], message: str, author: tuple[str, str] = _NOBODY
) -> None:
    """Commit exactly these files, new, changed or gone, whatever else is staged; durable.

    Each stands in the folder, or in the last commit. `author` is who is named where git knows no
    name. NothingToCommit; GitBusy if another git does not finish within seconds.
    """
    given = "\0".join(paths).encode()
    is_large = len(paths) > MANY
    _patiently(
        root, *(_IN_ONE if is_large else _DURABLE), "update-index", "--add", "--remove", "-z",
        "--stdin", given=given,
    )  # fmt: skip
    folder = _paths(root, "--absolute-git-dir")[0]
    if is_large:
        files.sync_all(folder)
    _patiently(
        root, *_DURABLE, *_identity(root, author), "--literal-pathspecs",
        "commit", "--quiet", "--only", "--no-verify", "--no-gpg-sign", "--cleanup=whitespace",
        "-m", message, "--pathspec-from-file=-", "--pathspec-file-nul", given=given,
    )  # fmt: skip
    # With fsync alone the last commits were lost in power cuts, though nothing was torn.
    files.sync_all(folder)


def tag(root: Path, name: str, text: str, *, sign: bool, author: tuple[str, str] = _NOBODY) -> None:
    """Make a tag of the last commit that holds a text, signed by the key of git's own settings if asked."""
    flag = "--sign" if sign else "--annotate"
    run(root, *_identity(root, author), "tag", flag, "--message", text, name)


def restage(root: Path, paths: Iterable[str]) -> None:
    """Give git's index what the last commit has of these files; GitBusy as with `commit`.

    `commit --only` reads each file twice: one that grew in between would stand in the index as it was
    before, and the next commit by hand would take our lines out again.
    """
    wanted = set(paths)
    if not wanted:
        return
    staged = output(root, "diff-index", "--cached", "--name-only", "--relative", "-z", "HEAD")
    stale = wanted & set(staged.decode("utf-8", "replace").split("\0"))
    if stale:
        _patiently(
            root, *_DURABLE, "--literal-pathspecs", "reset", "--quiet", "HEAD",
            "--pathspec-from-file=-", "--pathspec-file-nul", given="\0".join(stale).encode(),
        )  # fmt: skip


def _patiently(root: Path, *args: str, given: bytes) -> None:
    """Run git, again and again for a short time while another git holds its lock."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            output(root, *args, given=given, timeout=_LONGEST)
            return
        except GitBusy:
            if time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)


def _identity(root: Path, author: tuple[str, str]) -> list[str]:
    flags = []
    for name, fallback in zip(("user.name", "user.email"), author, strict=True):
        if not answer(root, "config", "--get", name):
            flags += ["-c", f"{name}={fallback}"]
    return flags
