"""The shelf of recipes that come with crm: one file each, in every language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import crmcli
from crmcli.language import spoken
from crmcli.model.recipe import Block, Recipe
from crmcli.model.settings import LANGUAGES
from crmcli.store.disk import files
from crmcli.store.yaml.codec import load_marked

_PACKAGE = Path(crmcli.__file__).parent / "recipes"


def load_recipes(language: str) -> list[Recipe]:
    """Every recipe with the texts of a language, by name."""
    paths = sorted(_PACKAGE.glob("*.yaml"))
    return [_recipe(path, language) for path in paths]


def _recipe(path: Path, language: str) -> Recipe:
    raw = load_marked(files.read_bytes(path), path.name).value
    got: Any = _spoken(raw, language)
    blocks = [Block(b["stage"], b.get("robots", []), b.get("triggers", [])) for b in got["rules"]]
    return Recipe(
        name=path.stem,
        about=_spoken(raw["about"], spoken()),
        entity=got["entity"],
        blocks=tuple(blocks),
        fields=got.get("fields", {}),
        templates=got.get("templates", {}),
        example=tuple(got["try"]),
    )


def _spoken(value: Any, language: str) -> Any:
    """A value with the text of one language wherever it has one for each."""
    if isinstance(value, list):
        return [_spoken(one, language) for one in value]
    if not isinstance(value, dict):
        return value
    if {*value} == {*LANGUAGES}:
        return _spoken(value[language], language)
    return {key: _spoken(part, language) for key, part in value.items()}
