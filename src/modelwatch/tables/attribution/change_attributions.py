"""Table `change_attributions`: why performance changed."""

from __future__ import annotations

from modelwatch.tables.performance.columns import AS_OF, REASON, VALUE
from modelwatch.tables.table import (
    MODEL_VERSION,
    MONITOR,
    PARTIAL,
    RUN_ID,
    WINDOW,
    WINDOW_END,
    WINDOW_START,
    Column,
    Table,
)

CHANGE_ATTRIBUTIONS = Table(
    name="change_attributions",
    version=1,
    comment="Attribution of a change in performance: one row per window, reference, "
    "metric, split, and part. Segments and bins of features split the change into "
    "mix and within effects.",
    columns=(
        MONITOR,
        RUN_ID,
        AS_OF,
        MODEL_VERSION,
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("reference", "string", "Name of the reference that the window is compared with."),
        Column("metric", "string", "The additive metric whose change is split.", False),
        Column("split", "string", "'segmentation' or 'feature'.", False),
        Column("split_name", "string", "Name of the segmentation or feature.", False),
        Column(
            "part",
            "string",
            "Segment or bin of the split; '*' for the entire split.",
            False,
        ),
        Column(
            "effect",
            "string",
            "'total': the change; 'mix': the part due to different shares of the parts; "
            "'within': the part due to a different metric within them; 'new' and "
            "'vanished': parts that exist on one side only; 'excess': loss of the part "
            "beyond that of all others; 'stratified': the change at equal mix "
            "(Mantel-Haenszel odds ratio); 'crude': the same without strata.",
            False,
        ),
        VALUE,
        REASON,
        Column("lower", "double", "Lower end of the 95% interval; null if undefined."),
        Column("upper", "double", "Upper end of that interval; null if undefined."),
        Column(
            "p_value", "double", "P-value, corrected for the number of parts; null if not tested."
        ),
        Column("row_count", "bigint", "Labelled rows of the part in the window."),
        Column("reference_rows", "bigint", "Labelled rows of the part in the reference."),
        Column(
            "rank",
            "int",
            "Position among the parts, starting with 1 for the largest effect; null if not ranked.",
        ),
        Column("note", "string", "Caveat for the interpretation; null for none."),
    ),
    key=(
        "run_id",
        "window_name",
        "window_start",
        "model_version",
        "reference",
        "metric",
        "split",
        "split_name",
        "part",
        "effect",
    ),
    partitioning=("monitor",),
)
