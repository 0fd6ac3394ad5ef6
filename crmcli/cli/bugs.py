"""The report file of an error of crm's own, and the two lines that tell of it."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from crmcli import __version__
from crmcli.errors import kind_of_bug
from crmcli.language import tr
from crmcli.model.redaction import redacted

EXIT = 70
SHOWN = 20
"""Records that a report names; more of the same kind say no more."""


def write_report(error: BaseException, met: Sequence[str] = ()) -> str:
    """Write what is needed to fix it; the path. A kind of bug has one file, however often it is met."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="crm-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
    ) as report:
        report.write(f"crm {__version__}, Python {sys.version}, {sys.platform}\n")
        if met:
            more = f" and {len(met) - SHOWN} more" if len(met) > SHOWN else ""
            report.write(f"met over {', '.join(met[:SHOWN])}{more}\n")
        report.write(redacted("".join(traceback.format_exception(error))))
    digest = hashlib.sha256(kind_of_bug(error).encode()).hexdigest()[:8]
    path = Path(report.name).with_name(f"crm-bug-{os.getuid()}-{digest}.txt")
    try:
        Path(report.name).replace(path)
    except OSError:
        return report.name  # somebody else's file has that name
    return str(path)


def told(error: BaseException, path: str, met: Sequence[str] = ()) -> tuple[str, str]:
    """The sentence and the hint."""
    over = f", over {met[0]}" + (f" and {len(met) - 1} more" if len(met) > 1 else "") if met else ""
    return (
        tr("this is a bug in crm: {}", f"{type(error).__name__}{over}"),
        tr("the report is in {}; please send it to us", path),
    )
