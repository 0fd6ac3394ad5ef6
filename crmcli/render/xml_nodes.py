"""Elements of XML by their names with prefix; what is empty is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Content: TypeAlias = "Element | str | Iterable[Element | None] | None"


def node(name: str, *content: Content, **attributes: str) -> Element | None:
    """An element with its text or its elements; None where it would be empty."""
    made = Element(name, attributes)
    for part in content:
        if isinstance(part, str):
            made.text = (made.text or "") + part
        elif isinstance(part, Element):
            made.append(part)
        elif part is not None:
            made.extend(one for one in part if one is not None)
    return made if made.text or len(made) else None


def document(name: str, spaces: Mapping[str, str], *content: Content) -> bytes:
    """A whole document in UTF-8; `spaces` are its name spaces by prefix."""
    root = node(name, *content)
    assert root is not None  # it has a number
    for prefix, space in spaces.items():
        root.set(f"xmlns:{prefix}" if prefix else "xmlns", space)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()
