"""A real Dovecot on ports of its own, with TLS and logins by token where they are wanted."""

from __future__ import annotations

import hmac
import json
import os
import shutil
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from torture.post_office import free_port, start_dovecot, stop_dovecot

TLS = """ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
auth_mechanisms = plain xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {d}/oauth2
}}
"""
OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={d}/keys/
username_attribute = email
"""
KEY = b"a key for tests only"
PEM = Path(__file__).parents[1] / "channels/data/localhost-test-only.pem"


@contextmanager
def dovecot(*, tls: bool = False) -> Iterator[tuple[int, int]]:
    """The ports for IMAP (with STARTTLS if `tls`) and IMAP over TLS."""
    if shutil.which("dovecot") is None or os.getuid() != 0:
        pytest.skip("needs dovecot, and root to start it: tests/system-packages.sh")
    port, imaps = free_port(), free_port()
    folder = Path("/tmp") / f"crm-dovecot-{os.getpid()}-{port}"
    (folder / "keys/default/HS256").mkdir(parents=True)
    (folder / "oauth2").write_text(OAUTH2.format(d=folder))
    (folder / "keys/default/HS256/default").write_bytes(b64encode(KEY))
    told = TLS.format(d=folder, pem=PEM) if tls else "ssl = no\n"
    users = {"anna": "", "boris": ""}
    start_dovecot(folder, users, port, told, imaps=imaps if tls else 0, sent="Gone")
    try:
        yield port, imaps
    finally:
        stop_dovecot(folder)
        shutil.rmtree(folder, ignore_errors=True)


def token(user: str, until: float) -> str:
    """A token (JWT) that this Dovecot takes for a user until then."""
    parts = (
        {"alg": "HS256", "typ": "JWT"},
        {"email": user, "sub": user, "iat": 1, "exp": int(until)},
    )
    said = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{said}.{_encoded(hmac.digest(KEY, said.encode(), 'sha256'))}"


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
