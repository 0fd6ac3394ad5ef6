"""What an erasure would do: which records go, which lose their words, what of others' texts changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import CrmError, InvalidData
from crmcli.language import tr
from crmcli.model.values import entity_of
from crmcli.sales.consent.block_list import blocklist, blocklist_text
from crmcli.sales.privacy import archives, law
from crmcli.sales.privacy.blanks import blank, replaced, unlinked
from crmcli.sales.privacy.spelled import Spelled, texts_in
from crmcli.sales.privacy.traces import MENTION, Trace, files_named, traces
from crmcli.sales.privacy.whose import Person
from crmcli.store import layout
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace, erasing

_PLAIN = frozenset(
    (
        "id", "name", "pipeline", "stage", "amount", "currency", "probability", "close_by", "lines",
        "vat_included", "source", "owner", "lost_reason", "closed_at", "first_closed_at", "reopened", "batch",
        "created_at", "status", "deal", "offer", "credits", "date", "due", "valid_until", "paid", "credited",
        "payments", "pay_to", "template", "replaces",
    )
)  # fmt: skip
"""What stays of a deal or paper whose client is erased: no texts but those of its lines."""


@dataclass
class Plan:
    """Everything that an erasure writes and removes; `told` counts it by kind."""

    who: Person
    mark: str
    spelled: Spelled
    writes: dict[str, bytes | None] = field(default_factory=dict)
    """By path the new content, or None for a file that goes."""
    new_files: list[bytes] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Records that go; those that the person was merged from among them."""
    bare: list[str] = field(default_factory=list)
    """Deals and papers that stay, without the person."""
    others: list[str] = field(default_factory=list)
    """Others' records in which he was named."""
    lines: dict[str, list[str]] = field(default_factory=dict)
    locked: list[law.Locked] = field(default_factory=list)
    files_gone: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    jobs: list[tuple[str, str]] = field(default_factory=list)
    """Messages that were to leave yet: record and key."""
    drops: list[str] = field(default_factory=list)
    """What came in and nobody has taken up."""
    left: list[tuple[str, str]] = field(default_factory=list)
    """Where he is named still, and why."""

    @property
    def counts(self) -> dict[str, int]:
        """How much of which kind."""
        return {
            "records": len(self.gone),
            "bare": len(self.bare),
            "others": len(self.others),
            "events": sum(map(len, self.lines.values())),
            "files": len(self.files_gone),
            "leftovers": len(self.leftovers) + len(self.copies),
            "locked": len(self.locked),
        }


def planned(ws: Workspace, who: Person, way: str) -> Plan:
    """All that erasing a person comes to, as the folder is now."""
    plan = Plan(who, tr("[erased]"), who.spelled)
    found = traces(ws, who)
    client = ws.stored(who.id).raw
    plan.locked += law.kept(ws, [*who.own, *who.alone], client, way)
    kept = {one.record for one in plan.locked}
    for record_id in who.alone:
        stays = entity_of(record_id) == "deal" or record_id in kept
        (plan.bare if stays else plan.gone).append(record_id)
    plan.gone += [*who.own, *who.merged, *who.about]
    his_files = _his_files(ws, plan, found)
    resha = _others_files(ws, plan, his_files)
    _records(ws, plan, resha)
    still = _journals(ws, plan, found, resha)
    _files(ws, plan, his_files, still)
    _tables(ws, plan, way)
    for one in plan.locked:
        plan.writes[one.path] = one.content
        plan.left.append((one.path, tr("kept by law until {}", one.until)))
    _beside(ws, plan)
    return plan


def _raw(ws: Workspace, record_id: str) -> dict[str, Any]:
    path = layout.record_path(record_id)
    data = ws.file(path)
    return dict(codec.load(data, path)) if data else {}


def _his_files(ws: Workspace, plan: Plan, found: Iterable[Trace]) -> set[str]:
    """The stored files that are his alone: of his records and messages."""
    shas: set[str] = set()
    others: set[str] = set()
    for trace in found:
        (others if trace.what == MENTION else shas).update(files_named(trace.event))
    for record_id in (*plan.gone, *plan.bare):
        shas |= {str(item["file"]) for item in _raw(ws, record_id).get("files") or ()}
    return shas - others


