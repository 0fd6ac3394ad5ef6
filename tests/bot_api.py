"""Telegram's Bot API as its documents have it, as far as crm asks it: getUpdates, sendMessage."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "123456:AAE-geheim"


class BotApi:
    """A bot's server: `updates` are those not confirmed yet; `fails` are answers to the next calls, by method."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.fails: dict[str, list[tuple[int, str, dict[str, int]]]] = {}
        self.number = 0
        api = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                token, _, method = self.path.removeprefix("/bot").partition("/")
                status, said = api.answer(token, method, body)
                data = json.dumps(said).encode()  # each letter as \u0000, as Telegram does
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.port = self.server.server_port
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def answer(self, token: str, method: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append((method, given))
        if token != TOKEN:
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if waiting := self.fails.get(method):
            code, why, more = waiting.pop(0)
            told = {"ok": False, "error_code": code, "description": why}
            return code, {**told, **({"parameters": more} if more else {})}
        if method == "getUpdates":
            self.updates = [u for u in self.updates if u["update_id"] >= given.get("offset", 0)]
            return 200, {"ok": True, "result": self.updates[: given.get("limit", 100)]}
        self.sent.append(given)
        return 200, {"ok": True, "result": {"message_id": 900 + len(self.sent)}}

    def comes(self, kind: str = "message", **message: Any) -> dict[str, Any]:
        """An update that waits to be asked for."""
        self.number += 1
        update = {"update_id": 500 + self.number, kind: said(self.number, **message)}
        self.updates.append(update)
        return update

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def said(number: int, **message: Any) -> dict[str, Any]:
    """A message of Anna in her private chat with the bot."""
    anna = {"id": 77, "is_bot": False, "first_name": "Анна", "last_name": "Котова",
            "username": "kotova", "language_code": "ru"}  # fmt: skip
    chat = {"id": 77, "type": "private", "first_name": "Анна"}
    return {"message_id": number, "date": 1795424400, "from": anna, "chat": chat, **message}
