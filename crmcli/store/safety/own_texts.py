"""The texts of the configuration that this user wrote here and that crm replaced: an undo brings them back as
his own. Kept outside of the folder, for what stands in that others may have written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.store.disk import files, owners
from crmcli.store.safety import trust

PART = "texts"
"""The part of what is approved on this machine that names them: real path -> digests, the oldest first."""
MOST = 200


def remember(root: Path, replaced: Mapping[str, str | None]) -> None:
    """Note the digest of each file, by its path, that was typed here and gets another text."""
    own = [
        digest
        for path, digest in replaced.items()
        if digest and not path.startswith("data/") and owners.is_typed(root, path)
    ]
    known = _known(root)
    if own and known[-len(own) :] != own:
        with contextlib.suppress(CrmError), trust.changed(PART) as folders:
            rest = [digest for digest in known if digest not in own]
            folders[os.path.realpath(root)] = [*rest, *own][-MOST:]


def is_own(root: Path, text: bytes) -> bool:
    """Whether a text stood here as this user's own, and crm replaced it."""
    return files.digest(text) in _known(root)


def _known(root: Path) -> list[str]:
    try:
        found = trust.read(PART).get(os.path.realpath(root))
    except CrmError:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []
