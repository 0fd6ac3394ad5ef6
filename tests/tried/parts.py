"""Cells of which several make one value, or one several: addresses, tags, handles."""

from __future__ import annotations

from pathlib import Path

from crmcli.model.handles import read_handle
from crmcli.sales.imports.address_books import joined, tags_of
from tests.tried import Tried


def address(form: str, folder: Path) -> str:
    """`whole | part | part`: the address that they make."""
    whole, *parts = form.split(" | ")
    return joined(whole.strip(), parts)


def tags(form: str, folder: Path) -> str:
    """The tags of a cell, a comma between."""
    return tags_of(form)


def handle(form: str, folder: Path) -> str:
    """`network: cell` of the network's own column: the handle, or that it is none."""
    network, _, cell = form.partition(": ")
    try:
        return read_handle(f"{network}:{cell}")
    except ValueError:
        return "stays text"


ADDRESSES = {
    " | 12 Main St | Boston | MA | 02115": "12 Main St, Boston, MA, 02115",
    " | Лесная | 5 | Омск | 644005": "Лесная, 5, Омск, 644005",
    " | Lange Gasse | 7 | 7 | Wien": "Lange Gasse, 7, 7, Wien",
    " | Москва | Москва | 119019": "Москва, 119019",
    "Омск, Лесная 5 | Омск | 644005": "Омск, Лесная 5, 644005",
    "1 Rome Road, London | Rome | Romford": "1 Rome Road, London, Romford",
    " | Graz |  | at": "Graz, at",
}
TAGS = {
    "vip, new": "vip, new",
    '"vip","new"': "vip, new",
    "[vip, new]": "vip, new",
    "{'vip'; 'new'}": "vip, new",
    "vip|new": "vip, new",
    '5" pipe': '5" pipe',
    "R&D / lab": "R&D / lab",
}
HANDLES = {
    "telegram: @vera": "telegram:@vera",
    "telegram: https://t.me/vera": "telegram:@vera",
    "telegram: t.me/+AbCdEf12": "stays text",
    "linkedin: in/vera-hill": "linkedin:vera-hill",
    "linkedin: linkedin.com/in/vera-hill/": "linkedin:vera-hill",
    "vk: id5": "vk:id5",
    "instagram: p/CxYz12": "stays text",
    "skype: live:vera": "skype:live:vera",
}
CHAPTER = [
    Tried("Parts of an address, at import", ADDRESSES, address),
    Tried("Tags in a cell, at import", TAGS, tags),
    Tried("Handles in the column of their network, at import", HANDLES, handle),
]
