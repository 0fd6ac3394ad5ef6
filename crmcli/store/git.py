"""git, for those who have it: only ever with explicit paths, hooks off and no questions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from crmcli.errors import ServiceFailed

_SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false",
    "-c", "protocol.ext.allow=never", "-c", "advice.defaultBranchName=false",
)  # fmt: skip
_NOBODY = {"user.name": "crm", "user.email": "crm@localhost"}
_OF_A_CALLER = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # fmt: skip
"""Set when a hook or an alias of some git has called us: its repository is not ours."""
_TIMEOUT = 60.0


class GitFailed(ServiceFailed):
    """git said no; the message has its own words."""


def is_installed() -> bool:
    """Whether there is a git to call."""
    return shutil.which("git") is not None


def run(root: Path, *args: str) -> str:
    """What git prints for a command in that folder; GitFailed with its complaint."""
    import subprocess

    environment = {k: v for k, v in os.environ.items() if k not in _OF_A_CALLER}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *_SAFE, *args],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitFailed(f"git cannot be run: {error}", "look whether git works by itself") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise GitFailed(f"git {args[0]}: {words[-1]}", "look whether git works by itself")
    return done.stdout.decode("utf-8", "replace").strip()


def top_of(root: Path) -> Path | None:
    """The work tree in which a folder stands, None if it stands in none."""
    try:
        found = run(root, "rev-parse", "--show-toplevel")
    except GitFailed:
        return None
    return Path(found) if found else None


def is_ignored(root: Path) -> bool:
    """Whether the repository around a folder ignores it."""
    try:
        run(root, "check-ignore", "--quiet", str(root))
    except GitFailed:
        return False
    return True


def begin(root: Path) -> None:
    """Make the folder a repository."""
    run(root, "init", "--quiet")


def commit(root: Path, paths: Sequence[str], message: str) -> None:
    """Commit exactly these files, whatever else is staged; a name is made up if git knows none."""
    run(root, "add", "--", *paths)
    run(root, *_identity(root), "commit", "--quiet", "--only", "-m", message, "--", *paths)


def _identity(root: Path) -> list[str]:
    flags = []
    for name, fallback in _NOBODY.items():
        try:
            known = run(root, "config", "--get", name)
        except GitFailed:
            known = ""
        if not known:
            flags += ["-c", f"{name}={fallback}"]
    return flags
