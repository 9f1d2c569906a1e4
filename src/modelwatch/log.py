"""The log of the package: every line says which run it is of."""

from __future__ import annotations

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

_OWN: ContextVar[str | None] = ContextVar("modelwatch_run_id", default=None)
"""Id of the run that the thread computes."""
_UNDER_WAY: list[str] = []
"""Ids of the runs of the process, for threads that a run has started."""


@contextmanager
def log_of_run(run_id: str) -> Iterator[None]:
    """A block whose log lines bear the id of a run, those of other threads too.

    Where several runs are under way in one process, lines of threads that a run has started bear
    none: which run they are of is not known.
    """
    token = _OWN.set(run_id)
    _UNDER_WAY.append(run_id)
    try:
        yield
    finally:
        _UNDER_WAY.remove(run_id)
        _OWN.reset(token)


def current_run_id() -> str | None:
    """Id of the run under way; None where there is none."""
    own = _OWN.get()
    if own is not None:
        return own
    return _UNDER_WAY[0] if len(_UNDER_WAY) == 1 else None


if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    # Python 3.10 does not let it have a parameter.
    _Adapter = logging.LoggerAdapter


class _RunLog(_Adapter):
    """Puts the run's id before each message, and into the record as ``run_id``."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        run_id = current_run_id()
        kwargs["extra"] = {**(kwargs.get("extra") or {}), "run_id": run_id}
        return (msg if run_id is None else f"{run_id} {msg}"), kwargs


LOG = _RunLog(logging.getLogger("modelwatch"), {})
