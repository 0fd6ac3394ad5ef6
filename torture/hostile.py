"""Files that mean harm, and many more that mean nothing at all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from crmcli.store.disk import files
from crmcli.store.disk.commit_record import TXN, Append, CommitRecord
from torture.copies import copied
from torture.scenes import new
from torture.score import Score
from torture.spoilt import GOOD, LEAD, LINE, fuzz
from torture.tracing import crm, run

SECONDS = 2.0
LONGEST = 20.0
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
    "a line of 30 MB": _text("data/timeline/2026-10/7k3qf2m9.csv", LINE + "x" * 30_000_000),
    "quotes without end": _text("data/timeline/2026-10/7k3qf2m9.csv", LINE + ',"' * 300_000),
    "deep JSON": _text(
        "data/timeline/2026-10/7k3qf2m9.csv", LINE.replace("{", "[" * 50_000 + "{")
    ),
    "a pipe as pipelines": _fifo("pipelines.yaml"),
    "a commit record that leads out": _escape,
}  # fmt: skip


def _plant_and_look(name: str, plant: Plant, base: Path, folder: Path, score: Score) -> float:
    root = folder / "ws"
    run(("rm", "-rf", str(root)), folder)
    copied(base, root, symlinks=True)
    plant(root)
    slowest = 0.0
    for args in (
        ("check",),
        ("lead", "list"),
        ("lead", "show", "7k3"),
        ("lead", "add", "--name", "Б"),
    ):
        where = f"{name}, crm {' '.join(args)}"
        score.ran()
        try:
            done = run((*crm(), *args), root, limit=LONGEST)
        except subprocess.TimeoutExpired:
            score.fault("other", f"{where}: not done in {LONGEST:.0f} s")
            continue
        said = done.err + done.out
        slowest = max(slowest, done.worked)
        if done.code not in range(8) or "Traceback" in said:
            score.fault("other", f"{where}: exit {done.code}: {said[:300]}")
        if done.worked > SECONDS:
            took = f"{done.worked:.1f} s of work, {done.seconds:.1f} s in all"
            score.fault("other", f"{where}: {took}")
        if args == ("check",) and done.code == 0:
            score.fault("other", f"{where}: no problems found, it says: {said[:300]}")
        if "root:" in said:
            score.fault("other", f"{where}: it shows what a link leads to")
    if (folder / "escaped").exists():
        score.fault("other", f"{name}: it wrote outside of the workspace")
    return slowest


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
    score.remark(
        f"{len(names or CASES)} hostile files, the slowest took {slowest:.1f} s of work;"
        f" {count} spoilt texts"
    )
    return score.stop()
