"""State of a categorical feature: counts of the kept values, lengths, and unseen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import (
    AnyArray,
    Counts,
    Floats,
    Spans,
    maxima_over_spans,
    minima_over_spans,
    sums_over_spans,
)
from modelwatch.stats.states.binning import (
    CATEGORICAL_OFFSET,
    NULL,
    OTHER,
    UNSEEN,
    CategoricalBinning,
)
from modelwatch.stats.states.distinct import hash_of_text

MAX_UNSEEN = 64
"""Unseen values stored with their rows: those with the smallest hashes, each with its exact
count."""
LONGEST_EXAMPLE = 200
"""Stored characters of an unseen value."""


@dataclass(frozen=True)
class CategoricalStates:
    """A stack of n scopes of one categorical feature; a state is a stack of one.

    ``counts`` (n, length of the binning): [null, other, unseen, kept values]. ``unseen``: for each
    scope, rows by unseen value; exact for at most ``MAX_UNSEEN`` values, otherwise those with the
    smallest hashes, a random sample of the values. ``length_sum``, ``length_min``, and
    ``length_max`` (n,): characters of the non-null values (min, max NaN for none).
    """

    binning: CategoricalBinning
    counts: Counts
    unseen: tuple[Mapping[str, int], ...]
    length_sum: Counts
    length_min: Floats
    length_max: Floats

    def __len__(self) -> int:
        return len(self.counts)

    def roll_up(self, spans: Spans) -> CategoricalStates:
        """The merged state of each span ``[start, stop)`` of scopes, (w, 2)."""
        return CategoricalStates(
            self.binning,
            sums_over_spans(self.counts, spans),
            tuple(merged_unseen(self.unseen[start:stop]) for start, stop in spans)
            if any(self.unseen)
            else ({},) * len(spans),
            sums_over_spans(self.length_sum, spans),
            minima_over_spans(self.length_min, spans),
            maxima_over_spans(self.length_max, spans),
        )

    def take(self, indices: AnyArray) -> CategoricalStates:
        """The scopes at some positions."""
        return CategoricalStates(
            self.binning,
            self.counts[indices],
            tuple(self.unseen[i] for i in indices),
            self.length_sum[indices],
            self.length_min[indices],
            self.length_max[indices],
        )

    @cached_property
    def rows(self) -> Counts:
        """All rows, including nulls."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.int64)

    @cached_property
    def nulls(self) -> Counts:
        """Number of nulls."""
        return self.counts[:, NULL]

    @cached_property
    def other_rows(self) -> Counts:
        """Rows with a value that occurs in the reference, but has no bin of its own."""
        return self.counts[:, OTHER]

    @cached_property
    def unseen_rows(self) -> Counts:
        """Rows with a value that does not occur in the reference."""
        return self.counts[:, UNSEEN]

    @cached_property
    def value_rows(self) -> Counts:
        """Rows of each kept value, (n, number of values)."""
        return self.counts[:, CATEGORICAL_OFFSET:]


def merged_unseen(parts: tuple[Mapping[str, int], ...]) -> Mapping[str, int]:
    """Rows by unseen value over several scopes, for the values with the smallest hashes.

    A value among the smallest of the union is among the smallest of each part that contains it, so
    its count is exact.
    """
    held = [part for part in parts if part]
    if len(held) <= 1:
        return held[0] if held else {}
    rows: dict[str, int] = {}
    for part in held:
        for value, count in part.items():
            rows[value] = rows.get(value, 0) + count
    return bounded_unseen(rows)


def bounded_unseen(rows: Mapping[str, int]) -> Mapping[str, int]:
    """The ``MAX_UNSEEN`` values with the smallest hashes, sorted by hash."""
    ranked = sorted((hash_of_text(value), value) for value in rows)
    return {value: rows[value] for _, value in ranked[:MAX_UNSEEN]}


def example_of(value: str) -> str:
    """An unseen value as stored: for a very long one, its beginning and a fingerprint."""
    if len(value) <= LONGEST_EXAMPLE:
        return value
    return f"{value[:LONGEST_EXAMPLE]}… ({len(value)} characters, {hash_of_text(value):016x})"


def categorical_stack(stacks: list[CategoricalStates]) -> CategoricalStates:
    """One stack of the scopes of several stacks with the same binning."""
    fingerprints = {stack.binning.fingerprint for stack in stacks}
    if len(fingerprints) != 1:
        raise ValueError(f"states of different binnings do not merge: {sorted(fingerprints)}")
    return CategoricalStates(
        stacks[0].binning,
        np.concatenate([s.counts for s in stacks]),
        tuple(unseen for s in stacks for unseen in s.unseen),
        np.concatenate([s.length_sum for s in stacks]),
        np.concatenate([s.length_min for s in stacks]),
        np.concatenate([s.length_max for s in stacks]),
    )


class TextCodes:
    """Codes, hashes, and lengths of the values so far, so that each is hashed once."""

    _MAX_VALUES = 200_000

    def __init__(self, binning: CategoricalBinning) -> None:
        self._binning = binning
        self._known: dict[str, tuple[int, int, int]] = {}

    def of(self, dictionary: Sequence[str]) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Codes, hashes, and lengths of a dictionary, each (n + 1,): null comes last."""
        if len(self._known) > self._MAX_VALUES:
            self._known.clear()
        known = self._known
        found = []
        for value in dictionary:
            entry = known.get(value)
            if entry is None:
                value_hash = hash_of_text(value)
                entry = (self._binning.code_of(value, value_hash), value_hash, len(value))
                known[value] = entry
            found.append(entry)
        found.append((NULL, 0, 0))
        codes, hashes, lengths = zip(*found, strict=True)
        return (
            np.array(codes, dtype=np.int64),
            np.array(hashes, dtype=np.uint64),
            np.array(lengths, dtype=np.int64),
        )
