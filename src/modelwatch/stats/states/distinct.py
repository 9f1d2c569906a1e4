"""Distinct values by the smallest hashes: exact up to SIZE values, then an estimate.

Source: Bar-Yossef et al., Counting distinct elements in a data stream (2002); estimator and error
as in Beyer et al., On synopses for distinct-value estimation (2007): (k - 1) / u_k, with a
relative standard error of 1 / sqrt(k - 2).
"""

from __future__ import annotations

import hashlib

import numpy as np

from modelwatch.stats.arrays import Floats, Hashes

SIZE = 256
_FIRST = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xD6E8FEB86659FD93)


def hashes_of_doubles(values: Floats, rest: Hashes | None = None) -> Hashes:
    """A 64-bit hash of each double; -0.0 hashes as 0.0 (callers drop NaN).

    ``rest``: distinguishes numbers with the same double, as in ``exact_numbers.doubles_of``.
    """
    bits = (values + 0.0).view(np.uint64)
    return hashes_of_bits(bits if rest is None else bits ^ rest)


def hashes_of_bits(bits: Hashes) -> Hashes:
    """A 64-bit mix of each 64-bit word: two multiplications around a folding of the halves.

    Sketches order hashes by their upper bits, which then depend on all bits of the word.
    """
    mixed = bits * _FIRST
    mixed ^= mixed >> np.uint64(32)
    mixed *= _SECOND
    return mixed


def hash_of_text(value: str) -> int:
    """A 64-bit hash of a string, the same on every machine."""
    encoded = value.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little")


def smallest(hashes: Hashes, size: int = SIZE) -> Hashes:
    """The sketch of some hashes: the ``size`` smallest distinct ones, ascending."""
    if len(hashes) > 16 * size:
        # Partitioning finds them without sorting everything, unless too many are equal.
        first = _ascending(np.partition(hashes, 8 * size)[: 8 * size])
        if len(first) >= size:
            return first[:size]
    return _ascending(hashes)[:size]


def merged(first: Hashes, second: Hashes, size: int = SIZE) -> Hashes:
    """The sketch of the union."""
    return _ascending(np.concatenate((first, second)))[:size]


def _ascending(hashes: Hashes) -> Hashes:
    """The distinct hashes in order; a plain sort, because sketches are short."""
    ordered = np.sort(hashes)
    if len(ordered) < 2:
        return ordered
    return np.asarray(ordered[np.append(True, ordered[1:] != ordered[:-1])], dtype=np.uint64)


def estimate(sketch: Hashes, size: int = SIZE) -> float:
    """Number of distinct values: exact below ``size``."""
    if len(sketch) < size:
        return float(len(sketch))
    return (size - 1) / ((float(sketch[-1]) + 1.0) / 2.0**64)
