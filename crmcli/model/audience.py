"""Advertising audiences: addresses and numbers as each platform wants them, and their hashes.

Yandex Audience (yandex.com/dev/audience/doc/intro/data-requirements): lower case, digits with the country's
code, SHA-256; MD5 is not taken since 2025. Meta (developers.facebook.com, customer file custom audiences):
the same. Google (developers.google.com/google-ads/api, customer match): lower case, gmail without dots and
without what follows a plus, numbers with their plus, SHA-256. VK (target.my.com/help, user lists): lists of
one kind, one a line below `id`, lower case, digits, MD5.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

EMAIL, PHONE = KINDS = ("email", "phone")
_GMAIL = ("gmail.com", "googlemail.com")


class Platform(NamedTuple):
    """What a platform calls its columns, in their order; the algorithm of its hashes. `has_one_kind`: e-mails
    and numbers go into lists of their own."""

    columns: dict[str, str]
    algorithm: str = "sha256"
    is_google: bool = False
    has_one_kind: bool = False


PLATFORMS = {
    "yandex": Platform({PHONE: "phone", EMAIL: "email"}),
    "vk": Platform({PHONE: "id", EMAIL: "id"}, "md5", has_one_kind=True),
    "google": Platform({EMAIL: "Email", PHONE: "Phone"}, is_google=True),
    "meta": Platform({EMAIL: "email", PHONE: "phone"}),
}
STORED = (PLATFORMS["yandex"], PLATFORMS["google"])
"""Whose hashes stand in the file of an audience: those of Yandex are those of Meta."""


def hashed(platform: Platform, kind: str, value: str) -> str:
    """The hash of an e-mail or of a number in E.164."""
    text = value.strip().lower()
    if kind == PHONE:
        text = text if platform.is_google else text.removeprefix("+")
    elif platform.is_google:
        name, _, domain = text.rpartition("@")
        if domain in _GMAIL:
            text = f"{name.partition('+')[0].replace('.', '')}@{domain}"
    return hashlib.new(platform.algorithm, text.encode(), usedforsecurity=False).hexdigest()
