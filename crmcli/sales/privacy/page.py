"""The page of an archive of personal data: what people read, without a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.values import entity_of
from crmcli.model.words import in_words
from crmcli.workspace import Workspace

_STYLE = b"""
body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse } pre { white-space: pre-wrap; font: inherit; margin: 0 }
td, th { text-align: left; vertical-align: top; padding: .2em 1em .2em 0; border-bottom: 1px solid #ddd }
""".decode()
_HEADINGS = {
    "known_by": "Known by",
    "records": "Records",
    "consents": "Consents and refusals",
    "timeline": "What happened",
    "mentions": "Mentions in other records",
    "block_list": "Block list",
    "files": "Files",
    "shared_with_others": "Numbers and addresses that others have too",
}


def page(ws: Workspace, told: Mapping[str, Any]) -> str:
    """The whole page, which needs nothing but itself and the files beside it."""
    who = told["person"]
    title = tr("Personal data: {}", who["name"])
    body = "\n".join(_parts(ws, told))
    day = escape(str(who["as_of"])[:10])
    return (
        f'<!doctype html>\n<html lang="{ws.settings.language}"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>\n<h1>{escape(title)}</h1>"
        f"<p>{escape(ws.settings.us.name)} {day}</p>\n{body}\n</html>\n"
    )


def _parts(ws: Workspace, told: Mapping[str, Any]) -> Iterator[str]:
    for key, heading in _HEADINGS.items():
        value = told[key]
        if not value:
            continue
        yield f"<h2>{escape(tr(heading))}</h2>"
        if key == "records":
            yield from (_record(ws, raw) for raw in value)
        elif key in ("timeline", "mentions"):
            yield _shown([{**one, "kind": tr(in_words(one["kind"]))} for one in value])
        elif key == "files":
            links = (f'<li><a href="files/{escape(n)}">{escape(n)}</a>' for n in value)
            yield f"<ul>{''.join(links)}</ul>"
        else:
            yield _shown(value)


def _record(ws: Workspace, raw: Mapping[str, Any]) -> str:
    entity = entity_of(str(raw["id"]))
    labels = {field.name: tr(field.label) for field in ws.schema.fields(entity)}
    kind = tr(ENTITIES[entity].name)
    rows = {labels.get(name, name): value for name, value in raw.items() if name != "id"}
    return f"<h3>{escape(kind)} {escape(str(raw['id']))}</h3>{_shown(rows)}"


def _shown(value: Any) -> str:
    """A value as HTML, whatever it holds."""
    if isinstance(value, Mapping):
        rows = (f"<tr><th>{escape(tr(str(k)))}<td>{_shown(v)}" for k, v in value.items() if v)
        return f"<table>{''.join(rows)}</table>"
    if isinstance(value, list | tuple):
        if all(isinstance(one, str) for one in value):
            return _shown("\n".join(value))
        return "".join(f"<div>{_shown(one)}</div>" for one in value)
    return f"<pre>{escape(str(value))}</pre>"
