"""Figures in words: what people read for the keys of rows, and figures as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crmcli.dataclass import replace
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.figures import Dimension, FigureRow, Figures, Shown
from crmcli.model.kinds import BOOL
from crmcli.model.periods import ALWAYS
from crmcli.model.report import ROWS
from crmcli.model.reports import PLAN
from crmcli.model.values import fold
from crmcli.model.words import in_words
from crmcli.present.cells import Column, Listing, Locale, shown_as
from crmcli.present.columns import linked_name, named
from crmcli.present.doubts import doubts
from crmcli.present.linked import column_at, with_linked
from crmcli.present.one_currency import in_one_currency

if TYPE_CHECKING:
    from crmcli.reports.engine import Reading
    from crmcli.workspace import Workspace

_NO_VALUE: tuple[object, ...] = (None, "", {})
BEFORE = "_before"
"""Ends the names of what was in the period compared with."""
VALUES_OF = {"lost_from": "stage"}
"""Dimensions that are no field, and the field whose values they have."""


def told(reading: Reading, currency: str = "") -> Figures:
    """What a report answers, in words; its sums in one currency if one is named."""
    from crmcli.reports import engine, plan

    ws, reading.currency = reading.ws, currency
    if currency:
        from crmcli.sales.rates import rates_into

        reading.rates = rates_into(ws, currency)
    found = engine.figures(reading)
    if reading.report is PLAN:
        from crmcli.workspace.plans import plans_seen

        found = plan.with_plans(reading, found, plans_seen(ws))
    if currency:
        found = in_one_currency(ws, found, currency)
        found = replace(found, rows=tuple(reading.in_order(found.rows)))
    found = worded(ws, reading.entity_of(reading.report.source), _first(reading, found))
    found = plan.paced(found, ws.today) if reading.report is PLAN else found
    of_what = ": ".join(filter(None, [_pipeline(reading), ", ".join(_counted(reading))]))
    some = rows_told(found, Locale.of(ws)) if found.of else ""
    return replace(found, notes=(*filter(None, [of_what, some]), *doubts(reading, found)))


def _first(reading: Reading, figures: Figures) -> Figures:
    """No more rows than are asked for."""
    most, counted_rows = reading.most, reading.total.get(ROWS)
    rows = counted_rows if isinstance(counted_rows, int) else len(figures.rows)
    if most is None or rows <= most:
        return figures
    return replace(figures, rows=figures.rows[:most], of=rows)


def cut(figures: Figures, locale: Locale) -> Iterator[str]:
    """How many rows there are, where not all are told, and the option that tells all."""
    if figures.of:
        yield tr("{}; all of them: --limit {}", rows_told(figures, locale), figures.of)


def rows_told(figures: Figures, locale: Locale) -> str:
    """How many of how many rows are told: what who has no options reads."""
    some, every = (locale.number(Decimal(n)) for n in (len(figures.rows), figures.of))
    return tr("{} of {} rows", some, every)


def worded(ws: Workspace, entity: str, figures: Figures) -> Figures:
    """The figures with their keys as files and as people write them."""
    is_folded = _is_folded(ws, entity, figures)
    ids = [row.example for row in figures.rows if row.example and is_folded]
    examples = {str(raw["id"]): dict(raw) for raw in ws.rows_of(ids)} if ids else {}
    rows = list(figures.rows)
    for number, dimension in enumerate(figures.dimensions):
        keys, words = _spelled(ws, entity, dimension, number, rows, examples)
        rows = [
            row._replace(
                keys=(*row.keys[:number], keys[n], *row.keys[number + 1 :]),
                words=(*row.words[:number], words[n], *row.words[number + 1 :]),
            )
            for n, row in enumerate(rows)
        ]
    labelled = tuple(
        dimension._replace(label=label_of(ws, entity, dimension))
        for dimension in figures.dimensions
    )
    return replace(figures, rows=tuple(rows), dimensions=labelled)


def _is_folded(ws: Workspace, entity: str, figures: Figures) -> bool:
    """Whether a dimension's keys may be texts, which the index knows folded: neither ids nor times."""
    plain = [_column(ws, entity, one) for one in figures.dimensions if not one.step]
    return any(column is None or not column.holds.is_link for column in plain)


def _spelled(
    ws: Workspace,
    entity: str,
    dimension: Dimension,
    number: int,
    rows: Sequence[FigureRow],
    examples: Mapping[str, dict[str, Any]],
) -> tuple[list[str], list[str]]:
    """The keys of one dimension in the spelling of files, and in the words of people."""
    column = _column(ws, entity, dimension)
    keys = []
    for row in rows:
        key, raw = row.place[number], examples.get(row.example, {})
        if isinstance(key, str):
            keys.append(_as_written(ws, entity, dimension, key, raw))
        else:
            keys.append("" if key is None else _number(column, key))
    labels = _labels(ws, entity, column, dimension, keys)
    return keys, [labels.get(key, key) if key else tr("(none)") for key in keys]


