"""The number of rows that Spark passes to Python at a time, which limits the bytes of a batch."""

from __future__ import annotations

from collections.abc import Iterable

from modelwatch.io.session.spark_session import MOST_ROWS_PER_BATCH
from modelwatch.model.planning.plan import Plan
from modelwatch.model.profile.features import Feature
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.stats.states.distinct import SIZE
from modelwatch.stats.states.moments import LENGTH

MOST_BATCH_BYTES = 128 << 20
"""Maximum bytes of a batch as Arrow."""
_KEY_BYTES = 200
"""Bytes of the columns that each row has in addition to its features or vectors."""
_NUMBER_BYTES, _TEXT_BYTES = 9, 64
_PAIR_MATRICES = 4


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
