"""The refusal of a template: which file, which line, what is wrong."""

from __future__ import annotations

from crmcli.errors import InvalidData, Problem
from crmcli.language import tr


class TemplateFailed(InvalidData):
    """A template cannot be rendered; `problem` holds its file and line."""

    def __init__(self, path: str, line: int, message: str, hint: str = "") -> None:
        self.problem = Problem(path, line, message, hint)
        where = tr("{}, line {}", path, line) if line else path
        super().__init__(f"{where}: {message}", hint)
