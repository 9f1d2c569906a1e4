"""Statements on results in a local folder, which this process answers as Spark does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.errors import PySparkException

from modelwatch.capabilities import sql_settings
from modelwatch.io.store.local_results import LocalResults, UnsupportedStatement, local_results
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.errors import SourceError
from modelwatch.model.sources.tables import OutputAddress
from same_answers import answers_of_spark, assert_same_answer
from written import Monitor

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS = [date(2013, 2, 8), date(2013, 2, 9)]
EXPRESSIONS = (
    "abs(executor_seconds)",
    "exit_code = 1 AND outcome = 'published' OR as_of IS NULL",
    "CASE WHEN exit_code > 0 THEN 'yes' ELSE 'no' END",
    "if(exit_code > 0, 1, 2)",
    "double(exit_code) / 3",
    "exit_code / 0",
    "exit_code DIV 2",
    "-exit_code % 3",
    "int(floor(-1.5))",
    "try_cast('x' AS int)",
    "coalesce(as_of, DATE '2020-01-01')",
    "nullif(exit_code, 1)",
    "floor(-executor_seconds)",
    "ceil(executor_seconds)",
    "sqrt(exit_code)",
    "power(2, exit_code)",
    "exp(exit_code)",
    "greatest(exit_code, 2)",
    "least(exit_code, 2)",
    "upper(run_id)",
    "lower(outcome)",
    "trim('  a ')",
    "concat(run_id, ' ', exit_code)",
    "concat(run_id, NULL)",
    "concat_ws(', ', run_id, NULL, outcome)",
    "replace(run_id, 'o', '0')",
    "startswith(run_id, 'fi')",
    "substring(run_id, 2)",
    "substring(run_id, 2, 2)",
    "get_json_object('{\"a\": {\"b\": 1}}', '$.a.b')",
    "array(exit_code, NULL)",
    "size(days)",
    "size(array())",
    "array_sort(array(2, NULL, 1))",
    "sort_array(array(2, NULL, 1))",
    "sort_array(days, false)",
    "array_min(days)",
    "array_max(days)",
    "array_contains(days, DATE '2013-02-08')",
    "sequence(0, 3)",
    "struct(run_id, exit_code AS code)",
    "transform(days, day -> day)",
    "transform(days, (day, at) -> struct(at AS place, at + 1 AS at))",
    "get(days, 0)",
    "get(days, -1)",
    "get(days, 7)",
    "aggregate(array(1, 2, 3), 0, (total, item) -> total + item)",
    "map_from_entries(array(struct('a' AS key, 1 AS value)))",
    "map_entries(map_from_entries(array(struct('a' AS key, 1 AS value))))",
    "datediff(as_of, DATE '2013-01-01')",
    "date_sub(as_of, 3)",
    "date_add(as_of, 30)",
    "as_of - 3",
    "date('2013-02-03')",
    "unix_micros(started_at)",
    "started_at",
    "started_at > TIMESTAMP '2013-02-11 01:30:00'",
    "exit_code <=> NULL",
    "run_id LIKE 'f%'",
    "as_of BETWEEN DATE '2013-02-01' AND DATE '2013-02-28'",
    "run_id IN ('first', 'second')",
)
AGGREGATES = (
    "count(*)",
    "count(DISTINCT outcome)",
    "count_if(exit_code > 0)",
    "sum(exit_code)",
    "sum(executor_seconds)",
    "avg(exit_code)",
    "min(as_of)",
    "max(run_id)",
    "max_by(as_of, run_id)",
    "min_by(as_of, run_id)",
    "max_by(struct(run_id, as_of), struct(exit_code, run_id)) FILTER (WHERE exit_code < 2)",
    "sort_array(collect_list(as_of))",
    "sort_array(collect_list(run_id) FILTER (WHERE exit_code > 7))",
    "sort_array(collect_list(max_by(as_of, run_id)) OVER (PARTITION BY count_if(exit_code > 9)))",
    "transform(sort_array(collect_list(struct(run_id, days))), (run, at) -> "
    "transform(run.days, (day, place) -> struct(date_add(day, 1) AS day, at + place AS at)))",
    "sum(exit_code) FILTER (WHERE exit_code > 7)",
)
WINDOWS = (
    "row_number() OVER (ORDER BY run_id)",
    "rank() OVER (ORDER BY outcome)",
    "dense_rank() OVER (ORDER BY outcome DESC)",
    "lag(exit_code) OVER (ORDER BY run_id)",
    "lead(run_id, 2) OVER (PARTITION BY outcome ORDER BY as_of, run_id)",
    "first(run_id) OVER (ORDER BY run_id)",
    "sum(exit_code) OVER (ORDER BY run_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "collect_list(as_of) OVER (ORDER BY run_id ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING)",
)
STATEMENTS = (
    "SELECT day, run_id FROM runs LATERAL VIEW explode(days) exploded AS day",
    "SELECT * FROM (SELECT as_of, count(*) AS n FROM runs GROUP BY ALL) ORDER BY as_of",
    "SELECT run_id FROM runs ORDER BY as_of DESC, run_id LIMIT 2",
    "SELECT run_id FROM runs ORDER BY as_of NULLS LAST, run_id LIMIT 1",
    "SELECT run_id FROM runs WHERE as_of IS NULL UNION ALL SELECT 'none'",
    "WITH last AS (SELECT max(run_id) AS run_id FROM runs) "
    "SELECT runs.* FROM runs JOIN last ON runs.run_id = last.run_id",
    "SELECT pair.a, pair.b FROM runs LATERAL VIEW inline(arrays_zip(days, days)) pair AS a, b",
    "SELECT cell.role, cell.files FROM runs LATERAL VIEW inline(sources) cell",
    "SELECT DISTINCT outcome FROM Published_Runs",
    "VALUES (1), (2)",
    "SHOW VIEWS",
)
ONLY_SPARK = (
    "round(executor_seconds, 1)",
    "arrays_zip(days, days)",
    "date('2013-02-30')",
    "string(float(executor_seconds))",
    "int(executor_seconds)",
    "weekday(as_of)",
    "date_format(as_of, 'yyyy-MM')",
    "as_of + INTERVAL 1 DAY",
)


@pytest.fixture(scope="module")
def monitor(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    # In ANSI mode, Spark raises an error where DuckDB, and Spark without it, answer null.
    with sql_settings(spark, {"spark.sql.ansi.enabled": "false"}):
        yield made_monitor(spark, tmp_path_factory)


def made_monitor(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    written = Monitor(spark, tmp_path_factory.mktemp("it's [a] {folder} %20"))
    sources = [{"role": "inputs", "files": 3, "bytes": 5}, {"role": "labels", "files": None}]
    for hour, (run_id, outcome) in enumerate(
        [("first", "published"), ("second", "published"), ("failed", "failed")], 1
    ):
        written.publish(
            run_id,
            hour,
            DAYS[:hour],
            outcome=outcome,
            exit_code=hour - 1,
            executor_seconds=hour / 7,
            as_of=None if hour == 3 else DAYS[hour - 1],
            sources=sources,
        )
    return written


@pytest.fixture(scope="module")
def answers(monitor: Monitor) -> ResultQueries:
    return answers_of_spark(monitor.spark, monitor.output, monitor.views)


@pytest.fixture(scope="module")
def local(monitor: Monitor) -> LocalResults:
    found = local_results(monitor.output)
    assert found is not None
    return found


def test_every_translated_expression_has_the_value_of_spark(answers: ResultQueries) -> None:
    columns = ", ".join(f"{text} AS c{at}" for at, text in enumerate(EXPRESSIONS))
    assert_same_answer(answers, f"SELECT run_id, {columns} FROM runs")


def test_every_translated_aggregate_has_the_value_of_spark(answers: ResultQueries) -> None:
    columns = ", ".join(f"{text} AS c{at}" for at, text in enumerate(AGGREGATES))
    assert_same_answer(answers, f"SELECT outcome, {columns} FROM runs GROUP BY outcome")
    assert_same_answer(answers, f"SELECT {columns} FROM runs WHERE run_id = 'none'")


def test_every_translated_window_function_has_the_value_of_spark(answers: ResultQueries) -> None:
    columns = ", ".join(f"{text} AS c{at}" for at, text in enumerate(WINDOWS))
    assert_same_answer(answers, f"SELECT run_id, {columns} FROM runs")


@pytest.mark.parametrize("statement", STATEMENTS[:-2])
def test_a_statement_has_the_rows_of_spark(answers: ResultQueries, statement: str) -> None:
    assert_same_answer(answers, statement)


@pytest.mark.parametrize("expression", ONLY_SPARK)
def test_what_may_differ_is_left_to_spark(
    local: LocalResults, monitor: Monitor, expression: str
) -> None:
    statement = f"SELECT {expression} AS value FROM runs"
    with pytest.raises(UnsupportedStatement):
        local.answer(statement)
    assert len(ResultQueries(monitor.output, lambda: monitor.spark).answer(statement).rows) == 3


@pytest.mark.parametrize("statement", STATEMENTS[-2:])
def test_what_is_no_query_of_the_results_is_left_to_spark(
    local: LocalResults, monitor: Monitor, statement: str
) -> None:
    with pytest.raises(UnsupportedStatement):
        local.answer(statement)
    assert ResultQueries(monitor.output, lambda: monitor.spark).answer(statement).rows


def test_times_are_local_as_those_of_spark(local: LocalResults) -> None:
    ((started,),) = local.answer("SELECT min(started_at) FROM runs").rows
    utc = datetime(2013, 2, 11, 1, tzinfo=timezone.utc)
    assert started == utc.astimezone().replace(tzinfo=None)


def test_at_most_the_number_of_rows_asked_for_is_answered(local: LocalResults) -> None:
    assert len(local.answer("SELECT run_id FROM runs", 2).rows) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM read_parquet('/tmp/*')",
    ],
)
def test_no_other_file_is_read(local: LocalResults, statement: str) -> None:
    with pytest.raises(UnsupportedStatement):
        local.answer(statement)


def test_an_unknown_name_is_an_error_of_spark(monitor: Monitor) -> None:
    queries = ResultQueries(monitor.output, lambda: monitor.spark)
    with pytest.raises(PySparkException, match="no_such"):
        queries.answer("SELECT no_such FROM runs")


def test_results_that_this_process_reads_need_no_session(monitor: Monitor) -> None:
    queries = ResultQueries(monitor.output, lambda: pytest.fail("a session was asked for"))
    queries.require()
    assert queries.answer("SELECT count(*) AS n FROM runs").records() == [{"n": 3}]


def test_what_a_run_publishes_is_seen_after_a_refresh(spark: SparkSession, tmp_path: Path) -> None:
    written = Monitor(spark, tmp_path)
    written.store.prepare(("runs",))
    written.publish("first", 1, DAYS)
    queries = ResultQueries(written.output, lambda: pytest.fail("a session was asked for"))
    statement = "SELECT count(*) AS n FROM published_runs"
    assert queries.answer(statement).rows == [(1,)]
    written.publish("second", 2, DAYS)
    assert queries.answer(statement).rows == [(1,)]
    queries.refresh()
    assert queries.answer(statement).rows == [(2,)]


def test_a_table_of_a_later_release_is_empty(spark: SparkSession, tmp_path: Path) -> None:
    older = Monitor(spark, tmp_path, ("runs",))
    older.publish("first", 1, DAYS)
    queries = ResultQueries(older.output, lambda: pytest.fail("a session was asked for"))
    assert queries.answer("SELECT * FROM outliers_current").rows == []


def test_before_the_first_run_there_are_no_results(spark: SparkSession, tmp_path: Path) -> None:
    queries = ResultQueries(OutputAddress(path=str(tmp_path / "none")), lambda: spark)
    with pytest.raises(SourceError, match="no results yet: run the monitor first"):
        queries.require()


def test_results_of_a_schema_are_answered_by_spark(spark: SparkSession) -> None:
    output = OutputAddress(schema="answered_results")
    Store(spark, output).prepare()
    results = ResultQueries(output, lambda: spark)
    results.require()
    statement = "SELECT count(*) AS n FROM runs JOIN current_days USING (monitor)"
    assert results.answer(statement).records() == [{"n": 0}]
    assert spark.catalog.currentDatabase() == "default"
    spark.sql("DROP DATABASE answered_results CASCADE")