def _as_written(
    ws: Workspace, entity: str, dimension: Dimension, key: str, raw: Mapping[str, Any]
) -> str:
    """A key as the example of its row has it, which the index knows folded."""
    if dimension.step:
        return key
    found = raw.get(dimension.name)
    if "." in dimension.name and raw:
        path = [Column(dimension.name)]
        found = with_linked(ws, entity, [raw], path)(dict(raw)).get(dimension.name)
    items = found if isinstance(found, list) else [found]
    return next((str(one) for one in items if isinstance(one, str) and fold(one) == key), key)


def _number(column: Column | None, key: float) -> str:
    """A number, an amount, or yes or no, as files have it."""
    if column is not None and column.holds is BOOL:
        return str(BOOL.dump(bool(key)))
    return f"{Decimal(str(key)).normalize():f}"


def _column(ws: Workspace, entity: str, dimension: Dimension) -> Column | None:
    """The column of a field, if the dimension is one."""
    if dimension.step:
        return None
    if "." in dimension.name:
        return column_at(ws, entity, dimension.name)
    field = ws.schema.named(entity, VALUES_OF.get(dimension.name, dimension.name))
    return Column.of(field) if field else None


def _labels(
    ws: Workspace, entity: str, column: Column | None, dimension: Dimension, keys: Sequence[str]
) -> Mapping[str, str]:
    if dimension.step:
        return {key: in_words(key) for key in keys if key.isidentifier()}
    if column is None and dimension.name == "client":
        names = {str(raw["id"]): str(raw["name"]) for raw in ws.rows_of([*filter(None, keys)])}
        return {key: names.get(key) or linked_name(ws, key) for key in keys if key}
    if column is None:
        users = {user.id: user.name for user in ws.settings.users.values() if user.name}
        own = {"owner": users, "person": users, "topic": ws.settings.directories.get("topics", {})}
        if dimension.name in ("action", "robot"):  # as pipelines.yaml and --where have it
            return {}
        return own.get(dimension.name) or {key: in_words(key) for key in keys}
    if column.holds is BOOL:
        return {key: tr(key) for key in keys}
    if column.holds.is_number:
        return {key: shown_as("number", key, Locale.of(ws)) for key in keys if key}
    rows = [{"id": "", column.name: key} for key in keys if key]
    found = dict(named(ws, entity, column, rows).labels)
    return _stages(ws, found, {*keys}) if column.holds.listed_in == "stages" else found


def _stages(ws: Workspace, found: Mapping[str, str], keys: set[str]) -> dict[str, str]:
    """The words of stages by their ids; with the pipeline where two are called alike."""
    asked = {key: word for key, word in found.items() if key.rpartition("/")[2] in keys}
    told: dict[str, str] = {}
    for key, word in sorted(asked.items(), key=lambda one: "/" not in one[0]):
        of, _, stage = key.rpartition("/")
        others = {k.rpartition("/")[2] for k, w in asked.items() if w == word} - {stage}
        named = [one.name for one in ws.pipelines.deals if one.id == of]
        told.setdefault(stage, f"{word} ({named[0]})" if others and named else word)
    return told


def label_of(ws: Workspace, entity: str, dimension: Dimension) -> str:
    """The head of a dimension's column."""
    if dimension.step and not dimension.name:
        return in_words(dimension.step)
    is_own = dimension.name in VALUES_OF
    column = None if is_own else _column(ws, entity, dimension._replace(step=""))
    if column is None:
        word = in_words(dimension.name)
        return word[:1].upper() + word[1:]
    whole, _, part = dimension.name.rpartition(".")
    above = ws.schema.named(entity, whole) if whole and column.head == part else None
    return f"{Column.of(above).head} {part}" if above else column.head


def with_words(figures: Figures, told: Callable[[str], str]) -> Figures:
    """The figures with the words of their rows as somebody is shown them."""
    rows = (row._replace(words=tuple(map(told, row.words))) for row in figures.rows)
    return replace(figures, rows=tuple(rows))


# --- as a table ---------------------------------------------------------------------------------


