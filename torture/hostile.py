"""Files that mean harm, and a hundred thousand that mean nothing at all."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.model.fields import BadValues
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.sales.importing import open_source
from crmcli.store import codec, config, files, timeline
from crmcli.store.commit import TXN, Append, CommitRecord
from torture.scenes import new
from torture.score import Score
from torture.tracing import crm, environ, limited, run

SECONDS = 2.0
MEGABYTES = 256
LEAD = "data/leads/7/lead-7k3qf2m9.yaml"
GOOD = """id: lead-7k3qf2m9
name: Кровля
stage: new
phones:
  - value: '+79123456789'
    type: mobile
tags:
  - vip
comment: |-
  раз
  два
created_at: 2026-11-23T09:00:00Z
"""
LINE = (
    f"{timeline.HEADER}\n"
    "e1m83t4cm01x5gzr6,2026-11-23T09:00:00Z,anna,lead.created,lead-7k3qf2m9,,0,"
    '"{""stage"":""new"",""robots"":[""call""]}",87207bd2bffadc9c\n'
)
BOMB = "a: &a [х, х, х, х, х, х, х, х, х]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
)
Plant = Callable[[Path], None]


def _text(path: str, text: str | bytes) -> Plant:
    def plant(root: Path) -> None:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(
            text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        )

    return plant


def _link(path: str, to: str) -> Plant:
    def plant(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(to)

    return plant


def _sparse(path: str, size: int) -> Plant:
    def plant(root: Path) -> None:
        _text(path, "id: lead-7k3qf2m9\n")(root)
        os.truncate(root / path, size)

    return plant


def _fifo(path: str) -> Plant:
    def plant(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).unlink(missing_ok=True)
        os.mkfifo(root / path)

    return plant


def _escape(root: Path) -> None:
    """A commit record that is sound, and writes outside."""
    (root / TXN).mkdir(parents=True, exist_ok=True)
    append = Append("../escaped", 0, "нет\n", files.digest(b"")[:16])
    record = CommitRecord("0001", "me", "crm", "", appends=(append,))
    (root / TXN / record.name).write_bytes(record.encode())


def _both_cases(root: Path) -> None:
    _text(LEAD, GOOD)(root)
    _text(LEAD.replace("lead-", "Lead-"), GOOD)(root)
    _text(LEAD.replace("lead-7k3qf2m9", "lead-7K3QF2M9"), GOOD)(root)


CASES: dict[str, Plant] = {
    "alias bomb": _text(LEAD, f"id: lead-7k3qf2m9\n{BOMB}"),
    "alias bomb in pipelines": _text("pipelines.yaml", BOMB),
    "alias bomb in settings": _text("settings.yaml", BOMB),
    "merge key": _text(LEAD, "id: lead-7k3qf2m9\nx: &x {a: b}\n<<: *x\n"),
    "merge key alone": _text(LEAD, "id: lead-7k3qf2m9\nname: A\n<<: {stage: new}\n"),
    "tag": _text(LEAD, "id: lead-7k3qf2m9\nname: !!python/object/apply:os.system [id]\n"),
    "deep flow": _text(LEAD, "id: lead-7k3qf2m9\nname: " + "[" * 100_000),
    "deep flow maps": _text(LEAD, "id: lead-7k3qf2m9\nname: " + "{a: " * 50_000),
    "deep block": _text(LEAD, "\n".join(" " * n + "a:" for n in range(1300))),
    "deep dashes": _text(LEAD, "id: lead-7k3qf2m9\nname:\n" + "- " * 200_000),
    "deep in pipelines": _text("pipelines.yaml", "leads: " + "[" * 100_000),
    "over a megabyte": _text(LEAD, f"id: lead-7k3qf2m9\ncomment: {'я' * 600_000}\n"),
    "two gigabytes of nothing": _sparse(LEAD, 2 << 30),
    "huge pipelines": _sparse("pipelines.yaml", 2 << 30),
    "huge settings": _sparse("settings.yaml", 2 << 30),
    "a key twice": _text(LEAD, f"{GOOD}name: B\n"),
    "a key twice, quoted": _text(LEAD, f"{GOOD}'name': B\n"),
    "two documents": _text(LEAD, f"{GOOD}---\n{GOOD}"),
    "tabs": _text(LEAD, "id: lead-7k3qf2m9\n\tname: A\n"),
    "NUL": _text(LEAD, b"id: lead-7k3qf2m9\0\nname: A\n"),
    "empty": _text(LEAD, b""),
    "no UTF-8": _text(LEAD, "id: lead-7k3qf2m9\nname: Анна\n".encode("cp1251")),
    "conflict": _text(LEAD, f"<<<<<<< HEAD\n{GOOD}=======\n{GOOD}>>>>>>> b\n"),
    "wide digits in the id": _text("data/leads/７/lead-７k3qf2m9.yaml", GOOD),
    "Cyrillic letters in the id": _text("data/leads/7/lead-7k3qf2м9.yaml", GOOD),
    "an id that runs right to left": _text("data/leads/7/lead-7k3‮qf2m9.yaml", GOOD),
    "a name that is no UTF-8": _text("data/leads/7/lead-7k3\udcffqf2m9.yaml", GOOD),
    "a line end in a name": _text("data/leads/7/lead-7k3\nqf2m9.yaml", GOOD),
    "another id inside": _text(LEAD, GOOD.replace("7k3qf2m9", "7k3qf2mа")),
    "names that differ by case": _both_cases,
    "link to a file": _link(LEAD, "/etc/passwd"),
    "link to itself": _link(LEAD, "lead-7k3qf2m9.yaml"),
    "link as a folder": _link("data/leads/7", "/etc"),
    "link as all contacts": _link("data/contacts", "/etc"),
    "link as the timeline": _link("data/timeline/2026-10/7k3qf2m9.csv", "/etc/passwd"),
    "link to everything": _link("data/leads/7", "../.."),
    "a pipe": _fifo(LEAD),
    "a pipe as the timeline": _fifo("data/timeline/2026-10/7k3qf2m9.csv"),
    "a folder": lambda root: (root / LEAD).mkdir(parents=True),
    "a line of 8 MB": _text("data/timeline/2026-10/7k3qf2m9.csv", LINE + "x" * 8_000_000),
    "quotes without end": _text("data/timeline/2026-10/7k3qf2m9.csv", LINE + ',"' * 300_000),
    "deep JSON": _text(
        "data/timeline/2026-10/7k3qf2m9.csv", LINE.replace("{", "[" * 50_000 + "{")
    ),
    "a pipe as pipelines": _fifo("pipelines.yaml"),
    "a commit record that leads out": _escape,
}  # fmt: skip


def _limited(root: Path, *args: str) -> tuple[int, str, float, float]:
    """Run crm with little memory; its exit code, what it said, the seconds it took, those it worked."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        (*crm(), *args), cwd=root, env=environ(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, preexec_fn=lambda: limited(20, MEGABYTES),
    )  # fmt: skip
    try:
        out, _ = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return process.returncode, out.decode("utf-8", "replace"), time.monotonic() - started, worked


