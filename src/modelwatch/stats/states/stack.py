"""Stacks of additive states: the operations of all kinds of states that add up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Spans, sums_over_spans

S = TypeVar("S", bound="Stack")


@dataclass(frozen=True)
class Stack:
    """States of n scopes: arrays of integers whose first axis is the scope.

    ``added``: the fields that add up. All other fields must be equal in stacks that are combined.
    """

    added: ClassVar[tuple[str, ...]] = ()

    def __len__(self) -> int:
        return len(self._array(self.added[0]))

    @property
    def identity(self) -> str:
        """What must be equal in stacks that are added, compared, or concatenated."""
        return type(self).__name__

    def roll_up(self: S, spans: Spans) -> S:
        """The merged state of each span ``[start, stop)`` of scopes, (w, 2)."""
        return replace(
            self, **{name: sums_over_spans(self._array(name), spans) for name in self.added}
        )

    def take(self: S, indices: AnyArray) -> S:
        """The scopes at some positions, or of a mask."""
        return replace(self, **{name: self._array(name)[indices] for name in self.added})

    def total(self: S) -> S:
        """The merged state of all scopes, as a stack of one."""
        return self.roll_up(np.array([[0, len(self)]], dtype=np.int64))

    def without_each(self: S) -> S:
        """For each scope, the merged state of all others."""
        return self.total() - self

    def without_each_of(self: S, spans: Spans) -> S:
        """For each scope of each span ``[start, stop)``, the merged state of the others in it."""
        sizes = spans[:, 1] - spans[:, 0]
        owner = np.repeat(np.arange(len(spans)), sizes)
        left_out = np.concatenate([np.arange(start, stop) for start, stop in spans])
        return self.roll_up(spans).take(owner) - self.take(left_out)

    def __add__(self: S, other: S) -> S:
        self._check(other)
        return replace(
            self, **{name: self._array(name) + other._array(name) for name in self.added}
        )

    def __sub__(self: S, other: S) -> S:
        self._check(other)
        return replace(
            self, **{name: self._array(name) - other._array(name) for name in self.added}
        )

    def followed_by(self: S, *others: S) -> S:
        """One stack of the scopes of several stacks."""
        for other in others:
            self._check(other)
        stacks = (self, *others)
        return replace(
            self, **{name: np.concatenate([s._array(name) for s in stacks]) for name in self.added}
        )

    def _array(self, name: str) -> Counts:
        found: Counts = getattr(self, name)
        return found

    def _check(self, other: Stack) -> None:
        if self.identity != other.identity:
            raise ValueError(f"states do not merge: {self.identity} and {other.identity}")
