"""crm score: how likely leads and deals end well, learned from those that have ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, having
from crmcli.model.scoring.tables import Table
from crmcli.present import scores as present
from crmcli.present.cells import Listing
from crmcli.present.told import Told
from crmcli.sales.settings import scores
from crmcli.store.layout import SCORES
from crmcli.workspace.configured import no_scores

score = Noun("score", help="Scores: how likely leads and deals end well (scores.yaml).")
OF = click.Argument(
    ("of",),
    metavar="[leads|deals]",
    required=False,
    callback=lambda ctx, param, value: value or "",
    type=click.Choice([ENTITIES[entity].plural for entity in having("staged")]),
)


def _entities(of: str) -> list[str]:
    return [entity for entity in having("staged") if of in ("", ENTITIES[entity].plural)]


@score.command(
    cls=ChangingVerb,
    params=[
        OF,
        option("--without", "Do not learn from this field.", "FIELD", multiple=True),
        option("--with taken", "Learn from this field though it looks as if it were filled in at the end.",
               "FIELD", multiple=True),
    ],
)  # fmt: skip
def train(
    session: Session, of: str, without: Sequence[str], taken: Sequence[str]
) -> Iterator[Told]:
    """Learn from closed records what is likely to end well, and write it into scores.yaml.

    Of leads the converted against the junk, of deals the won against the lost, each pipeline by itself where
    it has enough. Fields that say how a record ended are left out, and what was filled in with the end counts
    as it stood before. It tells how right the scores are, too: each fifth of the records is scored by what
    the other four teach.

    Example: crm score train leads --dry-run
    """
    from crmcli.reports.score_training import TooFew, train

    ws = session.workspace
    done: list[Table] = []
    notes: list[str] = []
    refused: list[TooFew] = []
    for entity in _entities(of):
        try:
            with session.out.progress(tr("learn from {}", tr(ENTITIES[entity].plural))) as bar:
                found = train(ws, entity, without, taken, bar.advance)
        except TooFew as error:
            refused.append(error)
            continue
        done += found.tables
        notes += found.too_few
        notes += [
            tr("left out {}: nearly all records that have it ended one way (--with {})", name, name)
            for name in found.left_out
        ]
    if not done:
        raise Refused("; ".join(error.message for error in refused), refused[0].hint)
    scores.save(ws, list(dict.fromkeys(table.entity for table in done)), done)
    for table in done:
        row = {"entity": table.entity, "pipeline": table.pipeline, "of": table.of, "won": table.won,
               "auc": table.trial.auc, "better": table.trial.is_better}  # fmt: skip
        yield Told(present.headline(ws, table), row, list(present.quality(ws, table)))
    said = [*notes, *(error.message for error in refused)]
    yield Told(tr("Wrote {}: crm score list", SCORES), {"file": SCORES}, said)


@score.command("list", params=[OF])
def list_(session: Session, of: str) -> Iterator[Told | Listing]:
    """What was learned: for each field and value how many ended, how many of them won, and what that does to
    the odds; and how right scores were.

    Example: crm score list deals
    """
    ws = session.workspace
    tables = [table for entity in _entities(of) for table in (ws.scores or {}).get(entity, ())]
    if not tables:
        raise Refused(*no_scores())
    if not session.out.is_table:
        rows = [row for table in tables for row in present.odds(ws, table).rows]
        yield Listing(rows, present.ODDS)
        return
    for table in tables:
        session.out.note(present.headline(ws, table))
        for line in (*present.quality(ws, table), *present.gone(ws, table)):
            session.out.note(line)
        yield present.odds(ws, table)


@score.command(params=[click.Argument(("ref",), metavar="REF")])
def explain(session: Session, ref: str) -> Listing:
    """Where the score of a lead or a deal comes from: what each field adds, the most first.

    It adds up to the score.

    Example: crm score explain 7k3
    """
    ws = session.workspace
    record = ws.find(ref, *having("staged"))
    scorer = ws.scorer(record.entity)
    found = scorer.explained(record) if scorer else None
    if found is None:
        said = tr("no score for {}: nothing was learned of its kind", record.id)
        raise Refused(*(no_scores() if ws.scores is None else (said, "crm score train")))
    if not found.table.trial.is_better:
        ws.notes.append(tr("scores of these are no better than the base rate: crm score list"))
    return present.explained(ws, found)
