"""The loss regressor of a run: the stored one, or one that is fitted now."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.io.delta.table_schema import OutputError
from modelwatch.io.store.models import load_model, make_active, save_model
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig, labels_fingerprint
from modelwatch.model.days import shifted
from modelwatch.model.planning.label_plan import REQUESTED, with_days
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.retention import retired
from modelwatch.model.profile.features import Feature
from modelwatch.model.runs.stages import Stage
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.pipelines.states.label_states import score_binning, traffic_of
from modelwatch.spark.estimation.loss_regression import (
    MOST_CATEGORIES,
    LossInput,
    LossModel,
    any_not_due,
    content,
    fitted,
    fitting_rows,
    settings_of,
)
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.persisted import persisted
from modelwatch.spark.states.labelled_rows import labelled_rows
from modelwatch.stats.estimation.expected_loss import LossRegressor
from modelwatch.stats.states.binning import CategoricalBinning
from modelwatch.tables import TABLES

_FEWEST_ROWS = 200
"""Minimum number of labeled rows for fitting a regressor."""
FITTED = "a regressor of the loss was fitted"
NO_PLACE = "no folder for a regressor of the loss: performance.loss_model.path is not set"
NO_DAYS = "the reference that carries the bins is not of the monitored days, and has no labels"
NOT_DUE = "labels of the reference are not all due yet"
FEW_LABELS = f"fewer than {_FEWEST_ROWS} labeled rows in the reference"
PART_ONLY = "a regressor of the loss is fitted by a run of all days, and there was none yet"
_TABLE = TABLES["loss_models"]
_VERSION = re.compile("[0-9a-f]{16}")
_RUN = re.compile("[0-9T]{15}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Losses:
    """The regressor of a run, or the reason why there is none; neither for other tasks."""

    regressor: LossRegressor | None = None
    reason: str | None = None
    path: str | None = None
    content: str | None = None
    inputs: tuple[LossInput, ...] = ()
    features: tuple[Feature, ...] = ()

    def model(self, session: SparkSession) -> LossModel | None:
        """The regressor with its stored forests; OutputError if their files are not the stored
        ones."""
        if self.regressor is None:
            return None
        forests = load_model(session, str(self.path), str(self.content))
        return LossModel(self.regressor, self.features, self.inputs, forests)


NO_LOSSES = Losses()


def loss_inputs(states: StatesOf) -> tuple[tuple[Feature, ...], tuple[LossInput, ...]]:
    """Features that the regressor uses, and its inputs: the prediction, followed by these
    features."""
    performance = present(states.config.performance, "performance")
    own = performance.score[0]
    features, inputs = [], [LossInput(own)]
    for feature in states.features:
        if feature.role == "predictions" and feature.name.lower() == own.lower():
            continue
        binning, values = states.bins[feature.role, feature.name], None
        if isinstance(binning, CategoricalBinning):
            if len(binning.values) > MOST_CATEGORIES:
                continue
            values = tuple(binning.values)
        features.append(feature)
        inputs.append(LossInput(feature.name, values))
    return tuple(features), tuple(inputs)


def with_losses(
    run: Run, store: Store, request: Request, states: StatesOf
) -> tuple[Request, Losses]:
    """The loss regressor, and the request: a newly fitted one makes all days due again."""
    config, performance = request.config, request.config.performance
    if performance is None or performance.task != "regression":
        return request, NO_LOSSES
    features, inputs = loss_inputs(states)
    settings = {
        **settings_of(inputs, score_binning(states).scale),
        "reference": config.binning_reference.model_dump(mode="json", include={"days", "table"}),
        "prediction": performance.score[0],
        "label": config.labels.label if config.labels else None,
    }
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    stored = _stored(store, request.config, request.history, text)
    if stored is not None:
        return request, _losses(stored, _folder(config, store.stored_models), inputs, features)
    reason = _reason(request.config, request.plan, store)
    if reason is not None:
        return request, Losses(reason=reason)
    with run.stage(Stage.LOSS_MODEL, "fitting a regressor of the loss on the reference"):
        row = _fitted(run, store, request, states, text, (features, inputs))
    if isinstance(row, str):
        return request, Losses(reason=row)
    return _all_due(request), _losses(row, _folder(config, store.models), inputs, features)


def _stored(
    store: Store, config: MonitorConfig, history: RunHistory, settings: str
) -> Mapping[str, Any] | None:
    """The first published row of a regressor with the settings."""
    published = {row["run_id"] for row in history.runs}
    rows = store.read(_TABLE.name).where(F.col("monitor") == config.monitor)
    found = [
        row.asDict()
        for row in rows.where(F.col("settings") == settings).collect()
        if row["run_id"] in published
    ]
    return min(found, key=lambda row: (row["created_at"], row["run_id"]), default=None)


def _losses(
    row: Mapping[str, Any],
    folder: str | None,
    inputs: tuple[LossInput, ...],
    features: tuple[Feature, ...],
) -> Losses:
    """A stored regressor, read from the configured folder regardless of the path in its row."""
    if folder is None:
        return Losses(reason=NO_PLACE)
    if not _VERSION.fullmatch(row["fingerprint"]):
        raise OutputError(
            f"output table {_TABLE.name}: {row['fingerprint']!r} is not the fingerprint of a model"
        )
    dispersion = row["absolute_dispersion"], row["squared_dispersion"]
    return Losses(
        LossRegressor(row["fingerprint"], dispersion),
        None,
        f"{folder}/{_name(row)}",
        row["content"],
        inputs,
        features,
    )


def _name(row: Mapping[str, Any]) -> str:
    """The name of a regressor's folder, of which the path in its row gives no more than the run."""
    version, last = row["fingerprint"], str(row["path"]).rpartition("/")[2]
    run_id = last.removeprefix(f"{version}-")
    return last if last == f"{version}-{run_id}" and _RUN.fullmatch(run_id) else version


