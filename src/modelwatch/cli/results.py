"""The commands `sql`, `report`, and `export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelwatch.cli.answers import Form, FormOption
from modelwatch.cli.arguments import (
    ConfigOption,
    ConfigPath,
    config_and_words,
    config_path,
    configuration,
)
from modelwatch.io.terminal import say
from modelwatch.pipelines.runs.command_session import session_if_needed

if TYPE_CHECKING:
    from modelwatch.cli.sql_session import Query
    from modelwatch.io.store.local_results import QueryResult
    from modelwatch.io.store.result_queries import ResultQueries

EXPORT = typer.Typer()


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(sql)
    app.command()(report)
    app.add_typer(EXPORT, name="export")


def sql(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CONFIG] [QUERY]...", help="With --config: only QUERY."),
    ] = None,
    config_option: ConfigOption = None,
    execute: Annotated[
        list[str] | None,
        typer.Option("--execute", "-e", metavar="QUERY", help="Answer a query."),
    ] = None,
    max_rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            min=1,
            help="Maximum number of rows to show. Default: 100 in a table, all in JSON and CSV.",
        ),
    ] = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Query the results. Without a query, open a prompt, or read a script from standard input.

    Example: modelwatch sql conf/payments.yaml "SELECT * FROM open_incidents"
    """
    path, queries = config_and_words(list(words or ()), config_option)
    queries += execute or []
    config, _ = configuration(path)
    if not queries and not sys.stdin.isatty():
        queries = [sys.stdin.read()]
    from modelwatch.cli.sql_session import answers_to, prompt
    from modelwatch.io.store.result_queries import ResultQueries

    with session_if_needed(f"modelwatch sql {config.monitor}") as session:
        results = ResultQueries(config.output, session)
        results.require(f"modelwatch run {path}")
        if not queries:
            prompt(_newest(results), max_rows, form)
        for statements in queries:
            answers_to(results.answer, statements, max_rows, form)


def _newest(results: ResultQueries) -> Query:
    """Answers that include what runs publish while the prompt is open."""

    def answer(statement: str, most_rows: int | None) -> QueryResult:
        results.refresh()
        return results.answer(statement, most_rows)

    return answer


def report(
    config: ConfigPath = None,
    config_option: ConfigOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder to write. Default: that of the configuration, or report/<monitor>.",
        ),
    ] = None,
) -> None:
    """Write the results as HTML pages.

    Example: modelwatch report conf/payments.yaml -o report
    """
    path = config_path(config, config_option)
    parsed, _ = configuration(path)
    from modelwatch.io.store.result_queries import ResultQueries
    from modelwatch.pipelines.report.pages import report as written

    configured = Path("report") / parsed.monitor if parsed.report is None else parsed.report.path
    with session_if_needed(f"modelwatch report {parsed.monitor}", parsed.progress) as session:
        results = ResultQueries(parsed.output, session)
        first, size = written(results, parsed, path, Path(output or configured))
    say(f"Wrote {size / 1000:,.0f} kB of pages. Open in a browser:\n\n  {first.resolve()}")


@EXPORT.callback()
def export() -> None:
    """Write the state of a monitor for other programs."""


@EXPORT.command()
def openmetrics(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    config: ConfigPath = None,
    config_option: ConfigOption = None,
) -> None:
    """Write the state of a monitor for Prometheus, in the text format of OpenMetrics.

    Example: modelwatch export openmetrics conf/payments.yaml -o /var/lib/metrics/payments.prom
    """
    parsed, _ = configuration(config_path(config, config_option))
    from modelwatch.io.store.result_queries import ResultQueries
    from modelwatch.pipelines.report.openmetrics import export_openmetrics

    with session_if_needed(f"modelwatch export {parsed.monitor}", parsed.progress) as session:
        count = export_openmetrics(ResultQueries(parsed.output, session), parsed, output)
    say(f"Wrote {count} samples to {output}")
