"""What identifies a legal person and its accounts: forms and check digits, worked out offline."""

from __future__ import annotations

import re

from crmcli.language import tr
from crmcli.model.values import BankAccount

KPP_RULE = r"\d{4}[\dA-Z]{2}\d{3}"
BIC_RULE = r"0\d{8}"
SWIFT_RULE = r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"
IBAN_RULE = r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}"
ACCOUNT_RULE = r"\d{5}[\dABCEHKMPTX]\d{14}"
"""Twenty digits; in the sixth place a letter stands for a currency of clearing."""

CLEARING = {letter: digit for digit, letter in enumerate("ABCEHKMPTX")}
KEY_WEIGHTS = (7, 1, 3)
CENTRAL_BANK = ("000", "001", "002")
"""How the BIC of the Central Bank's own offices ends."""

_LABELS = (
    r"(?<!\w)(?:расч[её]тный сч[её]т|корр?(?:еспондентский|\.)? ?сч[её]т|р/сч?|к/сч?|сч[её]т|"
    r"бик|swift|iban|bic)(?![^\W\d])[.:№ ]*"
)


def read_inn(text: str) -> str:
    """The ten digits of a company's INN, or the twelve of a sole trader's; ValueError says what is wrong."""
    from stdnum.ru import inn

    digits = _bare(text)
    if not re.fullmatch(r"\d{10}|\d{12}", digits):
        raise ValueError(tr("{!r} is not an INN: 10 digits, of a sole trader 12", text))
    if not inn.is_valid(digits):
        raise ValueError(tr("INN {}: the check digits are wrong", digits))
    return digits


def read_kpp(text: str) -> str:
    """The nine characters of a KPP, which has no check digit; ValueError otherwise."""
    code = _bare(text).upper()
    if not re.fullmatch(KPP_RULE, code):
        raise ValueError(tr("{!r} is not a KPP: 9 digits, like 770701001", text))
    return code


def read_ogrn(text: str) -> str:
    """The thirteen digits of an OGRN, or the fifteen of a sole trader's OGRNIP; ValueError otherwise."""
    from stdnum.ru import ogrn

    digits = _bare(text)
    if not re.fullmatch(r"\d{13}|\d{15}", digits):
        raise ValueError(tr("{!r} is not an OGRN: 13 digits, of a sole trader 15", text))
    if not ogrn.is_valid(digits):
        name = "OGRN" if len(digits) == 13 else "OGRNIP"
        raise ValueError(tr("{} {}: the check digit is wrong", name, digits))
    return digits


def read_vat_id(text: str) -> str:
    """A tax number of another country with its two letters before it: DE136695976, BY200988541.

    Checked by the rules of that country where they are known; ValueError otherwise.
    """
    from stdnum import exceptions, get_cc_module

    number = _bare(text).upper().replace(".", "")
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9+*]{4,20}", number):
        raise ValueError(
            tr("{!r} is not a VAT number: the country's two letters, then the number", text)
        )
    country = {"EL": "gr", "XI": "gb"}.get(number[:2], number[:2].lower())
    rules = get_cc_module(country, "vat")
    if rules is None:
        return number
    try:
        rules.validate(number[2:])
    except exceptions.InvalidChecksum:
        raise ValueError(tr("VAT number {}: the check digits are wrong", number)) from None
    except exceptions.ValidationError:
        raise ValueError(tr("VAT number {} is not in the form of {}", number, number[:2])) from None
    return number


def read_account(text: str) -> BankAccount:
    """An account as people write it: number, BIC, correspondent account and bank in any order.

    `40702810438000012345 044525225 30101810400000000225 Сбербанк`, with or without `р/с` and `БИК`
    before them. An IBAN goes with a SWIFT code. ValueError says what is wrong.
    """
    found: dict[str, str] = {}
    bank: list[str] = []
    iban = _leading_iban(text)
    if iban:
        found["account"], text = iban
    for written in re.sub(_LABELS, " ", text, flags=re.IGNORECASE).split():
        word = written.strip(",")
        part = _part_of(word, found)
        if not part:
            bank += [written] if word else []
        elif part in found:
            raise ValueError(tr("{!r} holds two accounts: put a semicolon between them", text))
        else:
            found[part] = word
    if "account" not in found:
        raise ValueError(tr("{!r} holds no account number: 20 digits, or an IBAN", text))
    account = BankAccount(bank=" ".join(bank).strip(","), **found)
    check_account(account)
    return account


