"""What was paid, and the bank accounts that money goes to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crmcli.language import tr
from crmcli.model.kinds.base import Field, InputContext, Locale
from crmcli.model.kinds.maps import Item, Maps
from crmcli.model.kinds.numbers import NUMBER
from crmcli.model.values import BankAccount, Payment, Raw, format_decimal, parse_date, parse_money


class Accounts(Maps):
    """Bank accounts."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """A line or a semicolon between them, each like `4070… 044525225 Сбербанк`."""
        from crmcli.model.legal_details import read_account

        accounts: dict[str, BankAccount] = {}
        for item in (part.strip() for part in re.split(r"[;\n]", text)):
            if not item:
                continue
            try:
                account = read_account(item)
            except ValueError:
                if ctx.country.upper() == "RU":
                    raise
                number, _, bank = item.partition(" ")
                account = BankAccount(number, bank=bank.strip())
            accounts.setdefault(account.account, account)
        return self.dump(tuple(accounts.values()))

    def write_item(self, item: Item) -> str:
        return " ".join(item[part] for part in self.known if item.get(part))

    def show(self, value: Any, locale: Locale) -> str:
        words = {"bank": "", "bic": tr("BIC "), "corr": tr("corr. ")}
        return ", ".join(self._with_bank(item, words) for item in value)

    def item_text(self, item: Mapping[str, Any]) -> str:
        """The number, then its bank."""
        return self._with_bank(item, {"bank": "", "bic": "BIC ", "corr": "corr. "})

    @staticmethod
    def _with_bank(item: Mapping[str, Any], words: Mapping[str, str]) -> str:
        parts = [f"{word}{item[key]}" for key, word in words.items() if item.get(key)]
        return str(item["account"]) + (f" ({', '.join(parts)})" if parts else "")


class Payments(Maps):
    """Payments of an invoice."""

    def parse_item(self, item: Item) -> object:
        at = parse_date(item.get("at", ""))
        return Payment(at, parse_money(item["amount"]), item.get("reference", ""))

    def dump_item(self, item: Payment) -> dict[str, Raw]:
        raw: dict[str, Raw] = {"at": item.at.isoformat(), "amount": format_decimal(item.amount)}
        return raw | ({"reference": item.reference} if item.reference else {})

    def number_in(self, raw: Any) -> object:
        return [{**item, "amount": NUMBER.number_in(item["amount"])} for item in raw or ()]

    def show(self, value: Any, locale: Locale) -> str:
        shown = ({**i, "amount": locale.amount(parse_money(str(i["amount"])))} for i in value)
        return ", ".join(map(self.item_text, shown))

    def item_text(self, item: Mapping[str, Any]) -> str:
        """`2026-11-23: 1200.50 (PP 17)`."""
        after = f" ({item['reference']})" if item.get("reference") else ""
        return f"{item['at']}: {item['amount']}{after}"


ACCOUNTS = Accounts(
    "accounts",
    made=BankAccount,
    main="account",
    known=("account", "bic", "corr", "bank"),
    identity=("account",),
    metavar="'NUMBER BIC BANK'",
    searched_in="rest",
    is_joined=True,
)
PAYMENTS = Payments(
    "payments", main="amount", known=("at", "amount", "reference"), searched_in="rest"
)
