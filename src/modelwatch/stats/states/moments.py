"""Power sums in fixed point: exact in any order of addition, so a repeated run gives the same
digits.

The sum of ((x - center) / scale) ** p is stored in units of 2 ** -UNITS[p - 1]. The term of each
row is truncated to that unit (an error of a mean below 1e-13 of the reference's spread), and the
integers are added without rounding. A sum consists of four longs: three limbs, high * 2**64 +
middle * 2**32 + low, and the number of rows whose term is too large for the fixed point, which are
not included. Terms can have up to 2**94 units, so a mean supports a shift of 1e15 spreads. Powers
are rounded to doubles first, so a standard deviation supports a shift of about 1e5 spreads, and a
skewness one of 1e3; beyond that, both are undefined. A standard deviation is off by less than a
millionth of the reference's scale, or of itself, and is unreliable if it is that small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats

MOMENT_UNITS = (44, 40, 34)
"""Binary fraction digits of the first, second, and third power sum."""
PARTS = 4
"""Longs per sum: high, middle, and low limb, rows left out."""
LENGTH = PARTS * len(MOMENT_UNITS)
_SHIFT = 20
_LIMB = 32
_MASK = (1 << _LIMB) - 1
# Fixed instead of fitted to a batch, because the result would depend on the batches otherwise.
_TERM_BOUND = 2.0**94
_ROUNDING = 2.0**-53
"""Relative error of the double of a distance's power."""
_SD_ERROR, _SKEWNESS_ERROR = 1e-6, 1e-3
"""Error in scales, or relative error, up to which a standard deviation is defined; error of a
skewness."""
SMALL_SCALE, LARGE_SCALE = 2.0**-900, 2.0**900
"""Scales between which a distance in scales takes one subtraction and one product."""


def normalised(sums: Counts) -> Counts:
    """The same sums with middle and low limb in [0, 2**32), so that equal sums are equal arrays."""
    out = sums.copy()
    high, middle, low = (out[..., limb::PARTS] for limb in range(3))
    middle += low >> _LIMB
    low &= _MASK
    high += middle >> _LIMB
    middle &= _MASK
    return out


def whole_sums(sums: Counts) -> AnyArray:
    """Sums as integers of any size, (n, length / PARTS) objects, in the units of each."""
    limbs = normalised(sums).astype(object)
    high, middle, low = (limbs[:, part::PARTS] for part in range(3))
    return np.asarray((high << 64) + (middle << 32) + low)


class Workspace:
    """Memory that one pass reuses for every batch, to avoid page faults."""

    def __init__(self) -> None:
        self._rows = 0
        self._doubles = np.empty((3, 0))
        self._longs = np.empty(0, dtype=np.int64)

    def doubles(self, rows: int) -> tuple[Floats, Floats, Floats]:
        """Three arrays of doubles, (rows,)."""
        self._reserve(rows)
        return self._doubles[0, :rows], self._doubles[1, :rows], self._doubles[2, :rows]

    def longs(self, rows: int) -> Counts:
        """An array of longs, (rows,)."""
        self._reserve(rows)
        return self._longs[:rows]

    def _reserve(self, rows: int) -> None:
        if rows > self._rows:
            self._rows = rows
            self._doubles = np.empty((3, rows))
            self._longs = np.empty(rows, dtype=np.int64)


def power_sums(
    values: Floats,
    starts: AnyArray,
    center: float,
    scale: float,
    workspace: Workspace | None = None,
    largest: float | None = None,
) -> Counts:
    """Power sums of each run that begins at ``starts``: shape (runs, 12). Values must be finite.

    ``largest``: the largest distance from the center, if the caller knows it.
    """
    out = np.zeros((len(starts), LENGTH), dtype=np.int64)
    rows = len(values)
    if not rows:
        return out
    if largest is None:
        largest = max(abs(float(values.max()) - center), abs(float(values.min()) - center))
    # Twice the distance is represented if the distance itself would overflow a double.
    distance = (2.0 if scale >= LARGE_SCALE else 1.0) * (largest / scale)
    space = workspace or Workspace()
    shifted, powers, scaled = space.doubles(rows)
    truncated = space.longs(rows)
    # The scale is a power of two, so that scaling is exact.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        in_scales(values, center, scale, _SHIFT, shifted)
        for p, unit in enumerate(MOMENT_UNITS):
            if p:
                np.multiply(powers if p > 1 else shifted, shifted, out=powers)
            terms = powers if p else shifted
            if unit != (p + 1) * _SHIFT:
                terms = np.multiply(terms, 2.0 ** (unit - (p + 1) * _SHIFT), out=scaled)
            bound = distance ** (p + 1) * 2.0**unit * rows if distance < 1e60 else np.inf
            if bound < 2.0**62:
                np.copyto(truncated, terms, casting="unsafe")
                whole = np.add.reduceat(truncated, starts)
                out[:, PARTS * p + 1] = whole >> _LIMB
                out[:, PARTS * p + 2] = whole & _MASK
            else:
                out[:, PARTS * p : PARTS * (p + 1)] = _large_sums(terms, starts)
    return normalised(out)


def in_scales(values: Floats, center: float, scale: float, power: int, out: Floats) -> Floats:
    """``(values - center) * 2**power / scale``, whose scale is a power of two of any size."""
    if SMALL_SCALE < scale < LARGE_SCALE:
        np.subtract(values, center, out=out)
        return np.multiply(out, 2.0**power / scale, out=out)
    exponent = power - (math.frexp(scale)[1] - 1)
    if scale <= SMALL_SCALE:
        np.subtract(values, center, out=out)
        return np.ldexp(out, exponent, out=out)
    # Scaled down first, because the difference of two large numbers may overflow.
    np.ldexp(values, exponent, out=out)
    return np.subtract(out, math.ldexp(center, exponent), out=out)


