"""Labels and decisions of a frame, mapped to the sides or classes of the task as in the job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.api.arrow_frames import FrameError, decoded, exact_numbers
from modelwatch.api.arrow_types import spark_type
from modelwatch.evaluation.states.batches import exact_numbers_of
from modelwatch.model.config.column_types import FLOATING_TYPES, is_number, outer_type
from modelwatch.model.config.literals import held_by
from modelwatch.model.performance.label_columns import side_problems
from modelwatch.model.performance.label_sides import BLANKS, counted_as, is_text, sides_of
from modelwatch.model.performance.labels import Performance
from modelwatch.model.performance.value_accounts import ValueAccount
from modelwatch.stats.arrays import AnyArray, Counts
from modelwatch.stats.states.categorical import example_of
from modelwatch.stats.states.value_account import bounded_spellings

NO_VALUE = -1


@dataclass(frozen=True)
class MappedValues:
    """Values of a column as codes (n,), and their account.

    A code is 0 or 1 for a binary task, otherwise the position of a class or the number of classes.
    It is ``NO_VALUE`` for null, an empty string, NaN, and values that are neither positive nor
    negative.
    """

    codes: Counts
    account: ValueAccount


def mapped_values(performance: Performance, column: pa.ChunkedArray, subject: str) -> MappedValues:
    """The values of a label or decision."""
    column, kind = decoded(column), spark_type(column.type)
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    texts, values = _texts(encoded.dictionary, kind), _values(encoded.dictionary)
    code_of = _binary_codes if performance.task == "binary" else _class_codes
    codes, unnamed = code_of(performance, kind, texts, values)
    nulls = encoded.indices.is_null().to_numpy(zero_copy_only=False)
    indices = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    rows = np.bincount(indices[~nulls], minlength=len(texts))
    found = np.full(len(nulls), NO_VALUE, dtype=np.int64)
    if len(texts):
        found = np.where(nulls, NO_VALUE, codes[indices])
    there = (codes != NO_VALUE) | unnamed
    spelled: Counter[str] = Counter()
    for at in np.flatnonzero(unnamed).tolist():
        spelled[example_of(texts[at])] += int(rows[at])
    counted, total = counted_as(performance, kind), int(rows[unnamed].sum())
    account = ValueAccount(
        subject,
        int(rows[there].sum()),
        nothing=total if counted == "nothing" else 0,
        negative=total if counted == "negative" else 0,
        another=total if counted == "another class" else 0,
        spellings=bounded_spellings(spelled),
    )
    return MappedValues(found, account)


def at_least(column: pa.ChunkedArray, threshold: int | float | Decimal) -> AnyArray:
    """Whether each number reaches a threshold, in the type of its column, (n,); false for null.

    A float column contains the float nearest to 0.9, so the threshold is rounded in the same way.
    """
    kind = spark_type(column.type)
    found = [np.zeros(0, dtype=bool)]
    for chunk in exact_numbers(column).chunks:
        if pa.types.is_floating(chunk.type):
            bound = held_by(kind if outer_type(kind) in FLOATING_TYPES else "double", threshold)
            found.append(chunk.to_numpy(zero_copy_only=False) >= bound)
            continue
        numbers = exact_numbers_of(chunk)
        units = -(-Fraction(_written(threshold)) * 10**numbers.digits // 1)
        there = ~chunk.is_null().to_numpy(zero_copy_only=False)
        found.append(there & numbers.at_least(min(max(int(units), -(2**126)), 2**126)))
    return np.concatenate(found)


def _written(number: int | float | Decimal) -> Decimal:
    return Decimal(repr(float(number))) if isinstance(number, float) else Decimal(number)


def check_sides(performance: Performance, columns: Mapping[str, pa.DataType]) -> None:
    """Raises FrameError if one of the columns cannot contain a positive value, or if none can
    contain a value of ``negative``."""
    kinds = [(name, spark_type(kind)) for name, kind in columns.items()]
    problem = next(side_problems(performance, kinds), None)
    if problem is not None:
        raise FrameError(" ".join(problem))


def _texts(dictionary: pa.Array, kind: str) -> list[str]:
    """Each value as Spark writes it."""
    if outer_type(kind) in FLOATING_TYPES:
        number = np.float32 if outer_type(kind) == "float" else float
        return [str(number(value)) for value in dictionary.to_pylist()]
    return [str(text) for text in dictionary.cast(pa.string()).to_pylist()]


def _values(dictionary: pa.Array) -> list[Any]:
    """Numbers and booleans as Python objects, which are compared exactly; None for others."""
    if pa.types.is_boolean(dictionary.type) or is_number(spark_type(dictionary.type)):
        found: list[Any] = dictionary.to_pylist()
        return found
    return [None] * len(dictionary)


def _binary_codes(
    performance: Performance, kind: str, texts: Sequence[str], values: Sequence[Any]
) -> tuple[Counts, AnyArray]:
    sides = sides_of(performance, kind)
    positive = _one_of(kind, sides.positive, texts, values)
    named = (*sides.positive, *(sides.negative or ()))
    missing = _missing(kind, named, texts, values)
    if sides.negative is None:
        negative, unnamed = ~positive, ~positive & ~missing
        if sides.rest is None:
            unnamed = np.zeros(len(texts), dtype=bool)
    else:
        negative = _one_of(kind, sides.negative, texts, values)
        unnamed = ~positive & ~negative & ~missing
    codes = np.where(positive, 1, np.where(negative, 0, NO_VALUE))
    return np.where(missing, NO_VALUE, codes), unnamed


def _class_codes(
    performance: Performance, kind: str, texts: Sequence[str], values: Sequence[Any]
) -> tuple[Counts, AnyArray]:
    codes = np.full(len(texts), len(performance.classes), dtype=np.int64)
    for at, value in reversed(list(enumerate(performance.classes))):
        codes[_one_of(kind, (value,), texts, values)] = at
    missing = _missing(kind, performance.classes, texts, values)
    return np.where(missing, NO_VALUE, codes), ~missing & (codes == len(performance.classes))


def _missing(
    kind: str, named: Sequence[object], texts: Sequence[str], values: Sequence[Any]
) -> AnyArray:
    """Which values count as missing: an empty string or NaN that is not listed."""
    if is_text(kind):
        blank = np.array([not text.strip(BLANKS) for text in texts], dtype=bool)
        return blank & ~_one_of(kind, named, texts, values)
    if outer_type(kind) in FLOATING_TYPES:
        return np.array([value != value for value in values], dtype=bool)
    return np.zeros(len(texts), dtype=bool)


def _one_of(
    kind: str, named: Sequence[object], texts: Sequence[str], values: Sequence[Any]
) -> AnyArray:
    found = np.zeros(len(texts), dtype=bool)
    for one in named:
        if isinstance(one, (int, float, Decimal)) and not isinstance(one, bool) and is_number(kind):
            held = held_by(kind, one)
            if held is not None:
                found |= np.array([value == held for value in values], dtype=bool)
        else:
            text = ("true" if one else "false") if isinstance(one, bool) else str(one)
            found |= np.array([given == text for given in texts], dtype=bool)
    return found
