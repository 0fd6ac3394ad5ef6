"""The options of an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from crmcli.dataclass import dataclass, field

OnDuplicate: TypeAlias = Literal[
    "warn", "create", "skip", "merge", "replace", "update", "link", "fail"
]


@dataclass(frozen=True)
class ImportOptions:
    """What the options of `crm import` say.

    `columns` is --map, column -> field or "" to leave it out; `stages` maps to a stage or PIPELINE/STAGE.
    `values` are --set, field and value, `value_maps` field, their word and ours.
    With `allow_consent_changes` a file may lift refusals too. With `robots` the robots of a record's stage
    act on it; `again` imports a file once more; `header_row` is the line of the header, 0 to find it. `file`
    is None for a stream; rejected rows go beside it, unless `rejects` says where.
    """

    preset: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    on_duplicate: OnDuplicate = "update"
    country: str = ""
    date_order: str = ""
    decimal: str = ""
    name_format: str = "auto"
    owners: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    values: Sequence[tuple[str, str]] = ()
    value_maps: Sequence[tuple[str, str, str]] = ()
    date_format: str = ""
    create_missing: bool = True
    robots: bool = False
    again: bool = False
    dry_run: bool = False
    keep_totals: bool = False
    create_values: bool = False
    strict: bool = False
    allow_consent_changes: bool = False
    header_row: int = 0
    file: Path | None = None
    rejects: Path | None = None
