"""Pictures in letters: files beside the template go along, and stay where they are shown."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from crmcli.channels.message import from_bytes, to_bytes
from tests.kit import Run, write

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HTML = """<p>Привет</p><img alt="" src="logo.png"><img src='img/знак.png'><img src="logo.png">
<img src="https://x.example/a.png"><img src="data:image/png;base64,AA=="><img src="cid:other@x">
"""


@pytest.fixture
def letter(folder: Path, crm: Callable[..., Run]) -> Any:
    write(folder, "templates/mail/hi.j2", "Subject: Привет\nAttach: settings.yaml\n\nПривет\n")
    write(folder, "templates/mail/hi.html.j2", HTML)
    (folder / "templates/img").mkdir()
    for name in ("mail/logo.png", "img/знак.png"):
        (folder / "templates" / name).write_bytes(PIXEL)
    contact = crm("contact", "add", "--name", "Анна", "--email", "anna@chai.example").out.strip()
    assert crm("mail", "send", contact, "--template", "hi").code == 0
    [path] = (folder / "outbox/new").iterdir()
    return path.read_bytes()


def test_files_beside_the_template_go_along(letter: bytes) -> None:
    read: Any = message_from_bytes(letter, policy=policy.default)
    kinds = [part.get_content_type() for part in read.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
                     "text/html", "image/png", "image/png", kinds[-1]]  # fmt: skip
    pictures = [part for part in read.walk() if part.get_content_type() == "image/png"]
    assert [part.get_content() for part in pictures] == [PIXEL, PIXEL]
    assert [part.get_filename() for part in pictures] == ["logo.png", "знак.png"]
    html = read.get_body(("html",)).get_content()
    cids = [part["Content-ID"].strip("<>") for part in pictures]
    assert [html.count(f"cid:{cid}") for cid in cids] == [2, 1]
    for left in ("https://x.example/a.png", "data:image/png;base64,AA==", "cid:other@x"):
        assert left in html
    assert [one.get_filename() for one in read.iter_attachments()] == ["settings.yaml"]


@pytest.mark.parametrize("wire", [True, False])
def test_they_come_through_the_queue(letter: bytes, wire: bool) -> None:
    once = from_bytes(letter, "k")
    again = from_bytes(to_bytes(once, wire=wire), "k")
    assert again.attachments == once.attachments
    assert [bool(one.cid) for one in again.attachments] == [False, True, True]
    assert again.html.split() == once.html.split()


def test_one_that_is_not_there_is_told(folder: Path, crm: Callable[..., Run]) -> None:
    write(folder, "templates/mail/hi.j2", "Subject: Привет\n\nПривет\n")
    write(folder, "templates/mail/hi.html.j2", '<img src="нет.png"><img src="../../settings.yaml">')
    contact = crm("contact", "add", "--name", "Анна", "--email", "anna@chai.example").out.strip()
    run = crm("mail", "send", contact, "--template", "hi")
    assert (run.code, "нет.png" in run.err) == (6, True)


MISSING = {
    # template: its text, and the lines at which a picture is missing
    "mail/hi.html.j2": ("\n<img src='logo.png'>\n<img\n  alt='' src='no.png'>\n", [4]),
    "mail/_foot.html.j2": ("<img src='mail/logo.png'><img src='img/no.png'>", [1]),
    "offers/own.html.j2": ("{# <img src='a.png'>\n #}<img src='templates/mail/logo.png'>\n<img src='logo.png'>", [3]),
    "offers/us.html.j2": ("{% if us.logo %}<img src='{{ us.logo }}'>{% endif %}", []),
    "_both.html.j2": ("<img src='logo.png'><img src='templates/mail/logo.png'>\n<img src='x.png'>", [2]),
    "mail/out.html.j2": ("<img src='../../../a.png'>\n<img src='link.png'>\n<img src='../mail/logo.png'>", [1, 2, 3]),
    "mail/far.html.j2": ("<img src='https://x.example/a.png'><img src='cid:a'><img src='data:,'>", []),
}  # fmt: skip


@pytest.mark.parametrize("template", MISSING)
def test_a_check_of_templates_tells_them_by_line(
    folder: Path, crm: Callable[..., Run], template: str
) -> None:
    (folder / "templates/mail/logo.png").write_bytes(PIXEL)
    (folder / "templates/mail/link.png").symlink_to(folder / "templates/mail/logo.png")
    (folder.parent / "a.png").write_bytes(PIXEL)
    text, lines = MISSING[template]
    write(folder, f"templates/{template}", text)
    run = crm("template", "check")
    places = [row.split(": ")[0] for row in run.out.splitlines() if ".png" in row]
    assert places == [f"templates/{template}:{line}" for line in lines]
    assert run.code == (6 if lines else 0)
    name = template.removesuffix(".html.j2")
    if template.startswith("mail/h"):  # a letter by its own name, with its HTML part
        write(folder, f"templates/{name}.j2", "Subject: a\n\nb\n")
        assert places[0] in crm("template", "check", name).out
