"""Writing scores.yaml: the tables that were learned, for people to look at and git to compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from crmcli.errors import InvalidData
from crmcli.language import tr_in
from crmcli.model.entities import ENTITIES
from crmcli.model.scoring.tables import Group, Table, Tenth, Term, Trial
from crmcli.model.values import Raw, format_decimal, format_instant
from crmcli.store.layout import SCORES
from crmcli.store.yaml.text_edit import edited
from crmcli.workspace import Workspace

_BEGINNING = "# yaml-language-server: $schema=schema/scores.schema.json\n# {}\n"


def save(ws: Workspace, entities: Sequence[str], tables: Sequence[Table]) -> bytes:
    """Write the tables of some entities in the place of those that they had; what the file says now."""
    kept = [table for table in _known(ws) if table.entity not in entities]
    tree: dict[str, Raw] = {}
    for table in sorted((*kept, *tables), key=lambda one: [*ENTITIES].index(one.entity)):
        rows = tree.setdefault(ENTITIES[table.entity].plural, [])
        assert isinstance(rows, list)
        rows.append(_of_table(table))
    about = tr_in(
        "Written by crm score train, which replaces it; crm score list reads it out, crm help scores"
        " says how.",
        ws.settings.language,
    )
    data = edited(_BEGINNING.format(about).encode(), SCORES, tree).rstrip(b"\n") + b"\n"
    with ws.change("score train") as change:
        change.rewrite(SCORES, data)
    return data


def _known(ws: Workspace) -> Iterator[Table]:
    """The tables that there are; a file that cannot be read is replaced whole."""
    try:
        found = ws.read_scores()
    except InvalidData:
        return
    for tables in (found or {}).values():
        yield from tables


def _of_table(table: Table) -> dict[str, Raw]:
    found: dict[str, Raw] = {"pipeline": table.pipeline} if table.pipeline else {}
    found |= {
        "trained_at": format_instant(table.trained_at),
        "of": str(table.of),
        "won": str(table.won),
    }
    found |= {"tested": _of_trial(table.trial), "start": format_decimal(table.start)}
    return {**found, "fields": [_of_term(term) for term in table.terms]}


def _of_trial(trial: Trial) -> dict[str, Raw]:
    return {
        "of": str(trial.of),
        "won": str(trial.won),
        "auc": format_decimal(Decimal(str(trial.auc))),
        "top": _of_tenth(trial.top),
        "tenths": [_of_tenth(one) for one in trial.tenths],
    }


def _of_tenth(tenth: Tenth) -> dict[str, Raw]:
    return {"from": str(tenth.low), "of": str(tenth.of), "won": str(tenth.won)}


def _of_term(term: Term) -> dict[str, Raw]:
    found: dict[str, Raw] = {"field": term.feature}
    found |= {"currency": term.currency} if term.currency else {}
    return {**found, "values": [_of_group(group) for group in term.groups]}


def _of_group(group: Group) -> dict[str, Raw]:
    bounds = {"from": group.low, "below": group.high}
    found: dict[str, Raw] = {"value": group.value} if group.value else {}
    found |= {"is": group.what} if group.what else {}
    found |= {key: format_decimal(bound) for key, bound in bounds.items() if bound is not None}
    counts: dict[str, Raw] = {"of": str(group.of), "won": str(group.won)}
    return {**found, **counts, "odds": format_decimal(group.odds)}