def _reason(config: MonitorConfig, plan: Plan, store: Store) -> str | None:
    """Why no regressor can be fitted now; None if it can, as far as known without a scan."""
    reference = config.binning_reference
    labels = present(config.labels, "labels")
    if _folder(config, store.models) is None:
        return NO_PLACE
    if reference.table is not None or reference.days is None:
        return NO_DAYS
    if plan.as_of < shifted(reference.days.last, max(labels.due.delay_days or 0, 1)):
        return NOT_DUE
    return PART_ONLY if REQUESTED in plan.labels.days.values() else None


def _folder(config: MonitorConfig, models: Callable[[str | None], str | None]) -> str | None:
    """The folder of a monitor's models: the configured one, otherwise next to the tables in a
    folder."""
    performance = present(config.performance, "performance")
    place = models(performance.loss_model.path)
    return None if place is None else f"{place.rstrip('/')}/{config.monitor}"


def _fitted(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    settings: str,
    taken: tuple[tuple[Feature, ...], tuple[LossInput, ...]],
) -> Mapping[str, Any] | str:
    """The row of a newly fitted regressor, which is written, or the reason why there is none."""
    config, as_of = request.config, request.plan.as_of
    reference, (features, inputs) = config.binning_reference, taken
    days = tuple(day for day in present(reference.days, "days") if day < as_of)
    traffic = traffic_of(config, request.sources, days)
    rows = labelled_rows(config, (), traffic, as_of, features=features)
    if config.labels and config.labels.due.column is not None and any_not_due(rows, as_of):
        return NOT_DUE
    with persisted(fitting_rows(rows, inputs, score_binning(states).scale, as_of)) as held:
        count, rows_digest = content(held)
        if count < _FEWEST_ROWS:
            return FEW_LABELS
        version = hashlib.sha256(f"{settings} {count} {rows_digest}".encode()).hexdigest()[:16]
        make_active(run.spark)
        model, dispersion = fitted(held, inputs)
    # Runs at the same time fit the same version, and Spark ML names its files at random.
    path = f"{_folder(config, store.models)}/{version}-{run.run_id}"
    digest = save_model(run.spark, model, path)
    row = {
        "fingerprint": version,
        "settings": settings,
        "path": path,
        "content": digest,
        "reference": reference.name,
        "fitted_days": list(days),
        "as_of": as_of,
        "fitted_rows": count,
        "absolute_dispersion": dispersion[0],
        "squared_dispersion": dispersion[1],
        "created_at": datetime.now(timezone.utc),
    }
    frame = frame_of(run.spark, [tuple(row.values())], _TABLE.ddl(*row))
    run.append(store, config, _TABLE.name, frame)
    return row


def _all_due(request: Request) -> Request:
    """The request with every day that has states, because they lack the newly expected losses."""
    config, plan = request.config, request.plan
    fingerprint = present(labels_fingerprint(config), "fingerprint")
    known = dict.fromkeys(request.history.run_of_label_day(fingerprint), FITTED)
    gone = retired(config, request.history.retired_before)
    labels = with_days(plan.labels, config, known, plan.as_of, gone)
    return replace(request, plan=replace(plan, labels=labels))
