"""The language in which crm speaks to people: English as it stands in the code, others by gettext.

A text with values goes through `tr` where it is made. One without may be handed on as it is: what prints
looks it up. Names of commands and options, keys of JSON and of files and the names of errors stay English.
"""

from __future__ import annotations

import gettext
import os
import re
import struct
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ru")
CATALOGUES = Path(__file__).with_name("locale")
DOMAIN = "messages"
"""gettext's own default, in which click looks for what it says by itself."""

MUCH = 65_536
"""Bytes of settings.yaml that are looked at."""

_of_workspace: ContextVar[str] = ContextVar("language", default="")
_spoken: ContextVar[str] = ContextVar("spoken", default="")


def prefer(language: str) -> None:
    """Speak the language of a workspace, unless CRM_LANG names another."""
    _of_workspace.set(language)
    _spoken.set(_chosen())
    if spoken() != "en":
        gettext.bindtextdomain(DOMAIN, str(CATALOGUES))
    if gettext.bindtextdomain(DOMAIN) == str(
        CATALOGUES
    ):  # for click, also if it spoke Russian before
        os.environ["LANGUAGE"] = spoken()


def speak(language: str) -> None:
    """Speak this language in this thread, whatever the environment says: it is a client who listens."""
    _spoken.set(language)


def of_folder(start: Path) -> str:
    """The language that the workspace around a folder names, at a glance: for help, which opens none."""
    with suppress(OSError):
        for folder in (start.absolute(), *start.absolute().parents):
            if (folder / "pipelines.yaml").is_file() and (folder / "settings.yaml").is_file():
                with (folder / "settings.yaml").open("rb") as file:
                    found = re.search(rb"^language: *['\"]?(\w+)", file.read(MUCH), re.MULTILINE)
                return found[1].decode("ascii", "replace") if found else ""
    return ""


def spoken() -> str:
    """The language in which people are spoken to."""
    return _spoken.get() or _chosen()


def _chosen() -> str:
    """The first known language of CRM_LANG, the workspace and the environment (LC_ALL, LANG)."""
    environ = os.environ
    system = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG", "")
    wishes = (environ.get("CRM_LANG", ""), _of_workspace.get(), system)
    return next((wish[:2].lower() for wish in wishes if wish[:2].lower() in LANGUAGES), "en")


def tr(text: str, /, *values: object) -> str:
    """A text for people in the language spoken, each `{}` filled in by its value."""
    return tr_in(text, spoken(), *values)


def tr_in(text: str, language: str, /, *values: object) -> str:
    """A text in some language: what is written into a record speaks the workspace's, whoever writes."""
    told = text if language == "en" or not text else _said(text, language)
    return told.format(*values) if values else told


def in_all(text: str) -> list[str]:
    """A text as each language says it: what people type may be of any."""
    return [text, *(_catalogue(one).gettext(text) for one in LANGUAGES if one != "en" and text)]


def counted(count: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`; `many` where an s is not enough: `counted(2, "company", "companies")`."""
    language, many = spoken(), many or f"{one}s"
    if language == "en":
        return f"{count:,} {one if count == 1 else many}"
    words = _catalogue(language).ngettext(one, many, count)
    return f"{count:,} {words}".replace(",", "\N{NO-BREAK SPACE}")


def together(values: Sequence[str]) -> str:
    """A list in a sentence: `a, b and c`."""
    if len(values) < 2:
        return "".join(values)
    return tr("{} and {}", ", ".join(values[:-1]), values[-1])


@lru_cache(maxsize=1000)  # what is said of each record is looked up once
def _said(text: str, language: str) -> str:
    return _catalogue(language).gettext(text)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, CATALOGUES, [language], class_=_Catalogue, fallback=True)


class _Catalogue(gettext.GNUTranslations):
    """A compiled catalogue that is not read whole: of its thousands of texts a command says a few."""

    def _parse(self, fp: Any) -> None:
        self._catalog = _Texts(fp.read())

    @cached_property
    def plural(self) -> Callable[[int], int]:
        """Which form a number takes."""
        return gettext.c2py(self._catalog[""].partition("plural=")[2].partition(";")[0])


class _Texts:
    """What stands in a compiled catalogue, by msgid, or by msgid and form for those with a plural."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._count, self._ids, self._texts = struct.unpack_from("<3I", content, 8)

    def _entry(self, table: int, number: int) -> bytes:
        length, start = struct.unpack_from("<2I", self._content, table + 8 * number)
        return self._content[start : start + length]

    def get(self, key: str | tuple[str, int], missing: object = None) -> Any:
        """The text, found by halves: msgids stand in the order of their bytes."""
        word, form = key if isinstance(key, tuple) else (key, 0)
        wanted = word.encode("utf-8", "replace")
        at = bisect_left(range(self._count), wanted, key=partial(self._entry, self._ids))
        found = self._entry(self._ids, at) if at < self._count else b""
        if found.partition(b"\0")[0] != wanted or (b"\0" in found) != isinstance(key, tuple):
            return missing
        return self._entry(self._texts, at).split(b"\0")[form].decode()

    def __getitem__(self, key: str | tuple[str, int]) -> Any:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found
