"""Text in the encodings of Europe: what it is read as, in a workspace of its language or of another."""

from __future__ import annotations

from pathlib import Path

from crmcli.formats.encodings import EncodingUnclear, encoding_of
from crmcli.formats.letters import languages_of
from tests.tried import Tried


def comes_out(form: str, folder: Path) -> str:
    """How the text comes out that was written in an encoding, or between what is asked."""
    written, country, text = form.split(" ", 2)
    content = text.encode(written)
    language = "ru" if country == "RU" else "en"
    try:
        found = encoding_of(content, "x", languages_of(language, country))
    except EncodingUnclear as unclear:
        near = (content.decode(one.encoding) for one in unclear.readings)
        return "asks: " + " or ".join(near)
    return content.decode(found).lstrip("\ufeff")


READ = [
    "cp1251 RU Жуков Эдуард, Тверь", "koi8-r RU Королёва Мария, Орёл", "cp866 RU Пётр Щукин, Омск",
    "mac-cyrillic RU Елена Ершова, Уфа", "cp1251 GB Иванов Иван, Москва", "cp1251 UA Їжакевич Євген, Київ",
    "koi8-u UA Андрій Ковальчук, Львів", "cp1252 DE Jürgen Groß, Köln", "mac-roman DE Käthe Böhm, Lübeck",
    "cp850 DE Günther Weiß, Düsseldorf", "latin-1 FR Hélène Lefèvre, Besançon", "cp1252 RU Björn Müller, Straße 5",
    "mac-roman FR François Dupré, Orléans", "cp1252 ES Íñigo Núñez, Logroño", "latin-1 GB José Pérez, León",
    "cp1252 SE Åsa Sjöberg, Västerås", "cp1252 DK Søren Kjær, Tromsø", "cp1252 BR João Gonçalves, São Paulo",
    "cp1250 PL Łukasz Wójcik, Częstochowa", "iso8859-2 PL Paweł Zając, Świdnica", "cp852 PL Grażyna Źrebiec, Łódź",
    "cp1250 GB Małgorzata Dąbrowska, Gdańsk", "cp1250 CZ Jiří Dvořák, Děčín", "cp1250 RU Zdeněk Růžička, Přerov",
    "cp1250 HU Szűcs Ödön, Győr", "cp1250 RO Cătălin Pătraşcu, Piteşti", "cp1250 HR Željko Đurić, Čakovec",
    "cp1254 TR Oğuz Yılmaz, Eskişehir", "cp1253 GR Γιώργος Ιωάννου, Πάτρα", "cp1257 LT Žydrūnas, Panevėžys",
    "cp1257 LV Kārlis Ozoliņš, Rīga", "cp1252 BE Hélène Françoise Noël, Liège", "cp850 CA Hélène Tremblay, Québec", "utf-8 PL Łódź", "utf-16 PL Łódź, Kraków",
    "cp1252 GB 100 € – «net»", "cp1251 RU № 5, «Ромашка»", "cp1251 RU Ия",
]  # fmt: skip

ASKED = {
    "cp1252 GB Zoë": "asks: Zoë or Zoė",
    "cp1250 GB Jan Kępa": "asks: Jan Kêpa or Jan Kępa",
}

CHAPTER = [
    Tried("Encodings: written in, country of the workspace, text",
          {form: form.split(" ", 2)[2] for form in READ} | ASKED, comes_out),
]  # fmt: skip
