"""What a link t.me/BOT?start=… says of where a client comes from: up to 64 letters, digits, - and _."""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qsl

from crmcli.channels.incoming.form import utm_of

_START = re.compile(r"/start(?:@\w+)?\s+([A-Za-z0-9_-]{1,64})\s*")


def marks_of(text: str) -> dict[str, list[str]]:
    """The source and the UTM marks of /start: `utm_source-vk__utm_campaign-spring`, a query in base64url, or
    else one word, which is where the client comes from."""
    begun = _START.fullmatch(text)
    if begun is None:
        return {}
    given = begun[1]
    pairs = dict(parse_qsl(_decoded(given)))
    pairs = pairs or dict(part.split("-", 1) for part in given.split("__") if "-" in part)
    return {**utm_of(pairs), "source_detail": [given]}


def _decoded(text: str) -> str:
    """What a text says in base64url, if that is a query with UTM marks; else ""."""
    try:
        said = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""
    return said if "utm_" in said and said.isprintable() else ""