def _others_files(ws: Workspace, plan: Plan, his: set[str]) -> dict[str, str]:
    """Texts of others that name him are stored anew without that: by the old sha256 the new one."""
    resha: dict[str, str] = {}
    for sha in erasing.stored_files(ws):
        path = layout.file_path(sha)
        if sha in his:
            continue
        text = erasing.text_of(ws.root, path)
        if plan.spelled.is_in(text) and "\ufffd" not in text:
            content = plan.spelled.taken_out(text, plan.mark).encode()
            resha[sha] = hashlib.sha256(content).hexdigest()
            plan.new_files.append(content)
            plan.writes[path] = None
            plan.files_gone.append(sha)
        elif plan.spelled.is_in(text) or _is_in_letter(plan, text):
            plan.left.append((path, "a file or letter of somebody else, which cannot be rewritten"))
    return resha


def _is_in_letter(plan: Plan, text: str) -> bool:
    """Whether a letter names him in what it has encoded."""
    if "content-transfer-encoding" not in text[:100_000].lower() and "=?" not in text[:20_000]:
        return False
    from crmcli.channels import incoming_mail

    try:
        mail = incoming_mail.read(text.encode())
    except CrmError:
        return False
    return plan.spelled.is_in(f"{mail.subject}\n{mail.text}\n{mail.sender.name}")


def _records(ws: Workspace, plan: Plan, resha: Mapping[str, str]) -> None:
    """The records that go, those that stay bare, and those of others that name him or link to him."""
    gone = set(plan.gone)
    for record_id in plan.gone:
        if ws.has_file(layout.record_path(record_id)):
            plan.writes[layout.record_path(record_id)] = None
    for record_id in plan.bare:
        raw = {name: one for name, one in _raw(ws, record_id).items() if name in _PLAIN}
        raw |= {"name": plan.mark} if entity_of(record_id) == "deal" else {}
        _write(plan, record_id, unlinked(raw, gone), resha)
    for path in list(erasing.paths_in(ws)):
        record_id = layout.id_of_path(path)
        if not record_id or record_id in gone or record_id in plan.bare:
            continue
        text = erasing.text_of(ws.root, path)
        words = {*text.replace('"', " ").replace("'", " ").replace(",", " ").split()}
        if plan.spelled.is_in(text) or words & (gone | resha.keys()):
            try:
                raw = _raw(ws, record_id)
            except InvalidData:
                plan.left.append((path, "the file cannot be read"))
                continue
            _write(plan, record_id, unlinked(raw, gone), resha)
            plan.others.append(record_id)


def _write(plan: Plan, record_id: str, raw: Any, resha: Mapping[str, str]) -> None:
    new = replaced(raw, lambda text: resha.get(text) or plan.spelled.taken_out(text, plan.mark))
    plan.writes[layout.record_path(record_id)] = codec.dump(new).encode()


def _journals(
    ws: Workspace, plan: Plan, found: Iterable[Trace], resha: Mapping[str, str]
) -> set[str]:
    """The lines that lose their data; which stored files those that stay name still."""
    what = {trace.event.id: trace.what for trace in found}
    still: set[str] = set()
    last: dict[str, tuple[str, str]] = {}
    for journal in erasing.journals(ws):
        for number, line in journal.lines.items():
            event = line.event
            told = what.get(event.id, "")
            data = _data(plan, event, told, resha) if told or resha else None
            if data is not None:
                journal.erase(number, data)
            else:
                still.update(files_named(event))
            if told not in ("", MENTION) and event.kind.startswith("job."):
                last[str(event.data.get("key", ""))] = event.kind, event.record
        if journal.changed:
            plan.lines[layout.short_journal(journal.path)] = list(journal.changed.values())
            plan.writes[journal.path] = journal.written()
    waits = ("job.queued", "job.failed", "job.deferred", "job.awaiting")
    plan.jobs += [(record, key) for key, (kind, record) in last.items() if key and kind in waits]
    arrived = {e.id for e in (t.event for t in found) if e.kind == "intake.kept"}
    over = {
        str(t.event.data.get("intake"))
        for t in found
        if t.event.kind in ("intake.taken", "intake.dropped")
    }
    plan.drops += sorted(arrived - over)
    return still


