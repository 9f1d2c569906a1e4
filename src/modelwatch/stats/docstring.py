"""Descriptions of registered functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def meaning_of(compute: Callable[..., Any], key: str) -> str:
    """The first paragraph of a function's docstring, on one line; ValueError if it has none."""
    meaning = " ".join((inspect.getdoc(compute) or "").split("\n\n")[0].split())
    if not meaning:
        raise ValueError(f"what is registered as {key!r} has no docstring")
    return meaning
