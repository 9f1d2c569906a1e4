"""What rows of the reference show of the scores that performance is read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.onboarding.score_guess import ScoreFacts
from modelwatch.model.profile.features import Feature
from modelwatch.spark.days import named, with_day
from modelwatch.stats.states.multiclass import SUM_TOLERANCE
from modelwatch.stats.states.score_scale import ScoreKind, largest_probability

ROWS = 20_000
"""Rows that are looked at."""


def score_facts(
    config: MonitorConfig, frames: Mapping[str, DataFrame], features: Sequence[Feature]
) -> tuple[ScoreFacts, ...]:
    """Facts of each score of a classifier, in order; none without scores."""
    performance = config.performance
    if performance is None or performance.task == "regression" or not performance.score:
        return ()
    rows = _rows(config, frames).limit(ROWS)
    codes = {
        f.name.lower(): [float(value) for value in f.special_values]
        for f in features
        if f.role == "predictions"
    }
    scores = [_known(name, codes.get(name.lower(), ())) for name in performance.score]
    kind = performance.score_kind
    whole = 100.0 if kind == "percentage" else 1.0
    added = sum(scores[1:], start=scores[0]) / F.lit(whole)
    apart = F.abs(added - F.lit(1.0)) > F.lit(SUM_TOLERANCE)
    judged = performance.task == "multiclass" and kind in ("probability", "percentage")
    figures: dict[str, Column] = {"unequal": F.count(F.when(apart, 1))}
    for at, score in enumerate(scores):
        figures |= {
            f"rows{at}": F.count(score),
            f"lowest{at}": F.min(score),
            f"highest{at}": F.max(score),
            f"distinct{at}": F.approx_count_distinct(score),
            f"fractions{at}": F.max(score != F.floor(score)),
            f"improbable{at}": F.count(F.when(_improbable(kind, score), 1)),
        }
    found = rows.agg(*(column.alias(name) for name, column in figures.items())).collect()[0]
    return tuple(
        ScoreFacts(
            name,
            int(found[f"rows{at}"]),
            float(found[f"lowest{at}"]),
            float(found[f"highest{at}"]),
            int(found[f"distinct{at}"]),
            bool(found[f"fractions{at}"]),
            int(found[f"improbable{at}"]),
            int(found["unequal"]) if judged else 0,
        )
        for at, name in enumerate(performance.score)
        if found[f"rows{at}"]
    )


def _rows(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> DataFrame:
    """Rows of the predictions, on the days of the reference where it has some of theirs."""
    frame = frames["predictions" if config.two_tables else "inputs"]
    reference = config.binning_reference
    own = config.predictions.day if config.predictions and config.two_tables else None
    if reference.table is not None or reference.days is None:
        return frame
    source = own or config.inputs.day
    return with_day(frame, source, config.time_zone, list(reference.days))


def _known(name: str, codes: Sequence[float]) -> Column:
    """The score, null where it is NaN or a code of something else."""
    score = named(name).cast("double")
    known = ~F.isnan(score)
    return F.when(known & ~score.isin(*codes) if codes else known, score)


def _improbable(kind: ScoreKind, score: Column) -> Column:
    if kind in ("logit", "rank"):
        return F.lit(False)
    return (score < F.lit(0.0)) | (score > F.lit(largest_probability(kind)))
