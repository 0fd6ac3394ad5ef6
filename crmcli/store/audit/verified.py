"""Whether the audit is whole: each line follows the one above, each month the one before, and every head
that was kept outside is still there. Who can write the files can write all of them anew: then only
what was kept outside tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from crmcli.errors import Problem
from crmcli.language import tr
from crmcli.model.audit import BEGUN, CANARY, DROPPED, Head
from crmcli.store import layout
from crmcli.store.audit import canaries, journal
from crmcli.store.disk import line_reader
from crmcli.store.timeline import chain, csv_lines
from crmcli.store.timeline.line_hashes import before_erasing

_HINT = "compare with git, a backup or another clone"


def problems(root: Path, anchored: Iterable[Head]) -> Iterator[Problem]:
    """The first bad line of each file, and the heads that are no longer there."""
    hashes: dict[tuple[str, str], list[str]] = {}
    rows: dict[tuple[str, str], list[csv_lines.Row]] = {}
    for place in journal.journals(root):
        path = layout.audit_path(*place)
        rows[place], found = journal.read(root, *place)
        hashes[place] = journal.hashes(root, *place)
        found += _of_lines(root, path, found)
        yield from sorted(found, key=lambda problem: problem.line)[:1]
    dropped = dict(_dropped(rows.values()))
    for place, events in rows.items():
        yield from _of_beginning(place, events, hashes, dropped)
    yield from _of_copies(hashes)
    yield from _of_canaries(root, rows.values())
    for head in sorted(set(anchored)):
        yield from _of_head(head, hashes, dropped)


def forks(root: Path) -> Iterator[Problem]:
    """Where two lines follow the same one: git joined two branches of one clone, or one was put in."""
    for place in journal.journals(root):
        path = layout.audit_path(*place)
        above: set[bytes] = set()
        with line_reader.opened(root / path) as fd:
            for number, line in csv_lines.numbered(fd):
                prev = csv_lines.bare(line).rpartition(b",")[2]
                if prev in above:
                    said = "this line follows the same one as another does"
                    yield Problem(path, number, said, "so it is where git joined two branches")
                    break
                above.add(prev)


def _of_lines(root: Path, path: str, unreadable: Sequence[Problem]) -> Iterator[Problem]:
    """What breaks the chain within a file; nothing of the audit is ever erased, so no line may say so."""
    bad = frozenset(problem.line for problem in unreadable)
    yield from chain.verify_chain(root / path, name=path, unreadable=bad)
    with line_reader.opened(root / path) as fd:
        for number, line in csv_lines.numbered(fd):
            if before_erasing(csv_lines.bare(line)):
                yield Problem(
                    path, number, "this line was changed to pass for an erased one", _HINT
                )


def _dropped(files_: Iterable[Sequence[csv_lines.Row]]) -> Iterator[tuple[tuple[str, str], str]]:
    """The files that were kept long enough, each with the hash of its last line."""
    for rows in files_:
        for row in rows:
            told = row.event.data.get("files")
            if row.event.kind == DROPPED and isinstance(told, dict):
                for name, last in told.items():
                    month, _, clone = str(name).partition("/")
                    yield (month, clone), str(last)


def _of_canaries(root: Path, files_: Iterable[Sequence[csv_lines.Row]]) -> Iterator[Problem]:
    """Canaries that were added, and of which the list that commands read knows no more."""
    told = [row.event.data for rows in files_ for row in rows if row.event.kind == CANARY]
    gone = {data.get("digest") for data in told if data.get("what") == "removed"}
    there = {data.get("digest") for data in told if data.get("what") == "added"} - gone
    if there - canaries.known(root).keys():
        said = "canaries are missing from the list, so that nobody hears who touches them"
        yield Problem(canaries.PATH, 0, said, _HINT)


def _of_copies(hashes: dict[tuple[str, str], list[str]]) -> Iterator[Problem]:
    """Files that begin with the line of another one: each begins with an id that no other has."""
    first: dict[str, tuple[str, str]] = {}
    for place, lines in hashes.items():
        if lines[1:] and first.setdefault(lines[1], place) != place:
            other = layout.audit_path(*first[lines[1]])
            yield Problem(
                layout.audit_path(*place),
                2,
                tr("it begins as {} does: one is a copy", other),
                _HINT,
            )


def _of_beginning(
    place: tuple[str, str],
    rows: Sequence[csv_lines.Row],
    hashes: dict[tuple[str, str], list[str]],
    dropped: dict[tuple[str, str], str],
) -> Iterator[Problem]:
    """Whether a file goes on where the month before ended."""
    month, clone = place
    path = layout.audit_path(month, clone)
    if not rows or rows[0].event.kind != BEGUN:
        yield Problem(path, 2, "the first line does not say what it goes on from", _HINT)
        return
    wrote = str(rows[0].event.data.get("clone", clone))
    if wrote != clone:
        yield Problem(path, 2, tr("it was written by the clone {}", wrote), _HINT)
        return
    after, last = (str(rows[0].event.data.get(key, "")) for key in ("after", "hash"))
    earlier = [m for m, other in hashes if other == clone and m < month]
    if after in (
        "",
        month,
    ):  # crm once took a file that a killed command had made for the month before
        if earlier:
            yield Problem(path, 2, tr("it does not go on from {}", earlier[-1]), _HINT)
        return
    other = layout.audit_path(after, clone)
    there = hashes.get((after, clone))
    if there is None:
        if dropped.get((after, clone)) != last:
            yield Problem(other, 0, tr("{} goes on from this file, which is missing", path), _HINT)
    elif last not in there:
        yield Problem(
            other, len(there), tr("its end is not the one from which {} goes on", path), _HINT
        )


def _of_head(
    head: Head, hashes: dict[tuple[str, str], list[str]], dropped: dict[tuple[str, str], str]
) -> Iterator[Problem]:
    path = layout.audit_path(head.month, head.clone)
    there = hashes.get((head.month, head.clone))
    if there is None:
        if (head.month, head.clone) not in dropped:
            yield Problem(path, 0, tr("the file is missing: it went on to {}", head), _HINT)
    elif head.hash not in there:
        said = tr("the end {} is not there: lines were cut off or replaced", head)
        yield Problem(path, min(head.lines, len(there)), said, _HINT)
