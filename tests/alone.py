"""Imports each module of crm where none has been imported of those that it does not import itself, and prints those
that cannot be: `python tests/alone.py MODULE…`.

Each import is a fork of its own. It need not begin with nothing: what a module imports in any case, and what does
not import that module, may be there already. The code of all is read once.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).parents[1]
FLOORS = ("crmcli.sales.add", "crmcli.workspace", "crmcli.model.kinds")
"""What much of the rest imports, that which brings most of all first."""
IMPORTS = re.compile(
    r"^(?:from (crmcli[\w.]*) import (\([^)]*\)|.*)|import (crmcli[\w.]*))", re.MULTILINE
)


@functools.cache
def file_of(module: str) -> Path | None:
    """Where a module of ours stands; None if there is none of that name."""
    path = ROOT.joinpath(*module.split("."))
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found if module.partition(".")[0] == "crmcli" and found.exists() else None


class Reader(SourceFileLoader):
    """Has read the code before it is wanted."""

    @functools.cache  # noqa: B019  # to the end of this process
    def get_code(self, fullname: str) -> CodeType | None:
        return super().get_code(fullname)


class Finder:
    """Finds our modules without a look at the disk."""

    def __init__(self, modules: Iterable[str]) -> None:
        self._readers = {name: Reader(name, str(file_of(name))) for name in modules}
        for name, reader in self._readers.items():
            reader.get_code(name)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """As the import system asks."""
        if name not in self._readers:
            return None
        file = Path(self._readers[name].path)
        within = [str(file.parent)] if file.name == "__init__.py" else None
        return spec_from_file_location(
            name, file, loader=self._readers[name], submodule_search_locations=within
        )


@functools.cache
def imported(module: str) -> frozenset[str]:
    """The modules of ours that its lines import which run in any case (they are not indented), and those above it."""
    file = file_of(module)
    assert file, module
    names = [module.rpartition(".")[0]]
    for within, listed, whole in IMPORTS.findall(file.read_text("utf-8")):
        names += [whole or within, *(f"{within}.{name}" for name in re.findall(r"\w+", listed))]
    return frozenset(name for name in names if file_of(name))


@functools.cache
def all_imported(module: str) -> frozenset[str]:
    """What is there when a module has been imported."""
    found, left = set(), [module]
    while left:
        for name in imported(left.pop()) - found:
            found.add(name)
            left.append(name)
    return frozenset(found)


def in_a_fork(work: Callable[[], object]) -> bool:
    """Whether it went well."""
    process = os.fork()
    if not process:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    return os.waitpid(process, 0)[1] == 0


def try_each(modules: Iterable[str]) -> None:
    """Say which cannot be imported from here."""
    for module in modules:
        if not in_a_fork(functools.partial(import_module, module)):
            print(module, flush=True)


def from_floor(floor: str, modules: Iterable[str]) -> None:
    """The same where that one has been imported."""
    import_module(floor)
    gc.freeze()
    try_each(modules)


def have_what_is_not_ours(modules: Iterable[str]) -> None:
    """Have the libraries, and the patterns that Python keeps, and forget our own."""
    re._MAXCACHE = 1 << 20  # type: ignore[attr-defined]
    for module in modules:
        with contextlib.suppress(BaseException):  # which is told when it is tried
            import_module(module)
    for name in [name for name in sys.modules if name.partition(".")[0] == "crmcli"]:
        del sys.modules[name]


def main(modules: list[str]) -> None:
    """Try all: each from the highest floor on which it stands in any case."""
    sys.meta_path.insert(0, Finder(modules))  # type: ignore[arg-type]  # it is as old as they come
    have_what_is_not_ours(modules)
    gc.collect()
    gc.disable()
    left = list(modules)
    for floor in FLOORS:
        here = [m for m in left if floor in all_imported(m) and m not in all_imported(floor)]
        left = [module for module in left if module not in here]
        assert in_a_fork(functools.partial(from_floor, floor, here)), floor
    gc.freeze()
    try_each(left)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    main(sys.argv[1:])
