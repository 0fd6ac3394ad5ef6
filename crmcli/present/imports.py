"""What an import did, in words: where its columns went, counts, reasons, sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import Schema
from crmcli.present.cells import Column, Listing, Locale, rows_of
from crmcli.sales.records.stage_lookup import reason_field

if TYPE_CHECKING:
    from crmcli.sales.imports.resume import PastImport
    from crmcli.sales.imports.summary import Summary

LONGEST_SHOWN = 70
"""Characters that are shown of a row above the header."""

MOST_NAMED = 12
"""Names that one line of the summary lists."""

_OTHER_ROWS = {
    "total": (
        "total row at line {}{} not taken; --keep-totals takes it",
        "total rows at lines {}{} not taken; --keep-totals takes them",
    ),
    "note": (
        "note below the table at line {}{} not taken; --keep-totals takes it",
        "notes below the table at lines {}{} not taken; --keep-totals takes them",
    ),
    "numbers": (
        "row of column numbers at line {}{} not taken; --keep-totals takes it",
        "rows of column numbers at lines {}{} not taken; --keep-totals takes them",
    ),
}
"""What is said of rows that are no records: of one, and of several."""


def mapping(found: Summary) -> Listing:
    """Where the columns of the file go."""
    rows = [
        {
            "column": column.label,
            "field": str(column.target or (tr("(left out)") if column.ignored else "-")),
            "filled": found.filled.get(column.label, 0),
        }
        for column in found.columns
    ]
    filled = Column("filled", "Filled", "count")
    return Listing(rows, [Column("column", "Column"), Column("field", "Goes to"), filled])


def first_rows(found: Summary, schema: Schema) -> Iterator[tuple[str, Listing]]:
    """The first rows as they stand in the file, where its letters were guessed, and as they are taken."""
    labels = [column.label for column in found.columns]
    if found.decoded:
        cells = [dict(zip(labels, map(str, row), strict=False)) for row in found.decoded]
        yield "As they stand in the file", Listing(cells, [Column(name) for name in labels])
    names = dict.fromkeys(name for raw in found.sample for name in raw)
    if names:
        times = {field.name for field in schema.fields(found.entity) if field.kind.is_time}
        columns = [Column(n, kind="datetime" if n in times else "text") for n in names]
        yield "The first rows", Listing(found.sample, columns)


def batches(found: Iterable[PastImport]) -> Listing:
    """The imports of a workspace, and what is left of them."""
    facts = ("batch", "at", "entity", "file", "rows", "state")
    rows = [{**row, **past.counts} for past in found for row in rows_of([past], *facts)]
    columns = [
        Column("id", "Batch", keep=True), Column("at", "When", "datetime"),
        Column("entity", "Entity", "word"), Column("file", "File"),
        Column("state", "State", "word", keep=True),
        Column("rows", "Rows", "count"), Column("created", "Created", "count"),
        Column("changed", "Changed", "count"), Column("skipped", "Skipped", "count"),
        Column("rejected", "Rejected", "count"),
    ]  # fmt: skip
    return Listing([{"id": row.pop("batch"), **row} for row in rows], columns)


def summary(found: Summary, locale: Locale) -> Iterator[str]:
    """What was done with the file, line by line."""
    yield from _told_of_file(found)
    yield from _told_of_rows(found)
    yield from _told_of_refusals(found)
    yield from _told_of_columns(found)
    yield from _told_of_totals(found, locale)
    yield from _told_of_rejects(found)


def losses(found: Summary) -> Iterator[str]:
    """What nobody may miss: rejected rows, refusals and columns that were not taken."""
    if found.rejected:
        yield f"{found.file}: {found.rejected} {tr('rejected')}"
        yield from _reasons(found)
        yield from _told_of_rejects(found)
    yield from _told_of_consent_columns(found)
    yield from _told_of_wrong_guesses(found)


def _told_of_rejects(found: Summary) -> Iterator[str]:
    texts = {
        (True, False): "rejected rows are in {}: fix them and import that file",
        (True, True): "rejected and skipped rows are in {}: fix them and import that file",
        (False, True): "skipped rows are in {}, each with what it repeats",
    }
    if found.rejects:
        yield tr(texts[found.rejected > 0, found.skipped > 0], found.rejects)


def _told_of_file(found: Summary) -> Iterator[str]:
    delimiters = {",": tr("comma"), ";": tr("semicolon"), "\t": tr("tab")}
    how = ", ".join(
        filter(None, (found.encoding, delimiters.get(found.delimiter, found.delimiter)))
    )
    dry = tr(", dry run: nothing was written") if found.dry_run else ""
    yield f"{found.file}: {counted(found.rows, 'row')} ({how}){dry}"
    if not found.rows:
        yield tr("it has a header and no rows")
    if found.preset and not found.preset_was_asked:
        yield tr("columns read as those of {} (--preset none to turn that off)", found.preset)
    if found.skipped_above:
        yield tr("the header is in line {} (--header-row N says another)", found.header_line)
        yield from (f"  {text[:LONGEST_SHOWN]}" for text in found.skipped_above[:MOST_NAMED])
    yield from found.doubts
    if found.resumed:
        yield tr("continuing {}, which was interrupted (--again starts over)", found.resumed)


def _told_of_rows(found: Summary) -> Iterator[str]:
    known = tr("with a known phone, e-mail or INN: see crm dupes {}", ENTITIES[found.entity].plural)
    yield from (
        _line(count, text)
        for count, text in (
            (found.before, "imported before"),
            (found.empty_rows, "empty, skipped"),
            (found.created or None, _created(found.created, found.becomes or found.entity)),
            (found.repeating, known),
            (found.merged, "already here, merged"),
            (found.replaced, "already here, replaced"),
            (found.unchanged, "already here, unchanged"),
            (found.completed, "completed: known by name only until now"),
            (
                found.skipped,
                tr("skipped: a duplicate") if found.skipped == 1 else tr("skipped: duplicates"),
            ),
            (found.rejected, tr("rejected")),
        )
        if count != 0
    )
    if found.apart:
        told = "of these share something with a record of another name or number: {}{}"
        yield _line(len(found.apart), _shown(told, found.apart))
    if found.known:
        yield _line(len(found.known), _shown("of these may be known already: {}{}", found.known))
    yield from _told_of_other_rows(found)
    yield from _reasons(found)
    yield from _told_of_doubts(found)
    yield from _told_of_ends(found)
    for entity, count in found.made.items():
        yield _line(count, tr("{} (named in rows)", _created(count, entity)))


def _told_of_other_rows(found: Summary) -> Iterator[str]:
    for kind, lines in found.other_rows.items():
        yield _at_lines(lines, *_OTHER_ROWS[kind])
    yield from (f"{' ':>14} {text[:LONGEST_SHOWN]}" for text in found.notes[:MOST_NAMED])


def _reasons(found: Summary) -> Iterator[str]:
    for (column, reason), rows in found.reasons.most_common():
        where = f"{column}: " if column else ""
        yield f"{rows:>14} {where}{found.examples[column, reason]}"


def _told_of_refusals(found: Summary) -> Iterator[str]:
    """Who must not be written to or called any more, and where the base refuses more than the file."""
    refusals = {column: count for column, count in found.refusals.items() if count}
    if refusals:
        yield tr("refusals (do_not), rows by column: {}", _counted(refusals))
    kept = "refusals kept in {}: the file allows it, --allow-consent-changes lifts them"
    for count, told in (
        (found.refusals_added, "refusals of skipped rows were added to {} already here"),
        (found.refusals_lifted, "refusals lifted in {} (--allow-consent-changes)"),
        (found.refusals_kept, kept),
    ):
        if count:
            yield tr(told, counted(count, "record"))
    yield from _told_of_consent_columns(found)


def _told_of_consent_columns(found: Summary) -> Iterator[str]:
    if found.about_consent:
        first = next(iter(found.about_consent))
        yield tr("NOT IMPORTED, may be about consent: {}", _counted(found.about_consent))
        yield tr(
            "  (--map {!r}: =do_not_mail where yes refuses, =may_mail where no does, = for neither)",
            first,
        )
    if unheard := {column: count for column, count in found.unheard.items() if count}:
        yield tr("NOT TAKEN AS REFUSALS, though cells read like some: {}", _counted(unheard))
        yield "  (set do_not of those records; --map COLUMN=do_not_mail for a column of nothing else)"


def _shown(told: str, rows: Sequence[tuple[int, str, str]]) -> str:
    """Rows that share something with a record, with the first of them."""
    shown = [tr("line {}: {} (same {})", line, i, tr(fact)) for line, i, fact in rows[:3]]
    more = ", …" if len(rows) > len(shown) else ""
    return tr(told, ", ".join(shown), more)


def _told_of_ends(found: Summary) -> Iterator[str]:
    """New records that came in as over, and what their rows do not say of that."""
    if found.undated_ends:
        one = "closed without a date: it counts as closed when it was created (column closed_at)"
        many = (
            "closed without a date: they count as closed when they were created (column closed_at)"
        )
        yield _line(found.undated_ends, one if found.undated_ends == 1 else many)
    if found.losses_without_reason:
        column = reason_field(found.entity)
        yield _line(found.losses_without_reason, tr("lost without a reason (column {})", column))


def _told_of_doubts(found: Summary) -> Iterator[str]:
    """Values that did not fit their fields and cost no row, by their kinds."""
    if found.short_rows:
        yield _at_lines(
            found.short_rows,
            "row shorter than the header filled up, line {}{}",
            "rows shorter than the header filled up, lines {}{}",
        )
    values = sum(kind.values for kind in found.doubtful.values())
    if values:
        one = "doubtful value kept as text (--strict rejects its row)"
        many = "doubtful values kept as text (--strict rejects their rows)"
        yield _line(values, one if values == 1 else many)
    for (column, reason), kind in found.doubtful.items():
        shown = ", ".join(map(repr, kind.examples))
        yield f"{kind.values:>14} {column}: {reason}: {shown}"


def _created(count: int, entity: str) -> str:
    """`leads created`: the words behind the number."""
    row = ENTITIES[entity]
    return counted(count, f"{row.name} created", f"{row.plural} created").split(" ", 1)[1]


def _at_lines(numbers: Sequence[int], one: str, many: str) -> str:
    """How many rows of a kind there are, and in which lines the first of them stand."""
    lines = ", ".join(map(str, numbers[:MOST_NAMED]))
    more = ", …" if len(numbers) > MOST_NAMED else ""
    return _line(len(numbers), tr(one if len(numbers) == 1 else many, lines, more))


def _line(count: int | None, text: str) -> str:
    """A count, right-aligned under the others, and its words."""
    return f"{count or 0:>7} {tr(text)}"


def _told_of_wrong_guesses(found: Summary) -> Iterator[str]:
    for column, field, examples in found.wrong_guesses:
        shown = ", ".join(map(repr, examples))
        yield tr("{!r} is not read as {}, its values are no such: {}", column, field, shown)
        yield tr("  (--map {!r} reads it so)", f"{column}={field}")


def _told_of_columns(found: Summary) -> Iterator[str]:
    consent = found.about_consent
    lost = {n: count for n, count in found.unmapped.items() if count and n not in consent}
    if lost:
        yield tr("columns not imported: {}", _counted(lost))
        yield "  (--map COLUMN=FIELD takes one in, --map COLUMN=comment keeps its text)"
    yield from _told_of_wrong_guesses(found)
    if found.foreign_ids and found.taken:
        yield tr(
            "{} of another system kept: they find the records again",
            counted(found.foreign_ids, "id"),
        )
    if found.unknown_owners:
        yield tr("owners who are not users here, kept as text: {}", _counted(found.unknown_owners))
        yield "  (--owner-map NAME=USER says which of ours is meant)"
    yield from _told_of_values(found)
    yield from _told_of_stages(found)
    if found.unused_stages:
        yield tr("--stage-map names stages that no row has: {}", ", ".join(found.unused_stages))
    if found.unused_values:
        values = ", ".join(found.unused_values)
        yield tr("--value-map names values that no row has: {}", values)
    if found.dangling_links:
        links = counted(found.dangling_links, "link leads", "links lead")
        yield tr("{} to records that are not here (yet)", links)
    if found.kept:
        yield tr(
            "{} not merged: the records have other values",
            counted(found.kept, "value was", "values were"),
        )
    if found.conflicts:
        lines = ", ".join(f"{line} ({column})" for line, column in found.conflicts[:MOST_NAMED])
        places = counted(len(found.conflicts), "place")
        yield tr("in {} two columns differ and the first counts, lines {}", places, lines)


def _told_of_stages(found: Summary) -> Iterator[str]:
    if found.unknown_pipelines:
        yield tr("unknown pipelines: {}", _counted(found.unknown_pipelines))
        yield (
            "  (the only one here is taken)"
            if found.has_one_pipeline
            else "  (--value-map pipeline:THEIRS=OURS says which of ours is meant)"
        )
    if found.unknown_stages:
        yield tr("unknown stages: {}", _counted(found.unknown_stages))
        yield "  (--stage-map NAME=STAGE, or NAME=PIPELINE/STAGE, says which of ours is meant)"


def _told_of_values(found: Summary) -> Iterator[str]:
    for directory, values in found.unknown_values.items():
        yield tr("not in the directory {}: {}", directory, _counted(values, len(values)))
    if found.unknown_values:
        yield "  (--create-values adds them, --value-map FIELD:THEIRS=OURS says which of ours is meant)"
    for directory, labels in found.created_values.items():
        yield tr("added to the directory {}: {}", directory, ", ".join(labels))


def _told_of_totals(found: Summary, locale: Locale) -> Iterator[str]:
    totals = found.totals
    sums = [locale.money(amount, code) for code, amount in totals.amounts.items()]
    if sums:
        yield tr("in all rows: {}", ", ".join(sums))
    if totals.stages:
        yield tr("in all rows, by stage: {}", _counted(totals.stages))
    if totals.phones:
        phones = counted(len(totals.phones), "phone")
        yield tr("in all rows: {}, {} repeated", phones, totals.repeated_phones)


def _counted(counts: Any, most: int = MOST_NAMED) -> str:
    shown = [f"{name} ({count})" for name, count in list(counts.items())[:most]]
    more = len(counts) - most
    return ", ".join(shown) + (tr(" and {} more", more) if more > 0 else "")
