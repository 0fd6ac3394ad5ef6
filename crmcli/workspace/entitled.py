"""A folder with what access.yaml says, and what of it the acting user may do."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from crmcli.errors import Forbidden
from crmcli.language import tr
from crmcli.store.layout import ACCESS
from crmcli.workspace.acting import NobodyActs, NoRights
from crmcli.workspace.configured import Configured

if TYPE_CHECKING:
    from crmcli.model.access import Access


class Entitled(Configured):
    """A folder as a user of it may read it. Who `is_gated` came by the gate; who `is_house` acts for it,
    whoever called, as crm tick does."""

    is_gated = False
    is_house = False

    def read_access(self, data: bytes | None = None, *, thorough: bool = False) -> Access | None:
        """What access.yaml says (by the gate what was approved of it), or would if it held `data`; None
        without one. InvalidData with every fault, of pipelines and stages that it names if `thorough`."""
        from crmcli.store.config.access import Ground, load_access
        from crmcli.store.safety import approved

        if data is None and self.is_gated:
            data = approved.needed(self.root)
        places = None
        if thorough:
            staged = [*self.pipelines, self.pipelines.leads]
            stages = [stage.id for one in staged for stage in one.stages]
            places = {"pipeline": [one.id for one in self.pipelines], "stage": stages}
        return load_access(self.root, Ground(self.schema, self.settings.users, places), data)

    @property
    def rules(self) -> Access:
        """What access.yaml says; without one, the roles that ship and nobody who has them."""
        from crmcli.model.access import Access
        from crmcli.store.config.access import SHIPPED

        return self.read_access() or Access(SHIPPED)

    @cached_property
    def gone(self) -> frozenset[str]:
        """The users who have left: nobody gives them anything, or tells them."""
        return self.rules.off if self.has_file(ACCESS) else frozenset()

    def take_rights(self) -> None:
        """Go on with what the acting user may do by access.yaml; Forbidden for whoever may do nothing."""
        if not self.is_gated and not self.has_file(ACCESS):
            return
        from crmcli.model.access import rights_of

        rules = self.read_access()
        if rules is None:
            return
        if not self.user:
            raise NobodyActs
        rights = rights_of(self.user, rules)
        if self.user in rules.off or not rights.roles:
            hint = "ask an administrator; crm user on lets in again who was put off"
            raise NoRights(tr("{!r} has no rights here", self.user), hint)
        self.rights = rights

    def hidden_of(self, entity: str) -> frozenset[str]:
        """The fields of a noun that are kept from the acting user."""
        hidden = self.rights.hidden if self.rights is not None else ()
        return frozenset(name for noun, name in hidden if noun == entity)

    def check_shown(self, entity: str, *fields: str) -> None:
        """Forbidden where one of these fields, or with none named any, is hidden from the acting user: what
        is done with them would tell of them, or throw away what stands there."""
        hidden = sorted(self.hidden_of(entity).intersection(fields or self.hidden_of(entity)))
        if hidden:
            label = self.schema.field(entity, hidden[0]).label
            told = tr("you may not change {!r} of a {}", tr(label), tr(entity))
            raise Forbidden(told, "ask an administrator; crm user list names them")

    def require(self, power: str) -> None:
        """Forbidden if the acting user may not do that with the workspace itself."""
        if self.rights is not None and not self.rights.has(power):
            needed = tr("that takes the right {!r}, which no role of {} has", power, self.user)
            raise Forbidden(needed, "ask an administrator; crm user list names them")

    def act_for_all(self) -> None:
        """Go on as the workspace itself: what is run is what its rules say, not what a user may see."""
        self.rights, self.is_house = None, True
        if self.trail is not None:
            self.trail.is_at_rest = True
        self.look_again()
