"""A real mail server of our own for two companies: Postfix takes letters and returns what cannot be
delivered, Dovecot keeps the mailboxes."""

from __future__ import annotations

import imaplib
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

OURS, ANNA, FULL = "crm@our.test", "anna@client.test", "full@client.test"
SECRET = "secret"
DOVECOT = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = {protocols}
listen = 127.0.0.1
{more}disable_plaintext_auth = no
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
  driver = passwd-file
  args = username_format=%u {d}/users
  default_fields = uid=nobody gid=nogroup home={d}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
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
  mailbox {sent} {{
    special_use = \\Sent
    auto = create
  }}
}}
"""
TAKES = """ssl = no
recipient_delimiter = +
mail_plugins = quota
plugin {{
  quota = maildir:of a mailbox
  quota_rule = *:storage=10M
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""
POSTFIX = """
queue_directory = {d}/spool
data_directory = {d}/data
myhostname = mx.our.test
mydestination =
inet_interfaces = 127.0.0.1
recipient_delimiter = +
virtual_mailbox_domains = our.test, client.test
virtual_mailbox_maps = regexp:{d}/etc/everybody
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:5.4.4 no outside mail here
transport_maps = inline:{{ {{slow.test=smtp:[127.0.0.1]:1}} }}
smtpd_recipient_restrictions = inline:{{ {{gone@client.test=550 5.1.1 no such user here}} }}, permit
smtpd_relay_restrictions = permit_mynetworks, reject
delay_warning_time = 1s
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 2s
maillog_file = {d}/postfix.log
maillog_file_prefixes = /var, /dev/stdout, {d}
alias_maps =
smtp_address_preference = ipv4
"""


class PostOffice:
    """The servers, on ports of their own; `smtp` and `imap` are those. Without `takes` there are only the
    mailboxes."""

    def __init__(self, folder: Path, *, takes: bool = True) -> None:
        self.folder, self.takes = folder, takes
        self.smtp, self.imap, self._lmtp = (free_port() for _ in range(3))

    def start(self) -> None:
        """Begin to serve."""
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)  # the mailboxes are nobody's
        for name in ("etc", "spool", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        ports = {"d": self.folder, "lmtp": self._lmtp}
        users = {OURS: "", ANNA: "", FULL: "userdb_quota_rule=*:storage=1B"}
        start_dovecot(self.folder, users, self.imap, TAKES.format(**ports), protocols="imap lmtp")
        if not self.takes:
            return
        etc = self.folder / "etc"
        (etc / "main.cf").write_text(POSTFIX.format(**ports))
        (etc / "master.cf").write_text(_services(f"127.0.0.1:{self.smtp}"))
        (etc / "everybody").write_text("/./ x\n")
        subprocess.run(["postfix", "-c", etc, "start"], check=True, capture_output=True)

    def url(self, user: str) -> str:
        """From where a mailbox is fetched."""
        return f"imap://{user.replace('@', '%40')}@127.0.0.1:{self.imap}/INBOX"

    def put(self, content: bytes, user: str) -> None:
        """Let a letter lie in a mailbox."""
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=10) as box:
            box.login(user, SECRET)
            box.append("INBOX", "", "", content.replace(b"\n", b"\r\n"))

    def stop(self) -> None:
        """Serve no more."""
        if self.takes:
            stop = ["postfix", "-c", self.folder / "etc", "stop"]
            subprocess.run(stop, check=False, capture_output=True)
        stop_dovecot(self.folder)

    def send(self, content: bytes, sender: str, to: str) -> None:
        """Post a letter as its sender's program does."""
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as server:
            server.sendmail(sender, [to], content)

    @contextmanager
    def at(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A mailbox, opened to be read."""
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=10) as box:
            box.login(user, SECRET)
            box.select("INBOX", readonly=True)
            yield box

    def letters(self, user: str, count: int, seconds: float = 20.0) -> list[bytes]:
        """The letters of a mailbox, once there are so many; TimeoutError if they do not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.at(user) as box:
                ids = box.search(None, "ALL")[1][0].split()
                if len(ids) >= count:
                    return [bytes(box.fetch(one, "(BODY.PEEK[])")[1][0][1]) for one in ids]  # type: ignore[index,union-attr,arg-type] # of a letter it is a pair
            time.sleep(0.1)
        raise TimeoutError(f"{user} has not got {count} letters")

    def unseen(self, user: str) -> int:
        """How many letters of a mailbox nobody has read."""
        with self.at(user) as box:
            return len(box.search(None, "UNSEEN")[1][0].split())


@contextmanager
def post_office(folder: Path) -> Iterator[PostOffice]:
    """The servers for as long as they are needed; `folder` is made, and must be short."""
    office = PostOffice(folder)
    try:
        office.start()
        yield office
    finally:
        office.stop()
        shutil.rmtree(folder, ignore_errors=True)


def start_dovecot(
    folder: Path, users: Mapping[str, str], imap: int, more: str, *, imaps: int = 0,
    protocols: str = "imap", sent: str = "Sent",
) -> None:  # fmt: skip
    """Dovecot alone, for users with what else is to be known of them, and the folder for sent mail."""
    for name in ("run", "state", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "mail", "nobody", "nogroup")
    lines = [f"{name}:{{PLAIN}}{SECRET}::::::{told}\n" for name, told in users.items()]
    (folder / "users").write_text("".join(lines))
    given = {"protocols": protocols, "imap": imap, "imaps": imaps, "sent": sent, "more": more}
    (folder / "dovecot.conf").write_text(DOVECOT.format(d=folder, **given))
    subprocess.run(["dovecot", "-c", folder / "dovecot.conf"], check=True)


def stop_dovecot(folder: Path) -> None:
    """Let it serve no more."""
    os.kill(int((folder / "run/master.pid").read_text()), signal.SIGTERM)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _services(smtp: str) -> str:
    """The services of Postfix as it comes, none in a changed root, the first on a port of ours."""
    lines = []
    for line in Path("/usr/share/postfix/master.cf.dist").read_text().splitlines():
        words = line.split()
        if line[:1].isalpha() and len(words) > 7:
            words[4] = "n"
            words[0] = smtp if words[:2] == ["smtp", "inet"] else words[0]
            line = " ".join(words)
        lines.append(line)
    return "\n".join(lines) + "\n"
