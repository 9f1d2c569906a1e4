"""Messages about errors of Spark."""

from __future__ import annotations

import pytest

from modelwatch.io.failures import first_line, reason, remedy, typed_message, with_remedy

OF_A_TASK = """An error occurred while calling o135.save.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 failed 1 times
\tat org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2856)
Caused by: org.apache.spark.SparkException: [FAILED_READ_FILE] Encountered error
\tat org.apache.spark.sql.execution.datasources.FileScanRDD$$anon$1.hasNext(FileScanRDD.scala:1)
Caused by: java.lang.RuntimeException: file:/lake/day=2013-02-06/p.parquet is not a Parquet file
\tat org.apache.parquet.hadoop.ParquetFileReader.readFooter(ParquetFileReader.java:565)
Caused by: java.io.EOFException: end of stream
"""


def test_the_first_line_is_the_message_without_the_class_of_java() -> None:
    wording = first_line(RuntimeError(OF_A_TASK))
    assert wording == "Job aborted due to stage failure: Task 0 failed 1 times"


def test_the_reason_is_the_file_that_a_task_failed_on_and_not_the_task() -> None:
    wording = reason(RuntimeError(OF_A_TASK))
    assert wording == "file:/lake/day=2013-02-06/p.parquet is not a Parquet file"


def test_a_message_that_says_something_itself_stands_before_its_cause() -> None:
    said = "[DELTA_X] table t can't be read\nCaused by: java.io.IOException: it is missing"
    assert reason(RuntimeError(said)) == "[DELTA_X] table t can't be read; it is missing"


def test_the_type_of_an_error_is_reported_unless_it_is_the_bridge_to_java() -> None:
    class Py4JJavaError(Exception):
        pass

    assert typed_message(ValueError("no such day")) == "ValueError: no such day"
    assert typed_message(Py4JJavaError("no such day")) == "no such day"


def test_an_error_of_python_is_reported_as_it_is() -> None:
    assert reason(ValueError("no such day\nmore")) == "no such day"


def test_an_error_without_a_message_is_reported_by_its_type() -> None:
    assert reason(ValueError()) == "ValueError"


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("Caused by: java.io.IOException: No space left on device", "free space"),
        ("Caused by: java.io.IOException: File too large", "free space"),
        (OF_A_TASK, "restore the file, or delete its rows"),
        ("File file:/lake/day=1/p.parquet does not exist", "run again if the table was rewritten"),
        ("[PATH_NOT_FOUND] Path does not exist: file:/lake/p.parquet", "run again if the table"),
        ("[DELTA_VERSIONS_NOT_CONTIGUOUS] Versions (List(0, 2)) are not", "the log of the table"),
        (
            "fasterxml.jackson.core.io.JsonEOFException: Unexpected end-of-input",
            "the log of the table",
        ),
    ],
)
def test_what_a_person_can_do_is_reported(said: str, way: str) -> None:
    assert f"Fix: {way}" in with_remedy(RuntimeError(said))


def test_where_nothing_is_known_to_help_nothing_is_advised() -> None:
    assert remedy(ValueError("no such day")) is None
    assert with_remedy(ValueError("no such day")) == "no such day"


def test_a_remedy_is_not_reported_twice() -> None:
    once = with_remedy(RuntimeError("the _delta_log is torn"))
    assert with_remedy(RuntimeError(once)) == once


def test_an_error_of_ours_in_a_python_worker_is_reported_alone() -> None:
    said = (
        "Job aborted due to stage failure: org.apache.spark.api.python.PythonException: "
        "Traceback (most recent call last):\n"
        '  File "worker.py", line 1247, in main\n'
        "FileNotFoundError: [Errno 2] No such file or directory\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        "modelwatch.spark.sources.file_rows.FileUnreadable: the file /lake/p.parquet can't be "
        "read: [Errno 2] No such file or directory\n\n\tat org.apache.spark.api.python.PythonRunner"
    )
    wording = typed_message(RuntimeError(said))
    assert wording.startswith("the file /lake/p.parquet can't be read: [Errno 2] No such file")
    assert "Fix: run again if the table was rewritten and vacuumed meanwhile" in wording
