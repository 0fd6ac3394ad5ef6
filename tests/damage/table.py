"""The damages: what is done to the workspace, and what `crm check` has to say of it and where."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crmcli.store.disk import files
from tests.damage.base import Base

Do = Callable[[Base], None]
UNREADABLE = (
    "bit flip in a Russian letter", "bit flip in the id inside", "bit flip in a colon", "tab",
    "bit flip in a time", "bit flip in an amount", "cut in a line", "empty record", "record of NULs",
    "merge conflict", "huge record", "duplicate key", "alias", "impossible date", "stage as a list",
    "link for a record", "folder for a record",
)  # fmt: skip


@dataclass(frozen=True)
class Damage:
    """One damage and what is said of it.

    `line` is a number, or a text that stands in that line before the damage; `more`: other lines are
    told as well, since one damage breaks several things. `mended`: by --fix, with no question asked;
    `passing`: by the next change as well, so that it is only a warning.
    """

    name: str
    do: Do
    where: str
    line: int | str
    says: str
    more: bool = False
    mended: bool = False
    passing: bool = False

    @property
    def path(self) -> str:
        """The damaged file, for one that stands where crm looks for it."""
        return self.where if "{" not in self.where else ""

    @property
    def hides(self) -> bool:
        """Whether the file cannot be read, so that every command refuses to touch the record."""
        return self.path in ("contact", "lead", "deal") and self.name in UNREADABLE


def named(base: Base, path: str) -> str:
    """A path with the names of this workspace; {x} is a letter with which no id begins."""
    used = {record.split("-")[1][0] for record in (base.contact, base.lead)}
    x = next(letter for letter in "xyz" if letter not in used)
    clone = base.path("now")[-12:-4]
    return path.format(b=base, x=x, clone=clone, capitals=base.lead.upper())


# -- the ways to damage a file ------------------------------------------------------------------------


def swap(where: str, old: str, new: str) -> Do:
    """Other bytes in the place of the first that are like these."""

    def do(base: Base) -> None:
        path = base.file(where)
        data = path.read_bytes()
        wanted = old.format(b=base).encode()
        assert wanted in data, (where, old)
        path.write_bytes(
            data.replace(wanted, new.format(b=base).encode("utf-8", "surrogateescape"), 1)
        )

    return do


def flip(where: str, near: str, bit: int, ahead: int = 0) -> Do:
    """One bit of the byte that stands `ahead` of a text."""

    def do(base: Base) -> None:
        path = base.file(where)
        data = bytearray(path.read_bytes())
        data[data.index(near.format(b=base).encode()) + ahead] ^= 1 << bit
        path.write_bytes(data)

    return do


def write(where: str, data: bytes) -> Do:
    """Another content."""

    def do(base: Base) -> None:
        path = base.root / base.path(where.format(b=base))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return do


def cut(where: str, start: int = 0, end: int | None = None) -> Do:
    """Only the bytes from here to there."""
    return on_bytes(where, lambda data: data[start:end])


def on_bytes(where: str, change: Callable[[bytes], bytes]) -> Do:
    """The content changed by a function."""

    def do(base: Base) -> None:
        path = base.file(where)
        before = path.read_bytes()
        path.write_bytes(change(before))
        assert path.read_bytes() != before

    return do


def on_lines(where: str, change: Callable[[list[bytes]], list[bytes]]) -> Do:
    """The lines changed by a function; the header is lines[0]."""
    return on_bytes(where, lambda data: b"".join(change(data.splitlines(keepends=True))))


def gone(where: str) -> Do:
    """No file any more."""
    return lambda base: base.file(where).unlink()


def folder_instead(where: str) -> Do:
    """A folder where a file stood."""

    def do(base: Base) -> None:
        base.file(where).unlink()
        base.file(where).mkdir()

    return do


def moved(where: str, to: str, *, copied: bool = False) -> Do:
    """The file, or a copy of it, under another name."""

    def do(base: Base) -> None:
        target = base.root / named(base, to)
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copy if copied else shutil.move)(base.file(where), target)

    return do


def in_capitals(where: str) -> Do:
    """The name as a file system that knows no case may return it."""

    def do(base: Base) -> None:
        path = base.file(where)
        path.rename(path.with_name(path.stem.upper() + ".yaml"))

    return do


def linked(where: str) -> Do:
    """A symbolic link to the file, which stands outside."""

    def do(base: Base) -> None:
        outside = base.root.parent / "outside"
        shutil.move(base.file(where), outside)
        base.file(where).symlink_to(outside)

    return do


def conflict(where: str, line: int) -> Do:
    """The marks of git around a line that two people changed."""

    def change(lines: list[bytes]) -> list[bytes]:
        ours, theirs = lines[line - 1], lines[line - 1].replace(b"a", b"o")
        marked = [b"<<<<<<< HEAD\n", ours, b"=======\n", theirs, b">>>>>>> other\n"]
        return [*lines[: line - 1], *marked, *lines[line:]]

    return on_lines(where, change)


def other_id(lines: list[bytes]) -> list[bytes]:
    """The last event with the id of the first, under a chain that holds."""
    from crmcli.store.timeline.csv_lines import line_hash

    cells = lines[-1].split(b",", 1)
    prev = line_hash(lines[-1].removesuffix(b"\n")).encode()
    again = lines[1].split(b",", 1)[0] + b"," + cells[1].rpartition(b",")[0] + b"," + prev + b"\n"
    return [*lines, again]


def flip_hash(base: Base) -> None:
    """A bit of a line's hash of the line above: another hash."""
    lines = base.file("now").read_bytes().splitlines(keepends=True)
    last = lines[7][-2]
    lines[7] = lines[7][:-2] + (b"0" if last != ord("0") else b"1") + b"\n"
    base.file("now").write_bytes(b"".join(lines))


