"""What must not be shown: passwords, tokens and keys inside addresses, wherever a text quotes one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

HIDDEN = "***"

_USERS = ("smtp", "smtps", "imap", "imaps", "pop3", "ssh", "sftp", "ftp", "ftps")
"""Schemes whose user is a person or a mailbox. Elsewhere a token often stands in that place."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_LONGEST_SCHEME = 24
_MARK = re.compile(r":[/\\]{2,}")
_PUNCTUATION = ".,:;!?'\"`)]}>»”’…"

_SECRET_PART = re.compile(
    r"token|secret|passw|passphrase|pwd|signat|credential|auth|jwt|парол|секрет|ключ"
)
_SECRET_WORDS = ("sig", "sign", "pass", "pw", "code", "sid", "session", "hmac", "hash")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+")
_PARAMETER = re.compile(r"([?&;#/])([^?&;#/=]+)=([^&;#]*)")

_HOOK_HOST = re.compile(
    r"hooks?\.[\w.-]+|[\w.-]*webhook[\w.-]*|api\.telegram\.org|maker\.ifttt\.com|outlook\.office\.com"
    r"|(?:[\w-]+\.)?discord(?:app)?\.com|[\w-]+\.bitrix24\.[\w.]+|[\w.-]+\.pipedream\.net",
    re.IGNORECASE,
)  # fmt: skip
_PLAIN_STEP = re.compile(
    r"api|rest|v\d{1,2}|hooks?|webhooks?|webhookb2|services|workflows|triggers?|catch|file|incoming",
    re.IGNORECASE,
)
_NEXT_IS_SECRET = ("hook", "hooks", "webhook", "webhooks", "key", "token")
_TOKEN = re.compile(r"bot\d+:.+|.*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}.*", re.IGNORECASE)
_ONE_WORD = re.compile(r"(?=\D*\d)(?=[^a-zA-Z]*[a-zA-Z])[\w=:~+]{16,}")
_MIXED = re.compile(r"(?=\D*\d)(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[\w=:~+.-]{20,}")


def redacted(text: str) -> str:
    """The text with whatever is secret in the addresses (`scheme://…`) that it quotes as `***`.

    Secret are passwords; a user's name where tokens stand in its place; query and fragment
    parameters that are called like a token, key, password or signature; and steps of a path that
    look like a token, or stand where web hooks have theirs. A password that holds a space cannot be
    told from the text after it: what may hold one must not be quoted at all.
    """
    return _redacted(text, 0)


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with those words as `***`; what is shorter than four letters is no secret."""
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def secrets_of(url: str) -> set[str]:
    """The pieces of an address that are secret, which the other side could repeat in its answer."""
    shown = redacted(url)
    found = {piece for piece in re.split(r"[/?&;#=@:\s]", url) if piece and piece not in shown}
    return found | {unquote(piece) for piece in found}


def _redacted(text: str, depth: int) -> str:
    if not _MARK.search(text):
        return text
    return re.sub(r"\S+", lambda match: "".join(_pieces(match[0], depth)), text)


def _pieces(word: str, depth: int) -> Iterator[str]:
    """A word without spaces, each address in it, up to the next one, with its secrets hidden."""
    starts = list(_starts(word))
    begun = 0
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(word)
        if start < begun:
            continue  # it was a piece of a password
        if end < len(word) and _is_cut(word[start:end]):
            end = starts[number + 2] if number + 2 < len(starts) else len(word)
        yield word[begun:start]
        yield _shown(_Address.of(word[start:end]), depth)
        begun = end
    yield word[begun:]


def _starts(word: str) -> Iterator[int]:
    """Where a scheme begins."""
    for mark in _MARK.finditer(word):
        first = max(0, mark.start() - _LONGEST_SCHEME)
        for start in range(first, mark.start()):
            if _SCHEME.fullmatch(word, start, mark.start()):
                yield start
                break


class _Address(NamedTuple):
    """An address taken apart; put together again it is the same text."""

    scheme: str
    user: str
    host: str
    port: str
    rest: str
    trailing: str

    @classmethod
    def of(cls, text: str) -> _Address:
        """Take it apart, forgiving a / ? or # that stands unquoted in a password."""
        mark = _MARK.search(text)
        assert mark is not None  # so it was found
        body = text[mark.end() :].rstrip(_PUNCTUATION)
        trailing = text[mark.end() + len(body) :]
        authority = re.split(r"[/?#\\]", body, maxsplit=1)[0]
        if "@" not in authority and "@" in body and not _is_port(authority):
            authority = _up_to_last_at(body)
        elif ":" in authority.partition("@")[0] and "@" in body[len(authority) :]:
            authority = _up_to_last_at(
                body
            )  # it may be part of the password: more is hidden, not less
        user, at, place = authority.rpartition("@")
        bracket, close, after = place.rpartition("]")
        name, colon, port = after.partition(":")
        host, port = f"{bracket}{close}{name}", colon + port
        return cls(text[: mark.end()], user + at, host, port, body[len(authority) :], trailing)


