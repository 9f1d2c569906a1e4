"""The commands `maintain` and `conf-path`."""

from __future__ import annotations

from typing import Annotated

import typer

from modelwatch.cli.arguments import ConfigOption, ConfigPath, config_path, configuration, problem
from modelwatch.io.session.packaged_files import PACKAGED, packaged_path
from modelwatch.io.terminal import say
from modelwatch.pipelines.runs.command_session import monitor_session


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(maintain)
    app.command()(conf_path)


def maintain(
    config: ConfigPath = None,
    config_option: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done.")] = False,
) -> None:
    """Merge and remove files, and apply the retention settings.

    Example: modelwatch maintain conf/payments.yaml --dry-run
    """
    parsed, _ = configuration(config_path(config, config_option))
    from modelwatch.pipelines.maintenance.upkeep import maintain as maintained

    with monitor_session("maintain", parsed) as spark:
        text = maintained(spark, parsed, dry_run=dry_run)
    say(text, end="")


def conf_path(
    which: Annotated[
        str | None,
        typer.Argument(metavar="[WHICH]", help=f"Only this path: {', '.join(PACKAGED)}."),
    ] = None,
) -> None:
    """Print the paths of the packaged Spark properties, job, and schema of messages.

    Example: spark-submit --properties-file "$(modelwatch conf-path properties)"
    "$(modelwatch conf-path job)" run --config conf/payments.yaml
    """
    if which is not None and which not in PACKAGED:
        raise problem(f"{which!r} is not one of {', '.join(PACKAGED)}")
    names = PACKAGED if which is None else (which,)
    for name in names:
        path = packaged_path(name)
        say(path if which else f"{name:<10}  {path}")
