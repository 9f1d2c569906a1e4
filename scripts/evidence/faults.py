"""Faults of data, labels, and models.

Scores do not change, except in faults of the model: the model does not score the broken rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scripts.evidence import targets
from scripts.evidence.fault import FAULTS, fault
from scripts.evidence.targets import SEPARATOR

__all__ = ["FAULTS"]

SENTINEL = -999.0
FACTOR = 1.8
NEW_VALUE = "ZZ new"
RAMP_DAYS = 14
EXTRA_DELAY = 30
NEVER = 10**6
STALE = {"stale", "repeated_delivery"}


def _some(rows: pd.DataFrame, share: float, rng: np.random.Generator) -> np.ndarray:
    return rng.random(len(rows)) < share


def _of(rows: pd.DataFrame, target: str) -> np.ndarray:
    """The rows of a column's value, named as column=value."""
    name, value = target.split(SEPARATOR)[-2:]
    return (rows[name] == value).to_numpy(dtype=bool)


def _number(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].astype(np.float64)


@fault(
    "nulls",
    "nulls in a column",
    targets=targets.columns,
    sizes={0.05: True, 0.2: True, 0.5: True, 1.0: True},
    kinds={"nulls"},
)
def _nulls(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    hit = _some(rows, size, rng)
    if rows[target].dtype == object:
        return rows.assign(**{target: rows[target].mask(hit, None)})
    return rows.assign(**{target: _number(rows, target).mask(hit)})


@fault(
    "filled",
    "0 instead of nulls",
    targets=targets.with_nulls,
    sizes={0.3: False, 1.0: True},
    kinds={"filled_nulls"},
)
def _filled(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    hit = rows[target].isna().to_numpy() & _some(rows, size, rng)
    return rows.assign(**{target: rows[target].mask(hit, 0.0)})


@fault(
    "sentinel",
    "-999 in a numeric column",
    targets=targets.numbers,
    sizes={0.01: False, 0.05: True, 0.2: True, 1.0: True},
    kinds={"sentinel"},
)
def _sentinel(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows.assign(**{target: _number(rows, target).mask(_some(rows, size, rng), SENTINEL)})


@fault(
    "scale",
    "different unit: times 1.8",
    targets=targets.scaled,
    sizes={0.1: False, 0.33: True, 1.0: True},
    kinds={"scale_change"},
)
def _scale(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    values = _number(rows, target)
    return rows.assign(**{target: values.mask(_some(rows, size, rng), values * FACTOR)})


@fault(
    "decimal",
    "decimal sign misread: times 100",
    targets=targets.scaled,
    sizes={0.01: False, 0.05: True, 0.2: True},
    kinds={"scale_change"},
)
def _decimal(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    values = _number(rows, target)
    return rows.assign(**{target: values.mask(_some(rows, size, rng), values * 100.0)})


@fault(
    "sign",
    "lost sign: times -1",
    targets=targets.signed,
    sizes={0.02: False, 0.2: True, 1.0: True},
    kinds={"scale_change"},
)
def _sign(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    values = _number(rows, target)
    return rows.assign(**{target: values.mask(_some(rows, size, rng), -values)})


@fault(
    "rounded",
    "decimals removed",
    targets=targets.with_decimals,
    sizes={0.5: False, 1.0: True},
    kinds={"rounded_values"},
)
def _rounded(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    values = _number(rows, target)
    return rows.assign(**{target: values.mask(_some(rows, size, rng), np.rint(values))})


@fault(
    "swap",
    "two exchanged columns",
    targets=targets.pairs,
    sizes={0.2: False, 0.5: True, 1.0: True},
    kinds={"swapped_columns"},
)
def _swap(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    first, second = target.split(SEPARATOR)
    hit, a, b = _some(rows, size, rng), _number(rows, first), _number(rows, second)
    return rows.assign(**{first: a.mask(hit, b), second: b.mask(hit, a)})


@fault(
    "constant",
    "a frozen column",
    targets=targets.varied,
    sizes={0.3: False, 0.6: True, 1.0: True},
    kinds={"constant"},
)
def _constant(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    held = rows[target].dropna()
    last = held.iloc[0] if len(held) else None
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), last)})


@fault(
    "stale",
    "a column with the values of the previous day",
    targets=targets.moving,
    sizes={1.0: True},
    kinds=STALE,
    before=1,
)
def _stale(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    values = rows[target].to_numpy().copy()
    days = rows["day"].to_numpy()
    found = values.copy()
    starts = np.searchsorted(days, np.unique(days))
    ends = [*starts[1:], len(days)]
    for at in range(1, len(starts)):
        before = values[starts[at - 1] : ends[at - 1]]
        found[starts[at] : ends[at]] = np.resize(before, ends[at] - starts[at])
    return rows.assign(**{target: found})


@fault(
    "frozen",
    "a column with the values of one day on every day",
    targets=targets.moving,
    sizes={1.0: True},
    kinds=STALE,
    before=1,
)
def _frozen(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    values, days = rows[target].to_numpy(), rows["day"].to_numpy()
    first = values[: np.searchsorted(days, days[0], side="right")] if len(days) else values
    found = values.copy()
    starts = np.searchsorted(days, np.unique(days))
    for start, end in zip(starts, [*starts[1:], len(days)], strict=True):
        found[start:end] = np.resize(first, end - start)
    return rows.assign(**{target: found})


@fault(
    "unseen",
    "an unseen value",
    targets=targets.categories,
    sizes={0.01: False, 0.05: True, 0.2: True},
    kinds={"unseen_categories"},
)
def _unseen(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), NEW_VALUE)})


@fault(
    "upper",
    "a category with different case or blanks",
    targets=targets.worded,
    sizes={0.02: False, 0.2: True, 1.0: True},
    kinds={"new_type"},
)
def _upper(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    other = rows[target].str.swapcase() + (" " if size < 1 else "")
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), other)})


@fault(
    "prefix",
    "a category with a prefix",
    targets=targets.worded,
    sizes={0.02: False, 0.2: True, 1.0: True},
    kinds={"new_type", "unseen_categories"},
)
def _prefix(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    other = "v2:" + rows[target]
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), other)})


