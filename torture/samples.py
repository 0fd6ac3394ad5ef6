"""The cases of `make test` that are samples of many of one kind (`kit.some`), all of them."""

from __future__ import annotations

import re
from pathlib import Path

from torture.codec import ROOT, examined
from torture.score import Score

_PASSED = re.compile(r"(\d+) passed")


def sampled() -> list[str]:
    """The files with tests that take a sample."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(p.relative_to(ROOT)) for p in found if "kit.some(" in p.read_text("utf-8")]


def samples(folder: Path, *, most: int = 0) -> Score:
    """Whatever holds for the sample holds for all; or look at so many files only."""
    score = Score("samples")
    files = sampled()
    said = examined(score, folder, "--whole", *files[: most or None])
    score.ran(sum(map(int, _PASSED.findall(said))))
    score.remark(f"{score.runs} tests of {len(files)} files")
    return score.stop()
