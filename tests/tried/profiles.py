"""Profiles in networks as address books and sheets have them, and the handles that they become."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from crmcli.model.fields import Record
from crmcli.sales.exports.export import Layout, export
from tests import kit
from tests.tried import Tried

SETTINGS = "language: en\ncurrency: EUR\ntime_zone: Europe/Berlin\nphone_country: DE\n"


def of_card(form: str, folder: Path) -> str:
    """What a card of Anna with this line gives her, also after it went out and came in again."""
    card = f"BEGIN:VCARD\nVERSION:3.0\nFN:Anna\nN:;Anna;;;\n{form}\nEND:VCARD\n".encode()
    said = []
    for number in range(2):
        root = folder / str(number)
        ws = kit.opened(kit.workspace(root, kit.pipelines(), SETTINGS))
        kit.bring(ws, "contact", card, name="a.vcf", rejects=folder / "rejects.vcf")
        ws.look_again()
        [anna] = ws.select("contact")
        said.append(_said(anna))
        card = b"".join(export(ws, "contact", None, Layout(format="vcard")))
    assert said[0] == said[1]
    return said[0]


def of_cell(form: str, folder: Path) -> str:
    """The same of a row of Anna with this cell under `Website`."""
    ws = kit.opened(kit.workspace(folder / "w", kit.pipelines(), SETTINGS))
    kit.bring(ws, "contact", f"Name;Website\nAnna;{form}\n")
    ws.look_again()
    return _said(ws.select("contact")[0])


def _said(record: Record) -> str:
    handles, urls = (cast("Sequence[str]", record.get(name)) for name in ("handles", "urls"))
    return ", ".join([*handles, *(f"web site {url}" for url in urls)]) or "nothing"


CARDS = {
    "X-SOCIALPROFILE;type=telegram:https://t.me/anna": "telegram:@anna",
    "X-SOCIALPROFILE;type=linkedin;x-user=anna:http://www.linkedin.com/in/anna/": "linkedin:anna",
    "item1.X-SOCIALPROFILE;type=twitter:x-apple:anna": "twitter:@anna",
    "X-SOCIALPROFILE;TYPE=VK:anna": "vk:anna",
    "X-SOCIALPROFILE;TYPE=mastodon:https://mastodon.social/@anna": "web site https://mastodon.social/@anna",
    "SOCIALPROFILE;SERVICE-TYPE=Instagram;VALUE=text:@anna.hill": "instagram:@anna.hill",
    "IMPP:skype:anna.hill": "skype:anna.hill",
    "IMPP;X-SERVICE-TYPE=Skype;type=HOME;type=pref:skype:anna.hill": "skype:anna.hill",
    "IMPP;X-SERVICE-TYPE=Telegram;type=WORK:x-apple:anna": "telegram:@anna",
    "IMPP:tg://resolve?domain=anna": "telegram:@anna",
    "IMPP;TYPE=WORK:xmpp:anna@jabber.ru": "xmpp:anna@jabber.ru",
    "IMPP:aim:goim?screenname=anna": "aim:anna",
    "IMPP:icq:123456789": "icq:123456789",
    "IMPP:whatsapp:+49 170 1234567": "whatsapp:491701234567",
    "IMPP:whatsapp:+491701234567": "whatsapp:491701234567",
    "IMPP:sip:anna@example.com": "nothing",
    "X-TELEGRAM:@anna": "telegram:@anna",
    "X-TG-ID:anna": "telegram:@anna",
    "X-SKYPE-USERNAME:anna.hill": "skype:anna.hill",
    "X-JABBER:anna@jabber.ru": "xmpp:anna@jabber.ru",
    "X-VIBER:+79161234567": "viber:+79161234567",
    "URL:https://vk.com/anna": "vk:anna",
    "URL;TYPE=work:https://www.xing.com/profile/Anna_Hill": "xing:Anna_Hill",
    "URL:https://github.com/anna/notes": "web site https://github.com/anna/notes",
    "URL:https://www.linkedin.com/company/hill": "web site https://www.linkedin.com/company/hill",
    "X-SOCIALPROFILE;TYPE=facebook:Anna Hill": "nothing",
    "X-PHONETIC-FIRST-NAME:anna": "nothing",
}
CELLS = {
    "https://t.me/anna": "telegram:@anna",
    "t.me/anna?start=1": "telegram:@anna",
    "https://ok.ru/profile/57712345": "ok:57712345",
    "https://www.instagram.com/anna.hill/?hl=de": "instagram:@anna.hill",
    "https://hill.de, https://de.linkedin.com/in/anna-hill": "linkedin:anna-hill, web site https://hill.de",
    "https://www.youtube.com/@anna": "youtube:@anna",
    "https://www.youtube.com/watch?v=1": "web site https://www.youtube.com/watch?v=1",
    "https://t.me/anna/12": "web site https://t.me/anna/12",
    "https://wa.me/491701234567": "whatsapp:491701234567",
    "https://m.facebook.com/anna.hill": "facebook:anna.hill",
    "https://www.facebook.com/groups/hill": "web site https://www.facebook.com/groups/hill",
    "https://hill.de/anna": "web site https://hill.de/anna",
}

CHAPTER = [
    Tried("Profiles in address books: the line of a vCard, what becomes of it", CARDS, of_card),
    Tried("Profiles under the caption of web sites", CELLS, of_cell),
]