def listing(figures: Figures, kinds: Mapping[str, str], *, for_people: bool) -> Listing:
    """A row for each of the figures' rows; people read words and below all together, programs keys, and of
    stages their kinds."""
    columns = [Column(key_of(figures, one), one.label) for one in figures.dimensions]
    by_stage = next((one for one in figures.dimensions if one.name == "stage"), None)
    if not for_people and figures.dimensions:
        columns.append(Column(_free(figures, "name")))
        columns += [Column(_free(figures, "kind"))] if by_stage else []
    for shown in (seen(figures) if for_people else figures).measures:
        columns.append(Column(shown.name, shown.label, shown.unit))
        if figures.compared:
            columns.append(Column(shown.name + BEFORE, tr("before"), shown.unit))
    lines = (seen(figures) if for_people else figures).rows
    rows = [_row(figures, row, for_people=for_people) for row in lines]
    if by_stage and not for_people:
        stage, kind = key_of(figures, by_stage), _free(figures, "kind")
        rows = [{**row, kind: kinds.get(str(row[stage]), "")} for row in rows]
    if for_people:
        if figures.total is not None and figures.dimensions and _says_more(figures, figures.total):
            total = _row(figures, figures.total, for_people=True)
            rows.append(total | {key_of(figures, figures.dimensions[0]): tr("Total")})
        measured = columns[len(figures.dimensions) :]
        told = [one for one in measured if any(row.get(one.name) not in _NO_VALUE for row in rows)]
        columns = [*columns[: len(figures.dimensions)], *told]
        rows = rows if told else []
    return Listing(rows, columns, "nothing in this period")


def _says_more(figures: Figures, total: FigureRow) -> bool:
    """Whether all together say something that no row does."""
    if len(figures.rows) == 1:
        own = figures.rows[0].values
        return any(total.values.get(one.name) != own.get(one.name) for one in figures.measures)
    return bool(figures.rows) or any(total.values.get(one.name) for one in figures.measures)


def seen(figures: Figures) -> Figures:
    """The figures that people see: no measures that have nothing to tell, no last stages without any."""
    lines = [*figures.rows, *([figures.total] if figures.total else [])]

    def is_told(shown: Shown) -> bool:
        is_there = any(row.values.get(shown.name) for row in lines)
        return shown.people == "all" or (shown.people == "some" and is_there)

    measures = tuple(filter(is_told, figures.measures))
    rows = list(figures.rows)
    if figures.dimensions and figures.dimensions[-1].name == "stage":
        while rows and all(rows[-1].values.get(one.name) in _NO_VALUE for one in measures):
            rows.pop()
    return replace(figures, measures=measures, rows=tuple(rows) or figures.rows)


def _row(figures: Figures, row: FigureRow, *, for_people: bool) -> dict[str, Any]:
    told = row.words if for_people else row.keys
    pairs = zip(figures.dimensions, told, strict=False)
    found: dict[str, Any] = {key_of(figures, one): text for one, text in pairs}
    if not for_people and row.words:
        found[_free(figures, "name")] = row.words[-1]
    for shown in figures.measures:
        found[shown.name] = row.values.get(shown.name)
        if figures.compared:
            found[shown.name + BEFORE] = row.before.get(shown.name)
    return found


def name_of(dimension: Dimension) -> str:
    """What a dimension is called in rows."""
    return f"{dimension.name}.{dimension.step}".strip(".") if dimension.step else dimension.name


def key_of(figures: Figures, dimension: Dimension) -> str:
    """The key of a dimension in rows: its name, or `by_NAME` where a measure is called so."""
    name = name_of(dimension)
    taken = {end for one in figures.measures for end in (one.name, one.name + BEFORE)}
    return f"by_{name}" if name in taken else name


def _free(figures: Figures, name: str) -> str:
    """What stands beside dimensions and measures is called so, or `row_NAME` where one of these is."""
    measures = {end for one in figures.measures for end in (one.name, one.name + BEFORE)}
    taken = measures | {key_of(figures, one) for one in figures.dimensions}
    return f"row_{name}" if name in taken else name


def notes(reading: Reading, figures: Figures) -> Iterator[str]:
    """What is said above a report: of which pipeline and period it tells, of how many records, and with which
    period it is compared."""
    parts = [str(figures.period)] if figures.period != ALWAYS else []
    parts = [tr("as of today")] if figures.of_now else parts
    parts += _counted(reading)
    if said := ": ".join(filter(None, [_pipeline(reading), ", ".join(parts)])):
        yield said
    if figures.compared:
        yield tr("compared with {}", figures.compared)
    yield from cut(figures, Locale.of(reading.ws))
    yield from doubts(reading, figures)


def _pipeline(reading: Reading) -> str:
    """The pipeline that a report is of, if it is of one."""
    return reading.pipelines[0].name if reading.request.pipeline else ""


def _counted(reading: Reading) -> Iterator[str]:
    """Of how many records a report tells in all, where it says that."""
    entity, total = reading.entity_of(reading.report.source), reading.total
    if isinstance(cohort := total.get("cohort"), int):
        yield counted(cohort, entity, ENTITIES[entity].plural)
    if isinstance(reopened := total.get("reopened"), int) and reopened:
        yield counted(reopened, "time reopened", "times reopened")
