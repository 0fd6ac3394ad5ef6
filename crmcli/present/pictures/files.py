"""Figures as a file, by its ending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crmcli.model.figures import Figures
from crmcli.present.cells import Locale

ENDINGS = ("html", "png", "xlsx")


def made(
    ending: str, sections: Sequence[Figures], title: str, locale: Locale, at: datetime
) -> bytes:
    """Reports as a page, a picture or a workbook; NotInstalled without the extra that it needs."""
    if ending == "html":
        from crmcli.present.pictures.page import page

        return page(sections, title, locale, at).encode()
    if ending == "png":
        from crmcli.present.pictures.plots import png

        return png(sections, title, locale, at)
    from crmcli.present.pictures.sheet import workbook

    return workbook(sections)
