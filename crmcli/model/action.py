"""How one thing that robots and schedules can do is declared: a row of `model.actions.ACTIONS`."""

from __future__ import annotations

from crmcli.dataclass import dataclass
from crmcli.model.channels import CHANNELS

PLAIN_KINDS = (
    "template", "stage", "pipeline", "secret", "word", "words", "program", "audience", "yes_no",
    "sequence", "plain", "period", "recipients", "rows",
)  # fmt: skip
"""The kinds of parameters that are taken as they are written; texts of all others are templates."""


@dataclass(frozen=True, slots=True)
class Param:
    """One key under `with:`. `kind` is one of `store.config.param_kinds.PARAMS`, which checks it;
    `required_once`: a schedule that acts once for all must give it."""

    name: str
    kind: str
    doc: str
    required: bool = False
    required_once: bool = False
    choices: tuple[str, ...] = ()
    """The words that may stand there, of a parameter that is a word or words."""
    words: tuple[str, ...] = ()
    """What may stand there beside the users that settings.yaml names."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a robot or schedule can do.

    `once`: it may act one time for a whole selection. `leaves` is the channel through which it leaves
    the machine, "" for what stays within crm; `to_staff`: for our own people. `sets_fields`: its
    parameters are fields of the record. `is_lone`: it reads and writes its record alone, and what it makes is
    new, so that those of many records can share a transaction. `of` is the only noun on whose records it
    acts, "" for any that has stages. `by_clock`: schedules alone do it, once for all, and what it needs is
    made before the lock is taken.
    """

    doc: str
    params: tuple[Param, ...] = ()
    once: bool = False
    by_clock: bool = False
    raises: tuple[str, ...] = ()
    """The events for which triggers may wait that it causes on its own record."""
    leaves: str = ""
    to_staff: bool = False
    sets_fields: bool = False
    is_lone: bool = False
    of: str = ""
    either: tuple[str, ...] = ()
    """Of these parameters exactly one must be given."""
    said: str = ""
    """What it does in a word or two, before what it needs: `a task`; the action's name if absent."""

    @property
    def is_message(self) -> bool:
        """Whether it writes to a client: not where its date was long past when the robot came."""
        channel = CHANNELS.get(self.leaves)
        return channel is not None and channel.reaches_people and not self.to_staff

    def of_kind(self, *kinds: str) -> list[str]:
        """The names of its parameters of these kinds."""
        return [param.name for param in self.params if param.kind in kinds]

    def is_template(self, name: str) -> bool:
        """Whether texts of a parameter may hold {{ … }}."""
        return name not in self.of_kind(*PLAIN_KINDS)
