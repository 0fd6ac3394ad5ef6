"""What stands in a scrap of text and is told by its form: addresses, handles, sites, sums, phones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.addresses import read_email
from crmcli.model.amounts import has_factor, read_money
from crmcli.model.handles import network_of, read_handle, whole_handle
from crmcli.model.phones import TYPES
from crmcli.model.phones_in_text import find_phones
from crmcli.model.values import fold, format_decimal
from crmcli.words import rows


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the text and the fields that it fills, as people write their values.

    `stays`: it is read, and the text keeps it all the same, as part of a sentence.
    """

    start: int
    end: int
    values: tuple[tuple[str, str], ...]
    stays: bool = False

    @property
    def field(self) -> str:
        """The first field that it fills."""
        return self.values[0][0]


WORDS = dict(rows("scraps"))
SEPARATOR = re.compile(
    r"[,;|\n•·!?…]|(?<=\w\w)(?<!\b[CDM][ors])(?<!\bMrs)(?<!\bProf)\.+(?=\s|$)|(?<=\s)[-–—/]+(?=\s)|:(?=\s)"
)
"""Where a clause ends; what stands between two says one thing, if it is short."""

_HARD = re.compile(r"[,;|\n•·]")
_EMAIL = re.compile(
    r"(?:mailto:)?[\w.!#$%&'*+/=?^`{}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}", re.IGNORECASE
)
_URL = re.compile(r"(?<![\w@])(?:https?://|www\.)[^\s<>()\"«»„“”,;]{3,2000}", re.IGNORECASE)
_ZONES = "ru|рф|com|net|org|info|biz|su|by|kz|ua|de|at|ch|uk|eu|pl|fr|it|es|nl|us|io|pro|shop|online|store|me"
_BARE = re.compile(
    rf"(?<![\w@.-])(?:[\w-]{{1,63}}\.){{1,4}}(?:{_ZONES})(?:/[\w./?=&%+~#@-]*)?(?![\w@-])",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?<![\w.@/])@([A-Za-z][\w.]{1,30}\w)(?!@)", re.ASCII)
_NETWORK = re.compile(r"([^\W\d_][\w-]*)\s*[:\s]\s*$")
_NAMED = re.compile(
    r"(?<!\w)([^\W\d_][\w-]{1,20}):\s*@?([A-Za-z][A-Za-z0-9_.]{2,30}[A-Za-z0-9_])(?![\w@.:/])"
)
_TELEGRAM = re.compile(r"[A-Za-z][A-Za-z0-9_]{4,31}")
_MONEY_WORD = (
    r"(?:₽|€|\$|£|₸|руб(?:\.|лей|ля|ль)?|р\.?|eur|euro|евро|usd|доллар(?:ов|а)?|gbp|pounds|тенге|грн|zł|pln|chf)"
    r"(?!\w)"
)
_FACTOR = r"(?:(?:тыс(?:\.|яч[аи]?)?|k|к|kk|кк|млн\.?|mln|million|миллион(?:а|ов)?)(?!\w)|т\.?(?=\s?р(?!\w)))"
_AMOUNT = re.compile(
    rf"(?<![\w.,+()-])(?:[$€£₽]\s?)?(?!0\d)(?:\d{{1,3}}(?:[ \u00a0.,']\d{{3}})+|\d{{1,9}})(?:[.,]\d{{1,2}})?"
    rf"(?![\d-])(?:\s?{_FACTOR})?(?:\s?{_MONEY_WORD})?",
    re.IGNORECASE,
)  # fmt: skip
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0.,'](?=\d{3}(?!\d))")
"""A sum has no three decimals: `25,000` is a thousand times 25."""

_SAYS_MONEY = re.compile(rf"[$€£₽]|\d\s?(?:{_FACTOR}\s?)?{_MONEY_WORD}", re.IGNORECASE)
_EACH = re.compile(r"\s*(?:/|за|в|per|pro|je|a|an)\b", re.IGNORECASE)
_AMOUNT_LABEL = re.compile(
    rf"(?<!\w)(?:{WORDS['amount']})\s*[:=-]?\s*(?:(?:{WORDS['about']})\s*)?$", re.IGNORECASE
)
_COUNTED = re.compile(r"\s*[^\W\d_]{2,}")
"""A word behind a number, which may be what is counted: `3 комнаты`."""
_FEWEST = 1000
_BETWEEN = re.compile(r"\s+(?:и\s+|and\s+)?")


def form_parts(text: str, country: str) -> list[Part]:
    """What the text tells by its form, in order, each part with its label; `country` is that of phones."""
    found: list[Part] = []
    for find in (_emails, _addresses, _handles, _amounts):
        found += find(_masked(text, found))
    sums = [part for part in found if part.field == "amount"]
    phones = find_phones(_masked(text, found), country)
    found += [Part(phone.start, phone.end, (("phones", phone.text),)) for phone in phones]
    found = sorted((p for p in found if p not in sums), key=lambda part: part.start)
    found = [_labelled(text, part, found[n - 1].end if n else 0) for n, part in enumerate(found)]
    found = sorted([*found, *_certain_sum(text, sums, found)], key=lambda part: part.start)
    return [part for part in found if part.field != "urls" or _is_own_site(text, part, found)]


def _masked(text: str, found: list[Part], mask: str = "x") -> str:
    letters = list(text)
    for part in found:
        letters[part.start : part.end] = mask * (part.end - part.start)
    return "".join(letters)


def _emails(text: str) -> Iterator[Part]:
    for match in _EMAIL.finditer(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip("'`*/=?!#$%&{}~^."))
        try:
            yield Part(start, match.end(), (("emails", read_email(text[start : match.end()])),))
        except ValueError:
            continue