def _data(plan: Plan, event: Any, told: str, resha: Mapping[str, str]) -> Mapping[str, Any] | None:
    """What an event is to say from now on; None if that is what it says."""
    if told not in ("", MENTION):
        new = blank(event)
        new = replaced(new, lambda text: plan.spelled.taken_out(text, plan.mark))
        old = {name: value for name, value in event.data.items() if name != "erased"}
        return None if new == old else new
    new = replaced(
        dict(event.data), lambda text: resha.get(text) or plan.spelled.taken_out(text, plan.mark)
    )
    return None if json.dumps(new) == json.dumps(dict(event.data)) else new


def _files(ws: Workspace, plan: Plan, his: set[str], still: set[str]) -> None:
    """His files go, unless others have the very same."""
    for path, content in plan.writes.items():
        if layout.id_of_path(path) and content:
            raw = codec.load(content, path)
            still |= set(texts_in(dict(raw)))
    for path in erasing.paths_in(ws):
        record_id = layout.id_of_path(path)
        if record_id and path not in plan.writes and his:
            text = erasing.text_of(ws.root, path)
            still |= {sha for sha in his if sha in text}
    for sha in sorted(his):
        path = layout.file_path(sha)
        if sha in still:
            plan.left.append((path, "others have the same file"))
        elif ws.has_file(path):
            plan.writes[path] = None
            plan.files_gone.append(sha)


def _tables(ws: Workspace, plan: Plan, way: str) -> None:
    """The block list keeps a refusal where the law does; audiences lose him."""
    blocks = blocklist(ws)
    his = [what for what in blocks.blocks if plan.spelled.is_in(what)]
    if his and way == law.WAYS[0]:
        plan.left.append(
            (layout.BLOCKLIST, "the refusal stays, so that nobody writes to them again")
        )
        out = plan.spelled.taken_out
        kept = [replace(b, reason=out(b.reason, plan.mark)) for b in blocks.blocks.values()]
    else:
        kept = [b for b in blocks.blocks.values() if b.what not in his]
    text = blocklist_text(kept) if blocks.blocks else b""
    if blocks.blocks and text != ws.file(layout.BLOCKLIST):
        plan.writes[layout.BLOCKLIST] = text
    for path in sorted((ws.root / layout.AUDIENCES).glob("*.csv")):
        inner = path.relative_to(ws.root).as_posix()
        lines = erasing.text_of(ws.root, inner).splitlines(keepends=True)
        left = [line for line in lines if line.partition(",")[0] not in plan.gone]
        if left != lines:
            plan.writes[inner] = "".join(left).encode()


def _beside(ws: Workspace, plan: Plan) -> None:
    """What else in the folder names him: crm's own leftovers, copies of letters, files of people."""
    for path, full in erasing.leftovers(ws):
        if plan.spelled.is_in(full.read_bytes().decode("utf-8", "replace")):
            plan.leftovers.append(path)
    told = {one for one, _ in plan.left}
    for path, data in plan.writes.items():
        if data and path not in told and plan.spelled.is_in(data.decode("utf-8", "replace")):
            plan.left.append((path, "a line that cannot be read, see crm check"))
    outbox = ws.settings.mail.deliver.removeprefix("maildir:")
    for path in erasing.paths_in(ws):
        if path in plan.writes or path in (p for p, _ in plan.left) or not path.strip():
            continue
        text = archives.text_in(ws.root / path) or erasing.text_of(ws.root, path)
        if not (plan.spelled.is_in(text) or _is_in_letter(plan, text)):
            continue
        if path.startswith(f"{outbox}/"):
            plan.copies.append(path)
        else:
            plan.left.append((path, "not a file of crm: look at it yourself"))
