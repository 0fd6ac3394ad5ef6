# ruff: noqa: E501  pages are written as they are sent
"""What a browser is led through: a company with forms in one language, and sites of others beside it."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from torture.posts import Site
from torture.tracing import Done, crm, run

RULES = """
leads:
  stages:
    - id: new
      name: New
      robots:
        - {id: hello, do: email, with: {template: mail/hi.j2}, when: emails is not empty}
    - id: warm
      name: Warm
      robots:
        - {id: more, do: email, with: {template: mail/hi.j2}, when: emails is not empty}
    - {id: converted, name: Good, kind: won}
    - {id: junk, name: Junk, kind: lost}
deals:
  - id: sales
    name: Sales
    stages: [{id: new, name: New}, {id: won, name: Won, kind: won}, {id: lost, name: Lost, kind: lost}]
"""


@dataclass(frozen=True)
class Words:
    """What stands on the pages, in one language."""

    form: str
    mail: str
    name: str
    wrong: str
    agree: str
    thanks: str
    channel: str
    saved: str
    everything: str
    topics: str
    foreign: str
    color: str


WORDS = {
    "ru": Words(
        form="""
    title: Обратный звонок из отдела продаж
    text: Ответим на вопросы о чае и кофе, рассчитаем поставку и пришлём образцы.
    fields:
      - {name: name, label: Как к вам обращаться?}
      - {name: phone, label: Телефон, required: true, hint: 'С кодом города или страны, например +7 916 123-45-67'}
      - {name: email, label: Электронная почта}
      - {name: source, label: Откуда вы узнали о нашей компании и её предложении?}
      - {name: comment, label: Что вас интересует, hint: 'Сорта, объём, сроки'}
    consent: {text: 'Согласен на обработку персональных данных и на получение писем о новинках и предложениях', link: /f/ask, required: true, channels: [mail]}
    thanks: Спасибо! Перезвоним в течение часа по рабочим дням.
""",
        mail="Topic: news\nSubject: Цены\n\nДобрый день! Вот наши цены.\n",
        name="Анна Чайкина", wrong="Проверьте номер телефона", agree="Нужно ваше согласие",
        thanks="Перезвоним в течение часа", channel="SMS", saved="Сохранено", everything="Отписаться от всех писем",
        topics="{news: Новости и новинки, offers: Акции}",
        foreign="На этом сайте эта форма не показывается", color="#0b6e4f",
    ),
    "en": Words(
        form="""
    title: Call me back
    text: We answer your questions on tea and coffee, work out a delivery and send samples.
    fields:
      - {name: name, label: What shall we call you?}
      - {name: phone, label: Phone, required: true, hint: 'With its area code, such as 020 7946 0123'}
      - {name: email, label: E-mail}
      - {name: source, label: How did you hear of us?}
      - {name: comment, label: What are you interested in?}
    consent: {text: 'You may keep and use my data, and write to me about news and offers', link: /f/ask, required: true, channels: [mail]}
    thanks: Thank you! We will call you within the hour.
