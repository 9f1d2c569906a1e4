"""Table `performance_estimates`: how good the model is believed to be where labels are not due."""

from __future__ import annotations

from modelwatch.tables.performance_columns import REASON, VALUE, WINDOW_KEY, WINDOWED
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

PERFORMANCE_ESTIMATES = Table(
    name="performance_estimates",
    version=1,
    comment="One row a window, model version, segment, method and metric: performance estimated "
    "without labels, under an assumption that the row names.",
    columns=(
        MONITOR,
        RUN_ID,
        *WINDOWED,
        Column(
            "method",
            "string",
            "'confidence': from calibrated scores. 'direct_loss': from the losses that a regressor "
            "expects.",
            False,
        ),
        Column("metric", "string", "Name of the metric; see the reference of statistics.", False),
        VALUE,
        REASON,
        Column(
            "lower",
            "double",
            "Lower end of the interval, the error of the back-test folded in; null if undefined.",
        ),
        Column("upper", "double", "Upper end of that interval; null if undefined."),
        Column("rows", "bigint", "Predictions of the window that the estimate is of."),
        Column(
            "back_test_windows",
            "int",
            "Windows whose labels have matured, on which the estimate was held against truth.",
        ),
        Column("back_test_bias", "double", "Mean of estimate less truth there; null without one."),
        Column("back_test_error", "double", "Mean absolute error there; null without one."),
        Column(
            "loss_model",
            "string",
            "Fingerprint of the regressor in loss_models that made the estimate; null for none.",
        ),
        Column("assumption", "string", "What must hold for the estimate to be right.", False),
    ),
    key=(*WINDOW_KEY, "method", "metric"),
    partitioning=("monitor",),
)
