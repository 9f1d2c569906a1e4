"""Table `loss_models`: the fitted regressors of the loss."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

LOSS_MODELS = Table(
    name="loss_models",
    version=1,
    comment="One row a fitted regressor of the loss of a regression. It is fitted once, on the due "
    "cohort of the reference that carries the bins, and reused by every later run.",
    columns=(
        MONITOR,
        RUN_ID,
        Column(
            "fingerprint",
            "string",
            "Version of the model: a hash of its settings and of the rows that it was fitted on.",
            False,
        ),
        Column(
            "settings",
            "string",
            "JSON of what the model was fitted under; with other settings one is fitted anew.",
            False,
        ),
        Column(
            "path",
            "string",
            "Folder of the model, which Spark ML wrote. A run reads it from the folder of its "
            "configuration, by its fingerprint.",
            False,
            False,
        ),
        Column(
            "content",
            "string",
            "SHA-256 of the names and bytes of the model's files, which a run compares before it "
            "loads them.",
            False,
            False,
        ),
        Column("reference", "string", "Name of the reference."),
        Column("fitted_days", "array<date>", "Days of the reference."),
        Column("as_of", "date", "Labels count that were known by this day."),
        Column("fitted_rows", "bigint", "Labelled rows, one in five of them held out."),
        Column(
            "absolute_dispersion",
            "double",
            "Absolute losses of the rows held out: mean squared distance from what was expected, "
            "over the mean square of that.",
        ),
        Column("squared_dispersion", "double", "The same of squared losses."),
        Column("created_at", "timestamp", "When the model was fitted.", repeats=False),
    ),
    key=("run_id", "fingerprint"),
)