""",
        mail="Topic: news\nSubject: Prices\n\nHello! Here are our prices.\n",
        name="Anna Hill", wrong="Check the phone number", agree="We need your consent",
        thanks="within the hour", channel="SMS", saved="Saved", everything="Unsubscribe from all e-mail",
        topics="{news: News, offers: Special offers}",
        foreign="This form is not shown on that site", color="#ffd400",
    ),
}  # fmt: skip
PHONES = {"ru": "+7916123", "en": "+442079460"}
"""How phone numbers of a country begin; digits follow."""
HEAD = "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Shop</title>{more}</head><body style='font: 16px sans-serif; margin: 16px'>"


class Sites(ThreadingHTTPServer):
    """Sites of others, on one port: shop.localhost shows our form, and bad.localhost would like to."""

    daemon_threads = True

    def __init__(self, ours: str) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        widget = f"<h1>Shop</h1><script src='{ours}/f/callback.js'></script><p>Below</p>"
        mark = "?utm_source=yandex&utm_campaign=%D0%BE%D1%81%D0%B5%D0%BD%D1%8C"
        self.pages = {
            "/": f"<h1>Shop</h1><a id='go' href='{ours}/f/callback{mark}'>Write to us</a>",
            "/widget": widget,
            "/ask": widget.replace("callback", "ask"),
            "/thanks": "<h1>Thanks from the shop</h1>",
            "/form": f"<form method='post' action='{ours}/f/callback'><input name='phone' aria-label='Phone'><input name='_consent' value='on'><button>Go</button></form>",
        }
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def at(self, path: str, host: str = "shop") -> str:
        """The address of a page."""
        return f"http://{host}.localhost:{self.server_port}{path}"


class _Page(BaseHTTPRequestHandler):
    server: Sites

    def do_GET(self) -> None:
        """Show a page, dark where that is wanted."""
        path, _, asked = self.path.partition("?")
        more = (
            "<style>:root { color-scheme: dark; background: #15181e }</style>"
            if "dark" in asked
            else ""
        )
        text = (HEAD.replace("{more}", more) + self.server.pages.get(path, "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        with suppress(ConnectionError):  # a browser that has gone on to another page
            self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class House:
    """A company that speaks a language: its workspace, `crm serve`, and the sites beside it."""

    def __init__(self, root: Path, language: str) -> None:
        self.root, self.language, self.words = root, language, WORDS[language]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.ours = f"http://127.0.0.1:{port}"
        self.sites = Sites(self.ours)
        self.served = Site(root, language=language)
        self.served.port = port
        (root / "forms.yaml").write_text(self._forms(), "utf-8")
        (root / "pipelines.yaml").write_text(RULES, "utf-8")
        (root / "templates/mail/hi.j2").write_text(self.words.mail, "utf-8")
        plain = self.words.mail.replace("Topic: news\n", "")
        (root / "templates/mail/plain.j2").write_text(plain, "utf-8")
        settings = root / "settings.yaml"
        topics = f"directories:\n  topics: {self.words.topics}\n"
        settings.write_text(settings.read_text("utf-8").replace("directories:\n", topics), "utf-8")
        self._phones = iter(range(100, 200))
        try:
            self.served.start()
        except RuntimeError:
            assert self.served.process is not None  # it did not come so far as to answer
            self.served.process.kill()
            raise

    def _forms(self) -> str:
        site = {"address": self.ours, "origins": [self.sites.at("")], "color": self.words.color, "footer": "Chai & Co, 2026",
                "per_address": 1000, "per_minute": 1000}  # fmt: skip
        ask = {
            "title": "Ask",
            "redirect": self.sites.at("/thanks"),
            "fields": [{"name": "email", "required": True}],
        }
        return f"site: {site}\nforms:\n  ask: {ask}\n  callback:{self.words.form}".replace(
            "True", "true"
        )

    def phone(self) -> str:
        """A phone number that nobody had before."""
        return f"{PHONES[self.language]}{next(self._phones):03}" + (
            "0" if self.language == "ru" else ""
        )

    def crm(self, *args: str) -> Done:
        """Run a command."""
        return run((*crm(), *args), self.root, CRM_NOW="")

    def lead(self, phone: str) -> dict[str, Any]:
        """The lead with that number; nothing if there is none, or more than one."""
        found = [
            row for row in self.served.rows("lead", "list")
            if phone in [one["value"] for one in row.get("phones", ())]
        ]  # fmt: skip
        return found[0] if len(found) == 1 else {}

    def letters(self, to: str) -> list[EmailMessage]:
        """What was sent to an address."""
        sent = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted((self.root / "outbox/new").glob("*"))
        ]
        return [one for one in sent if isinstance(one, EmailMessage) and to in str(one["To"])]

    def page_of(self, letter: EmailMessage) -> str:
        """The link to unsubscribe, as it stands at the end of a letter's text."""
        body = letter.get_body(("plain",))
        found = re.findall(r"https?://\S+/u/\S+", body.get_content() if body else "")
        return found[-1] if found else ""

    def close(self) -> None:
        """Stop serving."""
        self.served.end()
        self.sites.shutdown()
        self.sites.server_close()
