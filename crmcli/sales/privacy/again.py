"""What was erased and is here again, by git or a backup: found, and taken out once more."""

from __future__ import annotations

from crmcli.model.event import PRIVACY_ERASED
from crmcli.model.values import entity_of
from crmcli.sales.privacy.blanks import blank, says_something
from crmcli.sales.privacy.traces import files_named
from crmcli.store import layout
from crmcli.workspace import Change, Workspace, erasing, storage


def returned(ws: Workspace) -> list[str]:
    """What is here though it was erased, at no cost that grows with the base: records, and their events."""
    found = []
    ids, _ = _erased(ws)
    for record_id in ids:
        if ws.has_file(layout.record_path(record_id)):
            found.append(layout.record_path(record_id))
        told = filter(says_something, ws.events(record=record_id))
        found += [event.id for event in told]
    return found


def lines_again(ws: Workspace) -> list[str]:
    """The timeline files in which a line that was erased says something again."""
    listed: dict[str, set[str]] = {}
    for event in ws.events(kinds=(PRIVACY_ERASED,)):
        for name, ids in _lines(event.data).items():
            listed.setdefault(layout.journal_path(name), set()).update(ids)
    return erasing.lines_again(ws, listed) if listed else []


def _lines(data: object) -> dict[str, list[str]]:
    """By timeline file, the ids of the events that an erasure lists."""
    lines = data.get("lines", {}) if isinstance(data, dict) else {}
    return {path: [name.partition(":")[0] for name in names] for path, names in lines.items()}


def finish(ws: Workspace) -> list[str]:
    """Take it out once more, and list the lines of that; the paths that were rewritten or removed."""
    ids, files = _erased(ws)
    if not ids:
        return []
    with ws.change("privacy erase") as change:
        ws.look_again()
        lines, named = _lines_again(ws, change, ids)
        done = [layout.journal_path(name) for name in lines]
        loose = (sha for sha in files if sha not in named)
        for path in [*map(layout.record_path, ids), *map(layout.file_path, loose)]:
            if ws.has_file(path):
                change.fix(path, None)
                done.append(path)
        for record_id in ids:
            if layout.record_path(record_id) in done:
                change.note(f"{entity_of(record_id)}.removed", record_id, {"by": "privacy"})
        if done:
            storage.discard_index(ws)  # what is deleted there stands on its free pages
            change.note(PRIVACY_ERASED, "", {"of": ids, "lines": lines, "files": files})
    return done


def _lines_again(
    ws: Workspace, change: Change, ids: list[str]
) -> tuple[dict[str, list[str]], set[str]]:
    """Rewrite the journals in which something stands again; what is listed by each, and the files that the
    other lines name."""
    told = (_lines(event.data) for event in ws.events(kinds=(PRIVACY_ERASED,)))
    known = {one for lines in told for ids in lines.values() for one in ids}
    lines: dict[str, list[str]] = {}
    named: set[str] = set()
    for journal in erasing.journals(ws):
        standing = {line.event.id for line in journal.lines.values() if line.is_erased}
        for number, line in journal.lines.items():
            event = line.event
            is_his = event.record in ids and says_something(event)
            if event.id in standing:
                named.update(files_named(event) if line.is_erased else ())
                continue
            if is_his or event.id in known:
                journal.erase(number, blank(event))
            elif event.kind != PRIVACY_ERASED:
                named.update(files_named(event))
        if (new := erasing.once(journal)) != journal.content:
            lines[layout.short_journal(journal.path)] = list(journal.changed.values())
            change.fix(journal.path, new)
    return lines, named


def _erased(ws: Workspace) -> tuple[list[str], list[str]]:
    """The records and the stored files that were erased, ever."""
    ids: dict[str, None] = {}
    files: dict[str, None] = {}
    for event in ws.events(kinds=(PRIVACY_ERASED,)):
        ids |= dict.fromkeys(str(one) for one in event.data.get("of", ()) if entity_of(str(one)))
        files |= dict.fromkeys(map(str, event.data.get("files", ())))
    return [*ids], [*files]
