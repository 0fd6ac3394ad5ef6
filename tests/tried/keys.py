"""Keys that people mistype in a record's file: which field is named for them, if any."""

from __future__ import annotations

from pathlib import Path

from crmcli.model.schema import Schema
from tests.tried import Tried


def comes_out(form: str, folder: Path) -> str:
    """The field that a key of a deal seems to mean; what is told where none is near."""
    near = Schema().nearest("deal", form)
    return f"no field: did you mean {near}?" if near else "no field: declare it, or --keep-unknown"


FORMS = {
    "amuont": "no field: did you mean amount?",
    "Amount": "no field: did you mean amount?",
    "ammount": "no field: did you mean amount?",
    "Сумма": "no field: did you mean amount?",
    "colse_by": "no field: did you mean close_by?",
    "close-by": "no field: did you mean close_by?",
    "owenr": "no field: did you mean owner?",
    "ответственный": "no field: did you mean owner?",
    "contact": "no field: did you mean contacts?",
    "tag": "no field: did you mean tags?",
    "lost_reson": "no field: did you mean lost_reason?",
    "coment": "no field: did you mean comment?",
    "комментарии": "no field: did you mean comment?",
    "shoe_size": "no field: declare it, or --keep-unknown",
    "заметка": "no field: declare it, or --keep-unknown",
}

CHAPTER = [Tried("Keys of a deal that are no field, in an editor or in a file", FORMS, comes_out)]
