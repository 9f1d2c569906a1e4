"""The answer of a Python worker of Spark to a question about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

from modelwatch.spark.python_tasks import in_python

_ANSWER = pa.schema([("answer", pa.string())])


def worker_answer(session: SparkSession, question: Callable[[], str]) -> str | None:
    """The value of a function in a Python worker; None if no worker ran it. One Spark job.

    Raises Spark's error if the worker cannot import the modules of the function.
    """

    def answer(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                yield pa.RecordBatch.from_pydict({"answer": [question()]})

    row = in_python(session.range(1), answer, _ANSWER).first()
    return None if row is None else str(row["answer"])
