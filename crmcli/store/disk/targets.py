"""Which files a transaction may touch: an allow-list, kept when it is written and when it is recovered."""

from __future__ import annotations

import re
import unicodedata

from crmcli.language import tr
from crmcli.model.entities import plurals
from crmcli.model.values import ID_LETTERS, entity_of
from crmcli.store import layout
from crmcli.store.disk.files import UnsafePath

CONFIGURATION = frozenset(
    (
        "settings.yaml",
        "pipelines.yaml",
        "views.yaml",
        "forms.yaml",
        "scores.yaml",
        "access.yaml",
        "reports.yaml",
        "plans.yaml",
    )
)
OWN = frozenset((".crm/commits/pending", ".crm/sent"))
"""What of this machine's own state is written together with a change; it only grows."""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_JOURNAL = re.compile(rf"[{ID_LETTERS}]{{{layout.ID_LENGTH}}}\.csv")
_AUDIENCE = re.compile(rf"{layout.AUDIENCES}/{layout.PROGRAM}\.csv")
_LOCKED = re.compile(
    rf"{layout.LOCKED}/\d{{4}}-\d\d-\d\d/[a-z]+-[{ID_LETTERS}]{{{layout.ID_LENGTH}}}\.json"
)
_ATTACHMENT = re.compile(r"data/files/([0-9a-f]{2})/\1[0-9a-f]{62}")
_SHORT_NAME = re.compile(r"git~[0-9]+", re.IGNORECASE)  # what Windows may call .git
_STRANGE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_LONGEST = 255  # bytes of one part, as file systems have it


def may_put(path: str) -> bool:
    """Whether a file of that path from the root may be written anew or over: records, the timeline
    (to mend it), attachments, the tables of data/, the named configuration, templates."""
    return (
        bool(layout.id_of_path(path))
        or path in CONFIGURATION
        or path in layout.TABLES
        or bool(_AUDIENCE.fullmatch(path))
        or bool(_ATTACHMENT.fullmatch(path))
        or bool(_LOCKED.fullmatch(path))
        or is_journal(path)
        or _is_template(path)
    )


def may_append(path: str) -> bool:
    """Whether lines may be added to it: the timeline, and what this machine notes for itself."""
    return path in OWN or is_journal(path)


def may_delete(path: str) -> bool:
    """Whether it may be removed: records, also those that stand in the wrong place, templates, what goes by
    the undo of its making (never what marks the folder), and by an erasure: attachments, what was kept."""
    return (
        bool(layout.id_of_path(path))
        or (path in CONFIGURATION and path != layout.PIPELINES)
        or path in layout.TABLES
        or bool(_ATTACHMENT.fullmatch(path) or _LOCKED.fullmatch(path))
        or _is_misplaced(path)
        or _is_template(path)
    )


def is_journal(path: str) -> bool:
    """Whether it is the path of a timeline file: a month's folder, a clone's name."""
    above, _, name = path.rpartition("/")
    data, _, month = above.rpartition("/")
    return (
        data == layout.TIMELINE and bool(_MONTH.fullmatch(month)) and bool(_JOURNAL.fullmatch(name))
    )


def refuse(path: str) -> UnsafePath:
    """The refusal of any other path."""
    return UnsafePath(
        tr("a change may not touch {!r}", path[:_LONGEST]),
        "it is not a record or configuration file",
    )


def _is_misplaced(path: str) -> bool:
    """A record's file that `check --fix` moves: below the folder of a kind of record, at most one deep."""
    parts = path.split("/")
    if len(parts) not in (3, 4) or parts[0] != layout.DATA or parts[1] not in plurals():
        return False
    named = parts[-1].removesuffix(".yaml").removesuffix(".YAML").lower()
    return bool(entity_of(named)) and all(map(_is_plain, parts[2:]))


def _is_template(path: str) -> bool:
    parts = path.split("/")
    return len(parts) > 1 and parts[0] == "templates" and all(map(_is_plain, parts))


def _is_plain(part: str) -> bool:
    """A name that means the same everywhere: not hidden, no control signs, no other separators."""
    return (
        bool(part)
        and part[0] != "."
        and len(part.encode("utf-8", "replace")) <= _LONGEST
        and not any(sign in part for sign in "\\:")
        and not any(unicodedata.category(sign) in _STRANGE for sign in part)
        and not _SHORT_NAME.fullmatch(part)
    )
