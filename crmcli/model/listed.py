"""A word that must be one of a list: found by id or label, refused with the nearest and the allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmcli.errors import Ambiguous, NotFound
from crmcli.language import tr
from crmcli.model.values import fold

MOST_SHOWN = 20


def nearest(text: str, words: Iterable[str], least: float = 0.6) -> str:
    """The word that looks most like the text, in any case; "" if none is `least` like it, of 1."""
    from difflib import get_close_matches

    by_folded = {fold(word): word for word in words}
    near = get_close_matches(fold(text), by_folded, 1, least)
    return by_folded[near[0]] if near else ""


def did_you_mean(text: str, words: Iterable[str], otherwise: str = "") -> str:
    """A hint with the nearest of the words, or what to say where none comes near."""
    near = nearest(text, words)
    return tr("did you mean {!r}?", near) if near else otherwise


def allowed_hint(text: str, words: Iterable[str], what: str = "", shown: Iterable[str] = ()) -> str:
    """The end of a refusal: the nearest of the words, and what there is."""
    words = list(words)
    allowed = list(shown) or words
    if not allowed and not what:
        return tr("there is none yet")
    more = ", …" if len(allowed) > MOST_SHOWN else ""
    listed = f"{what or tr('allowed')}: {', '.join(allowed[:MOST_SHOWN]) or tr('none')}{more}"
    return f"{did_you_mean(text, words)} {listed}".lstrip()


def read_listed(text: str, labels: Mapping[str, str], what: str, *values: str) -> str:
    """The id of an entry given by its id or its label; ValueError names the nearest and the allowed."""
    if text in labels:
        return text
    for entry, label in labels.items():
        if fold(text) in (fold(entry), fold(label)):
            return entry
    words = [word for pair in labels.items() for word in pair if word]
    shown = [f"{entry} ({label})" if label else entry for entry, label in labels.items()]
    raise ValueError(
        tr(
            "{!r} is not one of {}; {}",
            text,
            tr(what, *values),
            allowed_hint(text, words, shown=shown),
        )
    )


def only_beginning(ref: str, ids: Iterable[str], missing: str, hint: str) -> str:
    """The one id that is `ref` or begins so, with or without its word; else NotFound or Ambiguous."""
    ids = list(dict.fromkeys(ids))
    found = [i for i in ids if i == ref]
    found = found or [i for i in ids if ref and ref in (i[: len(ref)], _bare(i)[: len(ref)])]
    if not found:
        raise NotFound(missing, hint)
    if len(found) > 1:
        shown = ", ".join(found[:5])
        raise Ambiguous(
            tr("{!r} is the beginning of several: {}", ref, shown), "use a longer prefix"
        )
    return found[0]


def _bare(record_id: str) -> str:
    return record_id.partition("-")[2]
