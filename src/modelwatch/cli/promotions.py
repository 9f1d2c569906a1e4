"""The command `gate`: whether a challenger may replace its champion."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from modelwatch.cli.answers import Form, FormOption, json_value
from modelwatch.cli.arguments import (
    By,
    ConfigOption,
    ConfigPath,
    Note,
    config_path,
    configuration,
    day_option,
    problem,
    user_name,
)
from modelwatch.io.terminal import say
from modelwatch.model.runs.exit_codes import EXIT_ATTENTION, EXIT_SUCCESS, EXIT_UNDECIDED
from modelwatch.pipelines.runs.command_session import session_if_needed

_CODES = {"promote": EXIT_SUCCESS, "reject": EXIT_ATTENTION, "undecided": EXIT_UNDECIDED}
_MOST_ERROR = 0.2


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("gate")(promote)


def promote(
    challenger: Annotated[
        str,
        typer.Option(
            "--challenger",
            metavar="VERSION",
            help="Name of a challenger in shadow mode, or the version of a split.",
        ),
    ],
    config: ConfigPath = None,
    config_option: ConfigOption = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            "--require",
            metavar="METRIC[:MARGIN][,...]",
            help="Gains that must be shown, in units of the metric: `accuracy:-0.005` tolerates a"
            " loss of 0.005, `accuracy:0.01` requires a gain of 0.01. Default: `accuracy`.",
        ),
    ] = None,
    error: Annotated[
        float,
        typer.Option(
            "--error", help="Largest probability of a promotion although a requirement fails."
        ),
    ] = 0.05,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance",
            help="Share of the range of a metric by which it may be worse where nothing is"
            " required.",
        ),
    ] = 0.01,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Ask on a single day that was chosen in advance: narrower intervals, which do not"
            " hold if the command is asked again.",
        ),
    ] = False,
    since: Annotated[
        date | None,
        day_option("--since", "First day that counts. Default: the first that both models share."),
    ] = None,
    scored_share: Annotated[
        float,
        typer.Option(
            "--scored-share",
            help="Share of the champion's labeled rows that a challenger in shadow mode must have"
            " scored.",
        ),
    ] = 0.95,
    max_age: Annotated[
        int | None,
        typer.Option(
            "--max-age", min=0, help="Undecided if the results are older, in days. Default: any."
        ),
    ] = None,
    by: By = None,
    note: Note = None,
    form: FormOption = Form.TABLE,
) -> int:
    """Decide whether a challenger may replace its champion.

    Exits with 0 to promote, 1 not to, and 3 if undecided. Each decision is a row of
    promotion_decisions.

    Example: modelwatch gate conf/payments.yaml --challenger v2 --require accuracy:-0.005,roc_auc
    """
    path = config_path(config, config_option)
    _check_options(error, {"--scored-share": scored_share, "--tolerance": tolerance}, form)
    parsed, _ = configuration(path)
    from modelwatch.io.store.result_queries import ResultQueries
    from modelwatch.pipelines.comparison import promotion as decisions

    requirements, design, versions = decisions.requested(parsed, challenger, require or ())
    request = decisions.PromotionRequest(
        challenger,
        requirements,
        design,
        versions,
        error=error,
        tolerance=tolerance,
        every_look=not once,
        since=since,
        least_scored=scored_share,
        most_age=max_age,
    )
    today = datetime.now(ZoneInfo(parsed.time_zone)).date()
    with session_if_needed(f"modelwatch gate {parsed.monitor}") as session:
        results = ResultQueries(parsed.output, session)
        row = decisions.decided_promotion(results, parsed, request, today)
        row |= {"decided_by": by or user_name(), "note": note}
        decisions.record_promotion(parsed, row, session)
    if form is Form.JSON:
        say(json.dumps(json_value(row), ensure_ascii=False, indent=1))
    else:
        say(decisions.promotion_text(row), end="")
    return _CODES[row["decision"]]


def _check_options(error: float, shares: Mapping[str, float], form: Form) -> None:
    if not (math.isfinite(error) and 0.0 < error <= _MOST_ERROR):
        raise problem(f"--error is above 0 and at most {_MOST_ERROR:g}")
    for name, share in shares.items():
        if not 0.0 <= share <= 1.0:
            raise problem(f"{name} is between 0 and 1")
    if form is Form.CSV:
        raise problem("--format csv does not apply to a decision; use json")
