"""The states of each day of a world, computed directly from arrays.

They are bit for bit equal to the states that a run computes, which tests check. Rows can have
weights: a day of 100,000 rows that are drawn from a few thousand distinct rows needs only these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scripts.evidence.world import World

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Hashes
from modelwatch.stats.states.batch import NULL_SEGMENT, OTHER_SEGMENT, SegmentationCodes
from modelwatch.stats.states.binary import DECISIONS, BinaryStates, log_losses, positions
from modelwatch.stats.states.binary_margins import LABEL_VALUES, POSITIVE, SCORE_UNIT
from modelwatch.stats.states.binning import (
    NULL,
    NUMERIC_OFFSET,
    UNSEEN,
    Binning,
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.states.categorical import CategoricalStates, bounded_unseen
from modelwatch.stats.states.distinct import hash_of_text, hashes_of_doubles, smallest
from modelwatch.stats.states.moments import LENGTH, normalised, power_sums
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates, standardised
from modelwatch.stats.value_names import ALL

FeatureStates = NumericStates | CategoricalStates
Scope = tuple[str, str]
"""Segmentation and segment."""
WHOLE: Scope = (ALL, ALL)
ROLES = ("inputs", "predictions")
ANSWERS = ("probability", "decision")
CLASS_COUNTS = DECISIONS * LABEL_VALUES


@dataclass(frozen=True)
class Plans:
    """Bins and other plans of the states of a world, fitted once on its reference."""

    binnings: Mapping[str, Binning]
    splits: tuple[SegmentationCodes, ...]
    block: tuple[str, ...]

    def role(self, feature: str) -> str:
        """Role of a feature."""
        return ROLES[feature in ANSWERS]


@dataclass(frozen=True)
class Stacked:
    """States of the days on which a scope has rows: day numbers (n,) and a stack of n states.

    ``sketches``: sketches of distinct values; None in segments.
    """

    days: AnyArray
    states: FeatureStates
    sketches: tuple[Hashes | None, ...]


@dataclass(frozen=True)
class DayStates:
    """The states of a world.

    ``features``: by scope and feature. ``block``: of all numeric inputs together, without segments,
    one state for each of ``days``. ``scores``: by scope, with the days; only labels that were known
    on the day of the evaluation. ``rows`` and ``repeated``: by day, without segments.
    """

    features: Mapping[tuple[Scope, str], Stacked]
    block: PairStates | None
    scores: Mapping[Scope, tuple[AnyArray, BinaryStates]]
    days: AnyArray
    rows: Counts
    repeated: Counts


def fitted_plans(world: World, config: MonitorConfig) -> Plans:
    """Frozen bins and segments of the reference's rows."""
    days = world.rows["day"].to_numpy()
    first, last = world.period.reference
    rows = world.rows[(days >= first) & (days <= last)]
    options = config.features.columns
    binnings: dict[str, Binning] = {}
    for name in (*world.table.features, *ANSWERS):
        own = options.get(name)
        numeric = rows[name].dtype != object and (own is None or own.type != "categorical")
        if numeric:
            special = () if own is None else own.special_values
            binnings[name] = _fitted_numbers(rows[name], rows["weight"], special)
        else:
            binnings[name] = _fitted_texts(rows[name], rows["weight"], config.binning.max_values)
    splits = tuple(
        SegmentationCodes(one.name, _kept(rows[one.name], rows["weight"], one.max_values))
        for one in config.segments
    )
    block = tuple(n for n in world.table.features if isinstance(binnings[n], NumericBinning))
    return Plans(binnings, splits, block[: config.pairs.max_features])


def _fitted_numbers(values: pd.Series, weight: pd.Series, special: Sequence[float]) -> Binning:
    found = np.repeat(values.to_numpy(dtype=np.float64), _capped(weight.to_numpy()))
    found = found[np.isfinite(found)]
    known = found[~np.isin(found, special)]
    ends = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
    return fit_numeric(found, *ends, special_values=special)


