"""QR codes as pictures that a page can hold."""

from __future__ import annotations

from crmcli.errors import ServiceFailed


class NoQrCodes(ServiceFailed):
    """What draws QR codes is not installed."""


def picture(payload: str) -> str:
    """A text as a QR code, for the `src` of an image; "" for none. NoQrCodes without segno."""
    if not payload:
        return ""
    try:
        import segno
    except ImportError:
        raise NoQrCodes("QR codes need the package segno", "pip install 'crmcli[pdf]'") from None
    code = segno.make_qr(payload, error="m", encoding="utf-8", boost_error=False)
    return str(code.svg_data_uri(border=2, encode_minimal=False))
