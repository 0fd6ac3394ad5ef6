"""A folder with what its configuration declares: pipelines and their stages, users, views, conditions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crmcli.errors import InvalidData, NotFound, Problem, Refused
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import is_machine
from crmcli.model.fields import Field, Record
from crmcli.model.named_by_robots import strange_words
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import fold
from crmcli.store.config.settings import load_settings, secrets_of
from crmcli.store.layout import PIPELINES, SCORES
from crmcli.workspace.folder import Folder

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition
    from crmcli.model.form import Forms
    from crmcli.model.pipeline import Pipeline, Pipelines, Stage
    from crmcli.model.preset import KnownNames, Preset, Presets
    from crmcli.model.recipe import Recipe
    from crmcli.model.scoring.scorer import Scorer
    from crmcli.model.scoring.tables import Table
    from crmcli.model.view import View


CERTAIN = 100
"""The probability of what is won."""


def no_scores() -> tuple[str, str]:
    """What is said where a score is asked for and nothing was learned, and the way out."""
    return tr("there are no scores yet"), "learn them: crm score train"


class UnknownStage(InvalidData):
    """A record stands in a stage that pipelines.yaml does not declare."""


class Configured(Folder):
    """A folder as a user reads it, with its configuration."""

    def __init__(self, root: Path, settings: Settings, user: str) -> None:
        super().__init__(root, settings)
        self.user = user

    @property
    def person(self) -> str:
        """The acting user; "" where a robot's program acts, which owns nothing and has nothing to do."""
        return "" if is_machine(self.user) else self.user

    @cached_property
    def pipelines(self) -> Pipelines:
        """The stages as pipelines.yaml declares them; InvalidData with every fault.

        What is wrong with a single robot, trigger or schedule is noted, and keeps nobody from working.
        """
        found = self.read_pipelines(forgiving=True)
        if found.excused:
            wrong = counted(len(found.excused), "rule is", "rules are")
            self.notes.append(tr("pipelines.yaml: {} wrong, see crm check", wrong))
        self._note_strange_words(found)
        return found

    def _note_strange_words(self, found: Pipelines) -> None:
        """Say which users and entries of directories robots name that are there no more."""
        strange = [one.word for one in strange_words(found, self.schema, self.settings)]
        if strange:
            words = ", ".join(dict.fromkeys(strange))
            self.notes.append(
                tr("pipelines.yaml: robots name {}, no longer declared: see crm check", words)
            )

    @property
    def outline(self) -> Pipelines:
        """The same for who only shows stages: without their rules, and whatever is wrong with these."""
        return self.__dict__.get("pipelines") or self._outline or self.pipelines

    @cached_property
    def _outline(self) -> Pipelines | None:
        from crmcli.store.config.outline import load_outline

        return load_outline(self.root)

    def read_pipelines(
        self,
        data: bytes | None = None,
        *,
        name: str = PIPELINES,
        forgiving: bool = False,
        new_files: Collection[str] = (),
    ) -> Pipelines:
        """What pipelines.yaml declares, or another text in its place; the rest as in `load_pipelines`."""
        from crmcli.store.config.pipelines import load_pipelines

        return load_pipelines(
            self.root,
            self.schema,
            self.settings,
            data,
            name=name,
            forgiving=forgiving,
            new_files=new_files,
        )

    def read_settings(self, data: bytes) -> Settings:
        """What a text in the place of settings.yaml declares; InvalidData with every fault."""
        return load_settings(self.root, data)

    def secrets_of_settings(self) -> Sequence[tuple[int, str]]:
        """Where settings.yaml says that secrets stand, as `env:NAME`, each with its line."""
        return secrets_of(self.root)

    def take_settings(self, settings: Settings) -> None:
        """Go on with other settings, which the file will say when a change is written."""
        self.settings = settings
        self.schema = Schema(settings.fields)
        for name in ("pipelines", "views", "forms", "scores", "_scorers", "inputs", "env"):
            self.__dict__.pop(name, None)
        self.look_again()

    def faults_of_rules(self) -> Sequence[Problem]:
        """What is wrong with single robots, triggers and schedules, for who tells each with its line."""
        self.take_pipelines(self.read_pipelines(forgiving=True))
        self._note_strange_words(self.pipelines)
        return self.pipelines.excused

    def take_pipelines(self, pipelines: Pipelines) -> None:
        """Go on with other pipelines, which the file will say when a change is written."""
        self.__dict__["pipelines"] = pipelines

    @cached_property
    def views(self) -> Mapping[str, tuple[View, ...]]:
        """The saved views by entity, as views.yaml declares them; InvalidData with every fault."""
        return self.read_views()

    def read_views(self, data: bytes | None = None) -> Mapping[str, tuple[View, ...]]:
        """What views.yaml declares, or another text in its place."""
        from crmcli.store.config.views import load_views

        anybody = self.person or next(iter(self.settings.users), "")
        condition = partial(self.condition, user=anybody)
        return load_views(self.root, self.schema, condition, data=data)

    @cached_property
    def forms(self) -> Forms:
        """The forms of the site, as forms.yaml declares them; InvalidData with every fault."""
        return self.read_forms()

    def read_forms(self, data: bytes | None = None) -> Forms:
        """What forms.yaml declares, or another text in its place."""
        from crmcli.store.config.forms import Ground, load_forms

        stages = tuple(s.id for s in self.pipelines.leads.stages if s.kind == "open")
        return load_forms(self.root, Ground(self.schema, self.settings, stages), data)

    @cached_property
    def scores(self) -> Mapping[str, tuple[Table, ...]] | None:
        """The tables of scores by entity, as scores.yaml has them; None without one, InvalidData with every
        fault."""
        return self.read_scores()

    def read_scores(self, data: bytes | None = None) -> Mapping[str, tuple[Table, ...]] | None:
        """What scores.yaml has, or another text in its place."""
        if data is None and not self.has_file(SCORES):
            return None
        from crmcli.store.config.scores import load_scores

        return load_scores(self.root, self.schema, data)

    def scorer(self, entity: str) -> Scorer | None:
        """What scores the records of an entity as the user may see them; None where nothing was learned."""
        if entity not in self._scorers:
            self._scorers[entity] = self._new_scorer(entity)
        return self._scorers[entity]

    def needed_scorer(self, entity: str) -> Scorer | None:
        """The same for whoever asks for scores; Refused where there is no scores.yaml."""
        if self.scores is None:
            raise Refused(*no_scores())
        return self.scorer(entity)

    def _new_scorer(self, entity: str) -> Scorer | None:
        tables = (self.scores or {}).get(entity)
        if not tables:
            return None
        from crmcli.model.scoring.scorer import Scorer

        hidden = self.rights.hidden if self.rights is not None else ()
        first = self.outline.of(entity)[0].key
        return Scorer(tables, self.schema, hidden, ZoneInfo(self.settings.time_zone), first)

    @cached_property
    def _scorers(self) -> dict[str, Scorer | None]:
        return {}

    def mentions(self, words: Sequence[str]) -> list[str]:
        """The places of templates and robots that say one of these words, like templates/mail/hello.j2:3."""
        import re

        pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(word)}(?!\w)" for word in words))
        found: list[str] = []
        for path in [*sorted((self.root / "templates").rglob("*.j2")), self.root / PIPELINES]:
            rows = path.read_text("utf-8", errors="replace").split("\n") if path.exists() else []
            name = path.relative_to(self.root).as_posix()
            for number, row in enumerate(rows, 1):
                if pattern.search(row) and ("{" in row or name != PIPELINES):
                    found.append(f"{name}:{number}")
        return found

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        """The recipes that come with crm, in the language of the workspace."""
        from crmcli.store.config.recipes import load_recipes

        return load_recipes(self.settings.language)

    def presets(self, known: KnownNames) -> Presets:
        """The import presets: those in presets/, and those that come with crm."""
        from crmcli.store.config.presets import load_presets

        return load_presets(self.root, known)

    def preset_text(self, preset: Preset) -> str:
        """The file of an import preset."""
        from crmcli.store.config.presets import preset_text

        return preset_text(self.root, preset)

    def view(self, entity: str, ref: str) -> View:
        """A saved view of an entity, by its id or its name; NotFound if there is none."""
        known = self.views.get(entity, ())
        for view in known:
            if fold(ref) in (view.id, fold(view.name)):
                return view
        names = ", ".join(view.id for view in known)
        hint = (
            tr("views of {}: {}", tr(ENTITIES[entity].plural), names)
            if names
            else "add it to views.yaml"
        )
        raise NotFound(tr("no view {!r}", ref), hint)

    def is_held(self, entity: str, field: Field, value: str) -> bool:
        """Whether some record has a value, though nobody declares it any more: an owner, a stage, an entry of
        a directory, a word to choose. Where settings.yaml names no users, anybody may be one."""
        if field.kind.listed_in == "users" and not self.settings.users:
            return True
        if field.choices:
            return self._index.has_value(entity, field.name, value)
        listed = field.directory or field.kind.name
        among = (entity,) if field.kind.is_moved else ENTITIES
        return any(
            self._index.has_value(other, alike.name, value)
            for other in among
            for alike in self.schema.fields(other)
            if (alike.directory or alike.kind.name) == listed
        )

    def user_id(self, ref: str) -> str:
        """A user's id by id, name, part of it or e-mail; as it is where settings.yaml names no users."""
        from crmcli.model.user import find_user

        users = self.settings.users
        return find_user(users, ref) if users else ref

    def owner_name(self, owner: str) -> str:
        """How a user is called in print."""
        user = self.settings.users.get(owner)
        return user.name if user and user.name else owner

    def pipeline_of(self, record: Record) -> Pipeline:
        """The pipeline in which a lead or deal stands; UnknownStage if it is not declared."""
        return self._place_of(record)[0]

    def _place_of(self, record: Record) -> tuple[Pipeline, Stage | None]:
        wanted = str(getattr(record, "pipeline", ""))
        pipeline, stage = self.pipelines.place(record.entity, wanted, str(record.get("stage")))
        if pipeline is None:
            raise UnknownStage(
                tr("{} is in pipeline {!r}, which is not in pipelines.yaml", record.id, wanted),
                self._way_home(record),
            )
        return pipeline, stage

    def stage_of(self, record: Record) -> Stage:
        """The stage in which a lead or deal stands; UnknownStage if it is not declared."""
        pipeline, stage = self._place_of(record)
        if stage is None:
            raise UnknownStage(
                tr(
                    "{} is in stage {!r}, which pipeline {!r} does not have",
                    record.id,
                    getattr(record, "stage", ""),
                    pipeline.id,
                ),
                self._way_home(record),
            )
        return stage

    def _way_home(self, record: Record) -> str:
        """The command that brings a record home that stands in no declared stage of a pipeline."""
        is_closed = getattr(record, "closed_at", None) or getattr(record, "junk_reason", "")
        is_won = is_closed and getattr(record, "probability", 0) == CERTAIN
        is_won = is_won or getattr(record, "converted_at", None)
        end = "won" if is_won else "lost" if is_closed else "initial"
        named = str(getattr(record, "pipeline", ""))
        pipeline, stage = self.pipelines.home(record.entity, named, str(record.get("stage")), end)
        option = f" --pipeline {pipeline.id}" if pipeline.key else ""
        return f"crm {record.entity} move {record.id} {stage.id}{option}"

    def robots_of(self, record: Record) -> list[str]:
        """The robots that are declared for the stage in which a record stands."""
        try:
            return [robot.id for robot in self.stage_of(record).robots]
        except UnknownStage:
            return []

    def condition(self, text: str, entity: str, user: str = "") -> Condition:
        """Parse and check a condition on an entity; stage, user and directory names become ids, and
        what is asked of a merged record is asked of its survivor too.

        `me` in it is `user`, the acting user if none is given.
        """
        from crmcli.model.aliases import aliases
        from crmcli.model.conditions import where

        condition = where.read(text, self.schema, entity)
        names = aliases(self.settings, self.pipelines, user or self.user)
        resolved = where.resolve(condition, self.schema, entity, names, self.is_held)
        return where.with_heirs(resolved, self.heir)
