"""Changing a YAML file of a person as text, at the parser's own marks: comments and order stay as they are.

What comes out is read again and must say exactly what was meant, or nothing is changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from crmcli.dataclass import dataclass, field
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.values import Raw
from crmcli.store.yaml.canonical import dump, is_plain, is_safe
from crmcli.store.yaml.codec import RecordUnreadable, load_marked

if TYPE_CHECKING:
    import yaml

LONGEST = 100
_PLAIN = re.compile(r"\w(?:[\w .²/()%+-]*[\w²/()%+])?")
_IN_FLOW = -1
"""The column of what stands in braces."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
Map = dict[str, Raw]


class CannotEdit(Refused):
    """A file is written in a way that crm cannot change without losing something of it."""


def edited(data: bytes, path: str, wanted: Map) -> bytes:
    """The file with other values, new keys where `wanted` has them; CannotEdit where only a person can do
    it."""
    text = data.decode("utf-8").removeprefix("\ufeff")
    old = load_marked(data, path).value
    new = _Text(text, path).changed(old, wanted)
    return _checked(("\ufeff" if data.startswith(b"\xef\xbb\xbf") else "") + new, path, wanted)


def with_key(data: bytes, path: str, place: tuple[str, ...], name: str) -> bytes:
    """The file with one key renamed where it stands; CannotEdit as `edited`."""
    text = data.decode("utf-8")
    marked = _Text(text.removeprefix("\ufeff"), path)
    old = load_marked(data, path).value
    new = marked.renamed(place, name)
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    return _checked(bom + new, path, renamed(old, place, name))


def renamed(tree: Map, place: tuple[str, ...], name: str) -> Map:
    """A tree with one key renamed, in its place among the others."""
    if len(place) == 1:
        return {name if key == place[0] else key: value for key, value in tree.items()}
    inner = renamed(cast("Map", tree[place[0]]), place[1:], name)
    return {**tree, place[0]: inner}


def _checked(text: str, path: str, wanted: Map) -> bytes:
    data = text.encode()
    try:
        is_meant = load_marked(data, path).value == wanted
    except RecordUnreadable:
        is_meant = False
    if not is_meant:
        raise CannotEdit(
            tr("{} is written in a way that crm cannot change safely", path),
            "change it in an editor",
        )
    return data


