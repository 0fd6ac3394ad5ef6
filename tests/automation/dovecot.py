"""A real Dovecot on ports of its own, with TLS and logins by token where they are wanted."""

from __future__ import annotations

import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CONF = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/log
protocols = imap
listen = 127.0.0.1
{tls}disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{d}/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = nobody
default_login_user = nobody
default_internal_group = nogroup
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={d}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox Gone {{
    auto = create
    special_use = \\Sent
  }}
}}
"""
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
    for name in ("run", "state", "mail", "keys/default/HS256"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "mail", "nobody", "nogroup")
    (folder / "users").write_text("anna:{PLAIN}secret\nboris:{PLAIN}secret\n")
    (folder / "oauth2").write_text(OAUTH2.format(d=folder))
    (folder / "keys/default/HS256/default").write_bytes(b64encode(KEY))
    told = TLS.format(d=folder, pem=PEM) if tls else "ssl = no\n"
    ports = {"port": port, "imaps": imaps if tls else 0}
    (folder / "conf").write_text(CONF.format(d=folder, tls=told, **ports))
    subprocess.run(["dovecot", "-c", folder / "conf"], check=True)
    try:
        yield port, imaps
    finally:
        os.kill(int((folder / "run/master.pid").read_text()), signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


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
