"""Table `loss_models`: the fitted regressors of the loss."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

LOSS_MODELS = Table(
    name="loss_models",
    version=1,
    comment="Fitted regressors of the loss of a regression model: one row per model. A "
    "model is fitted once, on the due cohort of the reference that carries the "
    "bins, and reused by later runs.",
    columns=(
        MONITOR,
        RUN_ID,
        Column(
            "fingerprint",
            "string",
            "Version: a hash of the settings and of the rows that it was fitted on.",
            False,
        ),
        Column(
            "settings",
            "string",
            "JSON of the settings of the fit. With other settings, a model is fitted again.",
            False,
        ),
        Column(
            "path",
            "string",
            "Folder that Spark ML wrote. Runs read the model from the configured folder, "
            "by its fingerprint.",
            False,
            False,
        ),
        Column(
            "content",
            "string",
            "SHA-256 of the names and bytes of its files. A run verifies it before it "
            "loads the model.",
            False,
            False,
        ),
        Column("reference", "string", "Name of the reference."),
        Column("fitted_days", "array<date>", "Days of the reference."),
        Column("as_of", "date", "Labels known by this day were used."),
        Column("fitted_rows", "bigint", "Labeled rows, one fifth of them held out."),
        Column(
            "absolute_dispersion",
            "double",
            "Held-out rows: mean squared error of the expected absolute loss, divided by "
            "its mean square.",
        ),
        Column("squared_dispersion", "double", "The same for squared losses."),
        Column("created_at", "timestamp", "When the model was fitted.", repeats=False),
    ),
    key=("run_id", "fingerprint"),
)