def _up_to_last_at(body: str) -> str:
    user, at, tail = body.rpartition("@")
    return user + at + re.split(r"[/?#\\]", tail, maxsplit=1)[0]


def _is_port(authority: str) -> bool:
    """Whether what stands behind a host's colon is a port, or nothing."""
    _, _, port = authority.rpartition("]")[2].partition(":")
    return port == "" or (port.isdecimal() and int(port) < 65536)


def _is_cut(text: str) -> bool:
    """Whether an address ends amid its password: behind a colon, and that is no port."""
    body = _MARK.split(text, maxsplit=1)[1]
    return (
        not re.search(r"[@/?#\\]", body) and not body.rpartition(":")[2].isdecimal() and ":" in body
    )


def _shown(address: _Address, depth: int) -> str:
    scheme, user, host, port, rest, trailing = address
    if user:
        is_named = _MARK.split(scheme)[0].lower() in _USERS and "%3a" not in user.lower()
        name, colon, _ = user.removesuffix("@").partition(":")
        user = f"{name}:{HIDDEN}@" if is_named and colon else user if is_named else f"{HIDDEN}@"
    if not _is_port(port):  # a password whose host was forgotten
        port = f":{HIDDEN}"
    cut = re.search(r"[?#]", rest)
    path, query = (rest[: cut.start()], rest[cut.start() :]) if cut else (rest, "")
    path = _path(path, is_hook=bool(_HOOK_HOST.fullmatch(host)))
    rest = _PARAMETER.sub(lambda match: _parameter(match, depth), path + query)
    return f"{scheme}{user}{host}{port}{rest}{trailing}"


def _path(path: str, *, is_hook: bool) -> str:
    """The steps of a path; of a web hook's all are secret from the first that is not plain."""
    shown: list[str] = []
    is_secret, before = False, ""
    for step in path.split("/"):
        is_secret = is_secret or (is_hook and bool(step) and not _PLAIN_STEP.fullmatch(step))
        hide = is_secret or _is_token(unquote(step)) or before.lower() in _NEXT_IS_SECRET
        shown.append(HIDDEN if step and hide and "=" not in step else step)
        before = step
    return "/".join(shown)


def _is_token(step: str) -> bool:
    """Whether a step of a path looks like a token, not like words."""
    return any(rule.fullmatch(step) for rule in (_TOKEN, _ONE_WORD, _MIXED))


def _parameter(match: re.Match[str], depth: int) -> str:
    mark, name, value = match.groups()
    plain = unquote(value)
    inner = plain != value and _MARK.search(plain)
    if value and (
        _is_secret_name(unquote(name))
        or (inner and (depth > 3 or _redacted(plain, depth + 1) != plain))
    ):
        value = HIDDEN
    return f"{mark}{name}={value}"


def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = "".join(words)
    return bool(
        _SECRET_PART.search(joined)
        or joined.endswith(("key", "keys"))
        or any(word in _SECRET_WORDS for word in words)
    )
