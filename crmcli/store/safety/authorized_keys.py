"""The lines of ~/.ssh/authorized_keys by which people come to `crm gate`. All others are left as they are."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
import shlex
import struct
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from crmcli.errors import BadUsage, Conflict
from crmcli.language import tr
from crmcli.store.disk import files
from crmcli.store.safety import trust

KINDS = {
    "ssh-ed25519": 2, "sk-ssh-ed25519@openssh.com": 3, "ecdsa-sha2-nistp256": 3, "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3, "sk-ecdsa-sha2-nistp256@openssh.com": 4, "ssh-rsa": 3,
}  # fmt: skip
"""The kinds of keys that are taken, and of how many parts each consists."""
LEAST_RSA = 2048
LONGEST = 16_384
_MOST = 16 << 20
_BLOB = re.compile(r"(?:^|[\s,])([a-z][\w@.-]*) +(AAAA[A-Za-z0-9+/]+={0,2})")
_OURS = re.compile(r'restrict(,pty)?,command="((?:[^"\\]|\\.)*)" (\S+) (\S+)(?: (.*))?')


class Key(NamedTuple):
    """A public key: its kind, its content and what its owner wrote behind it."""

    kind: str
    blob: str
    comment: str = ""

    @property
    def fingerprint(self) -> str:
        """As ssh-keygen -l shows it."""
        return fingerprint(self.blob)


class Door(NamedTuple):
    """A line by which somebody comes to the gate: who, by which key, into which folder."""

    user: str
    key: Key
    folder: str
    has_terminal: bool


def fingerprint(blob: str) -> str:
    """The fingerprint of a key's content."""
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def read_key(text: str) -> Key:
    """The one key that a text holds; BadUsage unless it is a sound public key with nothing before it."""
    if "PRIVATE KEY" in text:
        raise BadUsage(
            "that is a private key, which nobody else should have", "give the file with .pub"
        )
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) != 1:
        raise BadUsage(
            tr("one public key is expected, not {}", len(lines)), "give the file with .pub"
        )
    kind, _, rest = lines[0].partition(" ")
    blob, _, comment = rest.strip().partition(" ")
    if kind not in KINDS or not lines[0].isprintable():
        known = ", ".join(sorted({one.partition("@")[0] for one in KINDS}))
        raise BadUsage(
            tr("{!r} is not a kind of key", kind[:40]), tr("it begins with one of {}", known)
        )
    _check(kind, blob)
    return Key(kind, blob, comment.strip())


def _check(kind: str, blob: str) -> None:
    try:
        parts = [*_parts(base64.b64decode(blob, validate=True))]
    except (binascii.Error, struct.error, ValueError):
        parts = []
    if not parts or parts[0] != kind.encode() or len(parts) != KINDS[kind] or blob != _again(blob):
        raise BadUsage("the key is damaged", "give the file with .pub as ssh-keygen wrote it")
    if kind == "ssh-rsa" and (bits := int.from_bytes(parts[2], "big").bit_length()) < LEAST_RSA:
        raise BadUsage(
            tr("an RSA key of {} bits is too weak", bits), "make one: ssh-keygen -t ed25519"
        )
    if kind == "ssh-ed25519" and len(parts[1]) != 32:
        raise BadUsage("the key is damaged", "give the file with .pub as ssh-keygen wrote it")


def _again(blob: str) -> str:
    return base64.b64encode(base64.b64decode(blob)).decode()


def _parts(content: bytes) -> Iterator[bytes]:
    while content:
        (size,) = struct.unpack(">I", content[:4])
        part, content = content[4 : 4 + size], content[4 + size :]
        if len(part) != size:
            raise ValueError
        yield part


def line_of(command: str, key: Key, *, terminal: bool) -> str:
    """The line that lets a key run that command and nothing else."""
    if "\\" in command or not command.isprintable():  # sshd knows no way to write these
        raise BadUsage(
            "a path with a backslash or a line end cannot be written there", "rename the folder"
        )
    quoted = command.replace('"', '\\"')
    pty = ",pty" if terminal else ""
    return f'restrict{pty},command="{quoted}" {key.kind} {key.blob} {key.comment}'.rstrip()


def door_of(line: str) -> Door | None:
    """What a line of ours says; None for any other."""
    found = _OURS.fullmatch(line.strip())
    if not found:
        return None
    try:
        words = shlex.split(found[2].replace('\\"', '"'))
    except ValueError:
        return None
    said = dict(zip(words, [*words[1:], ""], strict=True))
    if "gate" not in words or "--as" not in said:
        return None
    key = Key(found[3], found[4], found[5] or "")
    return Door(said["--as"], key, said.get("-C", ""), bool(found[1]))


def read(path: Path) -> list[str]:
    """The lines of the file; none where it is not there."""
    try:
        data = files.read_bytes(path, most=_MOST)
    except files.Missing:
        return []
    return data.decode("utf-8", "surrogateescape").split("\n")


def doors(path: Path) -> list[Door]:
    """The lines of ours in the file."""
    return [door for line in read(path) if (door := door_of(line))]


def fingerprints(path: Path) -> Collection[str]:
    """The keys that open a door by the file."""
    return {door.key.fingerprint for door in doors(path)}


def add(path: Path, command: str, key: Key, *, terminal: bool) -> None:
    """Let a key in by a line at the end; Conflict if it stands in the file already, in whatever line."""

    def changed(lines: list[str]) -> list[str]:
        for number, line in enumerate(lines, 1):
            if not line.lstrip().startswith("#") and any(
                blob == key.blob for _, blob in _BLOB.findall(line)
            ):
                raise _taken(path, number, door_of(line))
        while lines and not lines[-1].strip():
            lines = lines[:-1]
        return [*lines, line_of(command, key, terminal=terminal), ""]

    _rewrite(path, changed)


def _taken(path: Path, number: int, door: Door | None) -> Conflict:
    if door:
        told = tr("that key is {}'s already", door.user)
        return Conflict(told, tr("crm gate revoke {}", door.key.fingerprint))
    told = tr("{}:{}: that key opens a shell already", path, number)
    return Conflict(told, "remove that line first, or use another key")


def remove(path: Path, is_meant: Callable[[Door], bool]) -> list[Door]:
    """Take away the lines of ours that are meant; which they were."""
    gone: list[Door] = []

    def changed(lines: list[str]) -> list[str]:
        rest = []
        for line in lines:
            door = door_of(line)
            if door and is_meant(door):
                gone.append(door)
            else:
                rest.append(line)
        return rest

    _rewrite(path, changed)
    return gone


def _rewrite(path: Path, changed: Callable[[list[str]], list[str]]) -> None:
    with trust.changed("keys"):  # one at a time; the file itself is ssh's
        if path.is_symlink():
            raise files.UnsafePath(
                tr("{} is a link", path), "name the file to which it leads: --keys"
            )
        lines = read(path)
        new = changed(lines)
        if new == lines:
            return
        with files.os_errors("write {}", path.parent):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = "\n".join(new).encode("utf-8", "surrogateescape")
        mode = 0o600
        with contextlib.suppress(FileNotFoundError):
            mode = path.stat().st_mode & 0o777 & ~0o022
        files.write_over(path, data, mode=mode)
