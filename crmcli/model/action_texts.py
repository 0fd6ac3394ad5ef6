"""What the texts under `with:` hold: templates, words in a list, texts within maps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping


def is_template(text: str) -> bool:
    """Whether a parameter's text holds something to fill in."""
    return "{{" in text or "{%" in text


def plain_words(given: object) -> Iterator[str]:
    """The words of a parameter that lists several, a list or one text with commas, which stand there as
    they are meant; what templates will say is not known yet."""
    for one in given if isinstance(given, list) else [given]:
        text = re.sub(r"\{\{.*?\}\}", "{", str(one), flags=re.DOTALL)
        for word in [] if "{%" in text else text.split(","):
            if word.strip() and not re.search("[{}]", word):
                yield word.strip()


def listed_words(given: object) -> list[str]:
    """The words of a parameter that is a list, or one text with commas, and holds no template."""
    parts = given if isinstance(given, list) else str(given or "").split(",")
    return [str(part).strip() for part in parts if str(part).strip()]


def texts_of(given: object) -> Iterator[str]:
    """Every text of a parameter, however deep it stands in lists and maps."""
    if isinstance(given, Mapping):
        given = [*given.values()]
    if isinstance(given, list):
        for part in given:
            yield from texts_of(part)
    elif isinstance(given, str):
        yield given
