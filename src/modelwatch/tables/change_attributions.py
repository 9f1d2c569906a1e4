"""Table `change_attributions`: why performance changed."""

from __future__ import annotations

from modelwatch.tables.performance_columns import AS_OF, REASON, VALUE
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
    comment="One row a window, reference, metric, split and part: the change of an additive "
    "metric, split into mix and within by segments and by bins of features.",
    columns=(
        MONITOR,
        RUN_ID,
        AS_OF,
        MODEL_VERSION,
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("reference", "string", "Name of the reference that the window is held against."),
        Column("metric", "string", "The additive metric whose change is split.", False),
        Column("split", "string", "'segmentation' or 'feature'.", False),
        Column("split_name", "string", "Name of the segmentation or feature.", False),
        Column(
            "part",
            "string",
            "Segment or bins of the feature; '*' for the whole split.",
            False,
        ),
        Column(
            "effect",
            "string",
            "'total': the change; 'mix': that the parts' shares moved; 'within': that the metric "
            "moved in them; 'new' and 'vanished': parts of one side only; 'excess': loss of the "
            "part above that of all others; 'stratified': the change at equal mix "
            "(Mantel-Haenszel odds ratio); 'crude': the same without strata.",
            False,
        ),
        VALUE,
        REASON,
        Column("lower", "double", "Lower end of the 95 % interval; null if undefined."),
        Column("upper", "double", "Upper end of that interval; null if undefined."),
        Column("p_value", "double", "Corrected for the number of parts; null if not tested."),
        Column("rows", "bigint", "Labelled rows of the part in the window."),
        Column("reference_rows", "bigint", "Labelled rows of the part in the reference."),
        Column(
            "rank",
            "int",
            "Place among the parts, 1 for the one that did most; null for what is not ranked.",
        ),
        Column("note", "string", "What must be known to read the row; null for nothing."),
    ),
    key=(
        "run_id",
        "window",
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
