"""What is told of an error of Spark."""

from __future__ import annotations

from modelwatch.io.failures import first_line, reason

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
    told = first_line(RuntimeError(OF_A_TASK))
    assert told == "Job aborted due to stage failure: Task 0 failed 1 times"


def test_the_reason_names_the_file_that_a_task_failed_on() -> None:
    told = reason(RuntimeError(OF_A_TASK))
    assert told.startswith("Job aborted due to stage failure")
    assert told.endswith("; file:/lake/day=2013-02-06/p.parquet is not a Parquet file")


def test_an_error_of_python_is_told_as_it_is() -> None:
    assert reason(ValueError("no such day\nmore")) == "no such day"


def test_an_error_without_a_message_is_told_by_its_type() -> None:
    assert reason(ValueError()) == "ValueError"
