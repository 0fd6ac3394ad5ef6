"""How values are written into a YAML file of a person: in lines or in braces, quoted where it must be."""

from __future__ import annotations

import json
import re
from typing import cast

from crmcli.model.values import Raw
from crmcli.store.yaml.canonical import dump, is_plain, is_safe

LONGEST = 100
_PLAIN = re.compile(r"\w(?:[\w .²/()%+-]*[\w²/()%+])?")
IN_FLOW = -1
"""The column of what stands in braces."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
Map = dict[str, Raw]


def block(name: str, value: Raw, column: int) -> list[str]:
    """A key with its value as lines, indented; a small map of facts in one line."""
    indent = " " * column
    if isinstance(value, dict) and "type" in value:
        line = f"{indent}{scalar(name)}: {flow(value)}"
        if len(line) <= LONGEST:
            return [line]
    elif isinstance(value, dict) and value:
        inner = [line for key, part in value.items() for line in block(key, part, column + 2)]
        return [f"{indent}{scalar(name)}:", *inner]
    elif isinstance(value, str) and (_NUMBER.fullmatch(value) or _COLOR.fullmatch(value)):
        return [f"{indent}{scalar(name)}: {scalar(value)}"]
    elif (
        isinstance(value, list)
        and column
        and len(line := f"{scalar(name)}: {flow(value)}") < LONGEST
    ):
        return [indent + line]
    return [indent + line if line else "" for line in dump({name: value}).rstrip("\n").split("\n")]


def fits(text: str, style: str | None, column: int) -> bool:
    """Whether a text can be written as the one before it was: in single quotes, or plain."""
    if style == "'":
        return "'" not in text and "\n" not in text and is_safe(text)
    in_flow = column == IN_FLOW and any(sign in text for sign in ",[]{}")
    return not style and not in_flow and is_safe(text) and is_plain(text)


def ids_of(items: list[Raw]) -> list[str]:
    """The ids of a list of maps, each of which has its own; none if that is not what it is."""
    ids = [str(item["id"]) for item in items if isinstance(item, dict) and item.get("id")]
    return ids if len(set(ids)) == len(items) else []


def entry(value: Raw, column: int) -> list[str]:
    """An item of a list of maps as lines, its lists of maps below it, other lists in one line."""
    indent = " " * (column + 2)
    lines: list[str] = []
    for key, part in cast("Map", value).items():
        if isinstance(part, list) and ids_of(part):
            lines.append(f"{indent}{scalar(key)}:")
            lines += [line for item in part for line in entry(item, column + 4)]
        else:
            lines.append(f"{indent}{scalar(key)}: {flow(part)}")
    return [" " * column + "- " + lines[0].lstrip(" "), *lines[1:]]


def flow(value: Raw) -> str:
    """A value in one line, lists and maps in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    return scalar(value)


def scalar(text: str) -> str:
    """A text in one line, quoted where a reader might take it for something else."""
    if is_safe(text) and _PLAIN.fullmatch(text):
        return text
    if _COLOR.fullmatch(text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=not is_safe(text))
