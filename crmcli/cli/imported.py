"""What an import did, as it is told: the batch id or the mapping, counts, reasons, sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from crmcli.cli.params import Session
from crmcli.model.entities import ENTITIES
from crmcli.model.plural import counted

if TYPE_CHECKING:
    from crmcli.sales.imports.summary import Summary

MOST_NAMED = 12
"""Names that one line of the summary lists."""


def print_summary(session: Session, found: Summary) -> None:
    """The batch id, with JSON everything, of a dry run mapping and first rows; the rest is talk."""
    out = session.out
    if out.format in ("json", "jsonl"):
        out.one(found.as_dict(), [])
        return
    if found.dry_run:
        _print_mapping(session, found)
    elif found.taken:
        out.created(found.batch)
    for line in _told(session, found):
        out.note(line)


def _print_mapping(session: Session, found: Summary) -> None:
    from crmcli.present.cells import Column

    rows = [
        {
            "column": column.label,
            "field": str(column.target)
            if column.target
            else "(left out)"
            if column.ignored
            else "-",
            "filled": found.filled.get(column.label, 0),
        }
        for column in found.columns
    ]
    columns = [
        Column("column", "Column"),
        Column("field", "Goes to"),
        Column("filled", "Filled", "count"),
    ]
    session.out.records(rows, columns)
    names = list(dict.fromkeys(name for raw in found.sample for name in raw))
    if found.decoded and session.out.is_table:
        labels = [column.label for column in found.columns]
        shown = [dict(zip(labels, map(str, cells), strict=False)) for cells in found.decoded]
        session.out.section("As they stand in the file", shown, [Column(name) for name in labels])
    if session.out.is_table and names:
        session.out.section("The first rows", found.sample, [Column(name) for name in names])


def _told(session: Session, found: Summary) -> Iterator[str]:
    """The summary for people."""
    yield from _told_of_file(found)
    yield from _told_of_rows(found)
    yield from _told_of_columns(found)
    yield from _told_of_totals(session, found)
    if found.rejects:
        yield f"the rows that were not taken are in {found.rejects}: mend them, then import that file"


def _told_of_file(found: Summary) -> Iterator[str]:
    how = found.encoding + (f", {_delimiter_name(found.delimiter)}" if found.delimiter else "")
    yield f"{found.file}: {counted(found.rows, 'row')} ({how})" + (
        ", dry run: nothing is written" if found.dry_run else ""
    )
    if not found.rows:
        yield "it has a header and no rows"
    if found.preset and not found.preset_was_asked:
        yield f"the columns are read as those of {found.preset} (--preset none: as plain words)"
    yield from found.doubts
    if found.resumed:
        yield f"goes on with {found.resumed}, which was interrupted (--again begins anew)"


def _told_of_rows(found: Summary) -> Iterator[str]:
    entity, plural = found.entity, ENTITIES[found.entity].plural
    for count, one, many in (
        (found.before, "imported before", ""),
        (found.empty_rows, "empty, passed over", ""),
        (found.created, f"{entity} created", f"{plural} created"),
        (found.repeating, f"repeating a phone, e-mail or INN: crm dupes {plural}", ""),
        (found.merged, "merged into a record that was here", "merged into records that were here"),
        (
            found.replaced,
            "replaced in a record that was here",
            "replaced in records that were here",
        ),
        (found.completed, "completed: until now known by name only", ""),
        (found.skipped, "skipped: it repeats a record", "skipped: they repeat records"),
        (found.rejected, "rejected", ""),
    ):
        if count or one == f"{entity} created":
            yield _line(count, one, many)
    for (column, reason), rows in found.reasons.most_common():
        where = f"{column}: " if column else ""
        yield f"{rows:>14} {where}{found.examples[column, reason]}"
    for entity, count in found.made.items():
        why = "created because rows name"
        yield _line(count, f"{entity} {why} it", f"{ENTITIES[entity].plural} {why} them")


def _line(count: int, one: str, many: str) -> str:
    """A count, right-aligned under the others, and its words."""
    return f"{count:>7} {one if count == 1 else many or one}"


def _told_of_columns(found: Summary) -> Iterator[str]:
    lost = {label: count for label, count in found.unmapped.items() if count}
    if lost:
        yield f"not taken, nobody knows these columns: {_counted(lost)}"
        yield "  (--map COLUMN=FIELD takes one in, --map COLUMN=comment keeps its text)"
    if found.foreign_ids:
        yield f"not taken: {counted(found.foreign_ids, 'id')} of another system"
    if found.unknown_owners:
        yield f"owners who are no users here, kept as text: {_counted(found.unknown_owners)}"
    if found.unknown_stages:
        yield f"stages that are none here: {_counted(found.unknown_stages)}"
        yield "  (--stage-map NAME=STAGE, or NAME=PIPELINE/STAGE, says which of ours is meant)"
    if found.unused_stages:
        yield f"no row has what --stage-map names: {', '.join(found.unused_stages)}"
    if found.dangling_links:
        links = counted(found.dangling_links, "link leads", "links lead")
        yield f"{links} to records that are not here (yet)"
    if found.kept:
        yield f"{counted(found.kept, 'value was', 'values were')} not merged: the records have others"
    if found.conflicts:
        lines = ", ".join(f"{line} ({column})" for line, column in found.conflicts[:MOST_NAMED])
        places = counted(len(found.conflicts), "place")
        yield f"in {places} two columns differ and the first counts, lines {lines}"


def _told_of_totals(session: Session, found: Summary) -> Iterator[str]:
    totals = found.totals
    locale = session.out.locale
    sums = [locale.money(amount, code) for code, amount in totals.amounts.items()]
    if sums:
        yield f"in all rows: {', '.join(sums)}"
    if totals.stages:
        yield f"in all rows, by stage: {_counted(totals.stages)}"
    if totals.phones:
        phones = counted(len(totals.phones), "phone")
        yield f"in all rows: {phones}, {totals.repeated_phones} repeated"


def _counted(counts: Any) -> str:
    shown = [f"{name} ({count})" for name, count in list(counts.items())[:MOST_NAMED]]
    more = len(counts) - MOST_NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _delimiter_name(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, delimiter)
