"""Products: the table of what is sold, found by article number or words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crmcli.errors import Ambiguous, BadUsage, NotFound, Refused
from crmcli.language import tr
from crmcli.model.currencies import CODES
from crmcli.model.line_text import read_rate
from crmcli.model.product import Product
from crmcli.model.values import fold, format_decimal
from crmcli.model.vat import check_rates
from crmcli.sales.tables import read_table, table_text
from crmcli.store.layout import PRODUCTS

if TYPE_CHECKING:
    from crmcli.workspace import Change, Workspace

COLUMNS = ("sku", "name", "unit", "price", "currency", "vat", "active")
LABELS = {
    "sku": "артикул", "name": "название", "unit": "единица", "price": "цена", "currency": "валюта",
    "vat": "ндс", "active": "активен",
}  # fmt: skip
_YES = {"yes": True, "да": True, "true": True, "1": True, "": True}
_NO = {"no": False, "нет": False, "false": False, "0": False}


class ProductKnown(Refused):
    """There is a product of that article number."""


def products(ws: Workspace) -> dict[str, Product]:
    """All products by article number; TableWrong lists bad lines."""
    return _read(ws, _merged(ws, ws.file(PRODUCTS) or b""), PRODUCTS)


def _merged(ws: Workspace, data: bytes) -> bytes:
    """The table with nothing where lines were changed or removed since: git keeps both where two clones
    changed lines that stand together. Nothing is looked up where no product stands there twice."""
    lines = data.splitlines(keepends=True)
    skus = [line.partition(b",")[0] for line in lines]
    if len(set(skus)) == len(skus):
        return data
    gone: set[bytes] = set()
    for event in ws.events(kinds=("file.changed",)):
        if event.data.get("file") == PRODUCTS:
            before, after = (
                set(ws.attached(str(event.data[key])).splitlines(keepends=True))
                if event.data.get(key)
                else set()
                for key in ("from", "to")
            )
            gone = (gone | (before - after)) - (after - before)
    kept: list[bytes] = []
    for line in lines:
        kept.append(b"\n" if line in gone or line in kept else line)
    return b"".join(kept)


def find(ws: Workspace, words: str) -> Product:
    """The active product of an article number, or the one whose name has all these words."""
    known = products(ws)
    exact = [p for p in known.values() if fold(p.sku) == fold(words)]
    asked = fold(words).split()
    found = exact or [
        p for p in known.values() if p.active and all(w in fold(p.name) for w in asked)
    ]
    named = [p for p in found if fold(p.name) == fold(words)] or found
    if len(named) > 1:
        listed = ", ".join(f"{p.sku} {p.name}" for p in named[:5])
        raise Ambiguous(tr("{!r} may be {}", words, listed), "name the article number")
    if not named:
        raise NotFound(tr("no product {!r}", words), "see crm product list")
    if not named[0].active:
        raise Refused(
            tr("product {} is not sold any more", named[0].sku),
            tr("crm product edit {} --active yes", named[0].sku),
        )
    return named[0]


def add(ws: Workspace, sku: str, given: Mapping[str, str]) -> Product:
    """Add a product from values as people write them; ProductKnown if there is one of that number."""
    with ws.change("product add") as change:
        known = products(ws)
        new = _product_given(ws, {"sku": sku, **given}, given)
        if new.sku in known:
            raise ProductKnown(
                tr("there is a product {}", new.sku), tr("crm product edit {}", new.sku)
            )
        _write(change, {**known, new.sku: new})
    return new


def edit(ws: Workspace, sku: str, given: Mapping[str, str]) -> tuple[Product, Product]:
    """Change a product; lines that have it keep their price."""
    with ws.change("product edit") as change:
        known = products(ws)
        before = _known(known, sku)
        after = _product_given(ws, _over(before, given), given)
        _write(change, {**known, before.sku: after})
    return before, after


def remove(ws: Workspace, sku: str) -> Product:
    """Take a product out; lines that have it stay as they are."""
    with ws.change("product rm") as change:
        known = products(ws)
        gone = _known(known, sku)
        _write(change, {s: p for s, p in known.items() if s != gone.sku})
    return gone


def take(ws: Workspace, data: bytes, name: str) -> tuple[list[Product], list[Product]]:
    """Add and change products as a table says, all or none; those that are new, those that changed.

    What it does not say of a product stays as it is."""
    with ws.change("product import") as change:
        known = products(ws)
        given = _read(ws, data, name, known)
        new = [p for sku, p in given.items() if sku not in known]
        changed = [p for sku, p in given.items() if sku in known and known[sku] != p]
        if new or changed:
            _write(change, {**known, **given})
    return new, changed


def text(found: Iterable[Product]) -> bytes:
    """Products as their table has them."""
    return table_text(COLUMNS, map(_row, found))


def _write(change: Change, known: Mapping[str, Product]) -> None:
    change.rewrite(PRODUCTS, text(known.values()))


def _known(known: Mapping[str, Product], sku: str) -> Product:
    found = known.get(sku) or next((p for s, p in known.items() if fold(s) == fold(sku)), None)
    if found is None:
        raise NotFound(tr("no product {!r}", sku), "see crm product list")
    return found


def _over(before: Product, given: Mapping[str, str]) -> dict[str, str]:
    """A product's row with what is said anew; a price may bring its currency with it."""
    from crmcli.model.amounts import currency_in

    row = dict(zip(COLUMNS, _row(before), strict=True))
    said = {name: text for name, text in given.items() if text}
    if currency_in(said.get("price", "")):
        row["currency"] = ""
    return row | said


