"""The rights by which the gate goes: approved by who keeps the host, or by commands of an administrator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcli.errors import InvalidData, Refused
from crmcli.language import tr
from crmcli.model.access import Rights
from crmcli.store import layout
from crmcli.store.config.settings import load_settings
from crmcli.store.disk import files
from crmcli.store.safety import approved
from crmcli.workspace.reads import Reads

if TYPE_CHECKING:
    from crmcli.store.records.change import Change


def rights_with(reads: Reads, edit: Callable[[bytes], bytes]) -> bytes | None:
    """What is approved for the gate with the change of a command and nothing else; None where there is no
    gate. Refused where that change rests on what nobody has approved."""
    kept = approved.text(reads.root)
    if kept is None:
        return None
    new = edit(kept)
    try:
        reads.read_access(new, thorough=True)
    except InvalidData as error:
        told = tr("the gate goes by earlier rights, in which that is wrong: {}",
                  tr(error.problems[0].message))  # fmt: skip
        raise Refused(told, "look at what was edited by hand first: crm gate approve") from None
    return new


def follow_rights(root: Path, change: Change) -> list[str]:
    """Approve of access.yaml what a command made of it, and nothing that a hand wrote; what to tell."""
    kept = approved.text(root)
    if kept is None:
        return []
    new = change.gate_rights
    if new is None and layout.ACCESS in change.rewritten:
        new = _carried(root, change, kept)
    if new is None:
        return []
    standing = approved.standing(root)
    is_all = standing is not None and _says(standing) == _says(new)
    if is_all and standing is not None:
        new = standing  # its comments too
    if new != kept:
        approved.approve(root, new)
    if is_all:
        return []
    if standing is None:
        return ["access.yaml is gone: the gate goes by the rights that were approved"]
    return [
        "access.yaml has more that was edited by hand: it counts at the gate after crm gate approve"
    ]


def _carried(root: Path, change: Change, kept: bytes) -> bytes:
    """What is approved with what changed in access.yaml, as an undo does; without what no longer fits it."""
    from crmcli.store.yaml.text_edit import edited
    from crmcli.store.yaml.text_lines import CannotEdit

    digest, after = change.rewritten[layout.ACCESS]
    if digest == files.digest(kept):
        return kept if after is None else after
    before = change.attachment(digest or "")
    if before is None or after is None:
        return kept
    try:
        new = edited(kept, layout.ACCESS, _merged(_says(kept), _says(before), _says(after)))
        Reads(root, load_settings(root), "", None, "").read_access(new)
    except (CannotEdit, InvalidData):
        return kept
    return new


def _says(rights: bytes) -> Any:
    from crmcli.store.yaml.codec import load_marked

    return load_marked(rights, layout.ACCESS).value


def _merged(held: Any, was: Any, now: Any) -> Any:
    """A value with what another one has gained and lost; None for one that is not there."""
    if was == now:
        return held
    if isinstance(was, list) and now is None:
        now = []
    if isinstance(now, list) and isinstance(held or [], list):
        known = was or []
        stay = [one for one in held or [] if one not in known or one in now]
        return stay + [one for one in now if one not in (*known, *stay)] or None
    if not all(isinstance(one, dict) for one in (held, was, now)):
        return now
    keys = dict.fromkeys((*held, *now))
    found = {key: _merged(*(one.get(key) for one in (held, was, now))) for key in keys}
    return {key: value for key, value in found.items() if value is not None}


def rights_at_gate(root: Path, user: str) -> Rights:
    """What a user may do who comes by the gate now; Forbidden for whoever may do nothing."""
    reads = Reads(root, load_settings(root), user, None, "")
    reads.is_gated = True
    reads.take_rights()
    assert reads.rights is not None  # else it was refused
    return reads.rights


def rights_wait(root: Path) -> bool:
    """Whether access.yaml says something that nobody approved, while a gate goes by what was approved."""
    return approved.state(root) == "changed"


def approve(root: Path) -> None:
    """Let the gate go by what access.yaml says now; InvalidData where it is wrong."""
    text = approved.standing(root)
    settings = load_settings(root)
    Reads(root, settings, "", None, "").read_access()
    if text is not None:
        approved.approve(root, text)
