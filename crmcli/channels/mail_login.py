"""Who logs into a mail server, by a password or a token of OAuth 2, and how what is said there is hidden."""

from __future__ import annotations

import base64
import ssl

_BY_TOKEN = ";AUTH=XOAUTH2"


def user_of(said: str) -> tuple[str, bool]:
    """Read `user` or `user;AUTH=XOAUTH2` (RFC 5092): who, and whether by a token; ValueError for another
    way to log in."""
    by_token = said.upper().endswith(_BY_TOKEN)
    user = said[: -len(_BY_TOKEN)] if by_token else said
    if ";AUTH=" in user.upper():
        raise ValueError(said)
    return user, by_token


def xoauth2(user: str, token: str) -> str:
    """What XOAUTH2 tells a server."""
    return f"user={user}\1auth=Bearer {token}\1\1"


def answer(user: str, token: str, challenge: bytes | None = None) -> str:
    """What XOAUTH2 answers: who it is, and nothing to a server that says why it does not take the token,
    so that its refusal follows."""
    return "" if challenge else xoauth2(user, token)


def spellings(user: str, secret: str) -> tuple[str, ...]:
    """The secret in every form in which a server is told it, and may repeat it."""
    if not secret:
        return ()
    said = (secret, f"\0{user}\0{secret}", xoauth2(user, secret))
    return secret, *(base64.b64encode(text.encode()).decode() for text in said)


def is_here(host: str) -> bool:
    """Whether nothing leaves this machine on the way there."""
    return host in ("localhost", "127.0.0.1", "::1")


def encryption(host: str) -> ssl.SSLContext:
    """How to speak TLS with a mail server; one at home has a certificate that it made itself."""
    context = ssl.create_default_context()
    if is_here(host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
