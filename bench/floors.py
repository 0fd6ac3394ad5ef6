"""The least that some work can cost, as small programs of their own: `python bench/floors.py WORK …`."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path


def read_all(folder: str) -> None:
    """Read every file under a folder."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(f"{parent}/{name}", "rb", buffering=0) as file:
                file.read()


def write_files(folder: str, count: str) -> None:
    """Write so many files of the size of a contact into sharded folders, and sync once."""
    text = "".join(f"field{n}: {'я' * 12}\n" for n in range(14)).encode()
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    for letter in letters:
        Path(folder, letter).mkdir(parents=True)
    for number in range(int(count)):
        with open(f"{folder}/{letters[number % 32]}/{number}.yaml", "wb", buffering=0) as file:
            file.write(text)
    os.sync()


def make_fts(path: str, count: str) -> None:
    """Make a bare FTS5 table with so many names."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE VIRTUAL TABLE names USING fts5(name)")
        db.executemany(
            "INSERT INTO names VALUES (?)",
            ((f"Анна Ковалёва {number} user{number}@example.ru",) for number in range(int(count))),
        )


def ask_fts(path: str, words: str) -> None:
    """Ask that table for words."""
    with sqlite3.connect(path) as db:
        db.execute("SELECT name FROM names WHERE names MATCH ? LIMIT 20", (words,)).fetchall()


WORKS = {"read": read_all, "write": write_files, "make-fts": make_fts, "ask-fts": ask_fts}

if __name__ == "__main__":
    WORKS[sys.argv[1]](*(str(Path(sys.argv[2])), *sys.argv[3:]))
