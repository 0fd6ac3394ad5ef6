"""The files that a new workspace begins with: they come with the package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import crmcli
from crmcli.store.disk import files
from crmcli.store.layout import PIPELINES

_FOLDER = Path(crmcli.__file__).parent / "starter"
_DOTTED = {"gitignore": ".gitignore", "gitattributes": ".gitattributes"}
"""Names that packaging would leave out, and what they are called in a workspace."""

STORY = "story.yaml"


def starter_files(language: str, *, demo: bool = False) -> dict[str, bytes]:
    """The content of every file of a new workspace, by path; pipelines.yaml, which makes it one, is the
    last, so that an interrupted start can be repeated."""
    from crmcli.store.config.schemas import schema_files

    found = dict(_read(_FOLDER / "common")) | dict(_read(_FOLDER / language)) | schema_files()
    if demo:
        found |= dict(_read(_FOLDER / "demo"))
    found.pop(STORY, None)
    pipelines = found.pop(PIPELINES)
    return {**found, PIPELINES: pipelines}


def demo_story() -> bytes:
    """What happened in the made-up company, as YAML."""
    return files.read_bytes(_FOLDER / "demo" / STORY)


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder).as_posix()
            yield _DOTTED.get(name, name), files.read_bytes(path)


def missing_from(root: Path, wanted: Mapping[str, bytes]) -> list[str]:
    """The paths that a folder does not have yet, in order; a link counts as being there."""
    return [
        path for path in wanted if not (root / path).exists() and not (root / path).is_symlink()
    ]


def write_new(root: Path, wanted: Mapping[str, bytes]) -> None:
    """Write files that are not there, durably; one that has appeared meanwhile is refused."""
    for path, data in wanted.items():
        folder, _, _ = path.rpartition("/")
        if folder:
            files.make_folders(root, folder)
        files.write_file(root / path, data)
    for touched in {(root / path).parent for path in wanted}:
        files.fsync_dir(touched)
