"""Runs crm, and after each of its transactions copies what must last to a folder.

`python -m torture.snapshots FOLDER [crm arguments]`. What a kill may leave is one of these copies:
they are taken by looking, without any part of the recovery that is under test.
"""

from __future__ import annotations

import sys
from pathlib import Path

from crmcli.cli.main import main
from crmcli.store.disk.transaction import Transaction
from torture.states import with_rules


def watch(folder: Path) -> None:
    """Let every transaction of this process leave a copy behind."""
    commit = Transaction.commit
    taken = 0

    def copied(plan: Transaction) -> str:
        nonlocal taken
        result = commit(plan)
        taken += 1
        for path, data in with_rules(plan.root).items():
            copy = folder / f"{taken:04}" / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
        return result

    Transaction.commit = copied  # type: ignore[method-assign, assignment]  # only in this process, to look on


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    main()
