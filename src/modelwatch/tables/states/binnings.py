"""Table `binnings`: the frozen bins of every feature."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

BINNINGS = Table(
    name="binnings",
    version=1,
    comment="Frozen bins: one row per fitted feature or segmentation. Bins are fitted "
    "once, on the reference, and reused by later runs. States with different "
    "fingerprints are never added up.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("feature", "string", "Name of the feature, or of the segmentation.", False),
        Column(
            "role",
            "string",
            "'inputs' or 'predictions' for features; 'segments' for the segments of a "
            "segmentation; 'score' for the finer bins in which the performance of a "
            "binary model is counted.",
            False,
        ),
        Column("kind", "string", "'numeric' or 'categorical'.", False),
        Column("fingerprint", "string", "Fingerprint of the bins.", False),
        Column(
            "settings",
            "string",
            "JSON of the settings of the fit. With other settings, bins are fitted again.",
            False,
        ),
        Column("reference", "string", "Name of the reference on which the bins were fitted."),
        Column(
            "edges",
            "array<double>",
            "Numeric: edges, ascending from -inf to +inf. Bin i contains [edges[i], "
            "edges[i+1]); the last bin contains +inf only. If the upper edge is the next "
            "double after the lower edge, the bin contains one value. Null for "
            "categorical.",
        ),
        Column(
            "categories",
            "array<string>",
            "Categorical: values with a bin of their own, sorted. Null for numeric.",
        ),
        Column(
            "known_hashes",
            "binary",
            "Categorical: 64-bit hashes, little-endian and sorted, of the reference's "
            "values without a bin of their own. Null for numeric, and if there were too "
            "many to store; nothing counts as unseen then.",
        ),
        Column(
            "center",
            "double",
            "Numeric: origin of the moments, close to the median of the reference.",
        ),
        Column(
            "scale",
            "double",
            "Numeric: unit of the moments, a power of two close to the spread of the reference.",
        ),
        Column(
            "subtracted",
            "string",
            "Numeric: number that was subtracted from edges, center, and special values, "
            "with all its digits; null for 0. Used for numbers that doubles cannot tell "
            "apart, such as ids and nanoseconds.",
        ),
        Column(
            "digits",
            "int",
            "Numeric: decimal places of a column of exact numbers: 0 for bigint and "
            "timestamps, the scale of a wide decimal; null for other columns.",
        ),
        Column(
            "special_values",
            "array<double>",
            "Numeric: configured special values. Each has a bin of its own.",
        ),
        Column("fitted_rows", "bigint", "Rows of the reference on which the bins were fitted."),
        Column("fitted_days", "array<date>", "Days of the reference; null for an entire table."),
        Column("created_at", "timestamp", "When the bins were fitted.", repeats=False),
    ),
    key=("run_id", "role", "feature"),
)
