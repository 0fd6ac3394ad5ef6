"""What a tick did, as it is told at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmcli.automation.job_failures import Bug
from crmcli.automation.ledger import TROUBLED, Done
from crmcli.dataclass import dataclass, field
from crmcli.errors import Problem, kind_of_bug
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.automation.trigger_moves import TriggerRun


@dataclass
class TickResult:
    """What a tick did. `said` narrates it; `failures` is what needs a person now: jobs,
    and moves of triggers that a rule refused; `bugs` are crm's own errors, one of a kind;
    `faults` is what is wrong with single rules of pipelines.yaml, without which it went."""

    busy: bool = False
    limited: bool = False
    said: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    effects: int = 0
    faults: Sequence[Problem] = ()
    elsewhere: str = ""
    """The clone that runs automation, where it is another one and that was not said here yet."""
    bugs: dict[str, Bug] = field(default_factory=dict)

    def met(self, error: Exception, about: str) -> None:
        """Keep an error of crm's own for the end: the first of its kind, and whom each met."""
        self.bugs.setdefault(kind_of_bug(error), Bug(error)).met.append(about)

    def told(self, done: Done) -> None:
        """Take in what came of a step."""
        self.said.append(str(done))
        if done.bug is not None:
            self.met(done.bug, done.record or done.robot)
        if done.word in TROUBLED:
            self.failures.append(tr("{}; see crm jobs list", done))

    def acted(self, done: Done) -> None:
        """Take in what came of an act; those are counted."""
        self.told(done)
        self.effects += 1

    def heard(self, run: TriggerRun) -> None:
        """Take in what triggers made of an event."""
        for line in run.moved:
            way = (line["record"], line["from"], line["to"])
            self.said.append(tr("{}: from {} to {} by a trigger", *way))
        for line in run.refused:
            words = tr("{}: not moved by a trigger: {}", line["record"], line["why"][-1])
            self.said.append(words)
            self.failures.append(words)
        for failed in run.failed:
            self.told(failed)