@dataclass
class _Text:
    """The lines of a file, and changes of them by line and column, made from the end."""

    text: str
    path: str
    edits: list[tuple[int, int, int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        self.end = "\r" if any(line.endswith("\r") for line in self.lines) else ""

    def changed(self, old: Map, wanted: Map) -> str:
        """The text with the values of `wanted`."""
        root = self._root()
        if root is None or not root.value:
            return self.text.rstrip("\n") + "\n" * bool(self.text.strip()) + dump(wanted)
        self._map(root, old, wanted)
        return self._made()

    def renamed(self, place: tuple[str, ...], name: str) -> str:
        """The text with one key renamed."""
        node: Any = self._root()
        for step in place[:-1]:
            node = next(value for key, value in node.value if key.value == step)
        key = next(key for key, _ in node.value if key.value == place[-1])
        self._replace(key, _scalar(name))
        return self._made()

    def _root(self) -> yaml.MappingNode | None:
        import yaml

        return cast("yaml.MappingNode | None", yaml.compose(self.text, Loader=yaml.CBaseLoader))

    def _made(self) -> str:
        lines = self.lines
        # From the end; of two at one place the first was asked for first, and comes first.
        ordered = sorted((*edit[:4], n, edit[4]) for n, edit in enumerate(self.edits))
        for line, column, to_line, to_column, _, new in reversed(ordered):
            before = lines[line][:column]
            after = lines[to_line][to_column:] if to_line < len(lines) else ""
            whole = before + new + after
            lines[line : to_line + 1] = whole.split("\n")
        return "\n".join(lines)

    def _replace(self, node: yaml.Node, new: str) -> None:
        start, end = node.start_mark, node.end_mark
        to_line, to_column = end.line, end.column
        if getattr(node, "style", None) in ("|", ">"):  # it ends where the next thing begins
            to_line = end.line - 1
            to_column = len(self.lines[to_line])
        self.edits.append((start.line, start.column, to_line, to_column, new))

    # --- maps and lists ----------------------------------------------------------------------

    def _map(self, node: yaml.MappingNode, old: Map, wanted: Map) -> None:
        """Change a block map key by key."""
        column = node.value[0][0].start_mark.column
        nodes = {key.value: (key, value) for key, value in node.value}
        for name, (key, value) in nodes.items():
            if name not in wanted:
                self._drop(key.start_mark.line, self._last_line(value, key))
            elif wanted[name] != old[name]:
                self._value(key, value, old[name], wanted[name], column)
        after = -1  # the line behind which the next new key goes
        for name, value in wanted.items():
            if name in nodes:
                key, inner = nodes[name]
                after = self._last_line(inner, key)
            else:
                first = node.value[0][0].start_mark.line
                lines = _block(name, value, column)
                self._insert(after if after >= 0 else first - 1, lines if column else ["", *lines])

    def _value(self, key: yaml.Node, node: yaml.Node, old: Raw, new: Raw, column: int) -> None:
        is_block = not getattr(node, "flow_style", True)
        if isinstance(old, dict) and isinstance(new, dict) and is_block and new:
            self._map(cast("yaml.MappingNode", node), old, new)
        elif isinstance(old, list) and isinstance(new, list) and is_block and new:
            self._list(cast("yaml.SequenceNode", node), old, new)
        elif old == "" and not isinstance(new, str):
            lines = _block(key.value, new, column)[1:]
            self._insert(key.start_mark.line, lines)
        elif is_block or getattr(node, "style", None) in ("|", ">"):
            raise CannotEdit(tr("{}: {!r} would change as a whole", self.path, key.value),
                             "change it in an editor")  # fmt: skip
        elif isinstance(new, str) and _fits(new, getattr(node, "style", "|"), column):
            self._replace(node, f"'{new}'" if getattr(node, "style", "") else new)
        else:
            self._refuse_comments(node)
            self._replace(node, _flow(new))

    def _list(self, node: yaml.SequenceNode, old: list[Raw], new: list[Raw]) -> None:
        """Change a block list: items that go, items that are another text now, items at its end; of maps
        with an id also such that come between or change their places."""
        were, are = ids_of(old), ids_of(new)
        if were and are and len(new) != len(old):
            self._entries(node, old, new)
            return
        if were and are and were != are and sorted(were) == sorted(are):
            self._reorder(node, were, are)
            return
        kept = [item for item in new if item in old]
        if len(new) == len(old):
            for item, was, now in zip(node.value, old, new, strict=True):
                self._item(item, was, now)
            return
        if [item for item in old if item in new] != kept or new[: len(kept)] != kept:
            raise CannotEdit(tr("{}: a list would change its order", self.path),
                             "change it in an editor")  # fmt: skip
        for item, was in zip(node.value, old, strict=True):
            if was not in new:
                self._drop(item.start_mark.line, self._last_line(item, item))
        indent = " " * node.start_mark.column
        added = [f"{indent}- {_flow(item)}" for item in new[len(kept) :]]
        self._insert(self._last_line(node.value[-1], node), added)

    def _item(self, item: yaml.Node, was: Raw, now: Raw) -> None:
        """Change an item of a list where it stands."""
        if was == now:
            return
        are_maps = isinstance(was, dict) and isinstance(now, dict)
        if are_maps and now and not getattr(item, "flow_style", True):
            self._map(cast("yaml.MappingNode", item), cast("Map", was), cast("Map", now))
        elif are_maps and cast("Map", was).keys() <= cast("Map", now).keys():
            self._flow_map(cast("yaml.MappingNode", item), cast("Map", was), cast("Map", now))
        else:
            self._replace(item, _flow(now))

    def _flow_map(self, node: yaml.MappingNode, old: Map, new: Map) -> None:
        """Change the values of a map in braces, with new keys at its end."""
        for key, value in node.value:
            if new[key.value] != old[key.value]:
                self._value(key, value, old[key.value], new[key.value], _IN_FLOW)
        more = {key: value for key, value in new.items() if key not in old}
        if more:
            end = node.value[-1][1].end_mark
            text = ", " + _flow(more)[1:-1]
            self.edits.append((end.line, end.column, end.line, end.column, text))

    # --- lists of maps with an id ------------------------------------------------------------

    def _entries(self, node: yaml.SequenceNode, old: list[Raw], new: list[Raw]) -> None:
        """Take items out of a list and put others between; the rest may change where it stands."""
        were, are = ids_of(old), ids_of(new)
        spans = dict(zip(were, self._spans(node), strict=True))
        if [one for one in were if one in are] != [one for one in are if one in were]:
            raise CannotEdit(tr("{}: a list would change its order", self.path),
                             "change it in an editor")  # fmt: skip
        for item, word, was in zip(node.value, were, old, strict=True):
            if word in are:
                self._item(item, was, new[are.index(word)])
            else:
                self._drop_span(*spans[word])
        is_block = any(not getattr(item, "flow_style", True) for item in node.value)
        is_airy = len(were) > 1 and not self.lines[spans[were[0]][1] + 1].strip()
        column = node.start_mark.column
        after = ""
        for word, value in zip(are, new, strict=True):
            if word in were:
                after = word
                continue
            lines = _entry(value, column) if is_block else [" " * column + f"- {_flow(value)}"]
            air = [""] if is_airy and is_block else []
            if after:
                self._insert(spans[after][1], [*air, *lines])
            else:
                self._insert(spans[were[0]][0] - 1, [*lines, *air])

    def _reorder(self, node: yaml.SequenceNode, were: list[str], are: list[str]) -> None:
        """Put the items of a list into another order, each with the comment above it."""
        spans = self._spans(node)
        texts = {
            word: self.lines[top : last + 1] for word, (top, last) in zip(were, spans, strict=True)
        }
        if spans[-1][1] + 1 == len(self.lines) and self.end:
            raise CannotEdit(tr("{}: a list would change its order", self.path),
                             "change it in an editor")  # fmt: skip
        for word, (top, last) in zip(are, spans, strict=True):
            text = "\n".join(texts[word])
            self.edits.append((top, 0, last, len(self.lines[last]), text))

    def _spans(self, node: yaml.SequenceNode) -> list[tuple[int, int]]:
        """The first and the last line of each item: with the comment right above it, and what is
        commented out below it, as deep as it."""
        found: list[tuple[int, int]] = []
        floor, dash = node.start_mark.line, node.start_mark.column
        for item in node.value:
            top, last = item.start_mark.line, self._last_line(item, item)
            while top > floor and self._is_comment(top - 1) == dash:
                top -= 1
            while last + 1 < len(self.lines) and self._is_comment(last + 1) > dash:
                last += 1
            found.append((top, last))
            floor = last + 1
        return found

    def _is_comment(self, line: int) -> int:
        """How far a line is indented that is a comment alone; -1 if it is none."""
        text = self.lines[line]
        return len(text) - len(text.lstrip(" ")) if text.lstrip(" ").startswith("#") else -1

    def _drop_span(self, top: int, last: int) -> None:
        """Drop lines with the empty line that parts them from the next."""
        has_gap = last + 1 < len(self.lines) - 1 and not self.lines[last + 1].strip()
        if has_gap and not self.lines[top - 1].strip():
            last += 1
        self._drop(top, last)

    def _insert(self, after: int, new: list[str]) -> None:
        """New lines behind a line, -1 for the beginning of the file."""
        if not new:
            return
        text = "".join(f"{line}{self.end}\n" for line in new)
        if after + 1 < len(self.lines):
            self.edits.append((after + 1, 0, after + 1, 0, text))
        else:
            length = len(self.lines[after])
            self.edits.append((after, length, after, length, "\n" + text.rstrip("\n")))

    def _drop(self, first: int, last: int) -> None:
        if last + 1 < len(self.lines):
            self.edits.append((first, 0, last + 1, 0, ""))
        else:
            self.edits.append((first, 0, last, len(self.lines[last]), ""))

    def _last_line(self, node: Any, key: yaml.Node) -> int:
        """The last line that belongs to a value; comments below it do not."""
        if isinstance(node.value, list) and not node.flow_style and node.value:
            last = node.value[-1]
            pair = last if isinstance(last, tuple) else (last, last)
            return self._last_line(pair[1], pair[0])
        if getattr(node, "style", None) in ("|", ">"):
            end = node.end_mark.line - (node.end_mark.column == 0)
            while end > key.start_mark.line and not self.lines[end].strip():
                end -= 1
            return cast("int", end)
        if node.value == "" and not node.style:
            return cast("int", key.start_mark.line)
        return cast("int", node.end_mark.line)

    def _refuse_comments(self, node: yaml.Node) -> None:
        """A list or map in brackets that is written anew would lose the comments in it."""
        inside = self.lines[node.start_mark.line : node.end_mark.line]
        if any(re.search(r"(^|\s)#", line) for line in inside):
            raise CannotEdit(
                tr(
                    "{}:{}: there are comments in the list or map to be changed",
                    self.path,
                    node.start_mark.line + 1,
                ),
                "change it in an editor, or write it on separate lines",
            )


def _block(name: str, value: Raw, column: int) -> list[str]:
    """A key with its value as lines, indented; a small map of facts in one line."""
    indent = " " * column
    if isinstance(value, dict) and "type" in value:
        line = f"{indent}{_scalar(name)}: {_flow(value)}"
        if len(line) <= LONGEST:
            return [line]
    elif isinstance(value, dict) and value:
        inner = [line for key, part in value.items() for line in _block(key, part, column + 2)]
        return [f"{indent}{_scalar(name)}:", *inner]
    elif isinstance(value, str) and (_NUMBER.fullmatch(value) or _COLOR.fullmatch(value)):
        return [f"{indent}{_scalar(name)}: {_scalar(value)}"]
    elif (
        isinstance(value, list)
        and column
        and len(line := f"{_scalar(name)}: {_flow(value)}") < LONGEST
    ):
        return [indent + line]
    return [indent + line if line else "" for line in dump({name: value}).rstrip("\n").split("\n")]


def _fits(text: str, style: str | None, column: int) -> bool:
    """Whether a text can be written as the one before it was: in single quotes, or plain."""
    if style == "'":
        return "'" not in text and "\n" not in text and is_safe(text)
    in_flow = column == _IN_FLOW and any(sign in text for sign in ",[]{}")
    return not style and not in_flow and is_safe(text) and is_plain(text)


def ids_of(items: list[Raw]) -> list[str]:
    """The ids of a list of maps, each of which has its own; none if that is not what it is."""
    ids = [str(item["id"]) for item in items if isinstance(item, dict) and item.get("id")]
    return ids if len(set(ids)) == len(items) else []


def _entry(value: Raw, column: int) -> list[str]:
    """An item of a list of maps as lines, its lists of maps below it, other lists in one line."""
    indent = " " * (column + 2)
    lines: list[str] = []
    for key, part in cast("Map", value).items():
        if isinstance(part, list) and ids_of(part):
            lines.append(f"{indent}{_scalar(key)}:")
            lines += [line for item in part for line in _entry(item, column + 4)]
        else:
            lines.append(f"{indent}{_scalar(key)}: {_flow(part)}")
    return [" " * column + "- " + lines[0].lstrip(" "), *lines[1:]]


def _flow(value: Raw) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    return _scalar(value)


def _scalar(text: str) -> str:
    """A text in one line, quoted where a reader might take it for something else."""
    if is_safe(text) and _PLAIN.fullmatch(text):
        return text
    if _COLOR.fullmatch(text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=not is_safe(text))


def places(
    tree: Raw, at: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a tree with its place; a key stands for itself, at the place of its map."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield at, key
            yield from places(value, (*at, key))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from places(value, (*at, number))
    else:
        yield at, tree
