"""The examples on the pages of help: copied into the workspace of `crm init --demo`, they work as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.cli.pages import EXAMPLE, paragraphs
from crmcli.model.entities import ENTITIES
from crmcli.sales.init.create import create_workspace
from tests import kit
from tests.kit import NOW, Run
from tests.test_house import ALL
from torture.copies import copied

Crm = Callable[..., Run]
EXAMPLES = [
    (path, part.removeprefix(EXAMPLE))
    for path, command in ALL.items()
    for part in paragraphs(command.help or "")
    if part.startswith(EXAMPLE)
]
NOUNS = sorted({path.split()[1] for path, _ in EXAMPLES})
ENDS = ("crm serve", "crm completion", "crm audit verify")
"""What runs until it is stopped, what is for a shell, and what takes the head that another command printed."""
ENDING = ("credit", "cancel", "rm", "rename")
"""After these the other examples of a noun find no more what they name."""
ABOUT = {
    "crm task add": "deal", "crm invoice add": "deal", "crm offer draft": "deal", "crm dupes": "contact",
    "crm reveal": "contact", "crm template": "lead", "crm mail": "lead", "crm sms": "lead", "crm robots": "lead", "crm call": "lead",
}  # fmt: skip
"""Whose id stands for 7k3, where it is not the noun of the command; else it is a deal."""
OPEN = {
    "lead": "stage in (new, working)", "deal": "stage in (request, offer, invoice)", "task": "done_at is empty",
    "offer": "status in (draft, sent)", "invoice": "status in (draft, sent, part_paid)",
}  # fmt: skip
REFUSED = {
    "unmerge": "nothing was merged into",
    "contact rm": "is linked from", "company rm": "is linked from", "deal rm": "is linked from",
    "contact sync": "names no address book", "mail fetch": "names no mailbox", "call": "no provider of calls",
    "chat release": "has never written", "chat take": "has never written", "chat send": "has never written",
    "lead unconvert": "is not converted", "user on": "has not left", "undo": "nothing to undo",
    "mail junk": "has no letters", "mail save": "has no letters", "mail show": "has no letters",
    "mail reply": "has no letters", "sms show": "has no SMS",
    "activity rm": "no activity", "activity edit": "no activity", "jobs": "no job",
    "intake": "nothing that came in is", "score train": "a score needs", "score": "no scores yet",
    "audience export": "no audience", "import undo": "no import", "trigger answer": "no event asks",
    "trigger fire": "waits for 'shipment.sent'", "import": "no such file", "trust": "no such folder",
    "robots diff": "git has no pipelines.yaml", "robots start": "no sequence", "robots stop": "no sequence",
    "privacy": "no contact or lead matches|nothing was erased", "deal primary": "no contact matches",
    "deal add": "no contact matches", "task check": "no checklist", "task uncheck": "no checklist",
    "deal line": "has no line 2", "offer": "was expired", "view rm": "no view",
    "team": "no access.yaml yet|no team",
    "invoice": "was sent|has payments|has credit notes|only a draft|lacks what an e-invoice|did not exist yet",
    "logout": "nobody is logged in", "gate": "no access.yaml|no such file|crm gate list",
    "audit": "no git here|no (record|user|contact|such file)|cannot read",
}  # fmt: skip
"""What commands may say that the made-up company lacks: an example with the id of something of one's own."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up company, with files of the names that examples have."""
    root = tmp_path_factory.mktemp("demo") / "ws"
    create_workspace(root, demo=True, use_git=False, now=NOW)
    for name in ("Contract.pdf", "price.pdf"):
        (root / name).write_bytes(b"%PDF-1.4\n")
    (root / "new.yaml").write_bytes((root / "pipelines.yaml").read_bytes())
    (root / "presets").mkdir()
    return root


@pytest.mark.parametrize("noun", kit.some(NOUNS, 4))
def test_what_help_shows_works_or_says_what_it_needs(
    crm: Crm, demo: Path, tmp_path: Path, noun: str
) -> None:
    root = copied(demo, tmp_path / "demo")
    wrong = []
    for path, example in sorted(EXAMPLES, key=_last):
        if path.split()[1] == noun and path not in ENDS:
            run = _run(crm, root, path, example)
            says = re.search(_why(path), run.out + run.err)
            if run.code not in (0, 1, 3) or (run.code and not says):
                wrong.append((example, run.code, run.err))
    assert wrong == []


def _why(path: str) -> str:
    """What a command may say; nothing but that is expected of others."""
    name = path.removeprefix("crm ")
    fit = [why for start, why in REFUSED.items() if name.startswith(start) or name.endswith(start)]
    return "|".join(fit) or "(?!)"


def _last(one: tuple[str, str]) -> int:
    """What is renamed or removed goes after what names it."""
    verb = one[0].split()[-1]
    return ENDING.index(verb) if verb in ENDING else -1


def _run(crm: Crm, root: Path, path: str, example: str) -> Run:
    """A line of a shell as a person of the company types it, and answers yes."""
    env = {"CRM_USER": "anna", "CRM_LANG": "en"}
    brought, _, command = example.rpartition(" | ")
    given = subprocess.run(["sh", "-c", brought], capture_output=True, check=True).stdout
    words = shlex.split(re.sub(r" > [\w./]+$", "", command.replace("/tmp", "presets")))[1:]
    if {"7k3", "9mq", "9qf"} & set(words):
        near = next((n for start, n in ABOUT.items() if path.startswith(start)), path.split()[1])
        near = near if near in ENTITIES else "deal"
        ws = kit.opened(root)
        which = ws.condition(OPEN[near], near) if near in OPEN else None
        found = ws.select(near, which, ENTITIES[near].sort)
        known = dict(zip(("7k3", "9mq"), (record.id for record in found), strict=False))
        words = [known.get(word.replace("9qf", "9mq"), word) for word in words]
    return crm("--yes", *words, stdin=given, cwd=root, **env)