def _capped(weight: AnyArray) -> AnyArray:
    """Weights of a sample of about 50,000 rows, on which a run fits quantiles."""
    total = int(weight.sum())
    return weight if total <= 100_000 else np.maximum(1, weight * 50_000 // total)


def _fitted_texts(values: pd.Series, weight: pd.Series, most: int) -> Binning:
    counted = {str(v): int(n) for v, n in weight.groupby(_texts(values)).sum().items()}
    hashes = {value: hash_of_text(value) for value in counted}
    return fit_categorical(counted, hashes, max_values=most)


def _kept(values: pd.Series, weight: pd.Series, most: int) -> tuple[str, ...]:
    counted = weight.groupby(_texts(values)).sum()
    ranked = sorted(counted.index, key=lambda value: (-counted[value], value))
    return tuple(sorted(ranked[:most]))


def _texts(values: pd.Series) -> pd.Series:
    """A categorical column as Spark casts it to a string; null where there is no value."""
    if values.dtype == object:
        return values
    number = values.to_numpy(dtype=np.float64)
    whole = np.isfinite(number) & (number == np.rint(number))
    texts = np.where(whole, np.nan_to_num(number).astype(np.int64).astype(str), number.astype(str))
    return pd.Series(texts, index=values.index, dtype=object).where(values.notna(), None)


def day_states(plans: Plans, world: World) -> DayStates:
    """All states of the rows of a world."""
    return _Pass(plans, world).states()


class _Pass:
    """One pass over the rows of a world."""

    def __init__(self, plans: Plans, world: World) -> None:
        self.plans, self.world, self.frame = plans, world, world.rows
        day = self.frame["day"].to_numpy(dtype=np.int64)
        self.days, self.slots = np.unique(day, return_inverse=True)
        self.weight = self.frame["weight"].to_numpy(dtype=np.int64)
        self.weighted = bool((self.weight != 1).any())
        self._dictionaries: dict[str, tuple[list[str], AnyArray]] = {}
        self.scopes: list[tuple[str, tuple[str, ...], AnyArray]] = [(ALL, (ALL,), self.slots)]
        for split in plans.splits:
            values, codes = self.dictionary(split.name)
            known = {name: code for code, name in enumerate(split.segments)}
            table = [known.get(value, known[OTHER_SEGMENT]) for value in values]
            segment = np.array([*table, known[NULL_SEGMENT]], dtype=np.int64)[codes]
            at = self.slots * len(split.segments) + segment
            self.scopes.append((split.name, split.segments, at))

    def dictionary(self, name: str) -> tuple[list[str], AnyArray]:
        """Values of a categorical column, and the code of each row; one more code means null."""
        if name not in self._dictionaries:
            codes, values = pd.factorize(_texts(self.frame[name]), sort=False)
            codes = np.where(codes < 0, len(values), codes)
            self._dictionaries[name] = [str(value) for value in values], codes
        return self._dictionaries[name]

    def states(self) -> DayStates:
        """All of them."""
        features: dict[tuple[Scope, str], Stacked] = {}
        for name, binning in self.plans.binnings.items():
            counter = self._numbers if isinstance(binning, NumericBinning) else self._values
            sketches = self._sketches(name, isinstance(binning, NumericBinning))
            for segmentation, segments, at in self.scopes:
                whole = counter(name, binning, at, len(self.days) * len(segments))
                by_segment = np.arange(len(self.days) * len(segments)).reshape(len(self.days), -1)
                held = whole.counts.any(axis=1)
                for code, segment in enumerate(segments):
                    mine = by_segment[held[by_segment[:, code]], code]
                    if len(mine):
                        days = self.days[mine // len(segments)]
                        key = (segmentation, segment), name
                        known = sketches if segmentation == ALL else (None,) * len(mine)
                        features[key] = Stacked(days, whole.take(mine), known)
        rows = np.bincount(self.slots, self.weight, len(self.days)).astype(np.int64)
        copies = self.frame["copies"].to_numpy(dtype=np.int64) - 1
        repeated = np.bincount(self.slots, self.weight * copies, len(self.days)).astype(np.int64)
        return DayStates(features, self._block(), self._scores(), self.days, rows, repeated)

    def _numbers(self, name: str, binning: Binning, at: AnyArray, scopes: int) -> FeatureStates:
        assert isinstance(binning, NumericBinning)
        values = self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        found = np.searchsorted(binning.search_edges, values, side="right") - 1 + NUMERIC_OFFSET
        found[np.isnan(values)] = NULL
        length = binning.length
        counts = _totals(at * length + found, self.weight, scopes * length).reshape(scopes, length)
        order = np.argsort(at, kind="stable")
        ordered, finite = at[order], np.isfinite(values[order])
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        sums = np.zeros((scopes, LENGTH), dtype=np.int64)
        least, greatest = np.full((2, scopes), np.nan)
        if len(starts):
            kept = np.where(finite, values[order], binning.center)
            sums[ordered[starts]] = self._power_sums(kept, starts, self.weight[order], binning)
            known = np.where(finite, values[order], np.nan)
            least[ordered[starts]] = np.fmin.reduceat(known, starts) + 0.0
            greatest[ordered[starts]] = np.fmax.reduceat(known, starts) + 0.0
        return NumericStates(binning, counts, normalised(sums), least, greatest)

    def _power_sums(
        self, values: Floats, starts: AnyArray, weight: AnyArray, binning: NumericBinning
    ) -> Counts:
        if not self.weighted:
            return power_sums(values, starts, binning.center, binning.scale)
        each = power_sums(values, np.arange(len(values)), binning.center, binning.scale)
        return np.asarray(np.add.reduceat(each * weight[:, None], starts), dtype=np.int64)

    def _values(self, name: str, binning: Binning, at: AnyArray, scopes: int) -> FeatureStates:
        assert isinstance(binning, CategoricalBinning)
        values, codes = self.dictionary(name)
        places = [binning.code_of(value, hash_of_text(value)) for value in values]
        table = np.array([*places, NULL], dtype=np.int64)
        length = binning.length
        cells = at * length + table[codes]
        counts = _totals(cells, self.weight, scopes * length).reshape(scopes, length)
        unseen: list[Mapping[str, int]] = [{}] * scopes
        lengths = np.zeros(scopes, dtype=np.int64), *np.full((2, scopes), np.nan)
        if scopes == len(self.days):
            # Examples and lengths are not stored for segments.
            entries = len(values) + 1
            by_value = _totals(at * entries + codes, self.weight, scopes * entries)
            by_value = by_value.reshape(scopes, entries)[:, :-1]
            size = np.array([len(value) for value in values], dtype=np.int64)
            lengths = by_value @ size, *_ends(by_value > 0, size)
            foreign = np.flatnonzero(table[:-1] == UNSEEN)
            for scope in np.flatnonzero(by_value[:, foreign].any(axis=1)):
                mine = foreign[by_value[scope, foreign] > 0]
                unseen[scope] = bounded_unseen({values[i]: int(by_value[scope, i]) for i in mine})
        return CategoricalStates(binning, counts, tuple(unseen), *lengths)

    def _sketches(self, name: str, numeric: bool) -> tuple[Hashes, ...]:
        """The smallest hashes of the values of each day."""
        if numeric:
            values = self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            hashes, known = hashes_of_doubles(values), ~np.isnan(values)
        else:
            texts, codes = self.dictionary(name)
            table = np.array([*(hash_of_text(text) for text in texts), 0], dtype=np.uint64)
            hashes, known = table[codes], codes < len(texts)
        ends = np.searchsorted(self.slots, np.arange(len(self.days) + 1))
        return tuple(
            smallest(hashes[start:stop][known[start:stop]]) for start, stop in pairwise(ends)
        )

    def _block(self) -> PairStates | None:
        names = self.plans.block
        if len(names) < 2:
            return None
        z = np.zeros((len(self.frame), len(names)))
        present = np.zeros(z.shape)
        for j, name in enumerate(names):
            binning = self.plans.binnings[name]
            assert isinstance(binning, NumericBinning)
            values = self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            finite = np.isfinite(values)
            kept = np.where(finite, values, binning.center)
            z[:, j] = standardised(kept, binning.center, binning.scale)
            present[:, j] = finite
        products = np.empty((len(self.days), 4, len(names), len(names)), dtype=np.int64)
        ends = np.searchsorted(self.slots, np.arange(len(self.days) + 1))
        for slot in range(len(self.days)):
            day = slice(ends[slot], ends[slot + 1])
            a, m, w = z[day], present[day], self.weight[day][:, None]
            products[slot, 3] = (a * w).T @ a
            products[slot, 0] = (m * w).T @ m
            products[slot, 1] = (a * w).T @ m
            products[slot, 2] = (a * a * w).T @ m
        return PairStates(names, "block", products)

    def _scores(self) -> dict[Scope, tuple[AnyArray, BinaryStates]]:
        if not self.world.table.has_labels:
            return {}
        binning = self.plans.binnings["probability"]
        assert isinstance(binning, NumericBinning)
        late = self.frame["late"].to_numpy(dtype=np.float64)
        known = np.isfinite(late) & (self.frame["known"].to_numpy() <= self.world.as_of)
        label = np.where(known, np.nan_to_num(late) + 1, 0).astype(np.int64)
        decision = (self.frame["decision"].to_numpy(dtype=object) == "true").astype(np.int64)
        score = self.frame["probability"].to_numpy(dtype=np.float64)
        nulls = np.isnan(score)
        place = positions(binning, score, nulls)
        valid = (score >= 0.0) & (score <= 1.0)
        cell = (decision * LABEL_VALUES + label) * binning.length + place
        width = CLASS_COUNTS * binning.length
        safe = np.where(valid, score, 0.0)
        units = np.where(valid, np.rint(safe * SCORE_UNIT), 0.0).astype(np.int64)
        squares = np.where(valid, np.rint(safe * safe * SCORE_UNIT), 0.0).astype(np.int64)
        losses = log_losses(np.where(label == POSITIVE, safe, 1.0 - safe)).astype(np.int64)
        losses = np.where(valid & (label > 0), losses, 0)
        out = {}
        for segmentation, segments, at in self.scopes:
            scopes = len(self.days) * len(segments)
            counts = _totals(at * width + cell, self.weight, scopes * width)
            sums = _totals(at * width + cell, self.weight * units, scopes * width)
            by_label = np.stack(
                [
                    _totals(at * LABEL_VALUES + label, self.weight * one, scopes * LABEL_VALUES)
                    for one in (squares, losses)
                ],
                axis=-1,
            )
            counts, sums = counts.reshape(scopes, width), sums.reshape(scopes, width)
            sums = np.concatenate([sums, by_label.reshape(scopes, 2 * LABEL_VALUES)], axis=1)
            held = counts.any(axis=1)
            places = np.arange(scopes).reshape(len(self.days), -1)
            for code, segment in enumerate(segments):
                mine = places[held[places[:, code]], code]
                if len(mine):
                    days = self.days[mine // len(segments)]
                    states = BinaryStates.of(binning, counts[mine], sums[mine])
                    out[segmentation, segment] = days, states
        return out


def _totals(cells: AnyArray, weight: AnyArray, length: int) -> Counts:
    """Exact sums of integers by cell."""
    if float(weight.sum(dtype=np.float64)) > 2.0**52:
        found = np.zeros(length, dtype=np.int64)
        np.add.at(found, cells, weight)
        return found
    return np.bincount(cells, weight, length).astype(np.int64)


def _ends(held: AnyArray, size: AnyArray) -> tuple[Floats, Floats]:
    """Minimum and maximum length of the values in each scope."""
    if not held.shape[1]:
        return np.full(len(held), np.nan), np.full(len(held), np.nan)
    least = np.where(held, size, np.inf).min(axis=1)
    greatest = np.where(held, size, -np.inf).max(axis=1)
    none = ~held.any(axis=1)
    return np.where(none, np.nan, least), np.where(none, np.nan, greatest)
