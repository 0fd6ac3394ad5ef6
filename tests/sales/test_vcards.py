"""vCards: every version read, nothing lost on the way there and back, bad cards given back alone."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from crmcli.formats.vcard import card_text, cards, read_cards
from crmcli.formats.vcard_lines import STRUCTURED, CardLine, cut, escape, unescape
from crmcli.model.phones import key as phone_key
from crmcli.sales.exports.export import Layout, export
from crmcli.sales.imports import ImportOptions, import_records, open_source
from crmcli.sales.imports.summary import Summary
from crmcli.workspace import Workspace

DATA = Path(__file__).parents[3] / "shared" / "data" / "vcards"
PICTURE = bytes(range(256)) * 3

OLD = (
    "BEGIN:VCARD\r\nVERSION:2.1\r\n"
    "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9E=D1=80=D0=BB=D0=BE=D0=B2=D0=B0;=\r\n"
    "=D0=90=D0=BD=D0=BD=D0=B0;=D0=98=D0=BB=D1=8C=D0=B8=D0=BD=D0=B8=D1=87=D0=BD=D0=B0\r\n"
    "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=90=D0=BD=D0=BD=D0=B0 =D0=9E=D1=80=D0=BB=D0=BE=D0=B2=D0=B0\r\n"
    "TEL;CELL;VOICE:8 (916) 123-45-67 доб. 12\r\nTEL;WORK;FAX:+7 495 123-45-67\r\n"
    "EMAIL;INTERNET:anna@example.ru\r\n"
    "ADR;WORK:;офис 5;ул. Лесная, 7;Москва;;101000;Россия\r\n"
    f"PHOTO;TYPE=JPEG;ENCODING=BASE64:\r\n {base64.b64encode(PICTURE).decode()[:76]}\r\n"
    f" {base64.b64encode(PICTURE).decode()[76:]}\r\n\r\n"
    "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=windows-1251:=F0=E0=E7;=0D=0A=E4=E2=E0\r\n"
    "X-MS-MANAGER:Борис\r\nEND:VCARD\r\n"
)
NEW = (
    "BEGIN:VCARD\nVERSION:4.0\nFN:Пётр Ёлкин\nN:Ёлкин;Пётр;Ильич;;к.т.н.\n"
    "TEL;VALUE=uri;TYPE=\"work,voice\";PREF=1:tel:+7-495-123-45-67;ext=102\n"
    "item1.TEL:+7 912 345-67-89\nitem1.X-ABLabel:Дача\n"
    "ORG:ООО «Ромашка»;Сбыт\nTITLE:директор\norg2.ORG:ИП Лютик\norg2.TITLE:консультант\n"
    "NICKNAME:Петя\nBDAY:--0203\nCATEGORIES:vip,a\\, b\nUID:urn:uuid:1\n"
    "NOTE:длинная строка\\, в которой больше семидесяти пяти байтов и потому она\n"
    "  сложена\nEND:VCARD\n"
)  # fmt: skip


def load(ws: Workspace, text: str | bytes, entity: str = "contact", **wanted: Any) -> Summary:
    content = text.encode() if isinstance(text, str) else text
    wanted.setdefault("rejects", ws.root.parent / "rejects.csv")
    return import_records(
        ws, entity, open_source(content, "x.vcf"), "x.vcf", ImportOptions(**wanted)
    )


def one(ws: Workspace, entity: str = "contact") -> dict[str, Any]:
    ws.look_again()
    [record] = ws.select(entity)
    return ws.schema.write(record)


def lines_of(content: bytes) -> list[list[CardLine]]:
    lines, encoding = read_cards(content, "x.vcf")
    found = list(cards(lines, encoding))
    assert [card.fault for card in found] == [""] * len(found)
    return [list(card.lines) for card in found]


def exported(ws: Workspace, entity: str = "contact", version: str = "3.0") -> bytes:
    ws.look_again()
    layout = Layout(format="vcard", version=version)
    return b"".join(export(ws, entity, None, layout))


def test_an_old_card_is_decoded(ws: Workspace) -> None:
    assert load(ws, OLD).created == 1
    raw = one(ws)
    names = [raw[n] for n in ("name", "last_name", "first_name", "middle_name")]
    assert names == ["Анна Орлова", "Орлова", "Анна", "Ильинична"]
    assert raw["phones"] == [
        {"value": "+79161234567", "ext": "12", "type": "mobile"},
        {"value": "+74951234567", "type": "fax"},
    ]
    assert raw["address"] == "ул. Лесная, 7, офис 5, Москва, 101000, Россия"
    assert raw["comment"] == "раз;\nдва"
    assert raw["files"][0]["name"] == "photo.jpeg"
    sha = raw["files"][0]["file"]
    assert (ws.root / "data" / "files" / sha[:2] / sha).read_bytes() == PICTURE
    assert "X-MS-MANAGER:Борис" in raw["vcard"]
    assert any(line.startswith("ADR;TYPE=WORK:;офис 5;") for line in raw["vcard"])


def test_a_new_card_with_companies_labels_and_no_year(ws: Workspace) -> None:
    found = load(ws, NEW)
    assert (found.created, found.made) == (1, {"company": 2})
    raw = one(ws)
    assert raw["phones"][0] == {"value": "+74951234567", "ext": "102", "type": "work"}
    assert raw["position"] == "директор"
    roles = {ws.get(link["company"]).get("name"): link["role"] for link in raw["companies"]}
    assert roles == {"ООО «Ромашка»": "директор", "ИП Лютик": "консультант"}
    assert raw["tags"] == ["a, b", "vip"]
    assert raw["birthday"] == "--02-03"
    for line in ("NICKNAME:Петя", "item1.X-ABLABEL:Дача", "UID:urn:uuid:1"):
        assert line in raw["vcard"]
    assert raw["comment"].endswith("и потому она сложена")


@pytest.mark.parametrize("version", ["3.0", "4.0"])
@pytest.mark.parametrize("text", [OLD, NEW], ids=["2.1", "4.0"])
def test_there_and_back_and_there_again(
    ws: Workspace, tmp_path: Path, text: str, version: str
) -> None:
    load(ws, text)
    first = exported(ws, version=version)
    assert max(len(line) for line in first.split(b"\r\n")) <= 75
    _nothing_lost(text.encode(), first)
    with ws.change("test") as change:
        change.remove(str(one(ws)["id"]))
    load(ws, first, again=True)
    second = exported(ws, version=version)
    assert sorted(map(str, lines_of(second)[0])) == sorted(map(str, lines_of(first)[0]))


@pytest.mark.skipif(not DATA.is_dir(), reason="the real cards are not here")
@pytest.mark.parametrize("path", sorted(DATA.glob("*.vcf")), ids=lambda path: path.stem)
def test_no_line_of_real_cards_is_lost(ws: Workspace, path: Path) -> None:
    content = path.read_bytes()
    assert load(ws, content, country="US").created == 1
    for version in ("3.0", "4.0"):
        _nothing_lost(content, exported(ws, version=version), "US")


def _nothing_lost(before: bytes, after: bytes, country: str = "RU") -> None:
    """Every line of the card before is among those after, however it is written there."""
    for old, new in zip(lines_of(before), lines_of(after), strict=True):
        here = [_plain(line, country) for line in new]
        for line in old:
            if line.name != "VERSION":
                assert _plain(line, country) in here, str(line)


def _plain(line: CardLine, country: str) -> tuple[object, ...]:
    types = line.types - {"voice", "internet", "pref"}
    if line.content:
        return line.name, line.content
    if line.name == "TEL":
        number = line.text.removeprefix("tel:").replace(";ext=", " x")
        return line.name, phone_key(number, country), types
    if line.name == "EMAIL":
        return line.name, line.text.lower()
    if line.name in ("URL", "BDAY"):
        return line.name, line.text.replace("-", "")
    if line.name == "CATEGORIES":
        return line.name, tuple(sorted(map(unescape, cut(line.value, ","))))
    if line.name not in STRUCTURED:
        return line.name, line.text.strip()
    return line.name, tuple(part.strip() for part in line.parts if part.strip())


def test_an_edited_field_wins_over_its_kept_line(ws: Workspace) -> None:
    load(ws, OLD)

    contact = str(one(ws)["id"])
    with ws.change("test") as change:
        changed = change.get(contact).with_values({"address": "Тверская, 1"})
        change.save(changed)
    text = exported(ws).decode()
    assert "Тверская\\, 1" in text
    assert "Лесная" not in text


def test_bad_cards_are_given_back_alone_and_can_be_mended(ws: Workspace) -> None:
    good = "BEGIN:VCARD\nVERSION:3.0\nFN:Анна\nTEL:+79161234567\nEND:VCARD\n"
    text = (
        good
        + "BEGIN:VCARD\nVERSION:3.0\nFN:Без конца\n"
        + good.replace("Анна", "Вера").replace("+79161234567", "позже")
        + "BEGIN:VCARD\nVERSION:9.0\nFN:Чужая\nEND:VCARD\n"
        + "BEGIN:VCARD\nVERSION:3.0\nFN:Х\nпросто текст\nEND:VCARD\n"
        + "мусор\n"
        + good.replace("Анна", "Глеб").replace("567", "568")
    )
    found = load(ws, text, strict=True)
    assert (found.rows, found.created, found.rejected) == (7, 2, 5)
    rejects = Path(found.rejects)
    assert rejects.name == "rejects.vcf"
    back = rejects.read_text("utf-8")
    assert "X-CRM-REASON:phones: 'позже' is not a phone number" in back
    assert load(ws, back.replace("TEL:позже", "TEL:+79161234569")).created == 1


def test_cards_of_companies_go_to_companies(ws: Workspace) -> None:
    text = "BEGIN:VCARD\nVERSION:4.0\nKIND:org\nFN:Ромашка\nORG:ООО «Ромашка»\nTEL:+74951234567\nEND:VCARD\n"
    assert load(ws, text).rejected == 1
    assert load(ws, text, "company").created == 1
    raw = one(ws, "company")
    assert (raw["name"], raw["legal_name"]) == ("Ромашка", "ООО «Ромашка»")
    _nothing_lost(text.encode(), exported(ws, "company"))


def test_a_card_in_windows_1251(ws: Workspace) -> None:
    text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Орлова;Анна\r\nTEL;CELL:89161234567\r\nEND:VCARD\r\n"
    load(ws, text.encode("cp1251"))
    assert one(ws)["last_name"] == "Орлова"


def test_a_card_has_the_lines_that_its_version_asks_for(ws: Workspace) -> None:
    load(ws, "BEGIN:VCARD\nVERSION:4.0\nFN:Анна\nTEL:+79161234567\nEND:VCARD\n")
    text = exported(ws).decode()
    assert "\r\nFN:Анна\r\nN:;;;;\r\n" in text


def test_lines_fold_between_letters_and_values_escape() -> None:
    note = "ё" * 100 + ";,\\ \n="
    text = card_text([CardLine("NOTE", escape(note))], "3.0")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    [[_, line]] = lines_of(text.encode())
    assert line.text == note