def _leading_iban(text: str) -> tuple[str, str] | None:
    """An IBAN written in groups of four, and what stands behind it."""
    match = re.match(
        r"\s*(?:IBAN:?\s*)?([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4})+(?: [A-Z0-9]{1,3})?)\b", text
    )
    if match is None or len(number := match[1].replace(" ", "")) < 15:
        return None
    words = match[1].split()
    while len(words) > 1 and not _is_iban("".join(words)):
        words.pop()  # the SWIFT code may look like two more groups
    if _is_iban("".join(words)):
        number = "".join(words)
        return number, text[match.start(1) :].removeprefix(" ".join(words))
    return number, text[match.end() :]


def _is_iban(number: str) -> bool:
    from stdnum import iban

    return bool(iban.is_valid(number))


def _part_of(word: str, found: dict[str, str]) -> str:
    if re.fullmatch(ACCOUNT_RULE, word):
        is_corr = word.startswith(("301", "40102")) and "corr" not in found
        return "corr" if is_corr else "account"
    if re.fullmatch(IBAN_RULE, word) and len(word) >= 15:
        return "account"
    if re.fullmatch(BIC_RULE, word):
        return "bic"
    is_foreign = re.match(r"[A-Z]{2}\d{2}", found.get("account", ""))
    if re.fullmatch(SWIFT_RULE, word) and "bic" not in found and is_foreign:
        return "bic"
    if re.fullmatch(r"\d{7,}", word):
        raise ValueError(tr("{!r} is neither an account of 20 digits nor a BIC of 9", word))
    return ""


def check_account(account: BankAccount) -> None:
    """Refuse an account whose digits cannot be right; ValueError names the part."""
    if re.match(r"[A-Z]{2}", account.account):
        _check_iban(account)
        return
    if not re.fullmatch(ACCOUNT_RULE, account.account):
        raise ValueError(tr("account {!r} is not 20 digits", account.account))
    if not account.bic:
        if account.corr:
            raise ValueError(
                tr("account {} has a correspondent account but no BIC", account.account)
            )
        return
    if not re.fullmatch(BIC_RULE, account.bic):
        raise ValueError(tr("BIC {!r} is not 9 digits that begin with 0", account.bic))
    if account.corr and not re.fullmatch(ACCOUNT_RULE, account.corr):
        raise ValueError(tr("correspondent account {!r} is not 20 digits", account.corr))
    if account.corr and not is_key_right(_office(account.bic), account.corr):
        raise ValueError(
            tr(
                "correspondent account {} does not fit BIC {}: the check digit is wrong",
                account.corr,
                account.bic,
            )
        )
    office = _office(account.bic) if account.bic[6:] in CENTRAL_BANK else account.bic[6:]
    if not is_key_right(office, account.account):
        raise ValueError(
            tr(
                "account {} does not fit BIC {}: the check digit is wrong",
                account.account,
                account.bic,
            )
        )


def _office(bic: str) -> str:
    """The number that stands for an office of the Central Bank in the check digit."""
    return f"0{bic[4:6]}"


def is_key_right(bank: str, account: str) -> bool:
    """Whether the check digit of an account fits the three digits of its bank.

    The rule of the Central Bank: weights 7, 1, 3 over bank and account; the last digits of the
    products add up to a multiple of ten. Accounts of the Treasury have another rule and pass.
    """
    if account.startswith(("03", "40102")):
        return True
    digits = [CLEARING[c] if c in CLEARING else int(c) for c in bank + account]
    weights = KEY_WEIGHTS * 8
    return sum(d * w % 10 for d, w in zip(digits, weights, strict=False)) % 10 == 0


def _check_iban(account: BankAccount) -> None:
    from stdnum import iban

    if not iban.is_valid(account.account):
        raise ValueError(tr("IBAN {}: the check digits are wrong", account.account))
    if account.bic and not re.fullmatch(SWIFT_RULE, account.bic):
        raise ValueError(
            tr("BIC {!r} is not 8 or 11 letters and digits, like COBADEFF370", account.bic)
        )


def _bare(text: str) -> str:
    return re.sub(r"[\s\u2010-\u2015-]", "", text)
