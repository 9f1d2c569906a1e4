"""Table `binnings`: the frozen bins of every feature."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

BINNINGS = Table(
    name="binnings",
    version=1,
    comment="One row a fitted binning. It is fitted once, on the reference, and reused by every "
    "later run; states with different fingerprints never merge.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("feature", "string", "Name of the feature, or of the segmentation.", False),
        Column(
            "role",
            "string",
            "'inputs' or 'predictions': where the feature stands; 'segments' for the segments that "
            "a segmentation keeps; 'score' for the finer bins in which the performance of a binary "
            "model is kept.",
            False,
        ),
        Column("kind", "string", "'numeric' or 'categorical'.", False),
        Column("fingerprint", "string", "Fingerprint of the bins.", False),
        Column(
            "settings",
            "string",
            "JSON of what the bins were fitted under; with other settings they are fitted anew.",
            False,
        ),
        Column("reference", "string", "Name of the reference on which the bins were fitted."),
        Column(
            "edges",
            "array<double>",
            "Numeric: edges, ascending from -inf to +inf. Bin i holds [edges[i], edges[i+1]), the "
            "last bin +inf alone. A bin whose upper edge is the next double above its lower edge "
            "holds one value. Null for categorical.",
        ),
        Column(
            "values",
            "array<string>",
            "Categorical: values that have a bin, sorted. Null for numeric.",
        ),
        Column(
            "known_hashes",
            "binary",
            "Categorical: 64-bit hashes, little-endian and sorted, of the reference's values "
            "without a bin; null for numeric, and where there were too many to remember, so that "
            "nothing counts as unseen.",
        ),
        Column(
            "center",
            "double",
            "Numeric: value from which moments are measured, about the median of the reference.",
        ),
        Column(
            "scale",
            "double",
            "Numeric: unit in which moments are measured, a power of two about the spread.",
        ),
        Column(
            "offset",
            "string",
            "Numeric: the number from which edges, center and special values are measured, with "
            "all of its digits; null for 0. Of columns whose numbers lie beyond what a double "
            "tells apart, such as ids and nanoseconds.",
        ),
        Column(
            "digits",
            "int",
            "Numeric: digits behind the point of a column of exact numbers: 0 for bigint and "
            "timestamps, the scale of a wide decimal; null for other columns.",
        ),
        Column(
            "special_values",
            "array<double>",
            "Numeric: configured codes that are not quantities; each has a bin of its own.",
        ),
        Column("fitted_rows", "bigint", "Rows of the reference on which the bins were fitted."),
        Column("fitted_days", "array<date>", "Days of the reference; null for a whole table."),
        Column("created_at", "timestamp", "When the bins were fitted.", repeats=False),
    ),
    key=("run_id", "role", "feature"),
)
