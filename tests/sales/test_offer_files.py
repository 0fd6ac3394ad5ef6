"""Offers as files: PDF with page numbers and the same bytes, pictures, text; what is refused."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from crmcli.errors import BadUsage
from crmcli.model.offer import Offer
from crmcli.render.pages import NoPicture, unbroken
from crmcli.sales.documents import offers
from crmcli.sales.documents.offers import OfferTerms
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from torture import smalldisk
from torture.copies import copied
from torture.errors import alone
from torture.kills import snapshots
from torture.scenes import scenes
from torture.tracing import environ

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def ws(_fresh: Path, tmp_path: Path) -> Workspace:
    return Workspace.open(copied(_fresh, tmp_path / "ws"), now=NOW)


def drafted(ws: Workspace, lines: int) -> Offer:
    texts = [f"Мотор-редуктор {n};1;100" for n in range(lines)]
    return offers.draft(ws, kit.deal(ws, amount="1").id, OfferTerms(lines=texts))


def test_a_pdf_has_numbered_pages_and_the_head_of_the_table_on_each(ws: Workspace) -> None:
    made = drafted(ws, 40)
    content = offers.render(ws, made.id, ".pdf")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in text
        assert "КП-2026-0001" in text
    tables = [text for text in pages if "Мотор-редуктор" in text]
    assert len(tables) > 1
    assert all("Наименование" in text for text in tables)
    assert "Четыре тысячи рублей 00 копеек" in pages[-1]
    assert content == offers.render(ws, made.id, ".PDF")


@pytest.mark.parametrize("design", ["offer", "letter"])
def test_both_designs_as_pdf(ws: Workspace, design: str) -> None:
    """Names and numbers come out of it whole, as they were written, and each page has its number and the head."""
    lines = [f"Мотор-редуктор 4МЦ2С-{n}-28 фланцевый;1;1000000;шт" for n in range(60)]
    terms = OfferTerms(lines, template=f"offers/{design}.html.j2")
    made = offers.draft(ws, kit.deal(ws, amount="1").id, terms)
    content = offers.render(ws, made.id, ".pdf")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    words = "\n".join(pages).split()
    assert {f"4МЦ2С-{n}-28" for n in range(60)} < set(words)
    assert words.count("Мотор-редуктор") == 60
    assert made.name in words
    for number, text in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in text
        assert ("Мотор-редуктор" in text) <= ("Наименование" in text)
    assert "Шестьдесят миллионов рублей 00 копеек" in " ".join(words)
    assert content == offers.render(ws, made.id, ".pdf")


def test_pictures_are_inside_and_a_missing_one_is_told(ws: Workspace) -> None:
    made = drafted(ws, 1)
    settings = "company: {name: Ромашка, logo: templates/logo.png}\n"
    (ws.root / "settings.yaml").write_text(settings, encoding="utf-8")
    ws = Workspace.open(ws.root, now=NOW)
    with pytest.raises(NoPicture, match=r"templates/logo\.png"):
        offers.render(ws, made.id)
    for broken in (b"", b"not a picture", b"\xff\xd8\xff a JPEG"):
        (ws.root / "templates/logo.png").write_bytes(broken)
        with pytest.raises(NoPicture, match=r"templates/logo\.png does not hold"):
            offers.render(ws, made.id)
    (ws.root / "templates/logo.png").write_bytes(DOT)
    assert "data:image/png;base64," in offers.render(ws, made.id).decode()
    images = PdfReader(io.BytesIO(offers.render(ws, made.id, ".pdf"))).pages[0].images
    assert len(images) == 1


@pytest.mark.parametrize(
    "path", ["../logo.png", "/etc/logo.png", ".crm/logo.png", "http://host/logo.png", "data.csv"]
)
def test_pictures_from_elsewhere_are_refused(ws: Workspace, path: str) -> None:
    made = drafted(ws, 1)
    settings = f"company: {{name: Ромашка, logo: '{path}'}}\n"
    (ws.root / "settings.yaml").write_text(settings, encoding="utf-8")
    with pytest.raises(Exception, match=r"logo\.png|data\.csv"):
        offers.render(Workspace.open(ws.root, now=NOW), made.id)


def test_the_text_of_an_offer(ws: Workspace) -> None:
    text = offers.render(ws, drafted(ws, 2).id, ".txt").decode()
    assert "2. Мотор-редуктор 1: 1 × 100,00\u00a0₽ = 100,00\u00a0₽" in text
    assert "Двести рублей 00 копеек" in text


@pytest.mark.parametrize("ending", ["", ".docx", ".pdf~", ".j2"])
def test_other_endings_are_refused(ws: Workspace, ending: str) -> None:
    with pytest.raises(BadUsage, match="ending"):
        offers.render(ws, drafted(ws, 1).id, ending)


def test_words_with_hyphens_stay_whole_and_tags_as_they_are() -> None:
    page = '<body class="a-b"><style>x-y {}</style>КП-2026-0001 и &quot;так&quot;'
    assert unbroken(page) == (
        '<body class="a-b"><style>x-y {}</style>КП\u20112026\u20110001 и &quot;так&quot;'
    )


def test_without_the_package_the_install_line_is_told_and_it_ends_with_7(ws: Workspace) -> None:
    made = drafted(ws, 1)
    script = (
        "import sys; sys.modules['weasyprint'] = None\n"
        "from crmcli.__main__ import main; sys.argv[0] = 'crm'; sys.exit(main())"
    )
    words = ["-C", str(ws.root), "offer", "render", made.id, "-o", str(ws.root / "x.pdf")]
    run = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False
    )
    assert run.returncode == 7, run.stderr
    assert "crmcli[pdf]" in run.stderr
    assert not (ws.root / "x.pdf").exists()


def test_a_full_disk_leaves_the_old_file(ws: Workspace) -> None:
    made = drafted(ws, 1)
    target = ws.root / "x.pdf"
    target.write_bytes(b"old")
    words = ["-C", str(ws.root), "offer", "render", made.id, "-o", str(target)]
    limited = f'ulimit -f 4; exec {sys.executable} -m crmcli "$@"'
    run = subprocess.run(
        ["bash", "-c", limited, "crm", *words], capture_output=True, text=True, check=False
    )
    assert run.returncode not in (0, 70), run.stderr
    assert target.read_bytes() == b"old"
    assert [one.name for one in ws.root.iterdir() if one.name.endswith(".tmp")] == []


def test_on_a_disk_that_is_really_full_an_offer_is_sent_whole_or_not_at_all(
    tmp_path: Path,
) -> None:
    """What is queued says that it is, so that nobody sends it again; what is not, that it is not."""
    [scene] = scenes(tmp_path / "bases", ("offer send",))
    states = snapshots(scene, tmp_path / "states")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = f'mount -t tmpfs -o size=4m,nr_inodes=600 tmpfs "{folder}" && exec "$@"'
    words = [*alone(), "sh", "-c", mount, "sh", sys.executable, "-m", "torture.smalldisk"]
    left = kit.some(range(0, 60, 12), 2)
    pages = f"0:60:{left[1] - left[0]}"
    words += [str(folder), str(scene.base), "pages", pages, *scene.reference]
    done = subprocess.run(words, env=environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr[-200:]}")
    seen = [*smalldisk.read(done.stdout)]
    assert [level for level, *_ in seen] == [*left]
    for level, run, _, later in seen:
        told = f"{level} pages left: {run.code} {run.err}"
        assert later in states, told
        is_doubtful = run.code == 7 and "may or may not have been sent" in run.err
        assert run.code == (5 if later == states[0] else 0) or is_doubtful, told
        assert later != states[0] or not is_doubtful, told
        hint = "crm jobs" if is_doubtful else "crm tick"
        assert later in (states[0], states[-1]) or hint in run.err, told
