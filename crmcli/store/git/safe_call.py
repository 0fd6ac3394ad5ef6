"""How git is called in a folder that somebody else may have made: nothing in its configuration runs."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from crmcli.language import tr

SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false",
    "-c", "core.editor=true", "-c", "core.pager=cat", "-c", "core.askPass=true",
    "-c", "core.sshCommand=false", "-c", "credential.helper=", "-c", "diff.external=",
    "-c", "diff.ignoreSubmodules=all", "-c", "submodule.recurse=false",
    "-c", "protocol.allow=never", "-c", "advice.defaultBranchName=false",
)  # fmt: skip
"""Whatever a repository says: no hook, watcher, signer, editor, pager, helper or transport."""
NO_UPKEEP = (("gc.auto", "0"), ("maintenance.auto", "false"))
RUNS = r"^(filter\..*\.(clean|smudge|process)|gc\.recentobjectshook)$"
"""What git would run in passing, and whose names only its configuration tells."""
_FILTER = re.compile(r"(filter\..*)\.(clean|smudge|process)", re.DOTALL)
_OF_A_CALLER = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # fmt: skip
"""Set when a hook or an alias of some git has called us: its repository is not ours."""
_SILENT = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "GIT_PAGER": "cat", "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
}  # fmt: skip
_FOLDERS = ("refs", "logs", "objects", "info")
_MOST = 200_000  # names looked at


def program() -> str:
    """The git to call, by its whole path, "" if there is none; never one in a relative folder of PATH."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = os.pathsep.join(f for f in folders if Path(f).is_absolute())
    return shutil.which("git", path=absolute or os.defpath) or ""


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """What git gets to see of our environment, and settings that stand above any configuration: not by -c,
    for the name of a filter may have a = in it."""
    known = {k: v for k, v in os.environ.items() if k not in _OF_A_CALLER} | _SILENT
    first = int(known.get("GIT_CONFIG_COUNT") or 0)
    for number, (key, value) in enumerate((settings or {}).items(), first):
        known[f"GIT_CONFIG_KEY_{number}"] = key
        known[f"GIT_CONFIG_VALUE_{number}"] = value
        known["GIT_CONFIG_COUNT"] = str(number + 1)
    return known


def disarmed(names: str) -> dict[str, str]:
    """The settings that take from git what it would run, by the names that `git config -z` gave."""
    settings: dict[str, str] = {}
    for name in filter(None, names.split("\0")):
        match = _FILTER.fullmatch(name)
        if match is None:
            settings |= NO_UPKEEP
            continue
        filter_ = match[1]
        settings |= dict.fromkeys((f"{filter_}.{k}" for k in ("clean", "smudge", "process")), "")
        settings[f"{filter_}.required"] = "false"
    return settings


def why_outside(top: Path, folder: Path, common: Path, worktree: str) -> str:
    """What tells that a commit would write outside of the work tree, in a repository that does not know
    it; "" if all is well. `folder` is its git folder, `common` that of its branches."""
    top, folder, common = (Path(os.path.realpath(place)) for place in (top, folder, common))
    if folder.is_relative_to(top):
        if not common.is_relative_to(top):
            return tr("its branches are in {}, which does not know this folder", common)
    elif not _knows(folder, common, top, worktree):
        return tr(".git leads to {}, which does not know this folder", folder)
    for place in dict.fromkeys((folder, common)):
        for path in _written(place):
            if path.is_symlink():
                return tr("{} is a symbolic link", path)
    return ""


def _knows(folder: Path, common: Path, top: Path, worktree: str) -> bool:
    """Whether a repository that stands elsewhere says that this is a work tree or submodule of it."""
    if worktree and Path(os.path.realpath(folder / worktree)) == top:
        return common == folder
    try:
        back = (folder / "gitdir").read_text("utf-8", "surrogateescape").strip()
    except OSError:
        return False
    return Path(os.path.realpath(Path(back).parent)) == top and folder.parent.parent == common


def _written(place: Path) -> Iterator[Path]:
    """All names at which a commit writes, and the folders on the way."""
    left = [place]
    for _ in range(_MOST):
        if not left:
            return
        folder = left.pop()
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            path = folder / name
            yield path
            is_on_the_way = (
                name in _FOLDERS
                if folder == place
                else "objects" not in folder.relative_to(place).parts
            )
            if is_on_the_way and stat.S_ISDIR(path.lstat().st_mode):
                left.append(path)
