"""Digests as who does not see all may see them: signed, so that nobody tries out what they are of."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from functools import cached_property
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.store.disk.rights import rights_in

_KEY = f"{layout.STATE}/signing-key"
_BYTES = 32
_HEX = bytes(b"x"[0] if chr(n) in "0123456789abcdef" else 32 for n in range(256))
_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class Signing:
    """Signs for one user, by a key of this clone; where none can be kept, by one of this run."""

    def __init__(self, root: Path, user: str) -> None:
        self._root, self._user = root, user

    def text(self, text: str) -> str:
        """A text with each sha256 in it signed, in the form that it has."""
        if b"x" * 64 not in text.encode("utf-8", "surrogatepass").translate(_HEX):
            return text  # to look for one takes thirty times as long
        return _DIGEST.sub(lambda found: self.digest(found[0]), text)

    def digest(self, sha: str) -> str:
        """One of them, signed."""
        return hmac.new(self._key, f"{self._user}\n{sha}".encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _key(self) -> bytes:
        path = files.inside(self._root, _KEY)
        made = os.urandom(_BYTES)
        try:
            key = files.read_bytes(path)
        except files.Missing:
            key = b""
        except CrmError:
            return made
        if len(key) == _BYTES:
            return key
        try:
            files.write_over(path, made, rights=rights_in(path.parent))
            return files.read_bytes(path)  # of two at once the later one's stays
        except CrmError:
            return made