def _read(
    ws: Workspace, data: bytes, name: str, known: Mapping[str, Product] | None = None
) -> dict[str, Product]:
    found: dict[str, Product] = {}

    def one(cells: Mapping[str, str]) -> None:
        before = (known or {}).get(cells["sku"])
        product = _product(ws, _over(before, cells) if before else cells)
        if product.sku in found:
            twice = tr("product {} stands there twice", product.sku)
            raise ValueError(tr("{}: keep one of the two lines", twice))
        found[product.sku] = product

    read_table(data, name, COLUMNS, one, LABELS)
    return found


def _product_given(ws: Workspace, cells: Mapping[str, str], said: Mapping[str, str]) -> Product:
    """A product of what a person says of it; a rate that is given must be one of today."""
    try:
        product = _product(ws, {**dict.fromkeys(COLUMNS, ""), **cells})
    except ValueError as error:
        raise BadUsage(str(error), "crm product add RF-1 'Roof, m²' --price 1500") from None
    if said.get("vat"):
        check_rates(ws.settings.vat_rates, [product.vat], ws.now.astimezone(ws.zone).date())
    return product


def _product(ws: Workspace, cells: Mapping[str, str]) -> Product:
    """A product of what a table or a person says of it; ValueError if there cannot be such a one."""
    from crmcli.model.amounts import read_money

    sku, name = " ".join(cells["sku"].split()), " ".join(cells["name"].split())
    if not sku or not name or ";" in sku:
        raise ValueError(tr("a product needs an article number and a name"))
    price, said = read_money(cells["price"] or "0", ".")
    if price < 0:
        raise ValueError(tr("the price {} is negative", cells["price"]))
    currency = (cells["currency"] or said or ws.settings.currency).upper()
    check_currency(currency)
    if said not in ("", currency):
        raise ValueError(tr("the price {} is not in {}", cells["price"], currency))
    usual = ws.settings.vat_rate
    vat = usual if not cells["vat"] else read_rate(cells["vat"])
    if vat is not None and not 0 <= vat <= 100:
        raise ValueError(tr("VAT of {} % is not from 0 to 100", f"{vat:f}"))
    active = {**_YES, **_NO}.get(cells["active"].lower())
    if active is None:
        raise ValueError(tr("{!r} is neither yes nor no", cells["active"]))
    return Product(sku, name, cells["unit"], price, currency, vat, active)


def check_currency(code: str) -> None:
    """ValueError for a currency that ISO 4217 does not know."""
    if code not in CODES:
        raise ValueError(tr("{!r} is not a currency that ISO 4217 knows", code))


def _row(product: Product) -> tuple[str, ...]:
    vat = "no" if product.vat is None else format_decimal(product.vat)
    active = "yes" if product.active else "no"
    price = format_decimal(product.price)
    return (product.sku, product.name, product.unit, price, product.currency, vat, active)
