"""A saved view: a list of records under a name."""

from __future__ import annotations

from crmcli.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """Which records of an entity, in which order, with which columns, as views.yaml says.

    `where` is a condition as it was written (`me` in it is whoever looks); `limit` None is all.
    """

    id: str
    entity: str
    name: str = ""
    where: str = ""
    sort: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    limit: int | None = None
    line: int = 0