def _addresses(text: str) -> Iterator[Part]:
    """Sites, and profiles in networks."""
    seen = 0
    for match in sorted([*_URL.finditer(text), *_BARE.finditer(text)], key=lambda m: m.start()):
        if match.start() < seen:
            continue
        address = match[0].rstrip(".!?:;…'*_~)]}")
        seen = match.start() + len(address)
        handle = _handle(address)
        yield Part(match.start(), seen, (("handles", handle) if handle else ("urls", address),))


def _handle(address: str) -> str:
    try:
        return whole_handle(address)
    except ValueError:
        return ""


def _handles(text: str) -> Iterator[Part]:
    """`@vasya`, which is of Telegram unless another network is named, and `instagram: vasya`."""
    taken = 0
    for match in sorted([*_SIGNED.finditer(text), *_NAMED.finditer(text)], key=lambda m: m.start()):
        start, name = match.start(), match[match.lastindex or 1]
        if start < taken:
            continue
        if match.re is _NAMED:
            network = network_of(match[1])
        else:
            said = _NETWORK.search(text, max(0, start - 40), start)
            network = network_of(said[1]) if said else ""
            start = said.start() if said and network else start
            is_usual = _TELEGRAM.fullmatch(name) and not (said and ":" in said[0])
            network = network or ("telegram" if is_usual else "")
        if network and set(name) != {"x"}:
            taken = match.end()
            yield Part(start, match.end(), (("handles", read_handle(f"{network}:{name}")),))


def _amounts(text: str) -> Iterator[Part]:
    """All sums of money, so that nobody takes their digits for a phone."""
    end = 0
    for match in _AMOUNT.finditer(text):
        if match.start() < end or not _is_money(text, match):
            continue
        end = match.end()
        amount, currency = _money(match[0])
        gap = _BETWEEN.match(text, end)
        more = _AMOUNT.match(text, gap.end()) if gap and has_factor(match[0]) else None
        if more and has_factor(more[0]) and 0 < _money(more[0])[0] < amount:  # 2 млн 300 тыс
            end, (rest, other) = more.end(), _money(more[0])
            amount, currency = amount + rest, currency or other
        if amount > 0:
            value = f"{format_decimal(amount)} {currency}".strip()
            yield Part(match.start(), end, (("amount", value),))


def _is_money(text: str, match: re.Match[str]) -> bool:
    """Whether a number says that it is a sum, or what stands before it does."""
    if _SAYS_MONEY.search(match[0]):
        return True
    if not _AMOUNT_LABEL.search(text, max(0, match.start() - 30), match.start()):
        return False
    is_counted = _money(match[0])[0] < _FEWEST and _COUNTED.match(text, match.end())
    return has_factor(match[0]) or not is_counted


def _money(text: str) -> tuple[Decimal, str]:
    """A sum with its currency; 0 of what is none."""
    try:
        return read_money(_THOUSANDS.sub("", text))
    except ValueError:
        return Decimal(0), ""


def _certain_sum(text: str, sums: list[Part], others: list[Part]) -> list[Part]:
    """The sum that is said to be the budget, or stands by itself, if there is only one; else none."""
    if len(sums) != 1 or _EACH.match(text, sums[0].end):
        return []
    [part] = sums
    if label := _AMOUNT_LABEL.search(text, 0, part.start):
        return [replace(part, start=label.start())]
    return [part] if _is_alone(text, part, others) else []


def _labelled(text: str, part: Part, begin: int) -> Part:
    """A part with the word before it that says what it is: `тел. 8 916 …`."""
    hard = [match.end() for match in _HARD.finditer(text, begin, part.start)]
    begin = hard[-1] if hard else begin
    if part.field not in WORDS:
        return part
    before = text[begin : part.start]
    always, short, alone = (WORDS[part.field + more] for more in ("", " short", " of"))
    match = (
        re.search(rf"(?<!\w)({always})\b[.:№\s-]*$", before, re.I)
        or re.search(rf"(?<!\w)({short})[.:]\s*$", before, re.I)
        or re.search(rf"^[\s(]*({alone})\b[.:№\s-]*$", before, re.I)
        or re.search(rf"(?<!\w)({alone}):\s*$", before, re.I)
    )
    if match is None:
        return part
    kind = TYPES.get(fold(match[1]), "") if part.field == "phones" else ""
    [(field, value)] = part.values
    named = ((field, f"{kind}:{value}" if kind else value),)
    return replace(part, start=begin + match.start(1), values=named)


def _is_own_site(text: str, part: Part, found: list[Part]) -> bool:
    """Whether an address is that of who is told of: named so, alone, or that of an e-mail beside it."""
    address = part.values[0][1]
    bare = re.sub(r"^https?://|^www\.", "", address.lower()).removeprefix("www.")
    host, _, path = bare.partition("/")
    of_mail = {v.rpartition("@")[2] for p in found for f, v in p.values if f == "emails"}
    is_named = not text.startswith(address, part.start)
    return is_named or (not path and (host in of_mail or _is_alone(text, part, found)))


def _is_alone(text: str, part: Part, others: list[Part]) -> bool:
    """Whether nothing stands in the same clause but other parts."""
    start, end = clause_of(text, part)
    rest = _masked(text, others, " ")
    around = rest[start : part.start] + rest[part.end : end]
    return not re.search(r"\w", around)


def clause_of(text: str, part: Part) -> tuple[int, int]:
    """The clause in which a part stands."""
    before = [match.end() for match in SEPARATOR.finditer(text, 0, part.start)]
    after = SEPARATOR.search(text, part.end)
    return (before[-1] if before else 0), (after.start() if after else len(text))
