"""Targets of faults in a world: columns and values, chosen by their content."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scripts.evidence.world import World

SEPARATOR = "="
"""Separates a column from its value, and the columns of one target."""
_LOOKED_AT = 20_000


def everything(world: World) -> Sequence[str]:
    """The table itself."""
    return ("rows",)


def labels(world: World) -> Sequence[str]:
    """The labels, if there are any."""
    return ("labels",) if world.table.has_labels else ()


def scores(world: World) -> Sequence[str]:
    """The predictions."""
    return ("probability",)


def other_model(world: World) -> Sequence[str]:
    """The predictions, if there are predictions of another model."""
    return ("probability",) if "other_probability" in world.rows else ()


def labelled_scores(world: World) -> Sequence[str]:
    """The predictions, if labels can show that they are wrong."""
    return ("probability",) if world.table.has_labels else ()


def numbers(world: World) -> Sequence[str]:
    """Numeric columns with many values and few nulls."""
    return [n for n in _numeric(world) if _distinct(world, n) > 12 and _nulls(world, n) < 0.5]


def columns(world: World) -> Sequence[str]:
    """Numeric and categorical columns with few nulls, alternating."""
    texts = [n for n in _texts(world) if _nulls(world, n) < 0.5 and _distinct(world, n) > 1]
    found: list[str] = []
    for pair in zip(numbers(world), texts, strict=False):
        found += pair
    return found or list(numbers(world))


def varied(world: World) -> Sequence[str]:
    """Columns of both kinds with more than two values."""
    return [name for name in columns(world) if _distinct(world, name) > 3]


def scaled(world: World) -> Sequence[str]:
    """Numeric columns of quantities with one sign, which a different unit changes."""
    return [n for n in numbers(world) if _is_quantity(world, n)]


def signed(world: World) -> Sequence[str]:
    """Numeric columns of positive values, which a lost sign changes."""
    return scaled(world)


def with_nulls(world: World) -> Sequence[str]:
    """Numeric columns with 4% to 60% nulls."""
    return [n for n in _numeric(world) if 0.04 <= _nulls(world, n) <= 0.6]


def with_decimals(world: World) -> Sequence[str]:
    """Numeric columns with decimals and a range above 1."""
    found = []
    for name in numbers(world):
        values = _values(world, name)
        wide = np.ptp(np.percentile(values, [10, 90])) >= 3.0
        if wide and np.mean(values != np.rint(values)) > 0.5:
            found.append(name)
    return found


def pairs(world: World) -> Sequence[str]:
    """Pairs of numeric columns with different values."""
    known = numbers(world)
    found = []
    for one, other in zip(known, [*known[1:], *known[:1]], strict=False):
        a, b = (_values(world, name) for name in (one, other))
        low, high = np.percentile(a, [10, 90])
        if one != other and np.mean((b >= low) & (b <= high)) < 0.6:
            found.append(f"{one}{SEPARATOR}{other}")
    return found


def categories(world: World) -> Sequence[str]:
    """Categorical columns with a few to several hundred values."""
    return [n for n in _texts(world) if 3 <= _distinct(world, n) <= 300 and _nulls(world, n) < 0.5]


def worded(world: World) -> Sequence[str]:
    """Categorical columns whose values are words, which can be spelled differently."""
    found = []
    for name in _texts(world):
        values = world.rows[name].iloc[:_LOOKED_AT].dropna()
        if len(values) and values.str.contains("[A-Za-z]{2}").mean() > 0.9:
            found.append(name)
    return found


def long_words(world: World) -> Sequence[str]:
    """Categorical columns with values that are mostly longer than six characters."""
    found = []
    for name in worded(world):
        values = world.rows[name].iloc[:_LOOKED_AT].dropna()
        if (values.str.len() > 6).mean() > 0.5:
            found.append(name)
    return found


def branches(world: World) -> Sequence[str]:
    """Values of categorical columns with 12% to 60% of the rows."""
    found = []
    for name in categories(world):
        share = world.rows[name].iloc[:_LOOKED_AT].value_counts(normalize=True)
        if len(share) <= 30:
            held = share[(share >= 0.12) & (share <= 0.6)]
            found += [f"{name}{SEPARATOR}{value}" for value in list(held.index)[:2]]
    return found


def labelled_branches(world: World) -> Sequence[str]:
    """The largest segments, if there are labels: faults in smaller ones are below the threshold of
    accuracy."""
    if not world.table.has_labels:
        return ()
    found = []
    for target in branches(world):
        name, value = target.split(SEPARATOR)
        if (_head(world, name) == value).mean() >= 0.25:
            found.append(target)
    return found


def quantity_of_branch(world: World) -> Sequence[str]:
    """A quantity, and a value of another column to which its change is limited."""
    quantities, parts = scaled(world), branches(world)
    n = min(len(quantities), len(parts)) or 0
    return [f"{quantities[i % len(quantities)]}{SEPARATOR}{parts[i]}" for i in range(n)]


def codes(world: World) -> Sequence[str]:
    """Categorical columns in which one value is much more frequent than another."""
    found = []
    for name in categories(world):
        share = world.rows[name].iloc[:_LOOKED_AT].value_counts(normalize=True)
        if share.iloc[0] - share.iloc[-1] >= 0.2:
            found.append(name)
    return found


def moving(world: World) -> Sequence[str]:
    """Columns whose days differ; in calendar columns, stale days are correct."""
    return [name for name in columns(world) if not _is_calendar(_head(world, name), world)]


def _is_calendar(values: pd.Series, world: World) -> bool:
    """Whether most days have the values of the previous day."""
    days = values.astype(str).groupby(world.rows["day"].iloc[:_LOOKED_AT].to_numpy())
    held = [tuple(sorted(of_day)) for _, of_day in days]
    return sum(a == b for a, b in pairwise(held)) > len(held) / 2


def _numeric(world: World) -> list[str]:
    return [n for n in world.table.features if world.rows[n].dtype != object]


def _texts(world: World) -> list[str]:
    return [n for n in world.table.features if world.rows[n].dtype == object]


def _head(world: World, name: str) -> pd.Series:
    return world.rows[name].iloc[:_LOOKED_AT]


def _values(world: World, name: str) -> np.ndarray:
    values = _head(world, name).to_numpy(dtype=np.float64)
    return values[np.isfinite(values)]


def _nulls(world: World, name: str) -> float:
    return float(_head(world, name).isna().mean())


def _distinct(world: World, name: str) -> int:
    return int(_head(world, name).nunique())


def _is_quantity(world: World, name: str) -> bool:
    values = _values(world, name)
    sd = values.std()
    spread = sd > 0 and 0.5 * sd <= values.mean() <= 10.0 * sd
    return bool(spread and values.min() >= 0 and values.max() > 3)
