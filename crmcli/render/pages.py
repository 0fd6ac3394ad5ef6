"""Pages of HTML as files of their own: with their pictures inside, and as PDF."""

from __future__ import annotations

import base64
import gc
import logging
import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcli.errors import InvalidData, ServiceFailed
from crmcli.language import tr
from crmcli.store.disk import files

if TYPE_CHECKING:
    from datetime import datetime

INSTALL = "pip install 'crmcli[pdf]'"
LIBRARIES = "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
LARGEST = 2_000_000
"""Bytes of one picture."""
_TYPES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".svg": "svg+xml"}
_BEGINS = {"png": b"\x89PNG", "jpeg": b"\xff\xd8", "gif": b"GIF8", "svg+xml": b"<"}
_PICTURE = re.compile(r"""(<img\b[^>]*?\bsrc=)(["'])(?!data:)([^"']*)\2""", re.IGNORECASE)
_KEPT = re.compile(r"<style\b.*?</style>|<[^>]*>|&[#\w]+;", re.DOTALL | re.IGNORECASE)
_HYPHENED = re.compile(r"\w[\w./]*(?:-[\w./]+)+")
_LONGEST = 30
"""Letters of a word that is kept whole; a longer one would not fit into its column."""


class NoPicture(InvalidData):
    """A picture that a page shows is not there, or is none."""


class NoPdf(ServiceFailed):
    """What makes PDF files is not installed."""


def with_pictures(html: str, root: Path) -> str:
    """The page with its pictures inside it, which are named by their paths from the workspace's root.
    NoPicture for one that is missing or elsewhere."""

    def inside(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{_picture(root, match[3])}{match[2]}"

    return _PICTURE.sub(inside, html)


def _picture(root: Path, path: str) -> str:
    kind = _TYPES.get(Path(path).suffix.lower())
    if kind is None or ":" in path or any(part.startswith(".") for part in path.split("/")):
        told = tr("{!r} is not a picture of the workspace", path)
        raise NoPicture(told, "give the path of a PNG, JPEG, GIF or SVG file from the root")
    try:
        content = files.read_bytes(files.inside(root, path), most=LARGEST + 1)
    except files.Missing:
        hint = "put it there, or correct company: in settings.yaml, or the template"
        raise NoPicture(tr("no such picture: {}", path), hint) from None
    if len(content) > LARGEST:
        raise NoPicture(
            tr("{} is larger than {} MB", path, LARGEST // 1_000_000), "make it smaller"
        )
    if not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_BEGINS[kind]):
        told = tr("{} does not hold the picture that its name says", path)
        raise NoPicture(told, "save it anew as PNG, JPEG, GIF or SVG")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def has_pdf() -> bool:
    """Whether the package that makes PDF files is installed."""
    return find_spec("weasyprint") is not None


def to_pdf(html: str, made_at: datetime, variant: str = "") -> bytes:
    """A page with its pictures inside as PDF: the same bytes for the same page and time. NoPdf without the
    extra. Nothing is fetched from anywhere. `variant` is one of PDF for archives, as `pdf/a-3b`."""
    try:
        with warnings.catch_warnings():  # it foretells what later versions will want
            warnings.simplefilter("ignore", DeprecationWarning)
            import weasyprint  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        raise NoPdf("the package that makes PDF files is not installed", INSTALL) from None
    except OSError as error:
        raise NoPdf(tr("a library that makes PDF files is missing: {}", error), LIBRARIES) from None
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    created = f'<meta name="dcterms.created" content="{made_at.isoformat()}">'
    page = unbroken(html).replace("<head>", f"<head>{created}", 1)
    only_inside = weasyprint.urls.URLFetcher(allowed_protocols=["data"])
    collects = gc.isenabled()
    gc.disable()  # millions of boxes live until the end: looking for garbage takes a quarter of the time
    try:
        document = weasyprint.HTML(string=page, url_fetcher=only_inside)
        content = document.write_pdf(
            pdf_identifier=b"crm", pdf_variant=variant or None, finisher=_plain_hyphens
        )
    finally:
        if collects:
            gc.enable()
    assert isinstance(content, bytes)
    return content


def _plain_hyphens(document: object, pdf: Any) -> None:
    """Let what is copied out of the file, or searched in it, have the hyphens that were written."""
    for part in pdf.objects:
        lines = getattr(part, "stream", ())
        if b"begincmap" in lines:
            part.stream = [line.replace(b"<2011>", b"<002d>") for line in lines]


def unbroken(html: str) -> str:
    """The page with every word that has hyphens, as a number has, kept on one line: with hyphens that do not
    break. An element around each such word would make a long document a third slower."""
    head, body, rest = html.partition("<body")
    own, end, rest = rest.partition(">")
    parts = [head, body, own, end]
    at = 0
    for tag in _KEPT.finditer(rest):
        parts += [_HYPHENED.sub(_whole, rest[at : tag.start()]), tag[0]]
        at = tag.end()
    return "".join(parts) + _HYPHENED.sub(_whole, rest[at:])


def _whole(match: re.Match[str]) -> str:
    word = match[0]
    return word.replace("-", "\u2011") if len(word) <= _LONGEST else word
