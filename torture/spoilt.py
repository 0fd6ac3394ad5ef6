"""Sound texts, spoilt by chance in a way that comes back, for everything that reads texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.model.fields import BadValues
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.sales.imports import open_source
from crmcli.store.config import settings as config
from crmcli.store.config.pipelines import load_pipelines
from crmcli.store.timeline import chain, csv_lines
from crmcli.store.yaml import codec
from torture.score import Score

LEAD = "data/leads/7/lead-7k3qf2m9.yaml"
GOOD = """id: lead-7k3qf2m9
name: Кровля
stage: new
phones:
  - value: '+79123456789'
    type: mobile
tags:
  - vip
comment: |-
  раз
  два
created_at: 2026-11-23T09:00:00Z
"""
COMPANY = """id: company-7k3qf2m9
name: ООО «Чай»
inn: '7707083893'
phones:
  - value: '+74951234567'
    ext: '007'
    type: work
accounts:
  - account: '40702810938000060473'
    bic: '044525225'
    bank: Сбербанк
consents:
  - channel: mail
    text: Согласен
    at: '2026-11-23T09:00:00Z'
created_at: '2026-11-23T09:00:00Z'
"""
DEAL = """id: deal-7k3qf2m9
name: Чай оптом
stage: new
amount: '30000.50'
currency: RUB
close_by: '2026-12-01'
contacts:
  - contact-7k3qf2m9
lines:
  - name: Чай
    quantity: '2'
    unit: кг
    price: '15000.25'
    vat: '20'
utm:
  source: yandex
"""
LINE = (
    f"{csv_lines.HEADER}\n"
    "e1m83t4cm01x5gzr6,2026-11-23T09:00:00Z,anna,lead.created,lead-7k3qf2m9,,0,"
    '"{""stage"":""new"",""robots"":[""call""]}",87207bd2bffadc9c\n'
)

_BITS = (
    "&a ", "*a", "<<: ", "!!str ", "!x ", "? ", "- ", ": ", "{", "}", "[", "]", '"', "'", "|", ">",
    "#", "%", "@", "`", "\t", "\r", "\r\n", "\n", "\n\n", "  ", "---\n", "...\n", "\0", "\ufeff",
    "\u2028", "\u202e", "\x85", "~", "null", "yes", "0x1f", "1e999", "-0", "2026-13-45", "NaN",
    "<<<<<<<", "=======", ">>>>>>> ", ",", ";", '""', "\\u0000", "\\ud800", "{{", "}}", "{% x %}",
    "я", "😀", "e\u0301", "=1+1", "9" * 400, "[" * 60, "lead-7k3qf2m9", "T24:00:00Z", "+99999999999",
)  # fmt: skip


def _spoil(seed: bytes, dice: random.Random) -> bytes:
    """A text with some of it changed, cut, repeated or filled with what parsers stumble over."""
    data = bytearray(seed)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(7)
        if kind == 0 and data:
            data[at % len(data)] = dice.randrange(256)
        elif kind == 1:
            del data[at : at + dice.randint(1, 30)]
        elif kind == 2:
            data[at:at] = dice.choice(_BITS).encode()
        elif kind == 3:
            data[at:at] = data[max(0, at - dice.randint(1, 60)) : at]
        elif kind == 4:
            data = data[:at]
        elif kind == 5:
            lines = bytes(data).split(b"\n")
            dice.shuffle(lines)
            data = bytearray(b"\n".join(lines))
        else:
            data[at:at] = dice.randbytes(dice.randint(1, 8))
    return bytes(data)


def _readers(root: Path) -> Iterator[tuple[str, int, bytes, Callable[[bytes], object]]]:
    """Name, share of the whole in per cent, a sound text, and who reads it."""
    schema = Schema({})

    def record(data: bytes, entity: str = "lead") -> object:
        read = schema.read(entity, codec.load(data, LEAD))
        text = codec.dump(schema.write(read))
        try:
            again = schema.read(entity, codec.load(text.encode(), LEAD))
        except (CrmError, BadValues) as error:
            raise AssertionError(f"what was written cannot be read: {error}") from error
        assert again == read, f"{again} instead of {read}"
        return text

    def marked(data: bytes) -> object:
        return codec.load_marked(data, "x.yaml")

    def events(data: bytes) -> object:
        path = root / "timeline.csv"
        path.write_bytes(data)
        chain.verify_chain(path)
        return csv_lines.read_file(path)

    def rows(data: bytes) -> object:
        source = open_source(data, "x.csv")
        return [source.labels, list(source.rows())]

    def objects(data: bytes) -> object:
        return list(open_source(data, "x.jsonl").rows())

    def pipelines(data: bytes) -> object:
        (root / "pipelines.yaml").write_bytes(data)
        return load_pipelines(root, schema, Settings())

    def settings(data: bytes) -> object:
        (root / "settings.yaml").write_bytes(data)
        return config.load_settings(root)

    table = 'Имя;Телефон;Сумма;Теги\nАнна;+7 912 345-67-89;1 234,56;a, b\n"Олег ""О""";;;\n'
    lines = '{"name": "Анна", "phones": [{"value": "+79123456789"}], "tags": ["a"]}\n' * 2
    yield "lead", 24, GOOD.encode(), record
    yield "company", 10, COMPANY.encode(), lambda data: record(data, "company")
    yield "deal", 10, DEAL.encode(), lambda data: record(data, "deal")
    yield "configuration", 10, GOOD.encode(), marked
    yield "timeline", 16, LINE.encode(), events
    yield "CSV", 16, table.encode(), rows
    yield "CSV in UTF-16", 2, table.encode("utf-16"), rows
    yield "JSON lines", 6, lines.encode(), objects
    yield "pipelines", 4, (root / "pipelines.yaml").read_bytes(), pipelines
    yield "settings", 2, (root / "settings.yaml").read_bytes(), settings


def fuzz(root: Path, count: int, score: Score) -> None:
    """Read so many spoilt texts; nothing but a refusal may come of them."""
    for name, share, seed, read in list(_readers(root)):
        dice = random.Random(name)
        refused = 0
        for number in range(max(1, count * share // 100)):
            data = _spoil(seed, dice)
            score.ran()
            try:
                read(data)
            except (CrmError, BadValues):
                refused += 1
            except Exception as error:
                score.fault(
                    "other", f"{name} {number}: {type(error).__name__}: {error}: {data!r:.400}"
                )
        print(f"  fuzz {name}: {number + 1} texts, {refused} refused", flush=True)