def index_of_another(base: Base) -> None:
    """The index as another version of crm has left it."""
    with sqlite3.connect(base.root / ".crm/index.db") as connection:
        connection.execute("UPDATE meta SET value = '0.0.1 other' WHERE key = 'signature'")


def index_lies(base: Base) -> None:
    """A bit of a record's text in the index, which SQLite does not notice."""
    with sqlite3.connect(base.root / ".crm/index.db") as connection:
        connection.execute("UPDATE doc SET doc = replace(doc, 'Целый', 'Целыи')")


def in_one_file(path: Path) -> None:
    """Let the index stand in its one file, not in what SQLite has yet to bring into it."""
    with contextlib.suppress(sqlite3.DatabaseError), sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def index_torn(seed: int) -> Do:
    """A page of the index overwritten."""

    def do(base: Base) -> None:
        path = base.root / ".crm/index.db"
        in_one_file(path)
        data = path.read_bytes()
        chance = random.Random(seed)
        at = chance.randrange(1, len(data) // 4096) * 4096
        path.write_bytes(data[:at] + chance.randbytes(4096) + data[at + 4096 :])

    return do


def half_committed(base: Base) -> None:
    """A commit record that is cut off, with its staged file."""
    body = json.dumps({"version": 1, "id": "0001"}).encode()
    write(".crm/txn/0001.0", b"id: lead-00000000\n")(base)
    write(".crm/txn/0001.commit", files.digest(body).encode() + b"\n" + body[:-4])(base)


def all_of(*dos: Do) -> Do:
    """One after another."""

    def do(base: Base) -> None:
        for each in dos:
            each(base)

    return do


RECORDS = [
    Damage("bit flip in a Russian letter", flip("contact", "Анна", 6), "contact", 2, "not UTF-8"),
    Damage("bit flip in the id inside", flip("contact", "{b.contact}", 0, 9), "contact", 1, "the id in the file", more=True),
    Damage("bit flip in a colon", flip("contact", "name:", 4, 4), "contact", 3, "without its ':'"),
    Damage("bit flip in a line end", flip("contact", "Петрова", 3, 14), "contact", 2, "control character"),
    Damage("bit flip in a time", flip("contact", "'2026", 6, 1), "contact", "created_at", "created_at"),
    Damage("bit flip in a stage", flip("lead", "new", 0, 2), "lead", "stage", "stage 'nev'"),
    Damage("bit flip in an owner", flip("lead", "owner: anna", 0, 8), "lead", "owner", "'aona' is not a user"),
    Damage("bit flip in an amount", flip("lead", "250000", 6), "lead", "amount", "amount"),
    Damage("bit flip in a phone", flip("lead", "+79123", 6, 3), "lead", "+79123", "not a phone"),
    Damage("bit flip in an e-mail", flip("contact", "anna@", 5, 4), "contact", "anna@", "not an e-mail"),
    Damage("bit flip in a link", flip("deal", "company: company-", 0, 17), "deal", "company:", "links to"),
    Damage("cut at the start", cut("contact", 20), "contact", 1, "the file has no id"),
    Damage("cut in a line", cut("contact", 0, 120), "contact", 6, "quote is not closed"),
    Damage("cut at a line end", swap("contact", "created_at: '2026-10-14T09:00:00Z'\n", ""), "contact", 0, "created_at is missing"),
    Damage("empty record", write("contact", b""), "contact", 0, "empty"),
    Damage("record of NULs", on_bytes("contact", lambda data: b"\0" * len(data)), "contact", 1, "NUL"),
    Damage("NULs at the end", on_bytes("contact", lambda data: data[:-30] + b"\0" * 30), "contact", "created_at", "NUL"),
    Damage("record missing", gone("lead"), "lead", 0, "missing"),
    Damage("linked company missing", gone("company"), "company", 0, "missing", more=True),
    Damage("deal loses its contact", gone("contact"), "deal", "  - contact", "contacts links to", more=True),
    Damage("merge conflict", conflict("contact", 2), "contact", 2, "merge conflict"),
    Damage("copied to another name", moved("contact", "data/contacts/{x}/contact-{x}zzzzzzz.yaml", copied=True), "data/contacts/{x}/contact-{x}zzzzzzz.yaml", 1, "the id in the file"),
    Damage("in two shards", moved("contact", "data/contacts/{x}/{b.contact}.yaml", copied=True), "data/contacts/{x}/{b.contact}.yaml", 0, "wrong folder", mended=True),
    Damage("in the wrong shard", moved("lead", "data/leads/{x}/{b.lead}.yaml"), "data/leads/{x}/{b.lead}.yaml", 0, "wrong folder", more=True, mended=True),
    Damage("in the wrong folder", moved("lead", "data/contacts/y/{b.lead}.yaml"), "data/contacts/y/{b.lead}.yaml", 0, "wrong folder", more=True, mended=True),
    Damage("name in capitals", in_capitals("lead"), "data/leads/{b.lead[5]}/{capitals}.yaml", 0, "wrong folder", more=True, mended=True),
    Damage("two of one id that differ", all_of(moved("contact", "data/contacts/{x}/{b.contact}.yaml", copied=True), swap("contact", "Анна", "Алла")), "data/contacts/{x}/{b.contact}.yaml", 0, "wrong folder"),
    Damage("folder for a record", folder_instead("contact"), "contact", 0, "not a regular file"),
    Damage("link for a record", linked("contact"), "contact", 0, "symbolic link"),
    Damage("huge record", on_bytes("contact", lambda data: data + b"x: " + b"y" * (1 << 20)), "contact", 0, "1 MB"),
    Damage("duplicate key", on_bytes("contact", lambda data: data + "name: Алла\n".encode()), "contact", 19, "again"),
    Damage("tab", swap("contact", "  - value", "\t- value"), "contact", 6, "tab"),
    Damage("alias", swap("contact", "anna@romashka.ru", "*anna"), "contact", "anna@", "aliases are not allowed"),
    Damage("amount of letters", swap("lead", "'250000'", "abc"), "lead", "amount", "abc"),
    Damage("impossible date", swap("deal", "owner: anna", "close_by: 2026-13-45\nowner: anna"), "deal", 9, "close_by"),
    Damage("phone of letters", swap("lead", "'+79123456789'", "спросить у Ани"), "lead", "+79", "not a phone number"),
    Damage("stage as a list", swap("lead", "stage: new", "stage: [new]"), "lead", "stage", "single value"),
    Damage("unknown stage", swap("lead", "stage: new", "stage: nowhere"), "lead", "stage", "nowhere"),
    Damage("unknown pipeline", swap("deal", "pipeline: sales", "pipeline: nowhere"), "deal", "pipeline", "nowhere"),
    Damage("unknown owner", swap("lead", "owner: anna", "owner: boris"), "lead", "owner", "'boris' is not a user"),
    Damage("task about nothing", swap("task", "{b.deal}", "deal-00000000"), "task", "about", "links to deal-00000000"),
    Damage("converted to nothing", swap("converted", "{b.deal}", "deal-00000000"), "converted", "  deal:", "converted to the deal"),
    Damage("contact that is none", swap("deal", "  - {b.contact}", "  - {b.lead}"), "deal", "  - contact", "which is not a contact"),
    Damage("unknown folder", moved("lead", "data/lead/y/{b.lead}.yaml", copied=True), "data/lead", 0, "did you mean 'leads'"),
    Damage("stray file", write("data/leads/Копия.txt", b"x"), "data/leads/Копия.txt", 0, "not a record file"),
]  # fmt: skip

TIMELINE = [
    Damage("bit flip in a word", flip("now", "unmapped", 1), "now", 9, "line above was changed"),
    Damage("bit flip in an id", flip("now", "e1", 6), "now", 2, "not the id of an event", more=True),
    Damage("bit flip in a hash", flip_hash, "now", 8, "line above was changed", more=True),
    Damage("bit flip in a byte", flip("now", "Договор", 6), "now", 10, "not UTF-8"),
    Damage("NULs in the last line", on_bytes("now", lambda data: data[:-40] + b"\0" * 40), "now", 10, "cut off"),
    Damage("NULs in the middle", on_lines("now", lambda ls: [*ls[:3], b"\0" * 99 + b"\n", *ls[4:]]), "now", 4, "NUL", more=True),
    Damage("last line cut off", cut("now", 0, -30), "now", 10, "cut off"),
    Damage("start cut off", cut("now", 30), "now", 1, "columns", more=True),
    Damage("cut in the middle", on_lines("now", lambda ls: [*ls[:4], ls[4][:40] + ls[5][20:], *ls[6:]]), "now", 5, "10 columns"),
    Damage("line end lost", cut("now", 0, -1), "now", 10, "has no line end", mended=True, passing=True),
    Damage("line taken out", on_lines("now", lambda ls: [*ls[:5], *ls[6:]]), "now", 6, "taken out"),
    Damage("lines swapped", on_lines("now", lambda ls: [*ls[:5], ls[6], ls[5], *ls[7:]]), "now", 6, "put in"),
    Damage("line twice", on_lines("now", lambda ls: [*ls[:5], ls[4], *ls[5:]]), "now", 6, "is here again", mended=True),
    Damage("line twice, far", on_lines("now", lambda ls: [*ls, ls[4]]), "now", 11, "is here again", mended=True),
    Damage("two events of one id", on_lines("now", other_id), "now", 11, "already"),
    Damage("event in two files", moved("now", "data/timeline/2026-11/00000000.csv", copied=True), "now", 2, "already", more=True),
    Damage("merge conflict on the timeline", conflict("now", 5), "now", 5, "merge conflict", more=True),
    Damage("bad JSON", swap("now", '{{""text""', '{{text""'), "now", 10, "not JSON"),
    Damage("bad time", swap("now", "2026-11-23T09:00:00Z,anna,mail", "2026-13-45T09:00:00Z,anna,mail"), "now", 10, "2026-13-45T09:00:00Z' is not a time"),
    Damage("unknown kind", swap("now", "mail.in", "mail.on"), "now", 10, "no event kind 'mail.on'"),
    Damage("column missing", swap("now", ",anna,mail.in", ",mail.in"), "now", 10, "8 columns"),
    Damage("depth of letters", swap("now", ",0,\"{{\"\"text", ",o,\"{{\"\"text"), "now", 10, "depth"),
    Damage("not CSV", swap("now", '"{{""text""', '"{{"text""'), "now", 10, "not CSV"),
    Damage("month missing", gone("before"), "data/timeline/2026-10", 0, "not on the timeline"),
    Damage("empty file", write("before", b""), "before", 0, "empty"),
    Damage("odd month", all_of(write("data/timeline/2026-13/00000000.csv", b"id,at,actor,kind,record,cause,depth,data,prev\n")), "data/timeline/2026-13", 0, "a folder a month"),
    Damage("odd name", moved("before", "data/timeline/2026-10/копия.csv"), "data/timeline/2026-10/копия.csv", 0, "not the name of a timeline file"),
    Damage("left by a merge", moved("before", "data/timeline/2026-10/{clone}.csv.orig", copied=True), "data/timeline/2026-10/{clone}.csv.orig", 0, "not the name of a timeline file"),
    Damage("in another month", moved("before", "data/timeline/2026-09/{clone}.csv"), "data/timeline/2026-09/{clone}.csv", 2, "an event of 2026-10"),
    Damage("CRLF", on_bytes("now", lambda data: data.replace(b"\n", b"\r\n")), "now", 1, "CRLF", mended=True),
    Damage("byte order mark", on_bytes("now", lambda data: b"\xef\xbb\xbf" + data), "now", 1, "byte order mark", mended=True),
    Damage("folder for a file", folder_instead("before"), "before", 0, "not a regular file"),
    Damage("link for a file", linked("before"), "before", 0, "symbolic links"),
]  # fmt: skip

OTHERS = [
    Damage("attachment missing", gone("letter"), "now", 10, "is missing: data/files/"),
    Damage("bit flip in an attachment", flip("letter", "7", 0), "letter", 0, "is damaged"),
    Damage("attachment cut", cut("letter", 0, 100), "letter", 0, "is damaged"),
    Damage("stray attachment", write("data/files/Договор.pdf", b"x"), "data/files/Договор.pdf", 0, "not an attached file"),
    Damage("settings missing", gone("settings.yaml"), "settings.yaml", 0, "missing"),
    Damage("template missing", gone("templates/mail/hello.j2"), "pipelines.yaml", "template: mail/hello.j2", "no template templates/mail/hello.j2"),
    Damage("template cut", cut("templates/mail/hello.j2", 0, 23), "templates/mail/hello.j2", 2, "not UTF-8"),
    Damage("pipelines in conflict", conflict("pipelines.yaml", 20), "pipelines.yaml", 20, "merge conflict"),
    Damage("pipelines of NULs", on_bytes("pipelines.yaml", lambda data: data[:200] + b"\0" * 50), "pipelines.yaml", 3, "NUL"),
    Damage("what a killed command left", write(".crm/txn/0001.0", b"x"), ".crm/txn/0001.0", 0, "killed command", mended=True, passing=True),
    Damage("index of garbage", all_of(lambda base: in_one_file(base.file(".crm/index.db")), write(".crm/index.db", b"no database at all")), ".crm/index.db", 0, "damaged", mended=True, passing=True),
    Damage("index cut in half", all_of(lambda base: in_one_file(base.file(".crm/index.db")), on_bytes(".crm/index.db", lambda data: data[: len(data) // 2])), ".crm/index.db", 0, "damaged", mended=True, passing=True),
    Damage("index that lies", index_lies, ".crm/index.db", 0, "differ (rebuild it", mended=True),
    *(Damage(f"index torn {n}", index_torn(n), ".crm/index.db", 0, "damaged", mended=True, passing=True) for n in range(3)),
]  # fmt: skip

ALL = [*RECORDS, *TIMELINE, *OTHERS]

STOPPING = [
    Damage("pipelines missing", gone("pipelines.yaml"), "", 0, "pipelines.yaml is missing"),
    Damage("settings in conflict", conflict("settings.yaml", 20), "settings.yaml", 20, "merge conflict"),
    Damage("settings of a wrong kind", swap("settings.yaml", "time_zone: Europe/Moscow", "time_zone: Mars"), "settings.yaml", "time_zone", "Mars"),
    Damage("half a commit record", half_committed, ".crm/txn/0001.commit", 0, "damaged"),
]  # fmt: skip
"""What keeps every command from working, which each of them says."""
