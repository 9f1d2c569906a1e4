"""Values as readable YAML, whatever characters they contain."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = frozenset({"true", "false", "null"})


def quoted_text(text: str) -> str:
    """A string as YAML, in quotes if necessary."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return str(quoted).strip()


def value_text(value: Any) -> str:
    """A string, number, boolean, day, or null as YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = math.isfinite(value) and value == int(value) and abs(value) < 2.0**53
        return str(int(value)) if whole else repr(value)
    if isinstance(value, (int, Decimal, date)):
        return str(value)
    return quoted_text(str(value))


def list_text(values: Iterable[Any]) -> str:
    """Values as a YAML list on one line."""
    return "[" + ", ".join(value_text(value) for value in values) + "]"


def comment_text(text: str) -> str:
    """A text for a comment, on one line."""
    return text if text.isprintable() else ascii(text)
