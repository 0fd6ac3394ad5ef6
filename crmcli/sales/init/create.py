"""Creating a workspace, empty or with the demo company."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, Refused
from crmcli.language import together, tr
from crmcli.model.settings import LANGUAGES
from crmcli.sales.init.place import Place, settled_in
from crmcli.store import layout
from crmcli.store.config import starter
from crmcli.store.disk import files
from crmcli.store.git import commands


class AlreadyAWorkspace(Refused):
    """The folder is a workspace already."""


class FolderInUse(Refused):
    """The made-up company needs a folder that has none of its files."""


@dataclass(frozen=True, slots=True)
class NewWorkspace:
    """A new workspace: files made, files that were there and stay, and what could not be done."""

    root: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...] = ()


def create_workspace(
    root: Path,
    *,
    language: str = "ru",
    demo: bool = False,
    use_git: bool = True,
    now: datetime | None = None,
    place: Place | None = None,
) -> NewWorkspace:
    """Create a workspace in a folder; existing files are left as they are. AlreadyAWorkspace if it is one."""
    if language not in LANGUAGES:
        raise BadUsage(tr("no starter in {!r}", language), tr("one of {}", ", ".join(LANGUAGES)))
    if demo and language != "ru":
        raise BadUsage("the demo company is in Russian", "leave out --lang, or --demo")
    root = root.absolute()
    _check_folder(root)
    wanted = starter.starter_files(language, demo=demo)
    if place is not None:
        wanted[layout.SETTINGS] = settled_in(wanted[layout.SETTINGS], place)
    missing = starter.missing_from(root, wanted)
    kept = [path for path in wanted if path not in missing]
    if demo and (layout.SETTINGS in kept or layout.PIPELINES in kept or (root / "data").exists()):
        raise FolderInUse(
            tr("{} already has records or settings", root), "make the demo in an empty folder"
        )
    with files.os_errors("make the folder {}", root):
        root.mkdir(parents=True, exist_ok=True)
    starter.write_new(root, {path: wanted[path] for path in missing})
    files.make_folders(root, layout.DATA)
    made = list(missing)
    if demo:
        from crmcli.sales.init.demo import play

        made += play(root, now)
    notes = _begin_history(root, made, demo=demo) if use_git else []
    return NewWorkspace(root, tuple(made), tuple(kept), (*_notes_on(root, kept), *notes))


def _check_folder(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise BadUsage(tr("{} is not a folder", root), "name a folder that does not exist yet")
    has = [name for name in (layout.PIPELINES, layout.SETTINGS) if (root / name).exists()]
    if layout.PIPELINES in has and (len(has) > 1 or (root / layout.DATA).exists()):
        raise AlreadyAWorkspace(
            tr("{} is already a workspace", root), "work in it, or name another folder"
        )


def _notes_on(root: Path, kept: list[str]) -> list[str]:
    notes = [tr("{} already exists and is left as it is", path) for path in kept]
    if ".gitignore" in kept:
        ignored = files.read_bytes(root / ".gitignore").decode("utf-8", "replace").split()
        lacking = [name for name in (".crm/", "outbox/") if name not in ignored]
        if lacking:
            notes.append(tr("add to .gitignore: {}", together(lacking)))
    return notes


def _begin_history(root: Path, paths: list[str], *, demo: bool) -> list[str]:
    """Make the first commit; notes on what did not go, since a workspace works without git too."""
    if not commands.is_installed():
        return ["git is not installed: the workspace has no file history"]
    top = commands.top_of(root)
    if top is not None and not top.samefile(root) and commands.is_ignored(root):
        top = None  # a repository that looks away is not ours: the workspace gets one of its own
    if top is not None and not top.samefile(root):
        return [tr("the folder belongs to the git repository {}: commit it there", top)]
    try:
        if top is None:
            commands.begin(root)
        ignored = commands.ignored(root, paths)
        if ignored:
            return [
                tr(
                    "nothing is committed: git add would leave out {}",
                    ", ".join(sorted(ignored)[:3]),
                )
            ]
        commands.commit(root, paths, "New workspace" + (" with the demo company" if demo else ""))
    except commands.GitFailed as failure:
        return [tr("nothing is committed: {}", failure.message)]
    return []
