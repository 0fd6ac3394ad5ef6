"""How an import is wanted: what the options of `crm import` say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crmcli.dataclass import dataclass, field

ON_DUPLICATE = ("skip", "merge", "replace", "create", "fail")


@dataclass(frozen=True)
class ImportOptions:
    """How to import: `columns` is what `--map` says, column -> field or "" to leave it out.

    `country` and `date_order` say how phones and 03/04/2026 are read, `name_format` how a person's
    whole name is; `owners` maps another system's users to ours, `stages` its stages: to one's id or
    name, a deal's after its pipeline and a slash if need be. `create_missing` makes what a row names
    and is not here. With `robots` the robots of a record's stage wake up for it; `again` takes
    a file anew that was imported already; `keep_totals` takes summary rows too. `file` is what is
    imported, None for a stream: beside it goes what was not taken, unless `rejects` says where.
    """

    preset: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    on_duplicate: str = "skip"
    country: str = ""
    date_order: str = ""
    name_format: str = "auto"
    owners: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    create_missing: bool = True
    robots: bool = False
    again: bool = False
    dry_run: bool = False
    keep_totals: bool = False
    file: Path | None = None
    rejects: Path | None = None
