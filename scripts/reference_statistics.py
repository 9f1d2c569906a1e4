"""Writes docs/reference/statistics.md from the registries of statistics and metrics.

Run: python scripts/reference_statistics.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from modelwatch.stats import drift, performance, profile
from modelwatch.stats.fairness import FAIRNESS
from modelwatch.stats.performance_metric import PERFORMANCE
from modelwatch.stats.statistic import STATISTICS, Statistic
from modelwatch.stats.summary import METRICS, Metric

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "statistics.md"

HEAD = """# Statistics

Written by `scripts/reference_statistics.py` from the registries; change a statistic where it is
defined, in `src/modelwatch/stats/`.

Every value is read from stored states: counts in frozen bins, exact power sums, extremes, products
of pairs. An undefined value is null, and its reason stands beside it. A p-value takes rows to be
independent; rows of one day are not, so that it never raises an alert alone.

## Drift

A drift statistic compares the rows of a window with those of a reference. It is of a `numeric` or a
`categorical` feature, of each `pair` of a block of numeric features, or of the whole `block`.
*Identical* is the value when both sides hold the same rows. *Symmetric* says that exchanging the
sides changes nothing.
"""

CELLS = """## Cells

PSI and chi-square collapse the frozen bins into the reference's deciles; Jensen-Shannon, Hellinger,
total variation and L-infinity into 30 quantile groups and one group beyond each of the reference's
ends ([why](../decisions/0003-binned-statistics.md)). A bin belongs to the quantile in which the
middle of its mass lies. A value or bin as heavy as a quantile stands alone. Null, NaN, -inf, +inf
and every special value are cells of their own. A categorical feature has a cell for null, for the
other values, for unseen values, and for each kept value.

## What binning costs

Each entry says by how much a value may differ from that of the raw rows. Where the bound depends on
the window, the column `error_bound` of `drift_metrics`, `profile_metrics` and `performance_metrics`
holds it: 0 for an exact value, null where it is not known. `make oracles` compares every statistic
with numpy, scipy or scikit-learn on random samples, and tests and intervals that these lack with
their definitions, and prints the worst error beside the bound ([last run](oracles.md)).

- Categories: exact as long as each value has a cell of its own. A column keeps `binning.max_values`
  values (500 by default). Values beyond that share a cell, and so do unseen values. What moves
  among them is hidden: chi-square and PSI are then too small, by an amount that is not known.
  With the 100 most frequent of 228 airports, a chi-square of 2428 was 1124. The run that fits the
  bins says which columns and segmentations have more values than are kept, and the metric
  `other_share` holds the share of rows that the others have in each window.
- Many numbers: groups end at frozen edges, so that the mass of a group differs from that of a
  quantile by at most one bin. Wasserstein-1 also takes the exact extremes and means into account,
  and is undefined where its bound exceeds both the value and 0.05 spreads.
- Moments: rounding of the order of 1e-12. A standard deviation below a millionth of the frozen
  scale is unreliable. Where a mean has moved so far that rounded squares hide the deviation (from
  about 1e5 deviations on), it is undefined.
- Correlation and PCA: values are clipped at 8 frozen scales and rounded to 1/4096 of one.

## Profile

A metric of the profile is a figure of one window: a number, or a text (JSON, date, timestamp).

"""


PERFORMANCE_HEAD = """
## Performance

A metric of performance is read from states of the rows whose label is due, by day, segment and
model version. *Exact*: equal to that of the rows but for rounding; else the bound is that of the
score's frozen bins ([figures](../decisions/0006-score-bins-and-intervals.md)). Intervals are those
of the delete-one-day jackknife; row-iid intervals stand beside them. What is estimated without
labels is on [a page of its own](../estimation.md).

"""

FAIRNESS_HEAD = """
### Fairness of groups

A segment less all other rows, for binary tasks.

"""


def _statistics() -> list[Statistic]:
    """In the order of their families, whatever was imported first."""
    families = [family.__name__ for family in drift.FAMILIES]
    return sorted(STATISTICS.values(), key=lambda s: families.index(s.compute.__module__))


def _profile_metrics() -> list[Metric]:
    families = [family.__name__ for family in profile.FAMILIES]
    return sorted(METRICS.values(), key=lambda m: families.index(m.compute.__module__))


def _interval(statistic: Statistic) -> str:
    low, high = statistic.range
    return f"{'(' if np.isinf(low) else '['}{low:g}, {high:g}{')' if np.isinf(high) else ']'}"


def _statistic(statistic: Statistic) -> str:
    identical = "depends" if np.isnan(statistic.identical) else f"{statistic.identical:g}"
    facts = {
        "Kinds": ", ".join(f"`{kind}`" for kind in statistic.kinds),
        "Range": _interval(statistic),
        "Identical": identical,
        "Symmetric": "yes" if statistic.symmetric else "no",
        "Smoothing": statistic.smoothing,
        "Unit": statistic.unit or "none",
        "Source": statistic.source,
        "Error": statistic.bound,
    }
    if statistic.needs_special_values:
        facts["Only"] = "features with configured special values"
    lines = "\n".join(f"- {name}: {text}" for name, text in facts.items())
    return f"### `{statistic.key}`\n\n{statistic.label}. {statistic.meaning}\n\n{lines}\n"


def _table() -> str:
    rows = [
        f"| [`{s.key}`](#{s.key}) | {s.label} | {', '.join(s.kinds)} | {_interval(s)} |"
        for s in _statistics()
    ]
    return "\n".join(["| key | name | of | range |", "|---|---|---|---|", *rows]) + "\n"


def _metrics() -> str:
    rows = [
        f"| `{m.key}` | {m.label} | {', '.join(m.kinds)} | {m.unit or 'none'} | {m.bound} | {m.meaning} |"
        for m in _profile_metrics()
    ]
    head = ["| key | name | of | unit | error | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def _performance() -> str:
    families = [family.__name__ for family in performance.FAMILIES]
    metrics = sorted(
        PERFORMANCE.values(), key=lambda m: families.index(getattr(m.compute, "__module__", ""))
    )
    rows = [
        f"| `{m.key}` | {m.label} | {', '.join(m.tasks)} | {m.better} | "
        f"{'yes' if m.exact else m.bound} | {m.meaning} | {m.source} |"
        for m in metrics
    ]
    head = [
        "| key | name | of | better | exact | meaning | source |",
        "|---|---|---|---|---|---|---|",
    ]
    groups = [f"| `{m.key}` | {m.label} | {m.meaning} | {m.source} |" for m in FAIRNESS.values()]
    fair = ["| key | name | meaning | source |", "|---|---|---|---|"]
    told = ["\n".join([*head, *rows]), FAIRNESS_HEAD + "\n".join([*fair, *groups])]
    return "\n".join(told) + "\n"


def page() -> str:
    """The whole page."""
    details = "\n".join(_statistic(statistic) for statistic in _statistics())
    told = [HEAD, _table(), details, CELLS + _metrics(), PERFORMANCE_HEAD + _performance()]
    return "\n".join(told)


def main() -> int:
    """Writes the page, or says whether it is current."""
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text() == page() else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
