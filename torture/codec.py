"""The property tests of record files and conditions, with many times the examples of `make test`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from torture.score import Score
from torture.tracing import environ

ROOT = Path(__file__).parents[1]
TESTS = tuple(f"tests/store/test_{name}.py" for name in ("codec", "codec_records", "query"))
_TRIED = re.compile(r"- (\d+) passing")


def codec(folder: Path, *, times: int = 40) -> Score:
    """What is written reads back alike by us, PyYAML and a YAML 1.2 reader; a change stays small."""
    score = Score("codec")
    more = ("--hypothesis-show-statistics", *TESTS)
    said = examined(score, folder, *more, TORTURE_TIMES=str(times))
    score.ran(sum(map(int, _TRIED.findall(said))))
    readers = "our own reader, PyYAML's two and ruamel.yaml's for YAML 1.1 and 1.2"
    score.remark(f"{score.runs} examples, read by {readers}")
    return score.stop()


def examined(score: Score, folder: Path, *words: str, **more: str) -> str:
    """Run tests; what they say. One that fails is a fault."""
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist",
         f"--basetemp={folder / 'tmp'}", *words),
        cwd=ROOT, env=environ(CRM_NOW="", **more), capture_output=True, text=True,
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "E "))]
    if done.returncode:
        score.fault("other", "\n".join(said)[-4000:] or done.stdout[-2000:] + done.stderr[-1000:])
    return done.stdout