def _plant_and_look(name: str, plant: Plant, base: Path, folder: Path, score: Score) -> float:
    root = folder / "ws"
    run(("rm", "-rf", str(root)), folder)
    run(("cp", "-a", str(base), str(root)), folder)
    plant(root)
    slowest = 0.0
    for args in (
        ("check",),
        ("lead", "list"),
        ("lead", "show", "7k3"),
        ("lead", "add", "--name", "Б"),
    ):
        code, said, seconds, worked = _limited(root, *args)
        slowest = max(slowest, worked)
        where = f"{name}, crm {' '.join(args)}"
        score.ran()
        if code not in range(8) or "Traceback" in said:
            score.fault("other", f"{where}: exit {code}: {said[:300]}")
        if worked > SECONDS:
            score.fault("other", f"{where}: {worked:.1f} s of work, {seconds:.1f} s in all")
        if args == ("check",) and code == 0:
            score.fault("other", f"{where}: all is well, it says: {said[:300]}")
        if "root:" in said:
            score.fault("other", f"{where}: it shows what a link leads to")
    if (folder / "escaped").exists():
        score.fault("other", f"{name}: it wrote outside of the workspace")
    return slowest


# --- what means nothing at all -------------------------------------------------------------------

_BITS = (
    "&a ", "*a", "<<: ", "!!str ", "!x ", "? ", "- ", ": ", "{", "}", "[", "]", '"', "'", "|", ">",
    "#", "%", "@", "`", "\t", "\r", "\r\n", "\n", "\n\n", "  ", "---\n", "...\n", "\0", "\ufeff",
    "\u2028", "\u202e", "\x85", "~", "null", "yes", "0x1f", "1e999", "-0", "2026-13-45", "NaN",
    "<<<<<<<", "=======", ">>>>>>> ", ",", ";", '""', "\\u0000", "\\ud800", "{{", "}}", "{% x %}",
    "я", "😀", "e\u0301", "=1+1", "9" * 400, "[" * 60, "lead-7k3qf2m9", "T24:00:00Z", "+99999999999",
)  # fmt: skip


