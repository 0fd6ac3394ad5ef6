"""Mail domains that say nothing about where somebody works, and mailboxes that many people read."""

from __future__ import annotations

import re

_FREE = """
    mail.ru inbox.ru list.ru bk.ru internet.ru xmail.ru yandex.ru ya.ru yandex.com yandex.by yandex.kz
    yandex.ua narod.ru rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru r0.ru pochta.ru qip.ru
    nm.ru hotbox.ru ukr.net i.ua meta.ua tut.by gmail.com googlemail.com outlook.com hotmail.com
    live.com live.ru msn.com icloud.com me.com mac.com yahoo.com ymail.com aol.com gmx.com gmx.de
    gmx.net web.de proton.me protonmail.com pm.me zoho.com fastmail.com tutanota.com mail.com vk.com
    qq.com 163.com 126.com seznam.cz wp.pl o2.pl
"""
FREE_MAILERS = frozenset(_FREE.split())
"""Anybody may have an address there: the domain is no sign."""

_ROLES = """
    info mail office sales sale zakaz order orders shop support help admin reception buh buhgalter
    accounting zakupki snab secretary sekretar contact contacts hello welcome hr job manager
    priemnaya director marketing tender kadry
"""
_SHARED = frozenset(_ROLES.split())
_NOBODYS = re.compile(
    r"(?:.*[._+-])?(?:no|non|do[._-]?not|dont|ne)[._-]?(?:reply|response|answer|antwort(?:en)?|otvechat)"
    r"(?:[._+-].*|\d*)?|(?:ro)?bot\d*|mailer(?:-daemon)?|wordpress|notif(?:y|ier|ications?)|alerts?|bounces?"
    r"|postmaster|nobody|automat|auto(?:mailer|reply)?|invitations?|messages?-noreply|www-data|daemon"
)
_DOTLESS = ("gmail.com", "googlemail.com")
_SAME = {"googlemail.com": "gmail.com", "ya.ru": "yandex.ru", "yandex.com": "yandex.ru",
         "yandex.by": "yandex.ru", "yandex.kz": "yandex.ru"}  # fmt: skip


def mailbox(address: str) -> str:
    """The mailbox behind a folded address: without a +tag, without the dots that Gmail ignores, and
    with one domain where a mailer has several for the same box."""
    local, _, domain = address.rpartition("@")
    if not local:
        return address
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local = local.replace(".", "")
    elif domain in _SAME:
        local = local.replace(".", "-")  # Yandex takes both for one
    return f"{local}@{_SAME.get(domain, domain)}"


def is_shared(address: str) -> bool:
    """Whether an address is a place of work's, like info@, and nobody's own."""
    return address.partition("@")[0].rstrip("0123456789") in _SHARED


def is_nobodys(address: str) -> bool:
    """Whether only machines write from an address, for anybody: it identifies nobody."""
    return _NOBODYS.fullmatch(address.rpartition("@")[0].casefold()) is not None


def work_domain(address: str) -> str:
    """The domain of an address, "" if it is a free mailer's or there is none."""
    domain = address.rpartition("@")[2]
    return "" if domain in FREE_MAILERS or "." not in domain else domain
