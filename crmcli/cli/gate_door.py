"""The way in by SSH: what was asked for, read as words; an environment in which nothing runs but crm; and the
watch that ends what lasts once its user may no longer be there."""

from __future__ import annotations

import os
import re
import shlex
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from crmcli.errors import BadUsage, Forbidden, kind_of_bug
from crmcli.language import tr

NAME = "gate"
"""This door, as the audit has it."""
ASKED = "SSH_ORIGINAL_COMMAND"
LONGEST = 100_000
"""Bytes of a command; longer texts come by stdin."""
MOST_WORDS = 1000
MEMORY = 1 << 30
"""Bytes that a command may use: what it reads on stdin is bounded by it too."""
FOLDER = "WORKSPACE"
KEPT: Mapping[str, str] = {
    "LANG": r"[A-Za-z]{1,3}([_.@-][A-Za-z0-9-]{1,12}){0,3}",
    "LC_ALL": r"[A-Za-z]{1,3}([_.@-][A-Za-z0-9-]{1,12}){0,3}",
    "TERM": r"[A-Za-z0-9][A-Za-z0-9.+-]{0,40}",
    "COLORTERM": r"truecolor|24bit",
    "COLUMNS": r"[1-9][0-9]{0,3}",
    "LINES": r"[1-9][0-9]{0,3}",
    "NO_COLOR": r"1",
}
"""What is kept of the environment, and how it must look."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EVERY = 0.5
"""Seconds between two looks whether the user may still be there."""
_SCREEN_BACK = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m"


class Door(NamedTuple):
    """By which line of authorized_keys somebody came, and into which folder."""

    user: str
    key: str
    keys: str
    folder: str
    words: tuple[str, ...] = ()
    """The command of that line, from `gate` on."""


class Asked(NamedTuple):
    """What was asked for: a command and how it wants to be shown."""

    words: Sequence[str]
    shown: Mapping[str, str]
    folder: str


def read(raw: bytes) -> Asked:
    """The words of what came over SSH; BadUsage unless it is one line of a sound command."""
    if len(raw) > LONGEST:
        raise BadUsage(
            tr("the command is longer than {} bytes", LONGEST), "give a long text by stdin: -"
        )
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadUsage("the command is not UTF-8", "write it in UTF-8") from None
    if _CONTROL.search(text):
        raise BadUsage(
            "a command is one line without control characters", "give the text by stdin: -"
        )
    try:
        words = shlex.split(text)
    except ValueError:
        raise BadUsage("a quotation in the command does not end", "look at its quotes") from None
    shown: dict[str, str] = {}
    while words and (said := _assigned(words[0])):
        shown[said[0]] = said[1]
        words = words[1:]
    words = words[1:] if words[:1] in (["crm"], ["crmcli"]) else words
    if not words:
        raise BadUsage(
            "no command was given", "ssh HOST today, for instance; ssh HOST --help lists them"
        )
    if len(words) > MOST_WORDS:
        raise BadUsage(tr("the command has more than {} words", MOST_WORDS), "do it in several")
    return Asked(words, shown, shown.pop(FOLDER, ""))


def _assigned(word: str) -> tuple[str, str] | None:
    name, equals, value = word.partition("=")
    return (name, value) if equals and name in (*KEPT, FOLDER) else None


def clean(shown: Mapping[str, str], state: str) -> None:
    """Leave nothing in the environment but what is harmless; crm's own files are those of the account."""
    import pwd

    asked = {**os.environ, **shown}
    kept = {
        name: value
        for name, rule in KEPT.items()
        if (value := asked.get(name)) and re.fullmatch(rule, value)
    }
    os.environ.clear()
    os.environ.update(kept)
    os.environ |= {"PATH": PATH, "PAGER": "cat", "LESSSECURE": "1"}
    with suppress(KeyError):
        os.environ["HOME"] = pwd.getpwuid(os.geteuid()).pw_dir
    if state:
        os.environ["XDG_STATE_HOME"] = state
    os.chdir("/")


def bound() -> None:
    """Let one command not take the memory of all."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    least = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_DATA, (least, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check_folder(root: Path, asked: str) -> None:
    """Forbidden where somebody asked for another workspace than that of the door."""
    if asked and asked.strip("/") not in (root.name, str(root).strip("/")):
        raise Forbidden(tr("this key does not lead to {!r}", asked), "ask who keeps the host")


def watch(is_open: Callable[[], str], keep: Callable[[str], None]) -> None:
    """End the process once `is_open` has a reason against it, which is kept, whatever its command does."""

    def keep_if_possible(why: str) -> None:
        with suppress(Exception):  # what cannot be kept closes the door all the same
            keep(why)

    def look() -> None:
        while True:
            time.sleep(EVERY)
            try:
                kept = why = is_open()
            except Exception as error:  # a door that nobody can watch does not stay open
                why = "your rights cannot be read: start again"
                kept = f"{why} ({kind_of_bug(error)})"
            if why:
                keeping = threading.Thread(target=keep_if_possible, args=(kept,), daemon=True)
                keeping.start()
                keeping.join(EVERY)  # whoever holds a lock does not stay for that
                _end(why)

    threading.Thread(target=look, daemon=True).start()


def _end(why: str) -> NoReturn:
    if os.isatty(1):
        os.write(1, _SCREEN_BACK)
    os.write(2, f"\r\n{tr('crm: error: {}', tr(why))}\r\n".encode())
    os._exit(4)
