"""A PDF for people that holds the e-invoice for programs: Factur-X, which is ZUGFeRD."""

from __future__ import annotations

import logging

from crmcli.render.einvoice_rules import INSTALL, NoValidator


def hybrid(pdf: bytes, xml: bytes, *, title: str, author: str, language: str) -> bytes:
    """The PDF, which is one for archives (`pdf/a-3b`), with an e-invoice in CII inside."""
    try:
        import facturx  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        raise NoValidator("the package factur-x is not installed", INSTALL) from None
    logging.getLogger("factur-x").setLevel(logging.CRITICAL)
    told = {"author": author, "title": title, "subject": title, "keywords": "Factur-X"}
    made = facturx.generate_from_binary(
        pdf, xml, flavor="factur-x", level="en16931", pdf_metadata=told, lang=language,
        afrelationship="alternative",
    )  # fmt: skip
    assert isinstance(made, bytes)
    return made
