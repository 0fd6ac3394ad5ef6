"""The templates/ folder: which files a template may be read from, and how."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from crmcli.language import tr
from crmcli.render.template_head import TemplateFailed
from crmcli.store.disk.files import is_file

MAX_SOURCE = 256 * 1024


class TemplateFolder:
    """A folder of templates; nothing outside of it is read, whatever a path or a link says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def shown(self, path: str) -> str:
        """The path as messages name it, from the workspace's root."""
        return f"{self.folder.name}/{path}"

    def has(self, path: str) -> bool:
        """Whether there is such a template, or one in a folder that cannot be read."""
        return is_file(self._place(path))

    def paths(self) -> list[str]:
        """The templates that are there, by their paths below the folder; one that an undo emptied is not."""
        found = (one for one in self.folder.rglob("*.j2") if one.lstat().st_size)
        return sorted(one.relative_to(self.folder).as_posix() for one in found)

    def read(self, path: str) -> str:
        """The text of a template; TemplateFailed if it is absent, too long or no UTF-8."""
        place = self._place(path)
        shown = self.shown(path)
        if not is_file(place):
            raise TemplateFailed(shown, 0, tr("no such template"), self._others(path))
        try:
            with place.open("rb") as file:
                data = file.read(MAX_SOURCE + 1)
        except OSError as error:
            raise TemplateFailed(shown, 0, tr("cannot be read: {}", error.strerror)) from error
        if len(data) > MAX_SOURCE:
            raise TemplateFailed(shown, 0, tr("is longer than {} KB", MAX_SOURCE // 1024))
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise TemplateFailed(shown, line, "is not UTF-8", "save it as UTF-8") from None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _place(self, path: str) -> Path:
        """The file of a template; TemplateFailed for a path that leads out of the folder."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
            told = tr("is not a path below {}/", self.folder.name)
            hint = "write it like mail/hello.j2"
            raise TemplateFailed(path or "a template without a name", 0, told, hint)
        place = self.folder.joinpath(*parts)
        if place.resolve() != self.folder.parent.resolve().joinpath(self.folder.name, *parts):
            told = "is or lies behind a symbolic link"
            raise TemplateFailed(self.shown(path), 0, told, "put the file itself there")
        return place

    def _others(self, path: str) -> str:
        """The templates that stand beside the one that is missing; all, where that names no folder there."""
        beside = PurePosixPath(path).parent
        is_named = beside.parts and (self.folder / beside).is_dir()
        found = sorted(
            (self.folder / beside).glob("*.j2") if is_named else self.folder.rglob("*.j2")
        )
        there = ", ".join(str(one.relative_to(self.folder)) for one in found[:20])
        folder = f"{self.folder.name}/{beside}".removesuffix("/.")
        return tr("there are: {}", there) if there else tr("{}/ has no templates", folder)
