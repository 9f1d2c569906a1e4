"""What is asked of stored states: windows, references, and what the states mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from modelwatch.model.planning.windows import Window
from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.profile.metrics import Unit
from modelwatch.stats.states.binning import Binning


@dataclass(frozen=True)
class EvaluatedFeature:
    """What the states of a feature mean."""

    binning: Binning
    unit: Unit = "number"


@dataclass(frozen=True)
class EvaluatedBlock:
    """The features of a numeric block, in the order of its products."""

    features: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class WindowReference:
    """A reference, and its days for each window; None for a window that has no such reference.

    ``segments``: segments are compared with it as well as all traffic. ``source``: role of the
    table its rows came from, None for the rows of the feature's own role.
    ``whole_table``: the rows have no day. ``fixed``: the same rows for every window.
    """

    name: str
    days: tuple[tuple[date, date] | None, ...]
    source: str | None = None
    whole_table: bool = False
    fixed: bool = False
    segments: bool = True


@dataclass(frozen=True)
class Evaluation:
    """What is asked of the states: windows, references, and what the states mean.

    ``thresholds``: by statistic, the size that matters. ``assumed_design_effect``: of references
    with fewer than seven days. ``day_rows``: rows from which a day is judged by a window of its
    own; None where there are no such windows.
    """

    features: Mapping[tuple[str, str], EvaluatedFeature]
    blocks: Mapping[str, EvaluatedBlock]
    windows: tuple[Window, ...]
    references: tuple[WindowReference, ...]
    thresholds: Mapping[str, float]
    top_pairs: int = 20
    assumed_design_effect: float = 10.0
    day_rows: int | None = None

    @cached_property
    def starts(self) -> AnyArray:
        """First day number of each window."""
        return np.array([day_number(w.start) for w in self.windows], dtype=np.int64)

    @cached_property
    def ends(self) -> AnyArray:
        """Last day number of each window."""
        return np.array([day_number(w.end) for w in self.windows], dtype=np.int64)