def _spoil(seed: bytes, dice: random.Random) -> bytes:
    """A text with some of it changed, cut, repeated or filled with what parsers stumble over."""
    data = bytearray(seed)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(7)
        if kind == 0 and data:
            data[at % len(data)] = dice.randrange(256)
        elif kind == 1:
            del data[at : at + dice.randint(1, 30)]
        elif kind == 2:
            data[at:at] = dice.choice(_BITS).encode()
        elif kind == 3:
            data[at:at] = data[max(0, at - dice.randint(1, 60)) : at]
        elif kind == 4:
            data = data[:at]
        elif kind == 5:
            lines = bytes(data).split(b"\n")
            dice.shuffle(lines)
            data = bytearray(b"\n".join(lines))
        else:
            data[at:at] = dice.randbytes(dice.randint(1, 8))
    return bytes(data)


def _readers(root: Path) -> Iterator[tuple[str, int, bytes, Callable[[bytes], object]]]:
    """Name, share of the whole in per cent, a sound text, and who reads it."""
    schema = Schema({})

    def record(data: bytes) -> object:
        raw = codec.load(data, LEAD)
        return codec.dump(schema.write(schema.read("lead", raw)))

    def marked(data: bytes) -> object:
        return codec.load_marked(data, "x.yaml")

    def events(data: bytes) -> object:
        path = root / "timeline.csv"
        path.write_bytes(data)
        timeline.verify_chain(path)
        return timeline.read_file(path)

    def rows(data: bytes) -> object:
        source = open_source(data, "x.csv")
        return [source.labels, list(source.rows())]

    def objects(data: bytes) -> object:
        return list(open_source(data, "x.jsonl").rows())

    def pipelines(data: bytes) -> object:
        (root / "pipelines.yaml").write_bytes(data)
        return config.load_pipelines(root, schema, Settings())

    def settings(data: bytes) -> object:
        (root / "settings.yaml").write_bytes(data)
        return config.load_settings(root)

    table = 'Имя;Телефон;Сумма;Теги\nАнна;+7 912 345-67-89;1 234,56;a, b\n"Олег ""О""";;;\n'
    lines = '{"name": "Анна", "phones": [{"value": "+79123456789"}], "tags": ["a"]}\n' * 2
    yield "record", 44, GOOD.encode(), record
    yield "configuration", 10, GOOD.encode(), marked
    yield "timeline", 16, LINE.encode(), events
    yield "CSV", 16, table.encode(), rows
    yield "CSV in UTF-16", 2, table.encode("utf-16"), rows
    yield "JSON lines", 6, lines.encode(), objects
    yield "pipelines", 4, (root / "pipelines.yaml").read_bytes(), pipelines
    yield "settings", 2, (root / "settings.yaml").read_bytes(), settings


def fuzz(root: Path, count: int, score: Score) -> None:
    """Read so many spoilt texts; nothing but a refusal may come of them."""
    for name, share, seed, read in list(_readers(root)):
        dice = random.Random(name)
        refused = 0
        for number in range(max(1, count * share // 100)):
            data = _spoil(seed, dice)
            score.ran()
            try:
                read(data)
            except (CrmError, BadValues):
                refused += 1
            except Exception as error:
                score.fault(
                    "other", f"{name} {number}: {type(error).__name__}: {error}: {data!r:.400}"
                )
        print(f"  fuzz {name}: {number + 1} texts, {refused} refused", flush=True)


def hostile(folder: Path, *, count: int = 100_000, names: tuple[str, ...] = ()) -> Score:
    """Plant every hostile file, and read so many spoilt ones."""
    score = Score("hostile")
    folder.mkdir(parents=True, exist_ok=True)
    base = new(folder / "base")
    run((*crm(), "lead", "add", "--name", "Анна"), base)
    slowest = 0.0
    for name, plant in CASES.items():
        if not names or name in names:
            slowest = max(slowest, _plant_and_look(name, plant, base, folder, score))
    fuzz(base, count, score)
    score.remark(f"{len(names or CASES)} hostile files, the slowest took {slowest:.1f} s of work")
    return score.stop()
