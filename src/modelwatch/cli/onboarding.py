"""The commands `init` and `check`."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from modelwatch.cli.arguments import (
    ConfigOption,
    ConfigPath,
    Force,
    config_path,
    configuration,
    problems_of,
    table_address,
)
from modelwatch.io.terminal import print_error, say
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.pipelines.runs.command_session import command_session
from modelwatch.stats.library_warnings import warnings_to_log


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(init)
    app.command()(check)


def init(
    inputs: Annotated[
        str,
        typer.Argument(
            metavar="INPUTS", help="Inputs of the model: path or name of a Delta table."
        ),
    ],
    predictions: Annotated[
        str | None,
        typer.Argument(metavar="PREDICTIONS", help="Predictions, if they have their own table."),
    ] = None,
    labels: Annotated[
        str | None, typer.Argument(metavar="LABELS", help="Labels, joined by id and day.")
    ] = None,
    challenger: Annotated[
        str | None,
        typer.Option(
            "--challenger",
            metavar="TABLE",
            help="Predictions of a challenger for the same ids.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File to write. Default: conf/<monitor>.yaml."
        ),
    ] = None,
    id_columns: Annotated[
        str, typer.Option("--id", help="Comma-separated columns that identify a row.")
    ] = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="Time zone in which days begin.")
    ] = "UTC",
    force: Force = False,
) -> None:
    """Write a first configuration for your tables.

    Example: modelwatch init lake/payments/inputs lake/payments/predictions lake/payments/labels
    """
    from modelwatch.io.text_files import write_text
    from modelwatch.model.onboarding.guess import monitor_name

    tables = table_address(inputs)
    others = [table_address(word) if word else None for word in (predictions, labels, challenger)]
    path = output or Path("conf") / f"{monitor_name(tables)}.yaml"
    if path.exists() and not force:
        raise ConfigurationError([Problem("", None, "exists; --force replaces it")], str(path))
    from modelwatch.pipelines.onboarding import first_configuration as setup

    columns = [name.strip() for name in id_columns.split(",") if name.strip()]
    with warnings_to_log(), ExitStack() as held:
        # Most first tables are small and local, and need no session.
        found = setup.first_configuration(
            lambda: held.enter_context(command_session("modelwatch init")),
            tables,
            *others[:2],
            challenger=others[2],
            id_columns=columns,
            time_zone=time_zone,
            folder=path.parent,
            notify=partial(print_error, flush=True),
        )
    write_text(path, found.text, force=force)
    page = path.with_suffix(".setup.html")
    write_text(page, setup.setup_text(found, str(path)), force=True)
    say(setup.decision_summary(found))
    say(f"{page} shows the rows per day and the role of each column.")
    say(f"Wrote {path}. Review it, then run:\n\n  modelwatch check {path}\n  modelwatch run {path}")


def check(config: ConfigPath = None, config_option: ConfigOption = None) -> None:
    """Check a configuration against its tables.

    Example: modelwatch check conf/payments.yaml
    """
    path = config_path(config, config_option)
    parsed, text = configuration(path)
    from modelwatch.pipelines.onboarding.configuration_check import check as checked

    with command_session(f"modelwatch check {parsed.monitor}") as spark, problems_of(path):
        say(checked(spark, parsed, text, Path(path).parent), end="")
