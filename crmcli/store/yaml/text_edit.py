"""Changing a YAML file of a person as text, at the parser's own marks: comments and order stay as they are.

What comes out is read again and must say exactly what was meant, or nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from crmcli.language import tr
from crmcli.model.values import Raw
from crmcli.store.yaml.canonical import dump
from crmcli.store.yaml.codec import RecordUnreadable, load_marked
from crmcli.store.yaml.text_lines import CannotEdit, TextLines
from crmcli.store.yaml.written_values import IN_FLOW, Map, block, entry, fits, flow, ids_of, scalar

if TYPE_CHECKING:
    import yaml


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


class _Text(TextLines):
    """A file that gets other values."""

    def changed(self, old: Map, wanted: Map) -> str:
        """The text with the values of `wanted`."""
        root = self._root()
        if root is None or not root.value:
            return self.text.rstrip("\n") + "\n" * bool(self.text.strip()) + dump(wanted)
        self._map(root, old, wanted)
        return self.made()

    def renamed(self, place: tuple[str, ...], name: str) -> str:
        """The text with one key renamed."""
        node: Any = self._root()
        for step in place[:-1]:
            node = next(value for key, value in node.value if key.value == step)
        key = next(key for key, _ in node.value if key.value == place[-1])
        self.replace(key, scalar(name))
        return self.made()

    def _root(self) -> yaml.MappingNode | None:
        import yaml

        return cast("yaml.MappingNode | None", yaml.compose(self.text, Loader=yaml.CBaseLoader))

    # --- maps and lists ----------------------------------------------------------------------

    def _map(self, node: yaml.MappingNode, old: Map, wanted: Map, *, is_item: bool = False) -> None:
        """Change a block map, perhaps an item of a list, key by key."""
        column = node.value[0][0].start_mark.column
        nodes = {key.value: (key, value) for key, value in node.value}
        for name, (key, value) in nodes.items():
            if name not in wanted:
                self.drop(key.start_mark.line, self.last_line(value, key))
            elif wanted[name] != old[name]:
                self._value(key, value, old[name], wanted[name], column)
        after = -1  # the line behind which the next new key goes
        for name, value in wanted.items():
            if name in nodes:
                key, inner = nodes[name]
                after = self.last_line(inner, key)
            else:
                first = node.value[0][0].start_mark.line
                lines = self._key(name, value, column, is_item=is_item)
                self.insert(after if after >= 0 else first - 1, lines if column else ["", *lines])

    def _value(self, key: yaml.Node, node: yaml.Node, old: Raw, new: Raw, column: int) -> None:
        is_block = not getattr(node, "flow_style", True)
        if isinstance(old, dict) and isinstance(new, dict) and is_block and new:
            self._map(cast("yaml.MappingNode", node), old, new)
        elif isinstance(old, list) and isinstance(new, list) and is_block and new:
            self._list(cast("yaml.SequenceNode", node), old, new)
        elif is_block and new in ([], {}):
            line, after = key.start_mark.line, key.end_mark.column + len(":")
            self.drop(node.start_mark.line, self.last_line(node, key))
            self.edits.append((line, after, line, after, f" {flow(new)}"))
        elif old == "" and not isinstance(new, str):
            lines = self._key(key.value, new, column)[1:]
            self.insert(key.start_mark.line, lines)
        elif isinstance(new, str) and self.is_folded(node):
            self.replace(node, scalar(new))
        elif is_block or getattr(node, "style", None) in ("|", ">"):
            raise CannotEdit(tr("{}: {!r} would change as a whole", self.path, key.value),
                             "change it in an editor")  # fmt: skip
        elif isinstance(new, str) and fits(new, getattr(node, "style", "|"), column):
            self.replace(node, f"'{new}'" if getattr(node, "style", "") else new)
        elif isinstance(old, list) and isinstance(new, list) and _is_same_order(old, new):
            self._flow_entries(cast("yaml.SequenceNode", node), old, new)
        elif isinstance(old, dict) and isinstance(new, dict) and next(iter(old), "") in new:
            self._flow_map(cast("yaml.MappingNode", node), old, new)
        else:
            self.refuse_comments(node)
            self.replace(node, flow(new))

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
                self.drop(item.start_mark.line, self.last_line(item, item))
        indent = " " * node.start_mark.column
        is_block = not getattr(node.value[-1], "flow_style", True)
        for item in new[len(kept) :]:
            lines = entry(item, len(indent)) if is_block else [f"{indent}- {flow(item)}"]
            self.insert(self.last_line(node.value[-1], node), lines)

    def _item(self, item: yaml.Node, was: Raw, now: Raw) -> None:
        """Change an item of a list where it stands."""
        if was == now:
            return
        are_maps = isinstance(was, dict) and isinstance(now, dict)
        if are_maps and now and not getattr(item, "flow_style", True):
            node = cast("yaml.MappingNode", item)
            self._map(node, cast("Map", was), cast("Map", now), is_item=True)
        elif are_maps and item.value[0][0].value in cast("Map", now):
            self._flow_map(cast("yaml.MappingNode", item), cast("Map", was), cast("Map", now))
        else:
            self.replace(item, flow(now))

    def _flow_map(self, node: yaml.MappingNode, old: Map, new: Map) -> None:
        """Change the values of a map in braces, of which the first stays; new keys come at its end."""
        before = node.value[0][1]
        for key, value in node.value:
            if key.value not in new:
                self.cut(before, value)
            elif new[key.value] != old[key.value]:
                self._value(key, value, old[key.value], new[key.value], IN_FLOW)
            before = value
        more = {key: value for key, value in new.items() if key not in old}
        if more:
            end = node.value[-1][1].end_mark
            text = ", " + flow(more)[1:-1]
            self.edits.append((end.line, end.column, end.line, end.column, text))

    def _flow_entries(self, node: yaml.SequenceNode, old: list[Raw], new: list[Raw]) -> None:
        """Change a list in brackets of maps with an id: some go, others come behind one that stays."""
        nodes = dict(zip(ids_of(old), zip(node.value, old, strict=True), strict=True))
        before = node.value[0]
        for word, (item, was) in nodes.items():
            if word in ids_of(new):
                self._item(item, was, new[ids_of(new).index(word)])
            else:
                self.cut(before, item)
            before = item
        for word, value in zip(ids_of(new), new, strict=True):
            if word in nodes:
                after = nodes[word][0].end_mark
            else:
                self.edits.append(
                    (after.line, after.column, after.line, after.column, f", {flow(value)}")
                )

    # --- lists of maps with an id ------------------------------------------------------------

    def _entries(self, node: yaml.SequenceNode, old: list[Raw], new: list[Raw]) -> None:
        """Take items out of a list and put others between; the rest may change where it stands."""
        were, are = ids_of(old), ids_of(new)
        spans = dict(zip(were, self.spans(node), strict=True))
        if [one for one in were if one in are] != [one for one in are if one in were]:
            raise CannotEdit(tr("{}: a list would change its order", self.path),
                             "change it in an editor")  # fmt: skip
        for item, word, was in zip(node.value, were, old, strict=True):
            if word in are:
                self._item(item, was, new[are.index(word)])
            else:
                self.drop_span(*spans[word])
        is_block = any(not getattr(item, "flow_style", True) for item in node.value)
        is_airy = len(were) > 1 and not self.lines[spans[were[0]][1] + 1].strip()
        column = node.start_mark.column
        after = ""
        for word, value in zip(are, new, strict=True):
            if word in were:
                after = word
                continue
            lines = self._entry(value, column) if is_block else [" " * column + f"- {flow(value)}"]
            air = [""] if is_airy and is_block else []
            if after:
                self.insert(spans[after][1], [*air, *lines])
            else:
                self.insert(spans[were[0]][0] - 1, [*lines, *air])

    def _key(self, name: str, value: Raw, column: int, *, is_item: bool = False) -> list[str]:
        """A new key with its value as lines, a list of maps below it; in an item of a list in one line."""
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            lines = [line for item in value for line in self._entry(item, column + 2)]
            return [f"{' ' * column}{scalar(name)}:", *lines]
        if is_item:
            return [f"{' ' * column}{scalar(name)}: {flow(value)}"]
        return block(name, value, column)

    def _entry(self, value: Raw, column: int) -> list[str]:
        """A new item of a list as lines: those that it has elsewhere, with its comment, or new ones."""
        for was, lines, indent in self.standing:
            if was == value:
                return [" " * column + line[indent:] if line.strip() else line for line in lines]
        return entry(value, column)

    @cached_property
    def standing(self) -> list[tuple[Raw, list[str], int]]:
        """Each map with an id of the lists of the file, with its lines and how far they are indented."""
        return list(self._standing(self._root(), load_marked(self.text.encode(), self.path).value))

    def _standing(self, node: Any, value: Raw) -> Iterator[tuple[Raw, list[str], int]]:
        if getattr(node, "flow_style", True):
            return
        if isinstance(value, dict):
            for key, part in node.value:
                yield from self._standing(part, value[key.value])
        elif isinstance(value, list):
            spans = self.spans(node) if ids_of(value) else ()
            for (top, last), part in zip(spans, value, strict=False):
                yield part, self.lines[top : last + 1], node.start_mark.column
            for item, part in zip(node.value, value, strict=True):
                yield from self._standing(item, part)

    def _reorder(self, node: yaml.SequenceNode, were: list[str], are: list[str]) -> None:
        """Put the items of a list into another order, each with the comment above it."""
        spans = self.spans(node)
        texts = {
            word: self.lines[top : last + 1] for word, (top, last) in zip(were, spans, strict=True)
        }
        if spans[-1][1] + 1 == len(self.lines) and self.end:
            raise CannotEdit(tr("{}: a list would change its order", self.path),
                             "change it in an editor")  # fmt: skip
        for word, (top, last) in zip(are, spans, strict=True):
            text = "\n".join(texts[word])
            self.edits.append((top, 0, last, len(self.lines[last]), text))


def _is_same_order(old: list[Raw], new: list[Raw]) -> bool:
    """Whether the maps with an id that stay stand in the same order in both, and the first of all stays."""
    were, are = ids_of(old), ids_of(new)
    kept = [one for one in were if one in are]
    return bool(kept) and were[0] == are[0] and kept == [one for one in are if one in were]


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
