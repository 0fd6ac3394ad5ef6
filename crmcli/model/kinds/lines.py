"""Lines of a deal or an offer: what, how many, at which price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.model.kinds.base import Field, InputContext, Locale, one_of
from crmcli.model.kinds.maps import Item, Maps
from crmcli.model.kinds.numbers import NUMBER
from crmcli.model.values import Discount, Line, Raw, format_decimal, parse_decimal, parse_money


class Lines(Maps):
    """Lines of a deal or an offer: what, how many, at which price."""

    def parse_item(self, item: Item) -> object:
        return Line(
            item["name"],
            parse_decimal(item.get("quantity", "1")),
            item.get("unit", ""),
            parse_money(item.get("price", "0")),
            parse_decimal(item["vat"]) if item.get("vat") else None,
            _discount(item.get("discount", "")),
            item.get("product", ""),
            _yes_no(item.get("vat_included", "")),
        )

    def dump_item(self, item: Line) -> dict[str, Raw]:
        raw: dict[str, Raw] = {"product": item.product} if item.product else {}
        raw |= {"name": item.name, "quantity": format_decimal(item.quantity)}
        if item.unit:
            raw["unit"] = item.unit
        raw["price"] = format_decimal(item.price)
        if item.vat is not None:
            raw["vat"] = format_decimal(item.vat)
        if item.discount is not None:
            raw["discount"] = str(item.discount)
        if item.vat_included is not None:
            raw["vat_included"] = "yes" if item.vat_included else "no"
        return raw

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.line_text import read_line

        return [self.dump_item(read_line(text, ctx.vat_rate, ""))]

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        raise ValueError("not JSON")

    def check(self, value: Any, known: Any) -> None:
        from crmcli.model.line_text import check_line

        for line in value:
            if line not in known:
                check_line(line)

    def is_item(self, item: Mapping[str, Any]) -> bool:
        return "quantity" in item and super().is_item(item)

    def number_in(self, raw: Any) -> object:
        numbers = ("quantity", "price", "vat")
        return [
            {key: NUMBER.number_in(v) if key in numbers else v for key, v in item.items()}
            if isinstance(item, dict)
            else item
            for item in raw or ()
        ]

    def show(self, value: Any, locale: Locale) -> str:
        """Names have commas."""
        numbers = (locale.number(parse_decimal(str(item.get("quantity", 1)))) for item in value)
        return "; ".join(f"{i['name']} × {n}" for i, n in zip(value, numbers, strict=True))

    def item_text(self, item: Mapping[str, Any]) -> str:
        return f"{item['name']} × {item['quantity']}"


def _discount(text: str) -> Discount | None:
    if text.endswith("%"):
        return Discount(parse_decimal(text.removesuffix("%")))
    return Discount(parse_money(text), is_percent=False) if text else None


def _yes_no(text: str) -> bool | None:
    return one_of(text, ("yes", "no")) == "yes" if text else None


LINES = Lines(
    "lines",
    main="name",
    known=("product", "name", "quantity", "unit", "price", "vat", "discount", "vat_included"),
    metavar="NAME;QTY;PRICE",
    is_multiline=False,
    searched_in="rest",
)
