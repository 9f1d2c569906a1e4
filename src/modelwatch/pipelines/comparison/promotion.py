"""The command `modelwatch gate`: whether a challenger may replace its champion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import SparkSession

from modelwatch.errors import present
from modelwatch.evaluation.comparison.contenders import Design
from modelwatch.evaluation.comparison.promotion_gains import (
    ComparedRows,
    PromotionQuestion,
    promotion_gains,
)
from modelwatch.io.store.appended_rows import append_rows
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.comparison.promotion import (
    Condition,
    Promotion,
    PromotionCheck,
    promotion,
)
from modelwatch.model.comparison.requirement import (
    Requirement,
    default_requirements,
    parse_requirements,
)
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.model.plain_text import counted, plain_text
from modelwatch.pipelines.comparison.promotion_evidence import (
    NewestResults,
    design_of,
    newest_results,
    requirable_metrics,
    result_conditions,
    row_conditions,
    score_binnings,
    states_of,
)
from modelwatch.pipelines.runs.queries import table_text
from modelwatch.stats.comparison.paired import DECIDING
from modelwatch.stats.day_numbers import day_number, numbered_day
from modelwatch.stats.value_names import ALL

_TABLE = "promotion_decisions"
_SHOWN = ("role", "area", "metric", "segment", "gain", "lower", "upper", "margin", "outcome")
_MOST_REASONS = 12
_SAID = {
    "promote": "promote {challenger}",
    "reject": "do not promote {challenger}",
    "undecided": "undecided about {challenger}",
}


@dataclass(frozen=True)
class PromotionRequest:
    """What is asked of a challenger, and how strictly.

    ``versions``: champion and challenger. ``error``: probability of a promotion although a
    requirement does not hold. ``tolerance``: share of the largest possible loss that is tolerated
    where nothing is required. ``every_look``: whether over all days on which one asks. ``since``:
    the first day that counts. ``least_scored``: share of the champion's rows that a challenger in
    shadow mode must have scored. ``most_age``: days after which results are too old; None for any
    age.
    """

    challenger: str
    requirements: tuple[Requirement, ...]
    design: Design
    versions: tuple[str, str]
    error: float = 0.05
    tolerance: float = 0.01
    every_look: bool = True
    since: date | None = None
    least_scored: float = 0.95
    most_age: int | None = None


def requested(
    config: MonitorConfig, challenger: str, required: Sequence[str]
) -> tuple[tuple[Requirement, ...], Design, tuple[str, str]]:
    """The requirements, the design, and the names of champion and challenger.

    ConfigurationError with everything that is wrong. Without requirements, the first metric by
    which a comparison decides is required.
    """
    problems: list[Problem] = []
    design, versions = None, ("", challenger)
    try:
        design, versions = design_of(config, challenger)
    except ConfigurationError as error:
        problems += error.problems
    requirements: tuple[Requirement, ...] = ()
    try:
        known = requirable_metrics(config, design)
        if required:
            requirements = parse_requirements(required, known)
        else:
            requirements = default_requirements(DECIDING, known)
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return requirements, present(design, "design"), versions


def decided_promotion(
    results: ResultQueries, config: MonitorConfig, request: PromotionRequest, today: date
) -> dict[str, Any]:
    """The answer with its evidence, as a row of `promotion_decisions`.

    SourceError before the first run. ``today``: to tell the age of the results.
    """
    newest = newest_results(results, config)
    performance = present(config.performance, "performance")
    binnings = score_binnings(results, config, request.challenger)
    named = {one.metric for one in request.requirements}
    question = PromotionQuestion(
        design=request.design,
        versions=request.versions,
        task=performance.task,
        binnings=binnings,
        requirements=request.requirements,
        guards=tuple(key for key in DECIDING if key not in named),
        classes=performance.class_names,
        cells=performance.values.cells,
        since=None if request.since is None else day_number(request.since),
    )
    groups = states_of(
        results, config, request.design, request.challenger, newest.as_of, binnings[0]
    )
    shared, gains = promotion_gains(question, groups)
    last_day = None if shared is None else numbered_day(shared.last)
    conditions = [
        *row_conditions(config, request.design, shared, request.least_scored),
        *result_conditions(results, config, request.challenger, last_day),
        _age(newest, today, request.most_age),
    ]
    found = promotion(
        request.requirements,
        gains,
        conditions,
        error=request.error,
        tolerance=request.tolerance,
        every_look=request.every_look,
    )
    return _row(config, request, newest, shared, found)


def record_promotion(
    config: MonitorConfig, row: dict[str, Any], session: Callable[[], SparkSession]
) -> None:
    """Append the row of a decision to `promotion_decisions`."""
    append_rows(config.output, _TABLE, [row], "promotion decided", session)


def promotion_text(row: dict[str, Any]) -> str:
    """A decision for people: the answer, the reasons, and the evidence."""
    said = _SAID[row["decision"]].format(challenger=row["challenger"])
    compared = f"{row['days']} shared days"
    if row["first_day"] is not None:
        compared += f" from {row['first_day']} to {row['last_day']}"
    lines = [f"{row['monitor']}: {said}", ""]
    lines += [f"- {plain_text(reason)}" for reason in row["reasons"][:_MOST_REASONS]]
    beyond = len(row["reasons"]) - _MOST_REASONS
    lines += [f"- and {beyond} more reasons (--format json)"] if beyond > 0 else []
    if row["more_days"] is not None:
        lines.append(f"- about {row['more_days']} more days decide if the gains stay as they are")
    lines += [
        "",
        f"{compared}, {row['challenger_rows']:,} labeled rows of {row['challenger']}, "
        f"{row['champion_rows']:,} of {row['champion']}, results as of {row['as_of']}.",
        "Required: " + "; ".join(one["sentence"] for one in row["requirements"]) + ".",
    ]
    shown = [check for check in row["checks"] if _is_shown(check)]
    if shown:
        cells = [[_cell(check, name) for name in _SHOWN] for check in shown]
        lines += ["", table_text(_SHOWN, cells).rstrip("\n")]
        others = len(row["checks"]) - len(shown)
        lines += (
            [f"and {counted(others, 'guard')} in segments that nothing speaks against"]
            if others
            else []
        )
    conditions = [one for one in row["conditions"] if one["effect"] == "none"]
    lines += ["", *(f"{one['area']}: {plain_text(one['sentence'])}" for one in conditions)]
    return "\n".join(lines) + "\n"


def _is_shown(check: Mapping[str, Any]) -> bool:
    """Whether people see a check: what is required, all traffic, and segments that are worse."""
    whole = check["segmentation"] == ALL
    return bool(check["role"] == "requirement" or whole or check["outcome"] == "refuted")


def _cell(check: Mapping[str, Any], name: str) -> object:
    if name == "segment":
        whole = check["segmentation"] == ALL
        return ALL if whole else f"{check['segmentation']} {check['segment']}"
    value = check[name]
    return round(value, 4) + 0.0 if isinstance(value, float) else value


def _age(newest: NewestResults, today: date, most: int | None) -> Condition:
    days = (today - newest.as_of).days
    wording = f"the newest results are as of {newest.as_of}, {days} days ago"
    late = most is not None and days > most
    return Condition("results", "wait" if late else "none", wording)


def _row(
    config: MonitorConfig,
    request: PromotionRequest,
    newest: NewestResults,
    shared: ComparedRows | None,
    found: Promotion,
) -> dict[str, Any]:
    return {
        "monitor": config.monitor,
        "decided_at": datetime.now(timezone.utc),
        "design": request.design,
        "champion": request.versions[0],
        "challenger": request.versions[1],
        "decision": found.answer,
        "reasons": list(found.reasons),
        "more_days": found.more_days,
        "requirements": [
            {
                "metric": one.metric,
                "margin": one.margin,
                "better": one.better,
                "sentence": one.sentence,
            }
            for one in request.requirements
        ],
        "error_rate": request.error,
        "every_look": request.every_look,
        "first_day": None if shared is None else numbered_day(shared.first),
        "last_day": None if shared is None else numbered_day(shared.last),
        "days": 0 if shared is None else shared.days,
        "champion_rows": 0 if shared is None else shared.labelled[0],
        "challenger_rows": 0 if shared is None else shared.labelled[1],
        "checks": [_check(one) for one in found.checks],
        "conditions": [
            {"area": one.area, "effect": one.effect, "sentence": one.sentence}
            for one in found.conditions
        ],
        "as_of": newest.as_of,
        "results_of": newest.run_id,
        "decided_by": None,
        "note": None,
    }


def _check(check: PromotionCheck) -> dict[str, Any]:
    gain = check.gain
    return {
        "area": gain.area,
        "role": check.role,
        "metric": gain.metric,
        "segmentation": gain.segmentation,
        "segment": gain.segment,
        "outcome": check.outcome,
        "champion_value": gain.champion,
        "challenger_value": gain.challenger,
        "gain": gain.mean.value,
        "lower": check.lower,
        "upper": check.upper,
        "fixed_lower": check.fixed_lower,
        "fixed_upper": check.fixed_upper,
        "margin": check.margin,
        "error_rate": check.error,
        "detectable": check.detectable,
        "days": gain.mean.days,
        "row_count": gain.row_count,
        "more_days": check.more_days,
        "sentence": check.sentence,
    }
