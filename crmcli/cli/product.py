"""crm product: what is sold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from crmcli.cli.file_names import ReadFile, WrittenFile
from crmcli.cli.params import ChangingVerb, Noun, Verb, option
from crmcli.cli.session import Session
from crmcli.language import counted, tr
from crmcli.model.product import Product
from crmcli.model.values import fold, json_number
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.sales import products

COLUMNS = [
    Column("sku", "Article", keep=True), Column("name", "Name", keep=True), Column("unit", "Unit"),
    Column("price", "Price", "money"), Column("currency", "Currency"), Column("vat", "VAT, %", "number"),
    Column("active", "Active", "bool"),
]  # fmt: skip
SKU = click.Argument(("sku",), metavar="SKU")
OPTIONS = (
    option("--unit", "Unit, e.g. pcs."),
    option("--price", "Price of one.", "SUM"),
    option("--currency", "Currency, e.g. RUB.", "CODE"),
    option("--vat", "VAT rate in per cent, or no.", "RATE"),
    option("--active", "Whether it is sold: yes or no.", "YES"),
)

product = Noun("product", help="Products: what is sold, at today's price (data/products.csv).")


@product.command(
    cls=ChangingVerb, params=[SKU, click.Argument(("name",), metavar="NAME"), *OPTIONS]
)
def add(session: Session, sku: str, **given: str) -> Told:
    """Add a product.

    Example: crm product add RT-1 'Roof tile' --unit pcs --price 890 --vat 22
    """
    new = products.add(session.workspace, sku, _said(given))
    return Told(tr("Added product {} {}.", new.sku, new.name), _row(new))


@product.command("list")
@click.argument("words", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Those that are not sold any more too.")
def list_(session: Session, words: str, everything: bool) -> Listing:
    """List products, those with some words in their number or name if WORDS are given.

    Example: crm product list tile
    """
    asked = fold(words).split()
    found = [
        _row(one)
        for one in products.products(session.workspace).values()
        if (everything or one.active) and all(w in fold(f"{one.sku} {one.name}") for w in asked)
    ]
    return Listing(found, COLUMNS, "no products")


@product.command(cls=ChangingVerb, params=[SKU, option("--name", "Name."), *OPTIONS])
def edit(session: Session, sku: str, **given: str) -> Told:
    """Change a product; lines of deals and offers keep the price of their day.

    Example: crm product edit RT-1 --price 950
    """
    _, after = products.edit(session.workspace, sku, _said(given))
    return Told(tr("Changed product {} {}.", after.sku, after.name), _row(after))


@product.command(cls=ChangingVerb, params=[SKU])
def rm(session: Session, sku: str) -> Told:
    """Remove a product; lines of deals and offers stay as they are.

    Example: crm product rm RT-1
    """
    gone = products.remove(session.workspace, sku)
    return Told(tr("Removed product {} {}.", gone.sku, gone.name), _row(gone))


@product.command("import", cls=ChangingVerb)
@click.argument("file", metavar="FILE", type=ReadFile())
def import_(session: Session, file: str) -> Told:
    """Add and change products from a CSV file with the columns sku, name, unit, price, currency, vat, active.

    Only sku and name are needed. All lines are taken or none.

    Example: crm product import prices.csv
    """
    from crmcli.sales.records.input_files import LARGEST_TEXT, read_file, read_stream

    if file == "-":
        name, content = "stdin", read_stream(sys.stdin.buffer, "stdin", LARGEST_TEXT)
    else:
        name, content = read_file(file, LARGEST_TEXT)
    new, changed = products.take(session.workspace, content, name)
    text = tr("{} added, {} changed.", counted(len(new), "product"), len(changed))
    return Told(text, {"added": [p.sku for p in new], "changed": [p.sku for p in changed]})


@product.command(cls=Verb)
@click.option(
    "-o",
    "--output",
    type=WrittenFile(dir_okay=False, path_type=Path),
    help="Write to this file; - is stdout.",
)
def export(session: Session, output: Path | None) -> None:
    """Write all products as CSV, as an import reads it.

    Example: crm product export -o prices.csv
    """
    from crmcli.store.disk.files import os_errors

    text = products.text(products.products(session.workspace).values()).decode()
    if output is None or str(output) == "-":
        session.out.text(text)
        return
    with os_errors("write {}", output):
        output.write_text(text, encoding="utf-8", newline="")
    session.out.note(tr("wrote {}", output))


def _said(given: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in given.items() if text}


def _row(one: Product) -> dict[str, Any]:
    return {
        "sku": one.sku, "name": one.name, "unit": one.unit, "price": json_number(one.price),
        "currency": one.currency, "vat": None if one.vat is None else json_number(one.vat),
        "active": "yes" if one.active else "no",
    }  # fmt: skip
