"""Confounding: an odds ratio within strata, and how strong an unmeasured cause must be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.special import chi_square_tail, normal_quantile

NO_STRATA = "no stratum with rows of both sides and both outcomes"
NO_RATIO = "odds ratio is 0 or infinite: a cell of the table is empty in every stratum"

HETEROGENEOUS = 0.05
"""p-value of Breslow-Day below which one odds ratio does not describe all strata."""
COMMON = 0.15
"""Share of the outcome above which an odds ratio is about the square of the risk ratio."""


@dataclass(frozen=True)
class OddsRatio:
    """An odds ratio with its interval; NaN if undefined."""

    value: float
    lower: float
    upper: float

    @property
    def answer(self) -> int:
        """1 or -1 if the interval lies above or below 1, otherwise 0."""
        return int(self.lower > 1.0) - int(self.upper < 1.0)


@dataclass(frozen=True)
class Stratified:
    """An association with and without strata.

    ``statistic`` and ``p_value``: Cochran-Mantel-Haenszel, without continuity correction.
    ``breslow_day`` and its p-value: whether strata share one odds ratio; ``tarone``: corrected.
    ``disagree``: whether crude and stratified ratio give different answers (above 1, below, or
    neither). ``note``: a caveat in words. ``reason``: why the stratified answer is undefined.
    """

    strata: int
    crude: OddsRatio
    stratified: OddsRatio
    statistic: float
    p_value: float
    breslow_day: float
    breslow_day_p_value: float
    tarone: float
    tarone_p_value: float
    disagree: bool
    note: str | None
    reason: str | None


def stratified(tables: Counts, *, level: float = 0.95) -> Stratified:
    """Tests of the 2 by 2 tables of strata, (S, 2, 2): [side, outcome], the side and outcome of
    interest first.

    Strata without rows on both sides, or with one outcome only, contain no information and are left
    out. Source: Cochran (1954); Mantel and Haenszel (1959); Robins, Breslow and Greenland (1986)
    for the interval; Breslow and Day (1980); Tarone (1985).
    """
    table = np.asarray(tables, dtype=np.float64)
    crude = _crude(table.sum(axis=0), level)
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    table = table[(rows > 0).all(axis=1) & (columns > 0).all(axis=1)]
    nan = float("nan")
    unknown = OddsRatio(nan, nan, nan)
    if not len(table):
        return Stratified(0, crude, unknown, nan, nan, nan, nan, nan, nan, False, None, NO_STRATA)
    statistic, p_value = _cochran_mantel_haenszel(table)
    pooled = _pooled(table, level)
    tests = (nan, nan, nan, nan)
    reason = None
    if not (0.0 < pooled.value < math.inf):
        pooled, reason = OddsRatio(pooled.value, nan, nan), NO_RATIO
    elif len(table) > 1:
        tests = _breslow_day(table, pooled.value)
    disagree = reason is None and crude.answer != pooled.answer
    return Stratified(
        len(table),
        crude,
        pooled,
        statistic,
        p_value,
        *tests,
        disagree=disagree,
        note=_note(crude, pooled, disagree, tests[3]),
        reason=reason,
    )


def _note(crude: OddsRatio, pooled: OddsRatio, disagree: bool, p_value: float) -> str | None:
    notes = []
    if disagree:
        notes.append(
            f"crude and stratified answers disagree: odds ratio {crude.value:.3g} "
            f"({crude.lower:.3g} to {crude.upper:.3g}) without strata, {pooled.value:.3g} "
            f"({pooled.lower:.3g} to {pooled.upper:.3g}) within them"
        )
    if p_value < HETEROGENEOUS:
        notes.append(f"strata differ in their odds ratio (Breslow-Day p = {p_value:.2g})")
    return "; ".join(notes) or None


def _crude(table: Floats, level: float) -> OddsRatio:
    (a, b), (c, d) = table.tolist()
    if min(a, b, c, d) == 0:
        value = a * d / (b * c) if b * c else (math.inf if a * d else math.nan)
        return OddsRatio(value, math.nan, math.nan)
    return _ratio(a * d / (b * c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d), level)


def _ratio(value: float, log_error: float, level: float) -> OddsRatio:
    reach = normal_quantile(0.5 + level / 2.0) * log_error
    return OddsRatio(value, value * math.exp(-reach), value * math.exp(reach))


def _cochran_mantel_haenszel(table: Floats) -> tuple[float, float]:
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    total = table.sum(axis=(1, 2))
    expected = rows[:, 0] * columns[:, 0] / total
    variance = rows.prod(axis=1) * columns.prod(axis=1) / (total**2 * (total - 1.0))
    statistic = float((table[:, 0, 0] - expected).sum() ** 2 / variance.sum())
    return statistic, _tail(statistic, 1)


def _tail(statistic: float, degrees: int) -> float:
    return float(chi_square_tail(np.array([statistic]), np.array([degrees]))[0])


def _pooled(table: Floats, level: float) -> OddsRatio:
    total = table.sum(axis=(1, 2))
    same, other = table[:, 0, 0] * table[:, 1, 1], table[:, 0, 1] * table[:, 1, 0]
    r, s = same / total, other / total
    if not r.sum() or not s.sum():
        return OddsRatio(
            math.inf if r.sum() else (0.0 if s.sum() else math.nan), math.nan, math.nan
        )
    p, q = (table[:, 0, 0] + table[:, 1, 1]) / total, (table[:, 0, 1] + table[:, 1, 0]) / total
    big_r, big_s = r.sum(), s.sum()
    variance = (
        (p * r).sum() / big_r**2
        + (p * s + q * r).sum() / (big_r * big_s)
        + (q * s).sum() / big_s**2
    ) / 2.0
    return _ratio(float(big_r / big_s), math.sqrt(float(variance)), level)


def _breslow_day(table: Floats, ratio: float) -> tuple[float, float, float, float]:
    """Statistic and p-value, without and with Tarone's correction."""
    (n1, n0), (m1, _) = table.sum(axis=2).T, table.sum(axis=1).T
    expected = _expected(n1, n0, m1, ratio)
    variance = 1.0 / (
        1.0 / expected + 1.0 / (n1 - expected) + 1.0 / (m1 - expected) + 1.0 / (n0 - m1 + expected)
    )
    gap = table[:, 0, 0] - expected
    plain = float((gap**2 / variance).sum())
    corrected = plain - float(gap.sum() ** 2 / variance.sum())
    degrees = len(table) - 1
    return plain, _tail(plain, degrees), corrected, _tail(max(corrected, 0.0), degrees)


