"""Templates become texts, letters and documents, in a sandbox."""

from __future__ import annotations

from crmcli.render.failed import TemplateFailed
from crmcli.render.letter import Letter
from crmcli.render.style import Style
from crmcli.render.templates import Names, Renderer

__all__ = ["Letter", "Names", "Renderer", "Style", "TemplateFailed"]
