"""Pictures in the HTML of a letter: files beside its template go along, and are shown without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import Problem
from crmcli.language import tr

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.channels.message import AttachedFile

_SRC = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*)(["'])([^"'<>{}]{1,300})\2""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|/|#|$", re.IGNORECASE)
"""What an address begins with that is no file beside the template."""
_REMARK = re.compile(r"\{#.*?#\}", re.DOTALL)
FOLDERS = ("templates/mail", "templates")


def names_in(html: str) -> list[str]:
    """The files that the pictures of an HTML text name, each once."""
    found = (match[3].strip() for match in _SRC.finditer(html))
    return list(dict.fromkeys(name for name in found if not _ELSEWHERE.match(name)))


def missing_in(root: Path, template: str, source: str) -> Iterator[Problem]:
    """The pictures that a template's source names and that are not there, each with its line; those that
    are named by a value only the finished text tells."""
    html = _REMARK.sub(lambda match: "\n" * match[0].count("\n"), source)
    for match in _SRC.finditer(html):
        name = match[3].strip()
        places = _places_for(template, name)
        if _ELSEWHERE.match(name) or any(_is_there(root, place) for place in places):
            continue
        line = html.count("\n", 0, match.start(3)) + 1
        told, hint = tr("no picture {!r}", name), tr("put it into {}", f"{FOLDERS[0]}/")
        if places == [name]:
            hint = "pages name it by its path from the root of the workspace"
        yield Problem(f"templates/{template}", line, told, hint)


def _is_there(root: Path, place: str) -> bool:
    """Whether a file is in the workspace, neither by a link nor by `..`, which no letter takes along."""
    return (root / place).is_file() and (root / place).resolve() == root.resolve() / place


def _places_for(template: str, name: str) -> list[str]:
    """Where a picture may be that a template names: of letters beside them, of pages below the root."""
    if template.startswith("mail/"):
        return [*_places(name)]
    is_piece = template.rpartition("/")[2].startswith("_")  # which letters and pages may include
    return [*_places(name), name] if is_piece else [name]


def with_pictures(root: Path, html: str) -> tuple[str, tuple[AttachedFile, ...]]:
    """The HTML with each picture named by what goes along, and the files; NoAttachment if one is missing."""
    found = {name: _picture(root, name) for name in names_in(html)}

    def shown(match: re.Match[str]) -> str:
        file = found.get(match[3].strip())
        return match[0] if file is None else f"{match[1]}{match[2]}cid:{file.cid}{match[2]}"

    return _SRC.sub(shown, html), tuple(found.values())


def _picture(root: Path, name: str) -> AttachedFile:
    from crmcli.channels.message import NoAttachment, attachment, fingerprint

    for path in _places(name):
        if (root / path).is_file():
            file = attachment(root, path)
            return replace(file, cid=f"{fingerprint(path)}@crm")
    told = tr("no picture {!r} beside the template", name)
    raise NoAttachment(told, tr("put it into {}", f"{FOLDERS[0]}/"))


def _places(name: str) -> Iterator[str]:
    for folder in FOLDERS:
        yield f"{folder}/{name}"
