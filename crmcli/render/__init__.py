"""Templates become texts, messages and documents, in a sandbox."""

from __future__ import annotations

from crmcli.render.mail_text import MailText, is_mail
from crmcli.render.style import Style
from crmcli.render.template_head import TemplateFailed, TemplateHead
from crmcli.render.templates import Names, Renderer

__all__ = ["MailText", "Names", "Renderer", "Style", "TemplateFailed", "TemplateHead", "is_mail"]
