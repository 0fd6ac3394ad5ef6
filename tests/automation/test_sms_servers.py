"""SMS by real servers: gammu-smsd with its dummy telephone, Kannel with its fakesmsc, a message centre by SMPP."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crmcli.web import app as web
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from tests import kit
from tests.kit import NOW, Run
from tests.listening import Listening, listening
from tests.web.hook_site import settings

Crm = Callable[..., Run]
ANNA = "+79161234567"
LONG = "Приедем завтра: в десять утра или в одиннадцать? Ответьте, пожалуйста, удобно ли 😀"
ANSWER = "Спасибо! Только давайте в одиннадцать, в десять я ещё на работе, а ключей ни у кого больше нет 😀."
PATIENCE = 15.0


def until(holds: Callable[[], Any]) -> Any:
    """What holds, once it does."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)
    return found


def listed(crm: Crm) -> list[tuple[str, str]]:
    rows = json.loads(crm("sms", "list", "--json").out)
    return [(row["kind"], row["text"]) for row in rows]


def client(folder: Path, provider: str, port: int = 1) -> str:
    kit.write(folder, "settings.yaml", settings(provider, port, "sms"))
    return kit.contact(kit.opened(folder), name="Мария", phones=[ANNA]).id


class Spool:
    """The folders of a gammu-smsd, and the telephone that it has."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("inbox", "outbox", "sent", "error", *(f"dummy/sms/{n}" for n in range(1, 6))):
            (root / name).mkdir(parents=True)
        for name in ("pbk", "note", "todo", "calendar"):
            (root / "dummy" / name).mkdir()
        kit.write(root, "rc", f"""
[gammu]
model = dummy
connection = none
port = {root}/dummy
[smsd]
service = files
inboxpath = {root}/inbox/
outboxpath = {root}/outbox/
sentsmspath = {root}/sent/
errorsmspath = {root}/error/
inboxformat = unicode
CheckBattery = 0
CheckSignal = 0
CheckSecurity = 0
CommTimeout = 1
LoopSleep = 1
""")  # fmt: skip

    @property
    def declared(self) -> str:
        at = self.root
        return f"{{provider: gammu, inbox: {at}/inbox, outbox: {at}/outbox, errors: {at}/error}}"

    def of(self, name: str) -> list[str]:
        return sorted(path.name for path in (self.root / name).iterdir())

    def settle(self) -> None:
        """Let some time pass since the last file was written."""
        then = time.time() - 120
        for path in (self.root / "inbox").iterdir():
            os.utime(path, (then, then))


@pytest.fixture(autouse=True)
def _anna(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anna acts."""
    monkeypatch.setenv("CRM_USER", "anna")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def gammu(*args: str) -> list[str]:
    if shutil.which(args[0]) is None:
        pytest.skip(f"{args[0]} is not installed: tests/system-packages.sh")
    return [*args]


