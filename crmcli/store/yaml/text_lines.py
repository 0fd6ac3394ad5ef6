"""The lines of a YAML file of a person, and changes of them at the parser's own marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from crmcli.dataclass import dataclass, field
from crmcli.errors import Refused
from crmcli.language import tr

if TYPE_CHECKING:
    import yaml

_OTHER_ENDS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
"""Where a line ends too, as YAML 1.1 has it."""


class CannotEdit(Refused):
    """A file is written in a way that crm cannot change without losing something of it."""


@dataclass
class TextLines:
    """The lines of a file, and changes of them by line and column, made from the end."""

    text: str
    path: str
    edits: list[tuple[int, int, int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if _OTHER_ENDS.search(self.text):
            told = tr("{} has lines that end neither in LF nor in CR LF", self.path)
            raise CannotEdit(told, "change it in an editor")
        self.lines = self.text.split("\n")
        self.end = "\r" if any(line.endswith("\r") for line in self.lines) else ""

    def made(self) -> str:
        """The text with every change."""
        lines = self.lines
        # From the end; of two at one place the first was asked for first, and comes first.
        ordered = sorted((*edit[:4], n, edit[4]) for n, edit in enumerate(self.edits))
        for line, column, to_line, to_column, _, new in reversed(ordered):
            before = lines[line][:column]
            after = lines[to_line][to_column:] if to_line < len(lines) else ""
            whole = before + new + after
            lines[line : to_line + 1] = whole.split("\n")
        return "\n".join(lines)

    def replace(self, node: yaml.Node, new: str) -> None:
        """Another text in the place of a value."""
        start, end = node.start_mark, node.end_mark
        to_line, to_column = end.line, end.column
        if getattr(node, "style", None) in ("|", ">"):  # it ends where the next thing begins
            to_line = end.line - 1
            to_column = len(self.lines[to_line])
        self.edits.append((start.line, start.column, to_line, to_column, new))

    def cut(self, before: yaml.Node, node: yaml.Node) -> None:
        """Take away what stands behind one value until the end of another."""
        start, end = before.end_mark, node.end_mark
        self.refuse_comments(before, node)
        self.edits.append((start.line, start.column, end.line, end.column, ""))

    def is_folded(self, node: yaml.Node) -> bool:
        """Whether a value is one text on lines of its own, which can go into one line without loss."""
        first = self.lines[node.start_mark.line][node.start_mark.column :]
        is_text = getattr(node, "style", None) in ("|", ">")
        return is_text and "#" not in first and "\n" not in str(node.value).rstrip("\n")

    def spans(self, node: yaml.SequenceNode) -> list[tuple[int, int]]:
        """The first and the last line of each item: with the comment right above it, and what is
        commented out below it, as deep as it."""
        found: list[tuple[int, int]] = []
        floor, dash = 0, node.start_mark.column
        for item in node.value:
            top, last = item.start_mark.line, self.last_line(item, item)
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

    def drop_span(self, top: int, last: int) -> None:
        """Drop lines with the empty line that parts them from the next."""
        has_gap = last + 1 < len(self.lines) - 1 and not self.lines[last + 1].strip()
        if has_gap and not self.lines[top - 1].strip():
            last += 1
        self.drop(top, last)

    def insert(self, after: int, new: list[str]) -> None:
        """New lines behind a line, -1 for the beginning of the file."""
        if not new:
            return
        text = "".join(f"{line.removesuffix(self.end)}{self.end}\n" for line in new)
        if after + 1 < len(self.lines):
            self.edits.append((after + 1, 0, after + 1, 0, text))
        else:
            length = len(self.lines[after])
            self.edits.append((after, length, after, length, "\n" + text.rstrip("\n")))

    def drop(self, first: int, last: int) -> None:
        """Drop lines, from the first to the last."""
        if last + 1 < len(self.lines):
            self.edits.append((first, 0, last + 1, 0, ""))
        else:
            self.edits.append((first, 0, last, len(self.lines[last]), ""))

    def last_line(self, node: Any, key: yaml.Node) -> int:
        """The last line that belongs to a value; comments below it do not."""
        if isinstance(node.value, list) and not node.flow_style and node.value:
            last = node.value[-1]
            pair = last if isinstance(last, tuple) else (last, last)
            return self.last_line(pair[1], pair[0])
        if getattr(node, "style", None) in ("|", ">"):
            end = node.end_mark.line - (node.end_mark.column == 0)
            while end > key.start_mark.line and not self.lines[end].strip():
                end -= 1
            return cast("int", end)
        if node.value == "" and not node.style:
            return cast("int", key.start_mark.line)
        return cast("int", node.end_mark.line)

    def refuse_comments(self, node: yaml.Node, last: yaml.Node | None = None) -> None:
        """A list or map in brackets that is written anew would lose the comments in it."""
        inside = self.lines[node.start_mark.line : (last or node).end_mark.line]
        if any(re.search(r"(^|\s)#", line) for line in inside):
            raise CannotEdit(
                tr(
                    "{}:{}: there are comments in the list or map to be changed",
                    self.path,
                    node.start_mark.line + 1,
                ),
                "change it in an editor, or write it on separate lines",
            )
