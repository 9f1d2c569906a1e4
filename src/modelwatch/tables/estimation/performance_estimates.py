"""Tables of estimated performance, and of the models of the loss of a row."""

from __future__ import annotations

from modelwatch.tables.performance.columns import REASON, VALUE, WINDOW_KEY, WINDOWED
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

PERFORMANCE_ESTIMATES = Table(
    name="performance_estimates",
    version=1,
    comment="Estimates: one row per window, model version, segment, method, and metric, "
    "with performance that is estimated without labels, under the stated "
    "assumption.",
    columns=(
        MONITOR,
        RUN_ID,
        *WINDOWED,
        Column(
            "method",
            "string",
            "'confidence': from calibrated scores. 'direct_loss': from the losses "
            "predicted by a regressor.",
            False,
        ),
        Column("metric", "string", "Name of the metric; see the reference of statistics.", False),
        VALUE,
        REASON,
        Column(
            "lower",
            "double",
            "Lower end of the 95% interval, including the error of the back-test; null if "
            "undefined.",
        ),
        Column("upper", "double", "Upper end of that interval; null if undefined."),
        Column(
            "p_value",
            "double",
            "Probability of an estimate so far from that of the reference if nothing has changed, "
            "as the estimates of the reference's days vary; null if it is not known.",
        ),
        Column("row_count", "bigint", "Predictions of the window that the estimate is based on."),
        Column(
            "back_test_windows",
            "int",
            "Windows with mature labels in which the estimate was compared with the "
            "realized value.",
        ),
        Column(
            "back_test_bias",
            "double",
            "Mean difference (estimate minus realized value) in these windows; null for none.",
        ),
        Column("back_test_error", "double", "Mean absolute error in these windows; null for none."),
        Column(
            "loss_model",
            "string",
            "Fingerprint of the regressor in `loss_models`; null for none.",
        ),
        Column("assumption", "string", "What must hold for the estimate to be correct.", False),
    ),
    key=(*WINDOW_KEY, "method", "metric"),
    partitioning=("monitor",),
)


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
            "by its fingerprint and run.",
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
