"""What a payment is to say, and how a QR code says it: GOST R 56042 for roubles, EPC069-12 for euros."""

from __future__ import annotations

from decimal import Decimal

from crmcli.dataclass import dataclass
from crmcli.model.values import BankAccount

_MOST_EUROS = Decimal("999999999.99")
_LONGEST_EPC = 331
"""Bytes of a payload of version 13."""


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """To whom, into which account, how much and what for."""

    name: str
    account: BankAccount
    amount: Decimal
    currency: str
    purpose: str
    inn: str = ""
    kpp: str = ""

    def payload(self) -> str:
        """What a payment QR says; "" where there is none for the currency, or the account says too little."""
        if self.currency == "RUB":
            return self._roubles()
        return self._euros() if self.currency == "EUR" else ""

    def _roubles(self) -> str:
        account = self.account
        needed = (self.name, account.account, account.bank, account.bic)
        if not all(needed) or not account.account.isdecimal():
            return ""
        values = {
            "Name": self.name[:160],
            "PersonalAcc": account.account,
            "BankName": account.bank[:45],
            "BIC": account.bic,
            "CorrespAcc": account.corr or "0",
            "Sum": f"{self.amount * 100:.0f}",
            "Purpose": self.purpose[:210],
            "PayeeINN": self.inn,
            "KPP": self.kpp,
        }
        texts = [f"{key}={_line(value)}" for key, value in values.items() if value]
        between = next(sign for sign in "|;^~" if not any(sign in text for text in texts))
        return between.join(["ST00012", *texts])

    def _euros(self) -> str:
        iban = self.account.account.replace(" ", "")
        if not self.name or not iban[:2].isalpha() or not 0 < self.amount <= _MOST_EUROS:
            return ""
        parts = (
            "BCD", "002", "1", "SCT", self.account.bic, _line(self.name)[:70], iban,
            f"EUR{self.amount:.2f}", "", "", _line(self.purpose)[:140],
        )  # fmt: skip
        text = "\n".join(parts)
        return text if len(text.encode()) <= _LONGEST_EPC else ""


def _line(text: str) -> str:
    return " ".join(text.split())
