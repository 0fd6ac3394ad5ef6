"""How other CRMs call columns, stages and sources: tables for the import, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmcli.sales.imports.presets.addressbooks import GOOGLE, OUTLOOK
from crmcli.sales.imports.presets.amocrm import AMOCRM
from crmcli.sales.imports.presets.bitrix24 import BITRIX24
from crmcli.sales.imports.presets.english import ENGLISH
from crmcli.sales.imports.presets.preset import Preset, StageName
from crmcli.sales.imports.presets.western import HUBSPOT, PIPEDRIVE, SALESFORCE

__all__ = ["ALWAYS", "PRESETS", "Preset", "StageName", "recognise", "spoken"]

PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (BITRIX24, AMOCRM, HUBSPOT, SALESFORCE, PIPEDRIVE, GOOGLE, OUTLOOK)
}
"""What `--preset` may name."""

ALWAYS = (ENGLISH, BITRIX24)
"""The presets whose words are understood without being asked for, the first one first."""

ENOUGH = 2
"""Headers of one CRM alone by which a file is taken for its."""


def spoken(preset: Preset | None) -> tuple[Preset, ...]:
    """The presets whose stages and sources are understood, the chosen one first."""
    return (preset, *ALWAYS) if preset is not None else ALWAYS


def recognise(labels: Sequence[str]) -> Preset | None:
    """The CRM that wrote a file with these headers, None where nothing tells it clearly."""
    counts = sorted(
        ((preset.marks_among(labels), preset.name) for preset in PRESETS.values()), reverse=True
    )
    (best, name), (next_best, _) = counts[:2]
    return PRESETS[name] if best >= ENOUGH and best > next_best else None
