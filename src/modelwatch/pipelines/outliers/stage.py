"""The stage of a run that determines outliers: shares in all windows, and rows of failing days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame

from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.outliers.bounds import FencedBy
from modelwatch.evaluation.outliers.outlying_rows import OutlierQuestion
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.spark.outliers.outliers import outlier_bounds, outlying_rows, share_rows
from modelwatch.stats.states.binning import NumericBinning


def write_outliers(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    needed: DataFrame,
    evaluation: Evaluation,
    failing: Sequence[date],
) -> None:
    """Shares beyond the fences in the windows, and the most outlying rows of the newest failing
    days.

    ``needed``: the states for the evaluation. ``failing``: days with rows that failed; the newest
    ones are read again, as many as configured.
    """
    config = request.config
    name = config.binning_reference.name
    reference = next(one for one in evaluation.references if one.name == name)
    by = FencedBy(reference, config.outliers.fence)
    found = share_rows(needed, evaluation, by)
    days = sorted(failing)[-config.outliers.days :] if config.outliers.days else []
    if days and config.outliers.rows:
        rows = _rows(request.config, request.sources, states, needed, evaluation, by, days)
        if rows is not None:
            found = found.unionByName(rows, allowMissingColumns=True)
    run.append(store, config, "outliers", found)


def _rows(
    config: MonitorConfig,
    sources: Sources,
    states: StatesOf,
    needed: DataFrame,
    evaluation: Evaluation,
    by: FencedBy,
    days: Sequence[date],
) -> DataFrame | None:
    bounds = outlier_bounds(needed, evaluation, by)
    if bounds.center is None:
        return None
    inputs = {f.name: f for f in states.features if f.role == "inputs"}
    features = tuple(inputs[name] for name in bounds.center.features)
    bins = tuple(states.bins[f.role, f.name] for f in features)
    question = OutlierQuestion(
        reference=by.reference.name,
        features=features,
        bins=tuple(b for b in bins if isinstance(b, NumericBinning)),
        bounds=bounds,
        ids=config.inputs.id,
        most=config.outliers.rows,
        secrets=sources.secrets,
    )
    return outlying_rows(sources.rows("inputs", days), question)