@fault(
    "cut",
    "strings cut to six characters",
    targets=targets.long_words,
    sizes={1.0: True},
    kinds={"truncated_text"},
)
def _cut(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(**{target: rows[target].str[:6]})


@fault(
    "codes",
    "two exchanged codes",
    targets=targets.codes,
    sizes={1.0: True},
    kinds={"swapped_codes"},
)
def _codes(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    """Exchanges the most frequent code with the rarest one that has several percent of the rows."""
    share = rows[target].value_counts(normalize=True)
    first, second = share.index[0], share[share >= min(0.02, share.iloc[-1])].index[-1]
    return rows.assign(**{target: rows[target].replace({first: second, second: first})})


@fault(
    "cents",
    "an amount in cents in one segment",
    targets=targets.quantity_of_branch,
    sizes={1.0: True},
    kinds={"scale_change"},
)
def _cents(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    name = target.split(SEPARATOR)[0]
    values = _number(rows, name)
    return rows.assign(**{name: values.mask(_of(rows, target), values * 100.0)})


@fault(
    "currency",
    "different currency in one segment",
    targets=targets.quantity_of_branch,
    sizes={1.1: False, 1.6: False, 4.0: True, 7.5: True},
    unit="times",
    kinds={"scale_change"},
)
def _currency(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    name = target.split(SEPARATOR)[0]
    values = _number(rows, name)
    return rows.assign(**{name: values.mask(_of(rows, target), values * size)})


@fault(
    "branch_nulls",
    "a missing column in one segment",
    targets=targets.quantity_of_branch,
    sizes={0.3: False, 1.0: True},
    kinds={"nulls"},
)
def _branch_nulls(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    name = target.split(SEPARATOR)[0]
    hit = _of(rows, target) & _some(rows, size, rng)
    return rows.assign(**{name: _number(rows, name).mask(hit)})


@fault(
    "branch_gone",
    "rows of one segment missing",
    targets=targets.branches,
    sizes={0.3: False, 0.8: True, 1.0: True},
    kinds={"missing_rows"},
)
def _branch_gone(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows[~(_of(rows, target) & _some(rows, size, rng))]


@fault(
    "dead",
    "a stopped feed",
    targets=targets.everything,
    sizes={1.0: True},
    kinds={"missing_rows"},
    windows="day",
)
def _dead(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    return rows.iloc[:0]


@fault(
    "collapsed",
    "one day with few rows",
    targets=targets.everything,
    sizes={0.7: False, 0.1: True, 0.01: True},
    kinds={"missing_rows"},
    windows="day",
    days=1,
)
def _collapsed(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    kept = _some(rows, size, rng)
    kept[:1] = True
    return rows[kept]


@fault(
    "duplicates",
    "rows delivered twice",
    targets=targets.everything,
    sizes={0.005: False, 0.1: True, 1.0: True},
    kinds={"duplicated_rows"},
    windows="day",
)
def _duplicates(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows.assign(copies=np.where(_some(rows, size, rng), 2, rows["copies"]))


@fault(
    "fan_out",
    "a join that multiplies the rows of one segment",
    targets=targets.branches,
    sizes={2.0: True, 5.0: True},
    unit="rows each",
    kinds={"duplicated_rows"},
    windows="day",
)
def _fan_out(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows.assign(copies=np.where(_of(rows, target), int(size), rows["copies"]))


@fault(
    "ramp",
    f"gradual increase over {RAMP_DAYS} days",
    targets=targets.numbers,
    sizes={0.3: False, 1.0: True, 2.0: True},
    unit="sd",
    kinds={"population_shift", "scale_change"},
    windows="week",
)
def _ramp(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    elapsed = rows["day"] - rows["day"].min() + 1
    values = _number(rows, target)
    sd = float(np.nanstd(values.to_numpy()))
    return rows.assign(**{target: values + size * sd * (elapsed / RAMP_DAYS).clip(upper=1.0)})


@fault(
    "flips",
    "flipped labels in one segment",
    targets=targets.labelled_branches,
    sizes={0.05: False, 0.5: False, 1.0: True},
    kinds={"concept_shift", "label_rate_shift"},
    windows="week",
)
def _flips(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    hit = _of(rows, target) & _some(rows, size, rng)
    return rows.assign(late=rows["late"].mask(hit, 1.0 - rows["late"]))


@fault(
    "late_labels",
    f"labels that arrive {EXTRA_DELAY} days late",
    targets=targets.labels,
    sizes={0.05: False, 0.3: True, 1.0: True},
    kinds={"label_delay"},
    look=True,
)
def _late_labels(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    hit = _some(rows, size, rng)
    return rows.assign(known=np.where(hit, rows["known"] + EXTRA_DELAY, rows["known"]))


@fault(
    "no_labels",
    "labels that stop",
    targets=targets.labels,
    sizes={1.0: True},
    kinds={"label_delay"},
)
def _no_labels(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows.assign(known=rows["known"] + NEVER)


@fault(
    "shuffled",
    "scores of other rows",
    targets=targets.labelled_scores,
    sizes={0.2: False, 1.0: True},
    kinds={"concept_shift", "model_change"},
    windows="week",
)
def _shuffled(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    at = np.flatnonzero(_some(rows, size, rng))
    other = rng.permutation(at)
    found = {name: rows[name].to_numpy().copy() for name in ("probability", "decision")}
    for values in found.values():
        values[at] = values[other]
    return rows.assign(**found)


@fault(
    "model",
    "another model behind the same version",
    targets=targets.other_model,
    sizes={0.2: False, 1.0: True},
    kinds={"model_change"},
    windows="week",
)
def _model(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    hit = _some(rows, size, rng)
    return rows.assign(
        **{
            name: rows[name].mask(hit, rows[f"other_{name}"])
            for name in ("probability", "decision")
        }
    )
