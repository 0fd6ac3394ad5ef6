"""crm login and crm logout: who acts in a workspace is kept, or no longer."""

from __future__ import annotations

from pathlib import Path

from crmcli import language
from crmcli.store.config.settings import load_settings
from crmcli.store.layout import ACCESS, find_root
from crmcli.workspace.acting import answer, found, known_user
from crmcli.workspace.reads import Reads


def log_in(start: Path, ref: str) -> str:
    """Keep that one acts in a workspace as that user; Forbidden for who has left. The user's id."""
    root = find_root(start)
    settings = load_settings(root)
    language.prefer(settings.language)
    user = known_user(settings, ref)
    if (root / ACCESS).exists():
        Reads(root, settings, user, None, "").take_rights()
    answer(root, user)
    return user


def who_acts(root: Path, named: str) -> str:
    """Who acts where nobody is named by --as, `named` by the environment; "" if that is not known."""
    return found(root, load_settings(root), "", named, asks=True).user


def log_out(start: Path) -> str:
    """Take that back; who it was, "" if nobody."""
    return answer(find_root(start), "")
