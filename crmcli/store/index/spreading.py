"""Rows of which many are alike, as ways through stages: added up before they are spread over stages."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.store.index.rows_of_reports import Spread


def spread_out(
    spread: Spread,
    keys: Sequence[str],
    cells: Sequence[tuple[str, str]],
    example: str,
    rows: str,
) -> str | None:
    """What asks for the cells by keys, each cell with the flag by which it counts; None where one of them
    cannot be added up before. `rows` are the tables and which of their rows are kept."""
    of = f"{spread.name}."
    own = [*dict.fromkeys(key for key in keys if of not in key)]
    added = [*dict.fromkeys(cell for cell, _ in cells)]
    if any(of in text for text in (*added, rows)) or not all(
        flag.startswith(of) for _, flag in cells if flag
    ):
        return None
    told = [f"{text} AS k{n}" for n, text in enumerate(own)]
    told += [f"{text} AS c{n}" for n, text in enumerate(added)]
    by = ", ".join(str(n + 1) for n in range(len(own) + 1))
    few = f"SELECT {spread.tables}.{spread.by} AS alike, {', '.join([*told, f'{example} AS example'])}"
    outer = [f"x.k{own.index(key)}" if key in own else key for key in keys]
    outer.append("min(x.example)")
    outer += [
        f"sum(x.c{added.index(cell)})" + (f" FILTER (WHERE {flag})" if flag else "")
        for cell, flag in cells
    ]
    flags = [flag or "1" for _, flag in cells]
    groups = ", ".join(str(n + 1) for n in range(len(keys)))
    return (
        f"SELECT {', '.join(outer)} FROM ({few} FROM {rows} GROUP BY {by}) AS x"
        f" JOIN {spread.over} AS {spread.name} ON {spread.name}.{spread.by} = x.alike"
        f" WHERE {' OR '.join(dict.fromkeys(flags))}"
        + (f" GROUP BY {groups} ORDER BY {groups}" if groups else "")
    )
