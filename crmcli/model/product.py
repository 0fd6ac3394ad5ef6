"""The product: what is sold, by its article number; its price is that of today."""

from __future__ import annotations

from decimal import Decimal

from crmcli.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One line of data/products.csv. `vat` is None where it is free of VAT; only what is active is sold."""

    sku: str
    name: str
    unit: str = ""
    price: Decimal = Decimal(0)
    currency: str = ""
    vat: Decimal | None = None
    active: bool = True
