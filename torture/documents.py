"""Random documents and e-invoices, in many times the numbers that `make test` looks at."""

from __future__ import annotations

from pathlib import Path

from torture.codec import examined
from torture.score import Score

SUMS = "tests/model/test_sums.py::test_random_documents_equal_a_computation_of_their_own"
RULES = "tests/render/test_einvoice.py::test_random_invoices_break_no_rule"


def documents(folder: Path, *, sums: int = 10_000, invoices: int = 1_000) -> Score:
    """Sums equal a computation of their own; no e-invoice breaks an official rule, in either syntax."""
    score = Score("documents")
    examined(score, folder, f"--documents={sums}", f"--e-invoices={invoices}", SUMS, RULES)
    score.ran(sums + 2 * invoices)
    score.remark(f"{sums} documents added up, {invoices} e-invoices in each syntax")
    return score.stop()
