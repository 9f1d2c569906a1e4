"""The commands `replay` and `trace`, which examine past runs."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from modelwatch.cli.arguments import (
    ConfigOption,
    ConfigPath,
    config_path,
    configuration,
    day_option,
)
from modelwatch.io.terminal import say
from modelwatch.model.runs.exit_codes import EXIT_ATTENTION, EXIT_SUCCESS
from modelwatch.pipelines.runs.command_session import monitor_session


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(replay)
    app.command()(trace)


def replay(
    run: Annotated[
        str, typer.Option("--run", metavar="ID", help="Id of the run, or its beginning.")
    ],
    config: ConfigPath = None,
    config_option: ConfigOption = None,
    scratch: Annotated[
        str | None,
        typer.Option(
            "--scratch",
            metavar="FOLDER",
            help="Folder of the replay tables. Default: next to the output.",
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the tables of the replay.")] = False,
) -> int:
    """Recompute a past run and compare every row with what it wrote.

    Example: modelwatch replay conf/payments.yaml --run 20260301T0600
    """
    parsed, _ = configuration(config_path(config, config_option))
    from modelwatch.pipelines.replay import recomputation

    with monitor_session("replay", parsed) as spark:
        found = recomputation.replay(spark, parsed, run, scratch=scratch, keep=keep)
    say(found.text, end="")
    return EXIT_SUCCESS if found.identical else EXIT_ATTENTION


def trace(
    id_values: Annotated[
        list[str],
        typer.Option(
            "--id",
            metavar="VALUE",
            help="Id of the prediction; repeat the option for each of several id columns.",
        ),
    ],
    config: ConfigPath = None,
    config_option: ConfigOption = None,
    day: Annotated[
        date | None,
        day_option("--day", "Day of the prediction. Default: search the whole table."),
    ] = None,
    as_of: Annotated[date | None, day_option("--as-of", "As known on this day.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show one prediction with its rows, verdicts, labels and incidents.

    Example: modelwatch trace conf/payments.yaml --id 7d1f-22
    """
    parsed, _ = configuration(config_path(config, config_option))
    from modelwatch.pipelines.replay import trace as tracing
    from modelwatch.pipelines.replay.report import trace_json, trace_text

    with monitor_session("trace", parsed) as spark:
        found = tracing.trace(spark, parsed, id_values, as_of=as_of, day=day)
    say((trace_json if json else trace_text)(found), end="")
