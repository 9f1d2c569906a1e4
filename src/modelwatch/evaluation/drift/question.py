"""The parameters of an evaluation of stored states: windows, references, features, and blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelwatch.evaluation.planning.windows import WindowQuestion, WindowReference
from modelwatch.model.planning.windows import Window
from modelwatch.stats.profile.metrics import Unit
from modelwatch.stats.states.binning import Binning


@dataclass(frozen=True)
class EvaluatedFeature:
    """How the states of a feature are interpreted."""

    binning: Binning
    unit: Unit = "number"


@dataclass(frozen=True)
class EvaluatedBlock:
    """The features of a numeric block, in the order of its products."""

    features: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class Evaluation(WindowQuestion):
    """The parameters of an evaluation: windows, references, and how states are interpreted.

    ``thresholds``: by statistic, the size that matters. ``assumed_design_effect``: for references
    with fewer than seven days. ``day_rows``: minimum number of rows from which a day is judged by a
    window of its own; None without windows of days.
    """

    features: Mapping[tuple[str, str], EvaluatedFeature]
    blocks: Mapping[str, EvaluatedBlock]
    windows: tuple[Window, ...]
    references: tuple[WindowReference, ...]
    thresholds: Mapping[str, float]
    top_pairs: int = 20
    assumed_design_effect: float = 10.0
    day_rows: int | None = None
