"""Pictures in the HTML of a letter: files beside its template go along, and are shown without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.language import tr

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.channels.message import AttachedFile

_SRC = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*)(["'])([^"'<>{}]{1,300})\2""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|/|#|$", re.IGNORECASE)
"""What an address begins with that is no file beside the template."""
FOLDERS = ("templates/mail", "templates")


def names_in(html: str) -> list[str]:
    """The files that the pictures of an HTML text name, each once."""
    found = (match[3].strip() for match in _SRC.finditer(html))
    return list(dict.fromkeys(name for name in found if not _ELSEWHERE.match(name)))


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
