"""The shape of document numbers: a text with `{seq}` and, where wanted, `{year}`, `{month}` and `{clone}`."""

from __future__ import annotations

import re

from crmcli.language import tr

RULE = r"\{((year|month|seq)(:0?[1-9])?|clone)\}"


def read_mask(text: str) -> str:
    """The mask, if it is one; ValueError otherwise."""
    rest = re.sub(RULE, "", text)
    if "{" in rest or "}" in rest:
        raise ValueError(
            tr("{!r} may hold only {{year}}, {{month}}, {{clone}} and {{seq}}, or {{seq:04}}", text)
        )
    if not text.isprintable():
        raise ValueError(tr("{!r} is not a number of a document", text))
    if "{seq" not in text:
        raise ValueError(tr("{!r} has no {{seq}}, the running number", text))
    return text