def test_gammu_sends_and_brings_whole_messages(folder: Path, crm: Crm, spool: Spool) -> None:
    who = client(folder, spool.declared)
    assert crm("sms", "send", who, LONG).code == 0
    assert crm("sms", "send", who, "Plain [x]").code == 0
    rc = ["-c", str(spool.root / "rc")]
    save = gammu("gammu", *rc, "savesms", "TEXT", "-folder", "1", "-unread", "-sender", ANNA)
    subprocess.run(
        [*save, "-unicode", "-len", "400", "-text", ANSWER], check=True, capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"}, timeout=PATIENCE,
    )  # fmt: skip
    with subprocess.Popen(
        gammu("gammu-smsd", *rc), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as daemon:
        until(lambda: len(spool.of("sent")) == 2 and len(spool.of("inbox")) == 2)
        daemon.terminate()
    spool.settle()
    assert (spool.of("outbox"), spool.of("error")) == ([], [])
    assert crm("tick").err == ""
    assert listed(crm) == [("sms.out", LONG), ("sms.out", "Plain [x]"), ("sms.in", ANSWER)]
    assert spool.of("inbox") == []
    crm("tick")
    assert len(listed(crm)) == 3


def part(spool: Spool, name: str, content: bytes) -> Path:
    path = spool.root / "inbox" / f"IN20261101_1010{name}.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "files",
    [
        {f"00_00_{ANNA}_00": b"\xfe\xff\x04"},
        {f"00_00_{ANNA}_01": "вторая".encode("utf-16")},
        {
            f"00_00_{ANNA}_00": "первая".encode("utf-16"),
            f"00_00_{ANNA}_02": "третья".encode("utf-16"),
        },
        {f"00_00_{ANNA}_00": b"\xff\xff\xff"},
    ],
    ids=["half a letter", "no first part", "no second part", "no text"],
)
def test_what_is_cut_in_half_stays_is_told_once_and_comes_when_it_is_whole(
    folder: Path, crm: Crm, spool: Spool, files: dict[str, bytes]
) -> None:
    client(folder, spool.declared)
    for name, content in files.items():
        part(spool, name, content)
    whole = part(spool, "30_00_+79160000001_00", "Целое".encode("utf-16"))
    spool.settle()
    told = crm("tick")
    assert len(told.err.splitlines()) == 1
    assert "IN20261101_101000" in told.err
    assert crm("tick").err == ""
    assert listed(crm) == [("sms.in", "Целое")]
    assert not whole.exists()
    assert len(spool.of("inbox")) == len(files)
    for number in range(3):
        part(spool, f"00_00_{ANNA}_0{number}", f"{number}".encode("utf-16"))
    spool.settle()
    assert crm("tick").err == ""
    assert ("sms.in", "012") in listed(crm)
    assert spool.of("inbox") == []


@pytest.mark.parametrize("name", ["99_99_+7_x", "00_00_\udcff_00", "00_00_+79160000009_00"])
def test_files_that_are_no_messages_hold_up_no_other(
    folder: Path, crm: Crm, spool: Spool, name: str
) -> None:
    client(folder, spool.declared)
    whole = part(spool, "30_00_+79160000001_00", "Целое".encode("utf-16"))
    if name.startswith("99"):
        odd = spool.root / "inbox" / f"IN99999999_999999_00_{ANNA}_00.txt"
    else:
        odd = spool.root / "inbox" / f"IN20261101_1010{name}.txt"
    odd.write_bytes(
        "да".encode("utf-16") if ANNA in odd.name or "\udcff" in name else b"x" * 100_000
    )
    (spool.root / "inbox" / "IN20261101_101001_00_+79160000002_00.txt").symlink_to("/etc/passwd")
    spool.settle()
    told = crm("tick")
    assert (told.code, len(told.err.splitlines())) == (0, 1)
    assert listed(crm) == [("sms.in", "Целое")]
    assert (whole.exists(), odd.exists()) == (False, True)
    assert crm("tick").err == ""


@pytest.mark.parametrize("content", [b"", b"\xfe\xff", b"\0"])
def test_an_empty_message_comes_in(folder: Path, crm: Crm, spool: Spool, content: bytes) -> None:
    client(folder, spool.declared)
    part(spool, f"00_00_{ANNA}_00", content)
    spool.settle()
    assert crm("tick").err == ""
    assert (listed(crm), spool.of("inbox")) == ([("sms.in", "")], [])


def test_what_is_being_written_and_what_may_go_on_is_waited_for(
    folder: Path, crm: Crm, spool: Spool
) -> None:
    client(folder, spool.declared)
    fresh = part(spool, f"00_00_{ANNA}_00", "Да".encode("utf-16"))
    full = part(spool, f"10_00_{ANNA}_00", ("П" * 67).encode("utf-16"))
    soon = time.time() - 5
    os.utime(full, (soon, soon))
    assert crm("tick").err == ""
    assert (listed(crm), fresh.exists()) == ([], True)


def test_what_gammu_cannot_send_is_told_and_a_folder_that_is_gone_too(
    folder: Path, crm: Crm, spool: Spool
) -> None:
    who = client(folder, spool.declared)
    crm("sms", "send", who, "Привет")
    [name] = spool.of("outbox")
    (spool.root / "outbox" / name).rename(spool.root / "error" / name)
    assert crm("tick").err == ""
    assert [kind for kind, _ in listed(crm)] == ["sms.out", "sms.failed"]
    assert spool.of("error") == []
    shutil.rmtree(spool.root / "inbox")
    shutil.rmtree(spool.root / "outbox")
    assert len(crm("tick").err.splitlines()) == 1
    assert crm("tick").err == ""
    queued = crm("sms", "send", who, "Ещё раз")
    assert (queued.code, len(queued.err.splitlines())) == (0, 1)


