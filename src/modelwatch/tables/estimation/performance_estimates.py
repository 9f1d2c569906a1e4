"""Table `performance_estimates`: how good the model is believed to be where labels are not due."""

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
        Column("rows", "bigint", "Predictions of the window that the estimate is based on."),
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
