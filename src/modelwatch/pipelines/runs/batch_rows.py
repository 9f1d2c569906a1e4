"""How many rows Spark hands to Python at a time, so that a batch is bounded by its bytes."""

from __future__ import annotations

from collections.abc import Iterable

from modelwatch.model.profile.features import Feature
from modelwatch.pipelines.runs.run import Request
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.stats.states.distinct import SIZE
from modelwatch.stats.states.moments import LENGTH

MOST_ROWS = 32_768
"""Rows from which on longer batches gain nothing."""
MOST_BYTES = 128 << 20
"""Bytes of the rows of one batch, as Arrow holds them."""
_KEY_BYTES = 200
"""Bytes of the columns that each row has beside its features or its vectors."""
_NUMBER_BYTES, _TEXT_BYTES = 9, 64
_PAIR_MATRICES = 4


def batch_rows(request: Request, states: StatesOf) -> int:
    """Rows of a batch that holds rows of the sources, or states, in at most ``MOST_BYTES``."""
    features = states.features
    pairs = max((len(names) for names, _ in states.blocks.values()), default=0)
    days = {day for window in request.plan.windows for day in window.days}
    vectors = max((binning.length for binning in states.bins.values()), default=0)
    return rows_within(
        max(row_bytes(features), state_bytes(vectors + LENGTH + SIZE)),
        pair_rows=len(days.union(request.days)),
        pair_bytes=state_bytes(_PAIR_MATRICES * pairs * pairs),
    )


def rows_within(row: int, pair_rows: int = 0, pair_bytes: int = 0) -> int:
    """Rows of so many bytes that fit one batch, at least 1.

    ``pair_rows``: states of the numeric block, of ``pair_bytes`` each, which are few and large:
    they matter only where all of them together do not fit.
    """
    large = max(row, pair_bytes) if pair_rows * pair_bytes > MOST_BYTES else row
    return max(1, min(MOST_ROWS, MOST_BYTES // large))


def row_bytes(features: Iterable[Feature]) -> int:
    """Bytes of a row of the sources."""
    numeric = (feature.kind == "numeric" for feature in features)
    return _KEY_BYTES + sum(_NUMBER_BYTES if one else _TEXT_BYTES for one in numeric)


def state_bytes(longs: int) -> int:
    """Bytes of a stored state with a vector of so many longs."""
    return _KEY_BYTES + 8 * longs
