"""The keys of the board: what each is for, in the order in which help tells of them."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.language import tr
from crmcli.present.text_width import pad

TABLE = (
    ("h l ← →", "h,left", "left", ""),
    ("h l ← →", "l,right,tab", "right", "go to another stage"),
    ("j k ↓ ↑", "j,down", "down", ""),
    ("j k ↓ ↑", "k,up", "up", "go to another card"),
    ("PgDn PgUp", "pagedown,ctrl+f", "page_down", ""),
    ("PgDn PgUp", "pageup,ctrl+b", "page_up", "a screen of cards on, or back"),
    ("g G", "g,home", "first", ""),
    ("g G", "G,end", "last", "to the first card, to the last"),
    ("< >", "<,H,shift+left", "back", ""),
    ("< >", ">,L,shift+right", "on", "move to the stage before, to the next"),
    ("m", "m", "move", "move to any stage"),
    ("space", "space", "mark", "mark the card: move, win, lose and set take all marked ones"),
    ("enter", "enter,o", "open", "show the record"),
    ("e", "e", "edit", "edit it in EDITOR"),
    ("=", "=", "set", "set a field: amount=1000"),
    ("a", "a", "add", "add a record in this stage"),
    ("c C", "c", "call_out", ""),
    ("c C", "C", "call_in", "log a call to the client, from the client"),
    ("n", "n", "note", "write down a note about it"),
    ("t", "t", "task", "add a task for it"),
    ("w", "w", "win", "win the deal"),
    ("x", "x", "lose", "lose the deal, or the lead as junk, with a reason"),
    ("v", "v", "convert", "convert the lead"),
    ("u", "u", "undo", "undo the last thing that you did here"),
    ("/", "/", "filter", "filter by words, or by a condition: amount > 1000"),
    ("s", "s", "sort", "sort: by age, amount, name, date, newest"),
    ("p", "p", "pipeline", "another pipeline, or leads"),
    ("esc", "escape", "leave", "take off the marks, then the filter"),
    ("?", "?", "help", "this help"),
    ("q", "q,ctrl+c,ctrl+q", "quit", "leave the board"),
)
KEYS = {key: name for _, keys, name, _ in TABLE for key in keys.split(",")}
MOUSE = (
    ("one click", "make a card current; ctrl or shift marks it"),
    ("hold, drag", "move it, or all marked ones, to another stage"),
    ("two clicks", "show the record"),
    ("mouse wheel", "scroll the cards of a stage"),
)
WIDE = 15


def help_text() -> str:
    """All keys and what the mouse does."""

    def lines() -> Iterator[str]:
        for shown, _, _, told in TABLE:
            if told:
                yield pad(shown, WIDE) + tr(told)
        yield ""
        for shown, told in MOUSE:
            yield pad(tr(shown), WIDE) + tr(told)

    return "\n".join(lines())
