"""Apply functions of Arrow batches in Python workers of Spark."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from zipimport import zipimporter

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.stats.library_warnings import warnings_to_log
from modelwatch.tables.arrow import spark_ddl

_ANSWER = pa.schema([("answer", pa.string())])


def sorted_in_python(
    frame: DataFrame,
    function: BatchFunction,
    schema: pa.Schema,
    *,
    by: Sequence[str],
    order: Sequence[str],
) -> DataFrame:
    """Apply a function to rows that are sorted, with equal values of ``by`` in one partition; one
    shuffle."""
    return in_python(frame.repartition(*by).sortWithinPartitions(*order), function, schema)


def in_python(frame: DataFrame, function: BatchFunction, schema: pa.Schema) -> DataFrame:
    """Apply a function to the batches of each partition; the result has the given schema.

    Python workers run nothing else, so warnings of libraries in them do not reach the user. Columns
    may have any name, although ``mapInArrow`` parses names as expressions.
    """
    names = frame.columns

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with warnings_to_log():
            yield from function(batch.rename_columns(names) for batch in batches)
        forget_archives()

    by_position = frame.toDF(*(f"c{at}" for at in range(len(names))))
    return by_position.mapInArrow(task, spark_ddl(schema))


def forget_archives() -> None:
    """Forget the finders of modules in archives. Imported modules stay imported.

    Before each task, Spark makes a worker invalidate the caches of its path. For an archive, the
    directory is read again, and the jars of Spark and its packages are on the path: together a
    tenth of a second per task.
    """
    for place, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimporter):
            del sys.path_importer_cache[place]


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
