"""Integers and decimals of up to 38 digits, and the doubles that represent them.

A double represents integers up to 2**53 exactly. Ids, nanoseconds, and wide decimals lie beyond,
where doubles are hundreds apart. Their exact distance from an offset near most of them is small and
fits a double.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats, Hashes

ExactNumber = int | Decimal | float
"""A number of the configuration or of a column, as written."""
Marks = tuple[tuple[ExactNumber, float], ...]
"""Numbers for which doubles are cached, and the doubles."""
NO_OFFSET = Decimal(0)
NULL_HIGH = -(2**63)
"""High half of a null: no number of 38 digits has it."""
_WHOLE_BOUND = 2**53
_FRACTION_BOUND = 2**52
"""Units of a decimal up to which two of them are never the same double."""
_WHOLE_BULK = 2**52
_FRACTION_BULK = 2**43
"""Median, in units, from which an offset is useful: below it, doubles err by a thousandth of a unit
or not at all."""
_NARROW = 1024
"""Minimum ratio of the median to the interquartile range for an offset to be useful."""
_MOST_DIGITS = 12
"""Decimal places up to which an offset is an integer."""
_LOW = 2**64 - 1
_LARGEST = 10**38
_MIX = np.uint64(0xFF51AFD7ED558CCD)


@dataclass(frozen=True)
class ExactNumbers:
    """Integers of 128 bits in units of ``10 ** -digits``, as two halves; (n,) each."""

    high: Counts
    low: Hashes
    digits: int = 0

    def __len__(self) -> int:
        return len(self.high)

    @classmethod
    def of_longs(cls, longs: Counts) -> ExactNumbers:
        """From 64-bit integers."""
        return cls(longs >> 63, longs.view(np.uint64))

    @classmethod
    def of_integers(cls, units: Iterable[int], digits: int = 0) -> ExactNumbers:
        """From Python integers, in units."""
        held = list(units)
        return cls(
            np.array([unit >> 64 for unit in held], dtype=np.int64),
            np.array([unit & _LOW for unit in held], dtype=np.uint64),
            digits,
        )

    def take(self, at: AnyArray) -> ExactNumbers:
        """The numbers at some positions, or of a mask."""
        return ExactNumbers(self.high[at], self.low[at], self.digits)

    def integers(self) -> list[int]:
        """The numbers in units, as Python integers."""
        pairs = zip(self.high.tolist(), self.low.tolist(), strict=True)
        return [(high << 64) + low for high, low in pairs]

    def other_than(self, units: Iterable[int]) -> ExactNumbers:
        """The numbers that are not among some, in units."""
        usual = np.ones(len(self), dtype=bool)
        for unit in units:
            usual &= (self.high != np.int64(unit >> 64)) | (self.low != np.uint64(unit & _LOW))
        return self.take(usual)

    def at_least(self, unit: int) -> AnyArray:
        """Whether each number is at least a 128-bit integer, in units."""
        high, low = np.int64(unit >> 64), np.uint64(unit & _LOW)
        found: AnyArray = (self.high > high) | ((self.high == high) & (self.low >= low))
        return found

    def order(self) -> AnyArray:
        """Positions by ascending number."""
        return np.lexsort((self.low, self.high))

    def in_digits(self, digits: int) -> ExactNumbers:
        """The same numbers in smaller units."""
        if digits == self.digits:
            return self
        factor = 10 ** (digits - self.digits)
        return ExactNumbers.of_integers((n * factor for n in self.integers()), digits)


def units_of(number: ExactNumber, digits: int) -> int | None:
    """A number in units of ``10 ** -digits``; None if it is not a multiple of the unit."""
    units = Fraction(number) * 10**digits
    return int(units) if units.denominator == 1 else None


def doubles_of(
    numbers: ExactNumbers, offset: Decimal = NO_OFFSET, marks: Marks = ()
) -> tuple[Floats, Hashes | None]:
    """Distances from an offset as doubles, and what distinguishes exact numbers with the same
    double.

    The second is None if each double is exact, otherwise 0 for exact ones and a mix of the bits for
    others. Exact distances below 2**53 units are exact, or the nearest to a decimal; larger ones
    are off by at most two units in the last place. Numbers of ``marks`` have doubles of their own:
    others with the same double take the next ones.
    """
    values, rest = _distances(numbers, offset)
    if rest is None or not marks:
        return values, rest
    selected = [double for _, double in marks]
    others = np.flatnonzero(np.isin(values, selected))
    while len(others):
        values[others] = np.nextafter(values[others], np.inf)
        others = others[np.isin(values[others], selected)]
    for number, double in marks:
        units = units_of(number, numbers.digits)
        if units is not None and abs(units) < _LARGEST:
            high, low = np.int64(units >> 64), np.uint64(units & _LOW)
            values[(numbers.high == high) & (numbers.low == low)] = double
    return values, rest


def marks_of(numbers: Iterable[ExactNumber], offset: Decimal, digits: int | None) -> Marks:
    """Zero and some numbers, ascending, each with a double of its own."""
    held = sorted({Fraction(0), *(Fraction(number) for number in numbers)})
    exact = [_exact(number) for number in held]
    doubles = [double_of(number, offset, digits) for number in exact]
    for at in range(1, len(doubles)):
        if doubles[at] <= doubles[at - 1]:
            doubles[at] = float(np.nextafter(doubles[at - 1], np.inf))
    return tuple(zip(exact, doubles, strict=True))


def special_doubles(
    codes: Iterable[ExactNumber], offset: Decimal, digits: int | None
) -> tuple[float, ...]:
    """The doubles that represent the special values of a column, ascending."""
    held = tuple(codes)
    if digits is None:
        return tuple(sorted({float(code) for code in held}))
    return tuple(double for number, double in marks_of(held, offset, digits) if number in held)


def _exact(number: Fraction) -> ExactNumber:
    """A number that was an integer, decimal, or double, in its original type."""
    if number.denominator == 1:
        return number.numerator
    digits = max(_multiplicity(number.denominator, 2), _multiplicity(number.denominator, 5))
    return _decimal(int(number * 10**digits), digits)


def _multiplicity(number: int, prime: int) -> int:
    found = 0
    while number % prime == 0:
        number, found = number // prime, found + 1
    return found


def _distances(numbers: ExactNumbers, offset: Decimal) -> tuple[Floats, Hashes | None]:
    digits = numbers.digits
    if offset:
        digits = max(digits, -int(offset.as_tuple().exponent), 0)
        numbers = numbers.in_digits(digits)
        high, low = _difference(numbers, int(Fraction(offset) * 10**digits))
    else:
        high, low = numbers.high, numbers.low
    small = high == (low.view(np.int64) >> 63)
    if small.all():
        longs = low.view(np.int64)
        values = longs.astype(np.float64)
        large = (longs > _WHOLE_BOUND) | (longs < -_WHOLE_BOUND)
    else:
        values = _large_doubles(high, low)
        large = ~small | (np.abs(values) > _WHOLE_BOUND)
    if digits:
        values = values / 10.0**digits
    if not large.any():
        return values, None
    mixed = (high.view(np.uint64) * _MIX) ^ low
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
    return values, np.where(large, mixed | np.uint64(1), np.uint64(0))


def _difference(numbers: ExactNumbers, units: int) -> tuple[Counts, Hashes]:
    """Numbers minus a number of units, saturated at the limits of 128 bits."""
    high, low = np.int64(units >> 64), np.uint64(units & _LOW)
    less = numbers.low - low
    more = numbers.high - high - (numbers.low < low)
    # The difference of two numbers of 38 digits may exceed 128 bits.
    beyond = ((numbers.high < 0) != (high < 0)) & ((more < 0) != (numbers.high < 0))
    if beyond.any():
        end = np.where(numbers.high < 0, -(2**63) + 1, 2**63 - 1)
        more, less = np.where(beyond, end, more), np.where(beyond, np.uint64(0), less)
    return more, less


def _large_doubles(high: Counts, low: Hashes) -> Floats:
    negative = high < 0
    size_low = np.where(negative, ~low + np.uint64(1), low)
    size_high = np.where(negative, ~high + (low == 0), high)
    size = size_high.astype(np.float64) * 2.0**64 + size_low.astype(np.float64)
    return np.where(negative, -size, size)


def double_of(number: ExactNumber, offset: Decimal, digits: int | None) -> float:
    """The double that represents a number in a column of exact numbers with a number of decimal
    places.

    For a column of doubles (``digits`` None), the nearest double.
    """
    if digits is not None and (not isinstance(number, float) or np.isfinite(number)):
        units = units_of(number, digits)
        if units is not None and abs(units) < _LARGEST:
            return float(doubles_of(ExactNumbers.of_integers([units], digits), offset)[0][0])
    if not offset or (isinstance(number, float) and not np.isfinite(number)):
        return float(number)
    return float(Fraction(number) - Fraction(offset))


def fitted_offset(ordered: ExactNumbers) -> Decimal:
    """The offset for ascending numbers: near their median, if doubles cannot distinguish them
    there.

    0 if doubles can, or if the quartiles are so far apart that it does not matter. An integer,
    unless the numbers have more than 12 decimal places.
    """
    if not len(ordered):
        return NO_OFFSET
    last = len(ordered) - 1
    ranks = np.array([min(last, -(-len(ordered) * q // 4) - 1) for q in (1, 2, 3)])
    lower, median, upper = ordered.take(np.maximum(ranks, 0)).integers()
    digits = ordered.digits
    least = _FRACTION_BULK if digits else _WHOLE_BULK
    if abs(median) < least or _NARROW * max(upper - median, median - lower) > abs(median):
        return NO_OFFSET
    if digits <= _MOST_DIGITS:
        return Decimal(median // 10**digits)
    return _decimal(median, digits)


def _decimal(units: int, digits: int) -> Decimal:
    """A decimal of any length; Python's own arithmetic rounds to 28 digits."""
    shown = Decimal(units).as_tuple()
    return Decimal((shown.sign, shown.digits, -digits))


def largest_exact(digits: int | None) -> float:
    """Distance from the offset up to which no two numbers of a column have the same double."""
    if digits is None:
        return np.inf
    return float(_WHOLE_BOUND) if not digits else _FRACTION_BOUND * 10.0**-digits


def rounding_error(distance: Floats, digits: int | None) -> Floats:
    """Maximum distance between a double and its number, by distance from the offset."""
    if digits is None:
        return np.zeros_like(distance)
    inexact = distance > _WHOLE_BOUND if not digits else distance > 0
    return np.where(inexact, distance * 2.0**-53, 0.0)


def moved_by(value: float, offset: Decimal) -> Decimal:
    """The number whose distance from the offset is a double: an exact sum of decimals."""
    distance = Decimal(repr(value)).normalize()
    digits = max(0, -int(offset.as_tuple().exponent), -int(distance.as_tuple().exponent))
    return _decimal(int((Fraction(offset) + Fraction(distance)) * 10**digits), digits)
