"""The window: read-only, and the only home of pandas."""
