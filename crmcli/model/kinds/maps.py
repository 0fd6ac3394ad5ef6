"""Maps, and lists of small maps; of them the marks of links, consents and files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from crmcli.language import tr
from crmcli.model.kinds.base import (
    SEPARATOR,
    Field,
    InputContext,
    Key,
    Kind,
    Locale,
    one_of,
    one_text,
)
from crmcli.model.kinds.texts import TEXT
from crmcli.model.listed import allowed_hint
from crmcli.model.values import (
    CONSENTED,
    TOPIC,
    Attachment,
    Consent,
    Raw,
    Value,
    fold,
    format_instant,
    parse_instant,
)

UTM_KEYS = ("source", "medium", "campaign", "content", "term")
Item = Mapping[str, str]


class Map(Kind):
    """A map from words to texts, of which conditions ask the parts."""

    is_map: bool = True
    operators: tuple[str, ...] = ()

    def parse(self, raw: Raw) -> Value:
        if raw == "":
            return {}
        if not isinstance(raw, dict):
            raise ValueError("must be a map")
        return {key: one_text(value) for key, value in raw.items()}

    def _dump(self, value: Any) -> Raw:
        return dict(value)

    def keys(self, value: Any) -> tuple[Key, ...]:
        """The folded texts of its parts; only `is empty` asks for them."""
        return tuple(key for part in value.values() if (key := self.key(part)) is not None)


class Utm(Map):
    """Where somebody came from, as the marks of a link say."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """`source=yandex, medium=cpc`, or as a link has it: `utm_source=yandex&utm_medium=cpc`."""
        found: dict[str, Raw] = {}
        for item in re.split(r"[,;&\n]", text):
            key, equals, value = (part.strip() for part in item.partition("="))
            key = key.lower().removeprefix("utm_")
            if not equals or key not in UTM_KEYS:
                raise ValueError(
                    tr(
                        "{!r} is not like source=yandex; {}",
                        item.strip(),
                        allowed_hint(key, UTM_KEYS),
                    )
                )
            if value:
                found[key] = value
        return {key: found[key] for key in UTM_KEYS if key in found}


class Maps(Kind):
    """A list of small maps with the keys `known`; a bare text stands for one with only `main`.

    `made` is the class of its typed items; `identity` are the keys by which two of them are the same one,
    all where there are none; `beside` is one that, of two records that become one, may stand in
    the list in two ways.
    """

    empty: Value = ()
    is_many: bool = True
    is_multiline: bool = True
    main: str = "value"
    known: tuple[str, ...] = ()
    made: Callable[..., object] = dict
    identity: tuple[str, ...] = ()
    beside: str = ""
    is_typed_by_main: bool = False  # people write the main part alone, or all of it

    def parse(self, raw: Raw) -> Value:
        items = raw if isinstance(raw, list) else [raw] if raw else []
        maps = [{self.main: item} if isinstance(item, str) else item for item in items]
        for item in maps:
            if not isinstance(item, dict) or self.main not in item:
                raise ValueError(tr("each item needs a {!r}", self.main))
        return cast("Value", tuple(self._parsed(cast("dict[str, Raw]", item)) for item in maps))

    def _parsed(self, raw: dict[str, Raw]) -> object:
        item = {key: one_text(value) for key, value in raw.items()}
        strange = sorted(set(item) - set(self.known))
        if strange:
            raise ValueError(tr("unknown key {!r}; allowed: {}", strange[0], ", ".join(self.known)))
        return self.parse_item(item)

    def parse_item(self, item: Item) -> object:
        """Type one item."""
        return self.made(**item)

    def _dump(self, value: Any) -> Raw:
        return [self.dump_item(item) for item in value]

    def dump_item(self, item: Any) -> dict[str, Raw]:
        """The raw form of one item: its keys in order, absent ones left out."""
        return {key: text for key in self.known if (text := getattr(item, key)) or key == self.main}

    def key(self, value: Any) -> Key | None:
        return fold(str(getattr(value, self.main, value))) or None

    def write_cell(self, raw: Any) -> str:
        return SEPARATOR.join(self.write_item(item) for item in raw)

    def write_item(self, item: Item) -> str:
        """One item as people write it; "" where only JSON can say it."""
        return ""

    def same(self, item: Any, country: str) -> object:
        if not isinstance(item, dict) or not self.identity:
            return tuple(sorted(item.items())) if isinstance(item, dict) else item
        return tuple(self.part_key(key, str(item.get(key, "")), country) for key in self.identity)

    def part_key(self, name: str, text: str, country: str) -> str:
        """By what one part of an item is compared."""
        return fold(text)

    def spellings(self, item: Any) -> tuple[str, ...]:
        return (str(item[self.main]), self.item_text(item))

    def is_item(self, item: Mapping[str, Any]) -> bool:
        """Whether a map is an item of such a list."""
        return self.main in item and set(item) <= set(self.known)

    def item_text(self, item: Mapping[str, Any]) -> str:
        """One item in a line for people."""
        return str(item[self.main])


class Consents(Maps):
    """Consents as they were received."""

    def parse_item(self, item: Item) -> object:
        at, until = (
            parse_instant(item[part]) if item.get(part) else None for part in ("at", "withdrawn_at")
        )
        channel = item["channel"]
        if not channel.startswith(TOPIC):
            one_of(channel, CONSENTED)
        return Consent(channel, item.get("text", ""), at, item.get("source", ""), until)

    def dump_item(self, item: Consent) -> dict[str, Raw]:
        return {
            key: format_instant(value) if key in ("at", "withdrawn_at") else value
            for key in self.known
            if (value := getattr(item, key))
        }

    def key(self, value: Any) -> Key | None:
        return fold(str(value)) or None  # one that was withdrawn has none

    def show(self, value: Any, locale: Locale) -> str:
        return "; ".join(map(self._told, value))

    @staticmethod
    def _told(item: Mapping[str, Any]) -> str:
        """To what, by which text, when: in the language spoken."""
        channel = str(item["channel"])
        words = {"mail": "e-mail", "sms": "SMS", "call": "calls", "personal_data": "personal data"}
        what = tr(words[channel]) if channel in words else channel.removeprefix(TOPIC)
        told = f"{what} {item['text']}" if item.get("text") else what
        if item.get("at"):
            told = tr("{} of {}", told, str(item["at"])[:10])
        if item.get("withdrawn_at"):
            told = tr("{}, withdrawn {}", told, str(item["withdrawn_at"])[:10])
        return told

    def item_text(self, item: Mapping[str, Any]) -> str:
        """`mail v2 of 2026-11-23, withdrawn 2026-12-01`."""
        text = " ".join(str(item[key]) for key in ("channel", "text") if item.get(key))
        for key, word in (("at", " of"), ("withdrawn_at", ", withdrawn")):
            text += f"{word} {str(item[key])[:10]}" if item.get(key) else ""
        return text


class Files(Maps):
    """Files by their name and the content under which they are stored."""

    def parse_item(self, item: Item) -> object:
        return Attachment(item.get("name", ""), item["file"])

    def dump_item(self, item: Attachment) -> dict[str, Raw]:
        return {"name": item.name, "file": item.file}

    def key(self, value: Any) -> Key | None:
        return fold(str(getattr(value, "name", value))) or None

    def item_text(self, item: Mapping[str, Any]) -> str:
        return str(item.get("name") or item["file"])


UTM = Utm(
    "utm",
    empty={},
    is_multiline=True,
    is_spread=True,
    parts={key: Field(key, TEXT) for key in UTM_KEYS},
)
CONSENTS = Consents(
    "consents",
    main="channel",
    known=("channel", "text", "at", "source", "withdrawn_at"),
    is_joined=True,
)
FILES = Files("files", main="file", known=("name", "file"), searched_in="rest", is_joined=True)
