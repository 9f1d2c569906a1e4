"""Limits of rows and bytes: for work in the driver, and for the batches that Spark passes to
Python."""

from __future__ import annotations

from collections.abc import Iterable

from modelwatch.io.session.spark_session import MOST_ROWS_PER_BATCH
from modelwatch.model.planning.plan import Plan
from modelwatch.model.profile.features import Feature
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.stats.states.distinct import SIZE
from modelwatch.stats.states.moments import LENGTH

MOST_READ = 250_000
"""Number of rows of inputs and predictions up to which they are few."""
MOST_EVALUATED = 20_000
"""Windows times features times segments up to which the rows of their results are few."""
MOST_ANSWERED = 5_000
"""Windows times segments up to which this process evaluates their performance."""
MOST_STATE_BYTES = 32 << 20
"""Bytes of the files of stored states up to which this process reads them for an evaluation."""
MOST_METRIC_BYTES = 4 << 20
"""Bytes of the files of each result table up to which this process judges their metrics."""
MOST_VERDICT_BYTES = 32 << 20
"""Bytes of the files of verdicts up to which this process derives incidents from them."""
MOST_BATCH_BYTES = 128 << 20
"""Maximum bytes of a batch as Arrow."""
_KEY_BYTES = 200
"""Bytes of the columns that each row has in addition to its features or vectors."""
_NUMBER_BYTES, _TEXT_BYTES = 9, 64
_PAIR_MATRICES = 4


def reads_few_rows(sources: Sources, plan: Plan) -> bool:
    """Whether a run reads few rows; false if it reads a whole table, or if unknown."""
    if plan.references:
        return False
    days = {*plan.dates, *plan.labels.days}
    opened = sources.opened
    read = [opened[role].volume(days).rows for role in ("inputs", "predictions") if role in opened]
    return None not in read and sum(rows or 0 for rows in read) <= MOST_READ


def answers_few_rows(plan: Plan, states: StatesOf) -> bool:
    """Whether this process evaluates the performance of the windows faster than Spark transfers
    their states."""
    windows = len(plan.labels.windows) * _segments(states)
    return windows <= MOST_ANSWERED


def writes_few_rows(plan: Plan, states: StatesOf) -> bool:
    """Whether a run writes few rows of results: some tens per window, feature, and segment."""
    windows = len(plan.windows) + len(plan.labels.windows)
    return windows * len(states.features) * _segments(states) <= MOST_EVALUATED


def _segments(states: StatesOf) -> int:
    splits = states.plan((), states.config.segments).segmentations
    return 1 + sum(len(split.segments) for split in splits)


def batch_rows(plan: Plan, states: StatesOf) -> int:
    """The number of rows in a batch of source rows, or of states, in at most
    ``MOST_BATCH_BYTES``."""
    features = states.features
    pairs = max((len(names) for names, _ in states.blocks.values()), default=0)
    days = {day for window in plan.windows for day in window.days}
    vectors = max((binning.length for binning in states.bins.values()), default=0)
    return rows_within(
        max(row_bytes(features), state_bytes(vectors + LENGTH + SIZE)),
        pair_rows=len(days.union(plan.dates)),
        pair_bytes=state_bytes(_PAIR_MATRICES * pairs * pairs),
    )


def rows_within(row: int, pair_rows: int = 0, pair_bytes: int = 0) -> int:
    """The number of rows of a size that fit one batch, at least 1.

    ``pair_rows``: states of the numeric block, of ``pair_bytes`` each. They are few and large, and
    matter only if all of them together do not fit.
    """
    large = max(row, pair_bytes) if pair_rows * pair_bytes > MOST_BATCH_BYTES else row
    return max(1, min(MOST_ROWS_PER_BATCH, MOST_BATCH_BYTES // large))


def row_bytes(features: Iterable[Feature]) -> int:
    """Bytes of a row of the sources."""
    numeric = (feature.kind == "numeric" for feature in features)
    return _KEY_BYTES + sum(_NUMBER_BYTES if one else _TEXT_BYTES for one in numeric)


def state_bytes(longs: int) -> int:
    """Bytes of a stored state with a vector of a number of longs."""
    return _KEY_BYTES + 8 * longs
