"""Documents as files: text, a page of HTML with its pictures inside, or PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.sales.documents.messages import renderer
from crmcli.sales.template_names import names_for
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


ENDINGS = (".pdf", ".html", ".txt")
_PAGE = ".html.j2"


def rendered(
    ws: Workspace,
    record: Record,
    template: str,
    ending: str,
    own: Mapping[str, object] | None = None,
    *,
    variant: str = "",
    also: Sequence[str] = (),
) -> bytes:
    """What a document is in a file with that ending; BadUsage for any but ENDINGS, beside which the caller
    `also` knows others. `own` is what its template sees that others do not."""
    if ending.lower() not in ENDINGS:
        told = tr("{!r} is not an ending of a document", ending)
        raise BadUsage(told, tr("one of {}", ", ".join((*ENDINGS, *also))))
    names = {**names_for(ws, record), **(own or {})}
    if ending.lower() == ".txt":
        text = template.removesuffix(_PAGE) + ".txt.j2"
        return renderer(ws).render_text(text, names).encode()
    return _written(ws, renderer(ws).render_text(template, names), ending, variant)


def _written(ws: Workspace, text: str, ending: str, variant: str) -> bytes:
    """A page of HTML with its pictures inside, as it is or as PDF, of a `variant` if one is asked for."""
    from crmcli.render import pages

    page = pages.with_pictures(text, ws.root).removesuffix("\n") + "\n"
    return pages.to_pdf(page, ws.now, variant) if ending.lower() == ".pdf" else page.encode()
