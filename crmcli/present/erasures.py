"""An erasure in words: what goes and why, what stays and why, what git still holds, the proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmcli.language import counted, tr
from crmcli.model.event import Event
from crmcli.present.told import Told
from crmcli.sales.privacy.erase import erasures_of, place_in_git, tracked_by_git
from crmcli.sales.privacy.plan import Plan
from crmcli.store import layout
from crmcli.workspace import Workspace

_PURGE = b"""\
  crm privacy proof {} --paths > ../paths && cp -a data ../data-now
  git filter-repo --force --invert-paths --paths-from-file ../paths --message-callback \\
    'import re; return re.sub(rb"(?s)^(crm(?: [a-z]+){{0,2}}).*", rb"\\1", message)'
  mkdir -p data && cp -a ../data-now/. data/ && git add data && git commit -m erased"""
Line = tuple[str, Mapping[str, object]]


def plan_lines(plan: Plan) -> Iterator[Line]:
    """Exactly what goes and what stays, a line each."""
    goes = [*plan.gone, *plan.leftovers, *plan.copies]
    for what in goes:
        yield tr("erased: {}", what), _row("erased", what)
    for path, names in plan.lines.items():
        text = tr("erased: data in {}: {}", path, counted(len(names), "event"))
        yield text, _row("erased", path)
    for sha in plan.files_gone:
        yield tr("erased: file {}", sha[:12]), _row("erased", sha)
    bare = tr("stays without the client, for its sums")
    named = tr("name, numbers and addresses are taken out; the rest is about others")
    for ids, fate, why in ((plan.bare, "bare", bare), (plan.others, "changed", named)):
        for record_id in ids:
            yield f"{record_id}: {why}", _row(fate, record_id, why)
    for what, why in _staying(plan):
        yield tr("stays: {}: {}", what, why), _row("stays", what, why)


def _row(fate: str, what: str, why: str = "") -> Mapping[str, object]:
    return {"fate": fate, "what": what, "why": why}


def _staying(plan: Plan) -> Iterator[tuple[str, str]]:
    """What is not erased, and why."""
    yield from ((path, tr(why)) for path, why in plan.left)
    who = plan.who
    yield from ((value, tr("others have it too")) for value in who.shared)
    alone = tr("others have this last name: it is left where it stands alone")
    yield from ((last, alone) for last in who.shared_last)
    perhaps = tr("perhaps the same person: erase it too, or merge both first")
    yield from ((record_id, perhaps) for record_id in who.alike)


def erased_told(plan: Plan) -> Told:
    """What was erased, in one line; what stays, as remarks."""
    counts = plan.counts
    text = tr(
        "Erased {}: {}, {}, {}; {} kept by law.",
        plan.who.id,
        counted(counts["records"], "record"),
        counted(counts["events"], "event"),
        counted(counts["files"], "file"),
        counted(counts["locked"], "record"),
    )
    notes = [line for line, row in plan_lines(plan) if row["fate"] == "stays"]
    proof = tr("the proof: crm privacy proof {}", plan.who.id)
    return Told(text, {"id": plan.who.id, **counts}, [*notes, proof])


def git_told(ws: Workspace, plan: Plan) -> list[Told]:
    """What git's history, other clones and backups hold still, and how that is removed."""
    if not tracked_by_git(ws):
        told = tr("Backups of this folder hold it still: delete them, or erase there too.")
        return [Told(told, {"id": plan.who.id, "backups": told})]
    lines = [
        tr(
            "git's history holds all of it still. With git filter-repo, from the top of the repository:"
        ),
        _PURGE.decode().format(plan.who.id),
        tr(
            "Then push with --force to every remote, and make each clone anew; backups hold it still too."
        ),
    ]
    return [Told("\n".join(lines), {"id": plan.who.id, "git": lines})]


def paths_of(ws: Workspace, event: Event) -> list[str]:
    """The files that an erasure removed or rewrote, as git's history has them: from its top."""
    return [place_in_git(ws, str(path)) for path in event.data.get("paths", ())]


def proof_rows(ws: Workspace, event: Event) -> list[dict[str, str]]:
    """Each thing that an erasure took, without a word of what it said."""
    rows = [{"what": "record", "place": i, "digest": ""} for i in event.data.get("of", ())]
    files = event.data.get("files", ())
    rows += [{"what": "file", "place": layout.file_path(sha), "digest": sha} for sha in files]
    for part in erasures_of(ws, event):
        for path, names in part.data.get("lines", {}).items():
            for name in names:
                event_id, _, digest = name.partition(":")
                rows.append({"what": "event", "place": f"{path} {event_id}", "digest": digest})
    for record_id, until in event.data.get("kept", {}).items():
        place = layout.locked_path(until, record_id)
        rows.append({"what": "kept", "place": place, "digest": ""})
    return rows
