"""The state of a workspace in a form that two runs of one command share: chance is taken out."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from crmcli.model.entities import ENTITIES
from crmcli.model.values import ID_LETTERS
from crmcli.store.disk.commit_record import KEPT, QUARANTINE
from crmcli.store.disk.recovery import leftovers, recover
from crmcli.store.safety import locks
from crmcli.store.safety.state import SENT

State = tuple[tuple[str, str], ...]
"""What `content` finds, under names that do not depend on chance."""

_RECORD = re.compile(rf"\b(?:{'|'.join((*ENTITIES, 'batch'))})-[{ID_LETTERS}]{{8}}\b")
_NAMED = re.compile(rf"\b[a-z]+-(?:\d+|[{ID_LETTERS}]{{8}})\b")
_EVENT = re.compile(rf"\be[{ID_LETTERS}]{{16}}\b")
_CHAIN = re.compile(",[0-9a-f]{16}$", re.MULTILINE)
_RANDOM = re.compile(r"\b[0-9a-f]{20}(?:[0-9a-f]{12}(?:[0-9a-f]{32})?)?\b")
"""Keys of jobs and of messages, and the names of files by content: that of a message has its key in it."""
_LETTER = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_PROCESS = re.compile(r'(""pid"":)\d+')
_SUM = re.compile(r'(""sum"":"")[0-9a-f]{8}')
_OF_RANDOM = re.compile(r'(=_|"content": ")[0-9a-f]{32,64}')
"""What is reckoned from such a key: the marks between the parts of a message, and the sum of the whole."""
_SHARD = re.compile(r"^(data/[a-z]+)/[^/]+/([a-z]+-|[0-9a-f]{64}$)")


def content(root: Path) -> dict[str, bytes]:
    """Every file below data/, and what left this machine, as it is; but for the audit, of which each command
    writes a line of its own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((*root.glob("data/**/*"), root / SENT))
        if path.is_file() and root / "data/audit" not in path.parents
    }


def with_rules(root: Path) -> dict[str, bytes]:
    """The same, and the files of the configuration."""
    return content(root) | {path.name: path.read_bytes() for path in sorted(root.glob("*.yaml"))}


def state(found: dict[str, bytes]) -> State:
    """The content with every id replaced by the place where it first stands on the timeline."""
    names: dict[str, str] = {}
    # By their first event: of two clones, which letters come first is chance.
    timelines = sorted((p for p in found if p.startswith("data/timeline/")), key=found.__getitem__)
    for path in timelines:
        text = found[path].decode("utf-8", "replace")
        for pattern in (_RECORD, _EVENT, _LETTER, _RANDOM):
            for match in pattern.finditer(text):
                word = match[0].partition("-")[0] if pattern is _RECORD else "event"
                names.setdefault(match[0], f"{word}-{len(names)}")
        names[Path(path).stem] = f"clone-{len(names)}"

    def plain(text: str) -> str:
        for pattern in (_RECORD, _EVENT, _LETTER, _RANDOM):
            text = pattern.sub(lambda match: names.get(match[0], match[0]), text)
        return text

    seen = []
    for path, data in found.items():
        if data.startswith(b"%PDF-"):
            data = b"a page, and the moment at which it was made"
        text = _OF_RANDOM.sub(r"\g<1>0", plain(data.decode("utf-8", "backslashreplace")))
        if path in timelines:
            text = _SUM.sub(r"\g<1>0", _PROCESS.sub(r"\g<1>0", _CHAIN.sub("", text)))
            name = path.replace(Path(path).stem, names[Path(path).stem])
        else:
            name = _SHARD.sub(r"\1/\2", path)
        seen.append((plain(name), text))
    return tuple(sorted(seen))


def timeline_of(seen: State) -> str:
    """The part of a state that only grows."""
    return "".join(text for path, text in seen if path.startswith("data/timeline/"))


def all_but_one(seen: State, before: State, after: State) -> bool:
    """Whether every record is as `after` the change, save one that is as it was `before`.

    Ids do not count: of a merge, the one that is left may differ only in the id to which it links.
    """

    def records(of: State) -> Counter[str]:
        texts = (text for path, text in of if not path.startswith("data/timeline/"))
        return Counter(_NAMED.sub("id", text) for text in texts)

    left = records(seen) - records(after)
    return left.total() <= 1 and left <= records(before)


def settle(root: Path) -> State:
    """What the next command makes of the folder; AssertionError if it has to put anything aside."""
    with locks.exclusive(root, "torture"):
        recover(root)
    aside = leftovers(root)
    assert aside == [], f"put aside in {KEPT} or {QUARANTINE}: {[str(p) for p in aside]}"
    return state(content(root))
