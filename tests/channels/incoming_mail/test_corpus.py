"""The corpus: how much of it is read right. `bench/mail_reading.py` prints the figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmcli.channels.incoming_mail import IncomingMail, read
from tests.channels.incoming_mail.corpus import Case, cases

READ = [(case, read(case.data)) for case in cases()]
Judge = Callable[[Case, IncomingMail], bool]


def of(*kinds: str) -> list[tuple[Case, IncomingMail]]:
    return [(case, mail) for case, mail in READ if case.kind in kinds]


def wrong(kinds: tuple[str, ...], is_right: Judge) -> tuple[float, list[str]]:
    asked = of(*kinds)
    missed = [case.name for case, mail in asked if not is_right(case, mail)]
    return 1 - len(missed) / len(asked), missed


def quotes_are_right(case: Case, mail: IncomingMail) -> bool:
    quoted = " ".join(mail.text[start:end] for start, end in mail.quoted)
    return quoted.split() == case.quoted.split()


def test_the_corpus_is_as_large_as_was_asked() -> None:
    assert len(READ) >= 160
    assert len({case.name for case, _ in READ}) == len(READ)


JUDGED: dict[str, tuple[tuple[str, ...], Judge, float]] = {
    "bounces found": (("bounce",), lambda case, mail: mail.bounce is not None, 0.95),
    "of the right address": (("bounce",), lambda case, mail: bool(mail.bounce) and mail.bounce.addresses == (case.address,), 0.95),
    "hard or soft": (("bounce",), lambda case, mail: bool(mail.bounce) and mail.bounce.kind == case.severity, 0.95),
    "no machine is taken for a person": (("automatic", "bounce"), lambda case, mail: bool(mail.automatic), 1),
    "no person for a machine": (("reply",), lambda case, mail: not mail.automatic and mail.bounce is None, 1),
    "no answer for a bounce": (("automatic",), lambda case, mail: mail.bounce is None, 1),
    "quotes exact": (("reply",), quotes_are_right, 0.9),
    "what was written": (("reply",), lambda case, mail: mail.written.split() == case.written.split(), 0.9),
}  # fmt: skip


@pytest.mark.parametrize("what", JUDGED)
def test_enough_is_right(what: str) -> None:
    kinds, is_right, goal = JUDGED[what]
    share, missed = wrong(kinds, is_right)
    assert share >= goal, missed
