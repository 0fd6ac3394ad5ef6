"""Kinds of input that were tried and what comes out of each form: the tables of docs/tried.md.

A file here is a chapter: one `Tried` or more in `CHAPTER`. tests/test_tried.py tries every form.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs/tried.md"


class Tried(NamedTuple):
    """A kind of input: its heading, what each form comes out as, and how that is found.

    `comes_out` gets the form and an empty folder to work in; what it says stands in the table.
    """

    kind: str
    forms: Mapping[str, str]
    comes_out: Callable[[str, Path], str]


def chapters() -> list[Tried]:
    """Every kind that was tried, in the order of the files' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{n}") for n in names if n != "__main__"]
    return [tried for module in modules for tried in module.CHAPTER]


def page() -> str:
    """The text of docs/tried.md."""
    return "\n".join([_HEAD, *(_table(tried) for tried in chapters())])


def _table(tried: Tried) -> str:
    rows = (f"| {_cell(form)} | {_cell(out)} |" for form, out in tried.forms.items())
    return "\n".join([f"## {tried.kind}", "", "| given | comes out |", "|---|---|", *rows, ""])


def _cell(text: str) -> str:
    shown = text.replace("\n", " ⏎ ").replace("|", "\\|")
    return f"`{shown}`" if text.strip() else "(empty)"


_HEAD = """# What was tried

The forms in which people and other programs write things, and what comes out of each.
`make docs` writes this page from the tables in `tests/tried`; `pytest tests/test_tried.py` tries every line.
"""
