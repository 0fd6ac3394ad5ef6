"""The refusal of a template: which file, which line, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from crmcli.errors import InvalidData, Problem


class TemplateFailed(InvalidData):
    """A template cannot be rendered; `problem` holds its file and line."""

    def __init__(self, path: str, line: int, message: str, hint: str = "") -> None:
        self.problem = Problem(path, line, message, hint)
        where = f"{path}, line {line}" if line else path
        super().__init__(f"{where}: {message}", hint)


def nearest(name: str, known: Iterable[str]) -> str:
    """What to tell about an unknown name: the nearest known one, else all of them."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(name, names, 1)
    told = f"known: {', '.join(names)}"
    if close:
        return f"did you mean {close[0]!r}?" + (f" {told}" if len(names) < 12 else "")
    return told