def _large_sums(scaled: Floats, starts: AnyArray) -> Counts:
    """Sums limb by limb; terms beyond the fixed point are left out and counted: (runs, 4)."""
    out = np.empty((len(starts), PARTS), dtype=np.int64)
    fits = np.abs(scaled) < _TERM_BOUND  # False for NaN, the difference of infinities.
    rest = np.trunc(np.where(fits, scaled, 0.0))
    for limb, unit in enumerate((2.0 ** (2 * _LIMB), 2.0**_LIMB, 1.0)):
        # Toward zero, because the remainder of a small negative number would not be exact below
        # 2**64.
        part = np.trunc(rest / unit)
        rest = rest - part * unit
        out[:, limb] = np.add.reduceat(part.astype(np.int64), starts)
    out[:, 3] = np.add.reduceat((~fits).astype(np.int64), starts)
    return out


@dataclass(frozen=True)
class Moments:
    """Count, mean, standard deviation, and skewness of a stack of scopes; NaN if undefined.

    The standard deviation is that of the sample (n - 1), and the skewness the population's g1, as
    in Spark. A moment is also undefined if a row was too large for its power sum, if it does not
    fit a double, or if different values are so close together that the sums show no spread.
    """

    count: Counts
    mean: Floats
    sd: Floats
    skewness: Floats

    def beyond(self, error: Floats, constant: AnyArray) -> Moments:
        """The same, without the standard deviation and skewness of scopes that are not known to be
        constant and whose standard deviation is no larger than an error, (n,)."""
        lost = (error > 0) & ~constant & (self.sd <= error)
        if not lost.any():
            return self
        sd, skewness = (np.where(lost, np.nan, moment) for moment in (self.sd, self.skewness))
        return Moments(self.count, self.mean, sd, skewness)


def moments_of(
    count: Counts,
    sums: Counts,
    constant: AnyArray,
    different: AnyArray,
    center: float,
    scale: float,
) -> Moments:
    """Moments from power sums (n, 12).

    ``constant``: scopes whose values are all equal. ``different``: scopes that are known to have
    different values, whose standard deviation is not 0 even if the sums show none.
    """
    limbs = sums.astype(object)
    s1, s2, s3 = (
        (limbs[:, at] << 2 * _LIMB) + (limbs[:, at + 1] << _LIMB) + limbs[:, at + 2]
        for at in range(0, LENGTH, PARTS)
    )
    lost1, lost2, lost3 = (sums[:, at + 3] > 0 for at in range(0, LENGTH, PARTS))
    n = count.astype(object)
    m1 = _ratio(s1, n << MOMENT_UNITS[0])
    # n * S2 - S1**2 over n**2 in integers: no cancellation, regardless of the mean.
    var = _ratio(
        (n * s2 << (2 * MOMENT_UNITS[0] - MOMENT_UNITS[1])) - s1 * s1, n * n << 2 * MOMENT_UNITS[0]
    )
    var = np.where(constant, 0.0, np.maximum(var, 0.0))
    third = _ratio(
        (n * n * s3 << (3 * MOMENT_UNITS[0] - MOMENT_UNITS[2]))
        - (3 * n * s1 * s2 << (2 * MOMENT_UNITS[0] - MOMENT_UNITS[1]))
        + 2 * s1 * s1 * s1,
        n * n * n << 3 * MOMENT_UNITS[0],
    )
    with np.errstate(all="ignore"):
        skewness = np.where(var > 0, third / var**1.5, np.nan)
        sd = scale * np.sqrt(var * count / (count - 1.0))
        # A quarter of each, because parts of a representable sum may overflow.
        mean = (
            4.0 * (center / 4.0 + scale / 4.0 * m1) if scale >= LARGE_SCALE else center + scale * m1
        )
        blurred, unclear = _rounded_away(var, m1, _ratio(s2, n << MOMENT_UNITS[1]))
    determined = np.isfinite(sd) & ((var > 0) | ~different) & ~(blurred & ~constant)
    sd = np.where((count > 1) & determined, sd, np.nan)
    skewness = np.where(unclear, np.nan, skewness)
    return Moments(
        count=count,
        mean=np.where(lost1, np.nan, mean),
        sd=np.where(lost1 | lost2, np.nan, sd),
        skewness=np.where(lost1 | lost2 | lost3, np.nan, skewness),
    )


def _rounded_away(variance: Floats, mean: Floats, square: Floats) -> tuple[AnyArray, AnyArray]:
    """Whether rounding of squares, and of cubes, may hide a variance and a skewness; (n,) each.
    ``mean`` and ``square``: of the distances from the center, in scales."""
    spread = np.sqrt(variance)
    of_spread = square * _ROUNDING / (2.0 * spread)
    of_skewness = 5.0 * np.abs(mean) * square * _ROUNDING / (variance * spread)
    blurred: AnyArray = (variance > 0) & (of_spread > _SD_ERROR * np.maximum(spread, 1.0))
    unclear: AnyArray = (variance > 0) & (of_skewness > _SKEWNESS_ERROR)
    return blurred, unclear | blurred


def first_sums(sums: Counts) -> tuple[AnyArray, AnyArray]:
    """First power sums as integers of any size, in units of 2 ** -UNITS[0], and whether rows are
    left out of them; (n,) each."""
    limbs = sums[:, : PARTS - 1].astype(object)
    return (limbs[:, 0] << 2 * _LIMB) + (limbs[:, 1] << _LIMB) + limbs[:, 2], sums[:, PARTS - 1] > 0


def _ratio(numerator: AnyArray, denominator: AnyArray) -> Floats:
    return np.array(
        [a / b if b else np.nan for a, b in zip(numerator, denominator, strict=True)],
        dtype=np.float64,
    )
