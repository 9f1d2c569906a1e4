"""The root of every error that modelwatch raises on its own account."""

from __future__ import annotations


class ModelwatchError(Exception):
    """A command, a run or a call cannot be carried out; the message says why."""
