"""What one of us writes to the bot of the company, for settings.yaml, and what that is called."""

from __future__ import annotations

ASKS_ID, WANTS_ID = "/id", "it asks for the number of the chat"
