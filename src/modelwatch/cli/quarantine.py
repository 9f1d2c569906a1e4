"""The command `quarantine`: quarantined rows, the reasons, and releases."""

from __future__ import annotations

from typing import Annotated

import typer

from modelwatch.cli.answers import Form, FormOption, answer
from modelwatch.cli.arguments import (
    By,
    ConfigOption,
    Note,
    config_and_words,
    configuration,
    days_option,
    problem,
    user_name,
)
from modelwatch.io.terminal import say
from modelwatch.model.days import DayRange
from modelwatch.pipelines.runs.command_session import monitor_session


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(quarantine)


def quarantine(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONFIG] [WHAT [KEY ...]]",
            help="WHAT: list (default), explain, release, withdraw. KEY: of a row, or its id.",
        ),
    ] = None,
    config_option: ConfigOption = None,
    day: Annotated[
        DayRange | None, days_option("--day", "Rows of these days.", "DAY[..DAY]")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Rows that fail this rule.")] = None,
    table: Annotated[
        str | None, typer.Option("--table", help="Rows of inputs, predictions or labels.")
    ] = None,
    by: By = None,
    note: Note = None,
    form: FormOption = Form.TABLE,
) -> None:
    """List quarantined rows, explain them, or release them.

    Example: modelwatch quarantine conf/payments.yaml release 3f2a90c1 --note "checked by hand"
    """
    path, rest = config_and_words(list(words or ()), config_option)
    config, _ = configuration(path)
    from modelwatch.pipelines.quarantine import actions

    what, *keys = rest or ["list"]
    known = ("list", "explain", *actions.ACTIONS)
    if what not in known:
        raise problem(f"{what!r} is not one of {', '.join(known)}")
    if form is not Form.TABLE and what != "list":
        raise problem(f"--format {form.value} applies to list only")
    chosen = actions.Chosen(tuple(keys), day, rule, table)
    with monitor_session("quarantine", config) as spark:
        if what in actions.ACTIONS:
            text = actions.recorded_release(spark, config, what, chosen, by or user_name(), note)
        elif what == "explain":
            text = actions.explained(spark, config, chosen)
        elif form is Form.TABLE:
            text = actions.listed(spark, config, chosen)
        else:
            answer(actions.LISTED, actions.quarantine_counts(spark, config, chosen), form)
            return
    say(text, end="")
