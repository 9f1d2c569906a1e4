"""What stored results say about a challenger: its states, and the conditions around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.errors import instance_of
from modelwatch.evaluation.comparison.contenders import CHAMPION, SHADOW, SPLIT, Design
from modelwatch.evaluation.comparison.promotion_gains import ComparedRows
from modelwatch.evaluation.performance.business_values import CONFUSION_VALUE
from modelwatch.evaluation.performance.score_groups import STATE_ORDER, ScoreGroup, score_groups
from modelwatch.evaluation.states.reference_bins import binning_of
from modelwatch.io.store.output_tables import no_results
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.comparison.promotion import OF_ALL_SEGMENTS, Condition
from modelwatch.model.comparison.requirement import RequirableMetric
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.literals import string_literal, string_literals
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.model.states.binned import SCORE
from modelwatch.stats.comparison.traffic_split import sample_ratio
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.states.binning import NumericBinning, fit_numeric
from modelwatch.stats.states.score_bins import shadow_binning
from modelwatch.stats.states.score_tally import UNDECIDED
from modelwatch.tables import TABLES

_STATES = TABLES["performance_states"]
_LARGEST_COVERAGE_DIFFERENCE = 0.05
_INPUT_AREAS = ("source", "data", "constraint", "labels")
_BINNING = (
    "fingerprint",
    "edges",
    "center",
    "scale",
    "subtracted",
    "digits",
    "special_values",
    "created_at",
)


@dataclass(frozen=True)
class NewestResults:
    """The run that published the results with the newest as-of day."""

    run_id: str
    as_of: date


def design_of(config: MonitorConfig, challenger: str) -> tuple[Design, tuple[str, str]]:
    """How a challenger is compared, and the names of champion and challenger.

    ConfigurationError if the configuration does not name the challenger.
    """
    shadows = [one.name for one in config.challengers]
    split = config.comparison
    if challenger in shadows:
        return SHADOW, (CHAMPION, challenger)
    if split is not None and challenger == split.challenger:
        return SPLIT, (split.champion, split.challenger)
    known = [*shadows, *([split.challenger] if split is not None else [])]
    wording = f"{challenger!r} is not compared by this monitor{did_you_mean(challenger, known)}"
    wording += f"; challengers: {', '.join(known)}" if known else "; configure challengers first"
    raise ConfigurationError([Problem("--challenger", None, wording)])


def requirable_metrics(config: MonitorConfig, design: Design | None) -> dict[str, RequirableMetric]:
    """What can be required of a challenger; of either design for None."""
    performance = config.performance
    if performance is None:
        raise ConfigurationError([Problem("performance", None, "a promotion needs performance")])
    found = {
        key: RequirableMetric(one.better, one.range[1] - one.range[0])
        for key, one in PERFORMANCE.items()
        if performance.task in one.tasks and one.better != "neutral"
    }
    if config.segments:
        found |= {name: RequirableMetric("higher") for name in OF_ALL_SEGMENTS}
        if performance.task != "binary":
            del found["fairness"]
    if performance.values.cells is not None:
        found[CONFUSION_VALUE] = RequirableMetric("higher")
    if design != SHADOW:
        found |= dict.fromkeys(performance.values.expressions, RequirableMetric(None))
    return found


def newest_results(results: ResultQueries, config: MonitorConfig) -> NewestResults:
    """The newest results; SourceError before the first run."""
    results.require()
    rows = results.answer(f"""
        SELECT run_id, as_of FROM published_runs
        WHERE monitor = {string_literal(config.monitor)}
        ORDER BY as_of DESC, finished_at DESC, run_id DESC LIMIT 1""").rows
    if not rows:
        raise no_results(config.output, "run the monitor first")
    return NewestResults(*rows[0])


def score_binnings(
    results: ResultQueries, config: MonitorConfig, challenger: str
) -> tuple[NumericBinning, NumericBinning]:
    """The bins of the scores of the champion and of a challenger in shadow mode; twice the former
    if traffic is split."""
    performance = config.performance
    binning = fit_numeric(np.array([0.0, 1.0]), 0.0, 1.0)
    if performance is not None and performance.score:
        role = SCORE if performance.task == "binary" else "predictions"
        rows = results.answer(f"""
            SELECT {", ".join(f"held.{name}" for name in _BINNING)} FROM binnings AS held
            JOIN published_runs AS published
              ON held.monitor = published.monitor AND held.run_id = published.run_id
            WHERE held.monitor = {string_literal(config.monitor)}
              AND held.role = {string_literal(role)}
              AND lower(held.feature) = {string_literal(performance.score[0].lower())}
            ORDER BY held.created_at DESC""").records()
        binning = _of_states(results, config, [_binning(row, config) for row in rows]) or binning
    shadow = next((one for one in config.challengers if one.name == challenger), None)
    if shadow is None or performance is None:
        return binning, binning
    return binning, shadow_binning(binning, shadow.score_kind or performance.score_kind)


def _binning(row: Mapping[str, Any], config: MonitorConfig) -> NumericBinning:
    kind = None if config.performance is None else config.performance.score_kind
    special = tuple(row["special_values"] or ())
    found = instance_of(binning_of({**row, "known_hashes": None}, special, kind), NumericBinning)
    return found.of_doubles()


def _of_states(
    results: ResultQueries, config: MonitorConfig, known: Sequence[NumericBinning]
) -> NumericBinning | None:
    """The newest of some bins in which states are counted."""
    rows = results.answer(f"""
        SELECT DISTINCT binning FROM performance_states_current
        WHERE monitor = {string_literal(config.monitor)} AND binning IS NOT NULL""").rows
    counted = {row[0] for row in rows}
    return next((one for one in known if one.fingerprint in counted), None)


def states_of(
    results: ResultQueries,
    config: MonitorConfig,
    design: Design,
    challenger: str,
    as_of: date,
    binning: NumericBinning,
) -> list[ScoreGroup]:
    """The current states of all traffic and of every segment that compare two models."""
    task = "" if config.performance is None else config.performance.task
    tasks = string_literals((task, UNDECIDED))
    if design == SHADOW:
        shared = string_literals(("paired_champion", "paired_challenger"))
        wanted = f"""kind IN ({shared}) AND name = {string_literal(challenger)}
            OR kind IN ({tasks}) AND segmentation = 'all'"""
    else:
        wanted = f"kind IN ({tasks}) OR kind = 'value' AND segmentation = 'all'"
    held = results.table(
        f"""SELECT * FROM performance_states_current
        WHERE monitor = {string_literal(config.monitor)} AND ({wanted})""",
        _STATES,
    )
    ordered: pa.Table = held.sort_by([(name, "ascending") for name in (*STATE_ORDER, "part")])
    return list(score_groups(ordered.to_batches(), binning, day_number(as_of)))


def row_conditions(
    config: MonitorConfig,
    design: Design,
    shared: ComparedRows | None,
    least_scored: float,
) -> list[Condition]:
    """Whether the compared rows stand for all rows."""
    if shared is None:
        return [Condition("rows", "wait", "no day has labels of both models")]
    if design == SHADOW:
        share = shared.labelled[1] / max(shared.of_champion, 1)
        wording = f"the challenger scored {share:.1%} of the champion's labeled rows"
        if share < least_scored:
            return [Condition("rows", "wait", f"{wording}, less than {least_scored:.0%}")]
        return [Condition("rows", "none", wording)]
    coverage = [of / max(rows, 1) for of, rows in zip(shared.labelled, shared.rows, strict=True)]
    apart = abs(coverage[0] - coverage[1]) > _LARGEST_COVERAGE_DIFFERENCE
    wording = (
        f"labels of {coverage[0]:.1%} of the due rows of the champion and of {coverage[1]:.1%} of "
        "those of the challenger are known"
    )
    found = [Condition("rows", "wait" if apart else "none", wording)]
    expected = None if config.comparison is None else config.comparison.expected_share
    if expected is not None:
        split = sample_ratio(np.array([shared.rows]), np.array([1.0 - expected, expected]))
        got, wrong = float(split.shares[0, 1]), bool(split.mismatch[0])
        wording = f"the challenger received {got:.4f} of the traffic, intended are {expected:g}"
        found.append(Condition("traffic", "block" if wrong else "none", wording))
    return found


def result_conditions(
    results: ResultQueries, config: MonitorConfig, challenger: str, last_day: date | None
) -> list[Condition]:
    """Open incidents, and contracts of the inputs."""
    return [*_incidents(results, config, challenger), *_contracts(results, config, last_day)]


def _incidents(results: ResultQueries, config: MonitorConfig, challenger: str) -> list[Condition]:
    rows = results.answer(f"""
        SELECT incident.incident_id, incident.area, incident.model_version, incident.importance,
          incident.muted_until, incident.false_alarm_at, incident.sentence, shown.pending_response
        FROM incidents_current AS incident
        JOIN open_incidents AS shown
          ON incident.monitor = shown.monitor AND incident.incident_id = shown.incident_id
        WHERE incident.monitor = {string_literal(config.monitor)} AND incident.severity = 'fail'
        ORDER BY incident.incident_id""").records()
    blocking = [row for row in rows if _blocks(row, challenger)]
    others = len(rows) - len(blocking)
    found = [
        Condition(
            "incidents", "block", f"incident {row['incident_id']} is open: {row['sentence'] or ''}"
        )
        for row in blocking
    ]
    if not blocking:
        beside = f", {others} others are muted, unimportant, or of other models" if others else ""
        wording = f"no failing incident of the inputs or the challenger is open{beside}"
        found.append(Condition("incidents", "none", wording))
    return found


def _blocks(incident: Mapping[str, Any], challenger: str) -> bool:
    """Whether a failing incident is of the inputs or the challenger, and people let it stand."""
    return (
        (incident["area"] in _INPUT_AREAS or incident["model_version"] == challenger)
        and incident["importance"] > 0
        and incident["muted_until"] is None
        and incident["false_alarm_at"] is None
        and incident["pending_response"] not in ("mute", "false_alarm")
    )


def _contracts(
    results: ResultQueries, config: MonitorConfig, last_day: date | None
) -> list[Condition]:
    """Clauses that failed on the last day that was checked, or on the last compared day."""
    mine = f"monitor = {string_literal(config.monitor)}"
    rows = results.answer(f"""
        SELECT day, constraint_name FROM contract_breaches
        WHERE {mine} AND verdict = 'fail' ORDER BY day, constraint_name""").records()
    newest = results.answer(f"SELECT max(day) AS day FROM constraints_current WHERE {mine}").rows
    days = {newest[0][0] if newest else None, last_day}
    broken = sorted(
        {(row["contract"], row["constraint_name"]) for row in rows if row["day"] in days}
    )
    if broken:
        named = ", ".join(clause for _, clause in broken[:5])
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        return [
            Condition("contract", "block", f"clauses of the contract are broken: {named}{more}")
        ]
    return [Condition("contract", "none", "no clause of a contract is broken on the last days")]
