"""Days that repeat the values of an earlier day, and the probability of that by chance.

There are three kinds of evidence: a day has exactly the counts, sums, and extremes of an earlier
one; it shares most of its distinct values with the day before; or its counts differ from those of
the day before by far less than independent rows would. What is usual is learned from neighboring
days of a reference: a panel of the same ids is similar on all days, and is not reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.repeats import Repeats
from modelwatch.stats.special import student_tail
from modelwatch.stats.states.day_states import EARLIER_DAYS, LAGS, DayStates, Neighbors, neighbors

FEWEST_PAIRS = EARLIER_DAYS - 1
"""Pairs of neighboring days that define usual repetition: one per weekday, because some features do
not change on Sundays."""
FEWEST_OF_A_LAG = 3
"""Minimum pairs of days equally far apart without which a tie is not informative."""
_WEEK = 7
FEWEST_CELLS = 5
"""Minimum nonempty cells for equal counts to be informative."""
_SURE = 1e-3
"""Maximum p-value of a day that repeats another."""
_USUAL_OVERLAP = 0.8
"""Overlap of neighboring days above which values are hardly ever new."""
_FEWER_VALUES = 0.5
"""Ratio of distinct values per row to the usual one below which an overlap is due to their number:
rounded values are alike on all days."""
_MORE_ROWS = 2.0
"""Ratio of rows to the usual maximum above which an overlap is due to their number."""
_ALIKE_ROWS = 5.0
"""Ratio of the mean distance of neighboring days to that of independent rows from which rows of a
day are alike, such as readings of the same weather."""
_EVIDENCE = 3
"""Kinds of evidence of which the strongest is used."""
_OWN_VALUES = 0.5
"""Minimum distinct values per row for which most rows have their own value."""
_STEEPEST = 6.0
"""Maximum power at which distances become less likely below the smallest known one."""


def repeats(days: DayStates, wanted: AnyArray, reference: DayStates) -> Repeats:
    """The evidence for each of the ``wanted`` days, a mask (n,), compared with the days before it.

    ``days`` contains the ``EARLIER_DAYS`` with rows before each wanted one, if there are any. They
    also show what is usual if the reference has fewer than ``FEWEST_PAIRS`` pairs of days.
    """
    n = len(days)
    share, p_value, back = np.zeros(n), np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    at = np.flatnonzero(wanted & (np.arange(n) > 0))
    of_reference = max(len(reference) - 1, 0)
    if not len(at) or not (len(reference) or n > FEWEST_PAIRS):
        return Repeats(share, p_value, back, of_reference)
    whole = (reference if len(reference) else days).states
    whole = whole.roll_up(np.array([[0, len(whole)]], dtype=np.int64))
    found, known = neighbors(days, whole), neighbors(reference, whole)
    if of_reference >= FEWEST_PAIRS:
        groups = [(at, _usual([known], [slice(1, None)]))]
    else:
        groups = [
            (np.array([i]), _usual([known, found], [slice(1, None), slice(i - FEWEST_PAIRS, i)]))
            for i in at
            if i >= EARLIER_DAYS
        ]
    counts = days.states.counts
    for mine, usual in groups:
        if usual.pairs < FEWEST_PAIRS:
            continue
        clues = [
            usual.tied(found, mine, counts[mine]),
            usual.overlapping(found, mine),
            usual.alike(found, mine),
        ]
        p = np.stack([clue.p_value for clue in clues])
        best = p.argmin(axis=0), np.arange(len(mine))
        p_value[mine] = np.minimum(_EVIDENCE * p[best], 1.0)
        share[mine] = np.stack([clue.share for clue in clues])[best]
        back[mine] = np.stack([clue.back for clue in clues])[best]
    sure = p_value <= _SURE
    share, back = np.where(sure, share, 0.0), np.where(sure, back, 0)
    return Repeats(share, np.where(np.isfinite(p_value) & ~sure, 1.0, p_value), back, of_reference)


@dataclass(frozen=True)
class _Clue:
    """Share of the rows that repeat, p-value, and days back to the repeated day; (k,)."""

    share: Floats
    p_value: Floats
    back: AnyArray


@dataclass(frozen=True)
class _Usual:
    """What ``pairs`` of neighboring days show.

    ``lags`` (LAGS,): whether enough pairs of days that far apart are known, and neither they nor
    closer ones tie. ``distance`` and ``overlap`` of neighbors, if known, and ``degrees`` of freedom
    of the distances. ``values_per_row``: mean number of distinct values per row. ``rows``: the
    maximum of a day.
    """

    pairs: int
    lags: AnyArray
    distance: Floats
    degrees: Floats
    overlap: Floats
    values_per_row: float
    rows: float

    @property
    def independence(self) -> float:
        """Mean distance relative to that of independent rows, at most 1."""
        return float(min(self.distance.mean(), 1.0)) if len(self.distance) else 1.0

    @property
    def is_of_days(self) -> bool:
        """Whether the rows of a day share one level: two days with the same level then have the
        same values, however many rows they have.

        Days without a common value, such as those of a date, have no common level either.
        """
        if not len(self.distance):
            return False
        alike = float(self.distance.mean()) >= _ALIKE_ROWS
        # With too few distinct values, the overlap is unknown.
        shared = not len(self.overlap) or float(self.overlap.max()) > 0
        return alike and shared and not self.values_per_row >= _OWN_VALUES

    def tied(self, of: Neighbors, at: AnyArray, counts: Counts) -> _Clue:
        """Days with exactly the values of an earlier one.

        What follows a timetable is often the same as a week before. This is informative only if
        most rows have a value of their own.
        """
        ties = of.ties[at] & self.lags
        with np.errstate(invalid="ignore"):
            own_values = of.distinct[at] / of.rows[at] >= _OWN_VALUES
        ties[:, _WEEK - 1 :: _WEEK] &= own_values[:, None]
        p, tied = np.ones(len(at)), ties.any(axis=1)
        p[tied] = np.minimum(self.tie_chance(counts[tied]) * max(self.lags.sum(), 1), 1.0)
        if self.is_of_days:
            p[~own_values] = 1.0
        return _Clue(np.ones(len(at)), p, ties.argmax(axis=1) + 1)

    def tie_chance(self, counts: Counts) -> Floats:
        """Probability that another day has the same counts, (k, cells), by chance.

        Counts of a cell on two days differ by a Skellam variable, which is 0 with probability
        exp(-2 m) I0(2 m) for m expected rows (Skellam 1946). Given that both days have the same
        number of rows, the product over the cells is divided by that of all rows. If days differ
        less than independent rows, as in a panel, they count as correspondingly fewer rows: those
        of ids that change. None of them changes with a probability of at least exp(-rows).
        """
        changing = self.least_independence * counts.astype(np.float64)
        rows = changing.sum(axis=1)
        with np.errstate(divide="ignore"):
            log_p = np.log(special.ive(0, 2.0 * changing)).sum(axis=1)
            log_p -= np.log(special.ive(0, 2.0 * rows))
        return np.asarray(np.exp(np.minimum(np.maximum(log_p, -rows), 0.0)))

    @property
    def least_independence(self) -> float:
        """The same for the most similar days, because some features hardly change on Sundays: their
        distance relative to the minimum of the same number of chi-square variables, or the share of
        new values if most rows have a value of their own."""
        found, m = self.independence, len(self.distance)
        if m:
            usual_least = special.chdtri(self.degrees, 1.0 - 0.5 / m) / self.degrees
            found = min(found, float((self.distance / usual_least).min()))
        if len(self.overlap) and self.values_per_row >= _OWN_VALUES:
            found = min(found, 1.0 - float(self.overlap.max()))
        return found

    def overlapping(self, of: Neighbors, at: AnyArray) -> _Clue:
        """Days that share most of their values with the day before."""
        known, overlap = self.overlap, of.overlap[at]
        m = len(known)
        if m < FEWEST_PAIRS or known.mean() > _USUAL_OVERLAP or self.is_of_days:
            return _nothing(len(at))
        mean = known.mean()
        with np.errstate(divide="ignore", invalid="ignore"):
            by_sketch = 0.25 / of.values[at]
            t = (overlap - mean) / np.sqrt(known.var(ddof=1) * (1.0 + 1.0 / m) + by_sketch)
            fresh = of.distinct[at] / of.rows[at] >= _FEWER_VALUES * self.values_per_row
            fresh &= of.rows[at] <= _MORE_ROWS * self.rows
            p = np.where(
                fresh & (overlap > known.max()), student_tail(t, np.full(len(t), m - 1.0)), 1.0
            )
        return _Clue((overlap - mean) / (1.0 - mean), p, np.ones(len(at), dtype=np.int64))

    def alike(self, of: Neighbors, at: AnyArray) -> _Clue:
        """Days whose counts are closer to those of the day before than chance allows."""
        known, distance, degrees = self.distance, of.distance[at], of.degrees[at]
        m = len(known)
        if m < FEWEST_PAIRS or not known.min() > 0 or self.is_of_days:
            return _nothing(len(at))
        usual = self.independence
        # A chi-square divided by its degrees of freedom has the variance 2 / degrees.
        regular = 2.0 * known.mean() ** 2 / max(float(known.var(ddof=1)), 1e-12)
        p, alike = np.ones(len(at)), (degrees >= FEWEST_CELLS - 1) & (distance < known.min())
        shape = np.maximum(np.minimum(degrees[alike], regular), 1.0) / 2.0
        by_chance = special.gammainc(shape, shape * distance[alike] / usual)
        beyond = (distance[alike] / known.min()) ** np.minimum(shape, _STEEPEST) / (m + 1.0)
        p[alike] = np.maximum(np.maximum(by_chance, beyond), self.tie_chance(of.cells[at[alike]]))
        share = np.maximum(1.0 - distance / usual, 0.0)
        return _Clue(share, p, np.ones(len(at), dtype=np.int64))


def _usual(parts: list[Neighbors], spans: list[slice]) -> _Usual:
    """What the days of each part in its span have in common with the days before them."""
    held = list(zip(parts, spans, strict=True))
    distance, degrees, overlap, distinct, rows = (
        np.concatenate([getattr(part, name)[span] for part, span in held])
        for name in ("distance", "degrees", "overlap", "distinct", "rows")
    )
    lag_counts, ties = (np.zeros(LAGS, dtype=np.int64) for _ in range(2))
    for part, span in held:
        start, stop, _ = span.indices(len(part))
        for lag in range(1, LAGS + 1):
            # Days before the first day of a span may be missing.
            own = part.ties[start - 1 + lag : stop, lag - 1]
            lag_counts[lag - 1] += len(own)
            ties[lag - 1] += own.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        per_row = (distinct / rows)[np.isfinite(distinct) & (rows > 0)]
    return _Usual(
        pairs=len(distance),
        # If neighboring days tie, days further apart tie as well.
        lags=np.asarray((lag_counts >= FEWEST_OF_A_LAG) & (np.cumsum(ties) == 0)),
        distance=distance[np.isfinite(distance)],
        degrees=degrees[np.isfinite(distance)],
        overlap=overlap[np.isfinite(overlap)],
        values_per_row=float(per_row.mean()) if len(per_row) else np.nan,
        rows=float(rows.max(initial=0.0)),
    )


def _nothing(days: int) -> _Clue:
    return _Clue(np.zeros(days), np.ones(days), np.zeros(days, dtype=np.int64))