KANNEL = """
group = core
admin-port = {admin}
admin-password = bar
smsbox-port = {box}
box-allow-ip = "127.0.0.1"

group = smsc
smsc = fake
smsc-id = FAKE
port = {fake}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}

group = sendsms-user
username = me
password = secret
concatenation = true
max-messages = 9

group = sms-service
keyword = default
catch-all = true
max-messages = 0
omit-empty = true
get-url = "http://127.0.0.1:{crm}/hooks/sms?token=tok-1&id=%I&from=%p&to=%P&text=%a&at=%T"
"""


def free_ports(count: int) -> list[int]:
    with_port = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in with_port]
    for one in with_port:
        one.close()
    return ports


def is_open(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def test_kannel_sends_reports_and_brings(
    folder: Path, crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes, fakesmsc = ("/usr/sbin/bearerbox", "/usr/sbin/smsbox"), "/usr/lib/kannel/test/fakesmsc"
    if not all(Path(one).exists() for one in (*boxes, fakesmsc)):
        pytest.skip("kannel is not installed: tests/system-packages.sh")
    from waitress.server import create_server

    monkeypatch.setenv("PW", "secret")
    monkeypatch.setenv("TOKEN", "tok-1")
    names = ("admin", "box", "fake", "sendsms", "crm")
    ports = dict(zip(names, free_ports(5), strict=True))
    kit.write(tmp_path, "kannel.conf", KANNEL.format(**ports))
    at = "http://127.0.0.1"
    who = client(
        folder,
        "{provider: kannel, login: me, password: env:PW, from: '3434', token: env:TOKEN,"
        f" api: '{at}:{ports['sendsms']}/cgi-bin/sendsms', hook: '{at}:{ports['crm']}/hooks/sms'}}",
        ports["sendsms"],
    )
    opening = Opening(folder, "anna", NOW)
    writer = Writer(opening)
    writer.start()
    site = create_server(web.create_app(opening, writer), host="127.0.0.1", port=ports["crm"])

    def serve() -> None:
        with contextlib.suppress(OSError):  # it is closed while it waits for more
            site.run()

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    started: list[subprocess.Popen[bytes]] = []

    def start(*args: str) -> None:
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(args, cwd=tmp_path, **quiet))

    try:
        start(boxes[0], "kannel.conf")
        until(lambda: is_open(ports["box"]))
        start(boxes[1], "kannel.conf")
        until(lambda: is_open(ports["sendsms"]))
        message = f"{ANNA} 3434 text Spasibo"
        start(
            fakesmsc, "-H", "127.0.0.1", "-r", str(ports["fake"]), "-i", "600", "-m", "2", message
        )
        until(lambda: crm("tick").code == 0 and ("sms.in", "Spasibo") in listed(crm))
        sent = crm("sms", "send", who, LONG)
        assert (sent.code, sent.err) == (0, "")
        until(lambda: crm("tick").code == 0 and "sms.delivered" in dict(listed(crm)))
        assert ("sms.out", LONG) in listed(crm)
    finally:
        for one in reversed(started):
            one.terminate()
            one.wait(PATIENCE)
        site.close()
        serving.join(PATIENCE)
        writer.stop()


BINDS = {1: 0x80000001, 2: 0x80000002}


class Centre:
    """A message centre that speaks SMPP 3.4 in octets: notes what is submitted, delivers what it has until
    that is answered."""

    ENDLESS = 200

    def __init__(self) -> None:
        self.submitted: list[tuple[bytes, int, int, int]] = []
        self.waiting: list[bytes] = []
        self.status = 0
        self.breaks = self.pings = False
        self.asked = 0
        listening = Listening(self.answer)
        self.port, self.close = listening.port, listening.close

    def answer(self, line: socket.socket) -> None:
        line.settimeout(PATIENCE)
        with line.makefile("rwb") as stream:
            self.serve(stream)

    def serve(self, stream: Any) -> None:
        def say(command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
            stream.write(struct.pack(">4I", 16 + len(body), command, status, sequence) + body)
            stream.flush()

        delivered: dict[int, bytes] = {}
        while head := stream.read(16):
            length, command, _, sequence = struct.unpack(">4I", head)
            body = stream.read(length - 16)
            if command in BINDS:
                login, password = body.split(b"\0")[:2]
                is_right = (login, password) == (b"me", b"secret")
                say(BINDS[command], sequence, b"SMSC\0", 0 if is_right else 0x0D)
                for number, pdu in enumerate(self.waiting if command == 1 and is_right else ()):
                    delivered[900 + number] = pdu
                    say(5, 900 + number, pdu)
                if self.breaks:
                    stream.write(struct.pack(">4I", 3, 5, 0, 0))
                    stream.flush()
                if self.pings:
                    threading.Thread(target=self.ping, args=(say,), daemon=True).start()
            elif command == 4:
                self.take(body)
                say(0x80000004, sequence, b"m%d\0" % len(self.submitted), self.status)
            elif command == 0x80000005:
                self.waiting.remove(delivered[sequence])
            elif command == 6:
                say(0x80000006, sequence)

    def ping(self, say: Callable[[int, int], None]) -> None:
        """Ask over and over whether anybody is there."""
        with contextlib.suppress(OSError, ValueError):  # until nobody is
            for number in range(self.ENDLESS):
                self.asked = number
                say(0x15, 5000 + number)
                time.sleep(0.1)

    def take(self, body: bytes) -> None:
        rest = body.split(b"\0", 1)[1][2:].split(b"\0", 1)[1][2:].split(b"\0", 1)[1]
        esm_class = rest[0]
        rest = rest[3:].split(b"\0", 1)[1].split(b"\0", 1)[1]
        registered, coding, length = rest[0], rest[2], rest[4]
        self.submitted.append((rest[5 : 5 + length], coding, esm_class, registered))

    def has(self, text: bytes, coding: int = 8, esm_class: int = 0) -> None:
        """A message, part of one or a receipt for us."""
        head = b"\0\1\1" + ANNA[1:].encode() + b"\0\0\0" + b"3434\0" + bytes((esm_class, 0, 0))
        self.waiting.append(head + b"\0\0" + bytes((0, 0, coding, 0, len(text))) + text)


@pytest.fixture
def centre(monkeypatch: pytest.MonkeyPatch) -> Iterator[Centre]:
    monkeypatch.setenv("PW", "secret")
    made = Centre()
    yield made
    made.close()


def smpp(centre: Centre, password: str = "PW") -> str:
    return (
        f"{{provider: smpp, server: 'smpp://127.0.0.1:{centre.port}', login: me,"
        f" password: env:{password}, from: Chai}}"
    )


def test_smpp_sends_parts_that_break_no_letter_and_hears_the_last_one_s_receipt(
    folder: Path, crm: Crm, centre: Centre
) -> None:
    who = client(folder, smpp(centre))
    text = "П" * 66 + "😀" + "П" * 10
    assert crm("sms", "send", who, text).code == 0
    assert crm("sms", "send", who, "5€ [x]").code == 0
    first, second, plain = centre.submitted
    assert (first[0][3] == second[0][3], first[0][:3], first[0][4:6], second[0][4:6]) == (
        True, b"\5\0\3", b"\2\1", b"\2\2",
    )  # fmt: skip
    assert first[0][6:].decode("utf-16-be") + second[0][6:].decode("utf-16-be") == text
    assert [one[1:] for one in centre.submitted] == [(8, 0x40, 0), (8, 0x40, 1), (0, 0, 1)]
    assert plain[0] == b"5\x1b\x65 \x1b\x3cx\x1b\x3e"
    centre.has(b"id:m2 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", 0, 4)
    centre.has(b"id:m3 sub:001 dlvrd:000 stat:UNDELIV err:034 text:", 0, 4)
    centre.has("Да 😀".encode("utf-16-be"))
    centre.has(b"\5\0\3\7\2\2" + "вторая".encode("utf-16-be"), 8, 0x40)
    centre.has(b"\5\0\3\7\2\1" + "первая и ".encode("utf-16-be"), 8, 0x40)
    centre.has(b"\5\0\3\x09\2\2" + "без первой".encode("utf-16-be"), 8, 0x40)
    told = crm("tick")
    assert len(told.err.splitlines()) == 1
    assert listed(crm)[2:] == [
        ("sms.delivered", ""), ("sms.failed", "UNDELIV 034"), ("sms.in", "Да 😀"),
        ("sms.in", "первая и вторая"),
    ]  # fmt: skip
    assert len(centre.waiting) == 1  # that part is not answered, and comes again
    centre.has(b"\5\0\3\x09\2\1" + "с первой, ".encode("utf-16-be"), 8, 0x40)
    crm("tick")
    assert listed(crm)[-1] == ("sms.in", "с первой, без первой")
    assert centre.waiting == []


def test_smpp_the_same_words_of_another_day_count_again(
    folder: Path, crm: Crm, centre: Centre
) -> None:
    client(folder, smpp(centre))
    for _ in range(2):  # each time the centre numbers from 900 on
        centre.has("Да".encode("utf-16-be"))
        assert crm("tick").err == ""
    assert listed(crm) == [("sms.in", "Да"), ("sms.in", "Да")]


def test_smpp_what_came_before_the_line_broke_is_kept(
    folder: Path, crm: Crm, centre: Centre
) -> None:
    client(folder, smpp(centre))
    centre.has("Да".encode("utf-16-be"))
    centre.breaks = True
    assert len(crm("tick").err.splitlines()) == 1
    assert listed(crm) == [("sms.in", "Да")]


def test_smpp_a_centre_that_is_never_quiet_is_left_in_time(
    folder: Path, crm: Crm, centre: Centre
) -> None:
    client(folder, smpp(centre))
    centre.has("Да".encode("utf-16-be"))
    centre.pings = True
    assert crm("tick", seconds={"crmcli.channels.providers.smpp_line.ENOUGH": 0.5}).err == ""
    assert (listed(crm), centre.waiting) == ([("sms.in", "Да")], [])
    assert centre.asked < centre.ENDLESS - 1


@pytest.mark.parametrize(("status", "state"), [(0x0B, "dead"), (0x14, "failed"), (0x58, "failed")])
def test_smpp_what_is_refused(
    folder: Path, crm: Crm, centre: Centre, status: int, state: str
) -> None:
    from crmcli.automation.job_failures import jobs_here

    who = client(folder, smpp(centre))
    centre.status = status
    crm("sms", "send", who, "Привет")
    [job] = jobs_here(kit.opened(folder), record=who).values()
    assert job.state == state


def test_smpp_a_wrong_password_and_nobody_there_are_told_in_a_line(
    folder: Path, crm: Crm, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW2", "s3cr3t-wrong")
    who = client(folder, smpp(centre, "PW2"))
    queued = crm("sms", "send", who, "Привет")
    told = crm("tick")
    assert (queued.code, len(told.err.splitlines())) == (0, 1)
    assert "s3cr3t" not in queued.err + told.err
    assert centre.submitted == []
    centre.close()
    crm("tick")  # may still be let in by the thread that waits
    crm("tick")
    assert crm("tick").err == ""


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\2", b"\0\0\0\x10" * 4]
)
def test_smpp_what_speaks_otherwise_is_told_in_a_line(
    folder: Path, crm: Crm, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setenv("PW", "secret")

    def serve(line: socket.socket) -> None:
        line.recv(100)
        line.sendall(said)

    with listening(serve) as port:
        who = client(
            folder,
            f"{{provider: smpp, server: 'smpp://127.0.0.1:{port}', login: me, password: env:PW}}",
        )
        queued = crm("sms", "send", who, "Привет")
        told = crm("tick")
    assert (queued.code, told.code) == (0, 0)
    assert [len(one.err.splitlines()) for one in (queued, told)] == [1, 1]
    assert "Traceback" not in queued.err + told.err
