"""The command `incidents`: open incidents, their history, and responses."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from modelwatch.cli.answers import Form, FormOption, answer
from modelwatch.cli.arguments import (
    By,
    ConfigOption,
    Note,
    config_and_words,
    configuration,
    day_option,
    problem,
    user_name,
)
from modelwatch.io.terminal import say
from modelwatch.pipelines.runs.command_session import session_if_needed


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(incidents)


def incidents(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONFIG] [WHAT ID]",
            help="WHAT: list (default), show, acknowledge, mute, unmute, false-alarm, reopen.",
        ),
    ] = None,
    config_option: ConfigOption = None,
    until: Annotated[date | None, day_option("--until", "Last day of the mute.")] = None,
    every: Annotated[bool, typer.Option("--all", help="List closed incidents as well.")] = False,
    by: By = None,
    note: Note = None,
    form: FormOption = Form.TABLE,
) -> None:
    """List open incidents, show one, or acknowledge, mute or reopen one.

    Example: modelwatch incidents conf/payments.yaml mute 3f2a --until 2026-12-24
    """
    path, rest = config_and_words(list(words or ()), config_option)
    config, _ = configuration(path)
    from modelwatch.io.store.result_queries import ResultQueries
    from modelwatch.pipelines.incidents import actions

    what, *named = rest or ["list"]
    wrong = actions.problem_of(what, named, until)
    if wrong or (form is not Form.TABLE and what != "list"):
        raise problem(wrong or f"--format {form.value} applies to list only")
    with session_if_needed(f"modelwatch incidents {config.monitor}") as session:
        results = ResultQueries(config.output, session)
        if form is not Form.TABLE:
            found = actions.incident_rows(results, config, every=every)
            answer(found.columns, found.rows, form)
            return
        if what == "list":
            text = actions.listed(results, config, every=every)
        elif what == "show":
            text = actions.shown(results, config, named[0])
        else:
            response = actions.Response(what, named[0], by or user_name(), until, note)
            text = actions.recorded_response(results, session(), config, response)
    say(text, end="")
