"""How much a configuration may declare: far above what people use, far below what makes crm slow.

A file of configuration and a record have 1 MB, a template 256 KB: see `store/yaml/canonical.py` and
`render/template_folder.py`.
"""

from __future__ import annotations

PIPELINES = 50
STAGES = 100
"""Of a pipeline."""
ROBOTS = 100
"""Of a stage or a sequence."""
TRIGGERS = 100
"""Of a stage."""
SCHEDULES = 100
"""Of a pipeline."""
SEQUENCES = 100
FIELDS = 500
"""Custom fields of a kind of record: SQLite has 2,000 columns for a table."""
CHOICES = 1000
"""Of a custom field."""
DIRECTORIES = 500
VALUES = 5000
"""Of a directory."""
USERS = 1000
VIEWS = 500
"""Of a kind of record."""
PRESETS = 100
"""Of a workspace's own."""
TERMS = 5000
"""Comparisons in a condition."""
WORDS = 10_000
"""Values in a condition, those in the lists of `in` included."""
SIGNS = 30_000
"""Words and signs of Jinja2 in a template, and the stretches of text between them."""
