"""The timeline's files: lines, ids, their chain, and what was sent."""
