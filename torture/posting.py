"""Posts forms as browsers do, at a steady rate: `python -m torture.posting` in a process of its own.

Reads what is wanted from stdin as JSON; tells each post on stdout as it is answered: its phone number, the
status and the milliseconds; 0 for the status where no answer came.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

PATIENCE = 30.0
"""Seconds in which a form has to be answered."""
OLD_ENOUGH = 3.2
"""Seconds after which a page is sent: what comes sooner is of a machine."""
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
_TOKEN = re.compile(rb'name="_token" value="([^"]*)"')


class Wire:
    """A connection that is kept open, as browsers and proxies keep it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, head: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the text of the answer; OSError, EOFError or TimeoutError if there is none."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            return await asyncio.wait_for(self._asked(*self._streams, head, body), PATIENCE)
        except (OSError, EOFError, TimeoutError):
            self.close()
            raise

    async def _asked(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str, body: bytes
    ) -> tuple[int, bytes]:
        size = f"{_FORM}Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{head} HTTP/1.1\r\nHost: 127.0.0.1\r\n{size}\r\n".encode() + body)
        said = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(said.partition(b"content-length: ")[2].split(b"\r\n")[0])
        text = await reader.readexactly(length)
        if b"connection: close" in said:
            self.close()
        return int(said.split()[1]), text

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Posting:
    """So many posts a second, whether or not those before are answered: whoever comes does not wait."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.path, self.first = f"/f/{wanted['form']}", int(wanted["first"])
        self.rate, self.count = float(wanted["rate"]), int(wanted["count"])
        self.wires: asyncio.Queue[Wire] = asyncio.Queue()
        for _ in range(int(wanted["wires"])):
            self.wires.put_nowait(Wire(int(wanted["port"])))
        self.pages: list[tuple[float, str]] = []

    async def run(self) -> None:
        """Load the pages, wait until they have been looked at, and send them."""
        await self._each(self._load, 0)
        await asyncio.sleep(OLD_ENOUGH)
        print(json.dumps({"begins": time.time()}), flush=True)
        await self._each(self._send, self.rate)

    async def _each(self, act: Callable[[int], Awaitable[None]], rate: float) -> None:
        began = time.monotonic()
        acts = set()
        for number in range(self.count):
            ahead = number / rate - (time.monotonic() - began) if rate else 0
            if ahead > 0:
                await asyncio.sleep(ahead)
            acts.add(asyncio.create_task(act(number)))  # type: ignore[arg-type]
            if not rate and len(acts) >= 64:
                _, acts = await asyncio.wait(acts, return_when=asyncio.FIRST_COMPLETED)
        if acts:
            await asyncio.wait(acts)

    async def _load(self, number: int) -> None:
        wire = await self.wires.get()
        try:
            _, text = await wire.ask(f"GET {self.path}?utm_source=torture")
            if found := _TOKEN.search(text):
                self.pages.append((time.monotonic(), found[1].decode()))
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            self.wires.put_nowait(wire)

    async def _send(self, number: int) -> None:
        if not self.pages:
            return
        _, token = self.pages.pop()
        phone = f"+7916{self.first + number:07}"
        fields = {"name": f"Гость {number}", "phone": phone, "_consent": "yes", "_token": token}
        body = urlencode(fields).encode()
        wanted_at, status = time.monotonic(), 0
        wire = await self.wires.get()
        try:
            status, _ = await wire.ask(f"POST {self.path}", body)
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            self.wires.put_nowait(wire)
        taken = round((time.monotonic() - wanted_at) * 1000, 1)
        print(json.dumps({"phone": phone, "status": status, "ms": taken}), flush=True)


if __name__ == "__main__":
    asyncio.run(Posting(json.load(sys.stdin)).run())
