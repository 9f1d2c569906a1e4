"""Functions of Arrow batches, as the Python workers of Spark run them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from zipimport import zipimporter

import pyarrow as pa
from pyspark.sql import DataFrame

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.stats.library_warnings import warnings_to_log


def in_python(frame: DataFrame, function: BatchFunction, schema: str) -> DataFrame:
    """The frame that a function makes of the batches of each partition, with a schema in DDL.

    Python workers run nothing else, so that no warning of a library reaches the user from one.
    Columns may have any name, which ``mapInArrow`` would read as an expression.
    """
    names = frame.columns

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with warnings_to_log():
            yield from function(batch.rename_columns(names) for batch in batches)
        forget_archives()

    by_position = frame.toDF(*(f"c{at}" for at in range(len(names))))
    return by_position.mapInArrow(task, schema)


def forget_archives() -> None:
    """Forget the finders of modules in archives; what is imported stays, and is not looked for.

    Before each task Spark has a worker look anew at all places of its path. Of an archive that is
    its whole directory, and jars of Spark and of its packages are among them, for each of which
    that is done again at every task: a tenth of a second together.
    """
    for place, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimporter):
            del sys.path_importer_cache[place]
