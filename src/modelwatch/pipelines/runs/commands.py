"""The commands on what runs have left: replay, trace, report and maintain."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelwatch.io.terminal import argument_of
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.days import parse_day

# Spark is imported by a command that is carried out, so that a wrong argument is reported at once.
if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class RunCommand:
    """A command that takes a configuration: its arguments, and what it does.

    ``carry_out`` gives the text to print and the exit code.
    """

    name: str
    wording: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    carry_out: Callable[[SparkSession, MonitorConfig, argparse.Namespace], tuple[str, int]]


def _replay_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run", metavar="ID", required=True, help="id of the run, or its beginning"
    )
    parser.add_argument(
        "--scratch",
        metavar="FOLDER",
        help="folder of the replay tables (default: beside the output)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the tables of the replay")


def _replay(
    spark: SparkSession, config: MonitorConfig, arguments: argparse.Namespace
) -> tuple[str, int]:
    from modelwatch.pipelines.replay.recomputation import EXIT_DIFFERENT, EXIT_IDENTICAL, replay

    found = replay(spark, config, arguments.run, scratch=arguments.scratch, keep=arguments.keep)
    return found.text, EXIT_IDENTICAL if found.identical else EXIT_DIFFERENT


def _trace_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--id", nargs="+", required=True, help="id of the prediction: one value per id column"
    )
    parser.add_argument(
        "--day", type=argument_of(parse_day), help="its day (default: search the whole table)"
    )
    parser.add_argument(
        "--as-of", type=argument_of(parse_day), metavar="DAY", help="as known on this day"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def _trace(
    spark: SparkSession, config: MonitorConfig, arguments: argparse.Namespace
) -> tuple[str, int]:
    from modelwatch.pipelines.replay.trace import trace
    from modelwatch.pipelines.replay.trace_report import trace_json, trace_text

    found = trace(spark, config, arguments.id, as_of=arguments.as_of, day=arguments.day)
    return (trace_json if arguments.json else trace_text)(found), 0


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="folder to write (that of the configuration, or report/<monitor>)",
    )


def _report(
    spark: SparkSession, config: MonitorConfig, arguments: argparse.Namespace
) -> tuple[str, int]:
    from modelwatch.pipelines.report.pages import report

    path: str = arguments.config or arguments.config_word
    configured = Path("report") / config.monitor if config.report is None else config.report.path
    folder = Path(arguments.output or configured)
    first, size = report(spark, config, path, folder)
    return f"Wrote {size / 1000:,.0f} kB of pages. Open in a browser:\n\n  {first.resolve()}\n", 0


def _maintain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print what would be done")


def _maintain(
    spark: SparkSession, config: MonitorConfig, arguments: argparse.Namespace
) -> tuple[str, int]:
    from modelwatch.pipelines.maintenance.upkeep import maintain

    return maintain(spark, config, dry_run=arguments.dry_run), 0


RUN_COMMANDS = (
    RunCommand(
        "replay",
        "recompute a past run and compare every row with what it wrote",
        _replay_arguments,
        _replay,
    ),
    RunCommand(
        "trace",
        "show one prediction with its rows, verdicts, labels and incidents",
        _trace_arguments,
        _trace,
    ),
    RunCommand("report", "write the results as HTML pages", _report_arguments, _report),
    RunCommand(
        "maintain",
        "merge and remove files, and apply the retention settings",
        _maintain_arguments,
        _maintain,
    ),
)
