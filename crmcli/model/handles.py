"""Names that people have in networks and messengers, `telegram:@anna`, read of addresses too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from crmcli.language import tr
from crmcli.model.masked_lines import COMPARED, LONGEST
from crmcli.model.values import fold
from crmcli.words import rows

_NETWORKS = {name: said.partition("|") for name, said in rows("networks")}
_SIGNED = ("telegram", "instagram", "twitter", "threads", "tiktok", "youtube")
"""Where a name is written with @."""

_OF_PHONES = ("whatsapp", "viber", "signal")
"""Where people are known by their phone numbers, also without a +."""
_LENGTHS = range(COMPARED, LONGEST + 1)

_BEFORE = {"linkedin": "in/", "xing": "profile/", "ok": "profile/", "bluesky": "profile/", "snapchat": "add/",
           "tiktok": "@", "youtube": "@", "threads": "@"}  # fmt: skip
"""What stands before a person's name in an address."""

_OF_PEOPLE = re.compile("(in|profile|people|user|u|add)/(?=[^/]+$)|@")
_PATHS = (
    "in", "company", "school", "pub", "profile", "people", "user", "channel", "c", "add", "s", "u",
)  # fmt: skip
"""Words of an address in front of the name."""

_RESERVED = """
    about ads app events explore feed groups hashtag help home i intent jobs joinchat addstickers login
    p pages photo posts profile.php reel reels search settings share sharer sharer.php shorts signup
    status stories stickers story video videos wall watch
"""
_NO_NAMES = frozenset(_RESERVED.split())
"""Words of an address that are nobody's name."""

SYSTEM_OF_HOST: Mapping[str, str] = {
    host: system for system, (hosts, _, _) in _NETWORKS.items() for host in hosts.split()
}
SYSTEMS = tuple(_NETWORKS)
"""The networks that are known by name; others may be written too."""

_SYSTEM_OF_WORD = {
    word: system for system, (_, _, words) in _NETWORKS.items() for word in (system, *words.split())
}

_HANDLE = re.compile(r"([^\W\d_][\w-]*)\s*[:\s]\s*(\S+)")
_ID = re.compile(r"profile\.php\?(?:.*&)?id=([0-9]+)")


def read_handle(text: str) -> str:
    """A handle as files have it, of `telegram:@anna`, `tg anna` or an address; ValueError if it is none."""
    found = handle_of_address(text)
    if found:
        return found
    match = _HANDLE.fullmatch(text.strip())
    if match is None or match[1] in ("http", "https"):
        raise ValueError(tr("{!r} is not a handle like telegram:@anna", text))
    word = fold(match[1])
    return handle_of_address(match[2]) or _written(_SYSTEM_OF_WORD.get(word, word), match[2])


def handle_of_address(address: str) -> str:
    """The handle that an address of a profile names: `vk:anna` of https://vk.com/anna; "" of others."""
    bare = re.sub(r"^(https?://)?(www\.|m\.)?", "", address.strip(), flags=re.IGNORECASE)
    host, _, path = bare.partition("/")
    system = system_of(host.lower())
    if not system or not path:
        return ""
    if number := _ID.fullmatch(path):
        return _written(system, number[1])
    words = [unquote(word) for word in re.split(r"[?#]", path)[0].split("/") if word]
    if len(words) > 1 and words[0].lower() in _PATHS:
        words = words[1:]
    if not words or words[0].lower() in _NO_NAMES or words[0].startswith("+") or " " in words[0]:
        return ""
    return _written(system, words[0])


def whole_handle(address: str) -> str:
    """The handle that says all that an address does; "" of one that leads to a post or a firm's page."""
    handle = handle_of_address(address)
    path = re.split(r"[?#]", re.sub(r"^(https?://)?[^/]*/", "", address.strip()))[0].rstrip("/")
    name = fold(_OF_PEOPLE.sub("", unquote(path), count=1))
    return handle if handle and handle_key(handle).endswith(f":{name}") else ""


def address_of_handle(handle: str) -> str:
    """Where somebody is found: `https://t.me/anna` of telegram:@anna; "" where a network has no addresses."""
    system, _, name = handle.partition(":")
    host = next((host for host, network in SYSTEM_OF_HOST.items() if network == system), "")
    return f"https://{host}/{_BEFORE.get(system, '')}{name.removeprefix('@')}" if host else ""


def network_of(word: str) -> str:
    """The network that a word means, `telegram` of TG; "" of others."""
    return _SYSTEM_OF_WORD.get(fold(word), "")


def system_of(host: str) -> str:
    """The network whose host that is, or of which it is a part: ru.linkedin.com; "" of others."""
    labels = host.partition(":")[0].split(".")
    parents = (".".join(labels[place:]) for place in range(len(labels) - 1))
    return next((SYSTEM_OF_HOST[name] for name in parents if name in SYSTEM_OF_HOST), "")


def _written(system: str, name: str) -> str:
    bare = name.strip().removeprefix("@").rstrip("/")
    first, _, rest = bare.partition("/")
    if rest and first.lower() in _PATHS:  # in/anna
        bare = rest
    if system == "whatsapp":
        bare = re.sub(r"[+()\s-]", "", bare)
    if not bare or (system in SYSTEMS and "/" in bare):
        raise ValueError(tr("{!r} is not a handle like telegram:@anna", f"{system}:{name}"))
    return f"{system}:@{bare}" if system in _SIGNED else f"{system}:{bare}"


def handle_key(handle: str) -> str:
    """By what a handle is compared: its network and its name, without @."""
    system, _, name = fold(handle).partition(":")
    return f"{system}:{name.removeprefix('@')}"


def number_of(handle: str) -> str:
    """The digits of a handle that is a phone number, as viber:+7916… is; "" of names and numbers of chats."""
    system, _, name = handle.partition(":")
    bare = name.removeprefix("@")
    digits = "".join(str(int(letter)) for letter in bare if letter.isdecimal())
    is_number = len(digits) in _LENGTHS and not any(map(str.isalpha, bare))
    return digits if is_number and (bare[0] == "+" or fold(system) in _OF_PHONES) else ""


def number_key(handle: str) -> str:
    """By what a handle is found that is a phone number, however that is written; "" of others."""
    return f"#{number[-COMPARED:]}" if (number := number_of(handle)) else ""


def name_key(handle: str) -> str:
    """By what a handle is found whose network nobody says: @anna."""
    return f"@{handle_key(handle).partition(':')[2]}"
