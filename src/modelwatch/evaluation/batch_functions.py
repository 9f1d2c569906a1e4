"""Functions of Arrow batches, as the Python workers of Spark run them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa

BatchFunction = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]
"""What a task does with its batches."""
