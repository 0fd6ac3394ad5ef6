"""The hash of a rule, by which a job knows the form of the rule that planned it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from crmcli.model.conditions.tree import Condition
from crmcli.model.durations import Duration
from crmcli.model.split import Split

LENGTH = 12
"""Letters of the hash that are kept with each job."""
APART = ("enabled", "on_error", "line", "fault")
"""What is written at a rule and decides neither what it does nor when, nor for which records."""


def rule_digest(rule: object) -> str:
    """The hash of what a robot or schedule does, when and for which records: its id, do, with, conditions and
    times. Comments, the order of keys and quoting are not part of it, nor is whether it is enabled."""
    text = json.dumps(_plain(rule), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:LENGTH]


def _plain(value: object) -> object:
    """A value of a rule as JSON has it: a condition by what it means, and of what holds several values those
    that are given."""
    if isinstance(value, Condition):
        return str(value.tree)
    if isinstance(value, Duration | Split):
        return str(value)
    if is_dataclass(value):
        given = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in APART}
        return {name: _plain(one) for name, one in given.items() if one}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)