def _expected(n1: Floats, n0: Floats, m1: Floats, ratio: float) -> Floats:
    """First cell of each table with the given margins and odds ratio."""
    if math.isclose(ratio, 1.0, rel_tol=1e-12):
        return n1 * m1 / (n1 + n0)
    a = 1.0 - ratio
    b = n0 - m1 + ratio * (n1 + m1)
    c = -ratio * n1 * m1
    # The root within the bounds of the cell, in a form without cancellation; b and a are never both
    # negative.
    root = np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0))
    found = np.where(b >= 0, -2.0 * c / (b + root), (root - b) / (2.0 * a))
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class Sensitivity:
    """E-values of an association, and of the end of its interval that is closer to no association.

    ``of_interval`` is 1 if the interval contains 1. NaN if the ratio is undefined.
    """

    of_ratio: float
    of_interval: float


def e_value(ratio: float) -> float:
    """Smallest risk ratio that an unmeasured cause must have with both sides to explain a risk
    ratio.

    1 for no association; NaN for a ratio that is not positive and finite. Source: VanderWeele and
    Ding (2017).
    """
    if not (0.0 < ratio < math.inf):
        return math.nan
    above = max(ratio, 1.0 / ratio)
    return above + math.sqrt(above * (above - 1.0))


def sensitivity(
    ratio: float, lower: float, upper: float, *, outcome_share: float | None = None
) -> Sensitivity:
    """E-values of a ratio with its interval.

    A risk ratio, unless ``outcome_share`` says that it is an odds ratio, and how frequent the
    outcome is: above 15%, the square root of the odds ratio approximates the risk ratio.
    """
    if outcome_share is not None and outcome_share > COMMON:
        ratio, lower, upper = (math.sqrt(v) if v >= 0 else math.nan for v in (ratio, lower, upper))
    nearest = lower if ratio > 1.0 else upper
    if math.isnan(nearest):
        return Sensitivity(e_value(ratio), math.nan)
    crosses = lower <= 1.0 <= upper
    return Sensitivity(e_value(ratio), 1.0 if crosses else e_value(nearest))
