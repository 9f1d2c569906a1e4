"""Delta tables of columns of every plain type, of drawn layouts, written by three writers."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST = date(2024, 3, 8)
"""Clocks of New York are put forward on the third day."""
DAYS = tuple(FIRST + timedelta(days=n) for n in range(5))
WANTED = (DAYS[0], DAYS[2], DAYS[3])
_MICROS = 86_400_000_000
_START = (FIRST - date(1970, 1, 1)).days
_DOUBLES = [0.0, -0.0, 1.5, float("nan"), float("inf"), -float("inf"), 5e-324, 1e308, -999.0]
_WORDS = ["a", "b", "ä", "a\u0308", "🛫", "", " x ", "new\nline", "w" * 300, "(null)", "'all'"]
_REGIONS = ["north", "a/b ü=%20", "x y", "it's", "c:d{}", None]
TYPES = {
    "x": "double",
    "f": "float",
    "b8": "byte",
    "b16": "short",
    "i": "integer",
    "l": "long",
    "flag": "boolean",
    "word": "string",
    "many": "string",
    "dotted.name": "double",
    "d": "date",
    "t": "timestamp",
    "n": "timestamp_ntz",
    "model": "string",
    "late": "double",
    "region": "string",
    "shop": "integer",
    "day": "date",
    "text_day": "string",
}
"""Type of each column, as the protocol has them."""
DAY_COLUMNS: dict[str, dict[str, str]] = {
    "a date": {"column": "day"},
    "a text": {"column": "text_day"},
    "a time": {"time_column": "t"},
    "a time near a date": {"time_column": "t", "partition_column": "day"},
    "a local time": {"time_column": "n"},
}


@dataclass(frozen=True)
class Layout:
    """How a table is written. ``files``: rows of each; ``unit``: of timestamps, ``INT96`` too."""

    seed: int
    writer: str
    files: tuple[int, ...]
    partitions: tuple[str, ...]
    unit: str = "us"
    statistics: bool = True
    row_group: int = 1000
    dictionary: bool = True


def drawn_rows(seed: int, rows: int, unit: str = "us") -> pa.Table:
    """Rows of all columns, with nulls."""
    rng = np.random.default_rng(seed)

    def column(values: Any, kind: pa.DataType, nulls: float = 0.15) -> pa.Array:
        mask = rng.random(rows) < nulls
        values = values.tolist() if isinstance(values, np.ndarray) else values
        return pa.array([None if m else v for v, m in zip(values, mask, strict=True)], kind)

    days = rng.integers(0, len(DAYS), rows)
    # Of New York's days some moments are those of the next day in UTC.
    moments = (_START + days) * _MICROS + rng.integers(5 * 3_600_000, 29 * 3_600_000, rows) * 1000
    if unit == "us":
        moments = moments + rng.integers(0, 1000, rows)
    doubles = np.where(rng.random(rows) < 0.3, rng.choice(_DOUBLES, rows), rng.normal(size=rows))
    longs = rng.integers(-50, 50, rows) + np.where(rng.random(rows) < 0.1, 2**53, 0)
    day = [DAYS[at] for at in days]
    of = pa.timestamp("us" if unit == "INT96" else unit)
    ticks = moments // (1000 if unit == "ms" else 1)
    return pa.table(
        {
            "x": column(doubles, pa.float64()),
            "f": column(doubles, pa.float32()),
            "b8": column(rng.integers(-128, 128, rows), pa.int8()),
            "b16": column(rng.integers(-300, 300, rows), pa.int16()),
            "i": column(rng.integers(-(2**31), 2**31, rows), pa.int32()),
            "l": column(longs, pa.int64()),
            "flag": column(rng.random(rows) < 0.3, pa.bool_()),
            "word": column(rng.choice(_WORDS, rows), pa.string()),
            "many": column([f"id {n}" for n in rng.integers(0, 10**6, rows)], pa.string()),
            "dotted.name": column(doubles, pa.float64()),
            "d": column([FIRST - timedelta(days=int(n)) for n in days], pa.date32()),
            "t": column(ticks, pa.timestamp(of.unit, "UTC")),
            "n": column(ticks, of),
            "model": column(rng.choice(["v1", "v2", "(none)", '"v1"'], rows), pa.string()),
            "late": column(doubles, pa.float64()),
            "region": column([_REGIONS[n] for n in rng.integers(0, 6, rows)], pa.string()),
            "shop": column(rng.integers(-2, 3, rows), pa.int32()),
            "day": column(day, pa.date32(), 0.05),
            "text_day": column([f"{one:%Y%m%d}" for one in day], pa.string(), 0.05),
        }
    )


def written(folder: Path, layout: Layout, spark: SparkSession | None = None) -> pa.Table:
    """The rows of a table that is written to a folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    tables = [drawn_rows(layout.seed + at, n, layout.unit) for at, n in enumerate(layout.files)]
    if layout.writer == "hand":
        return _by_hand(folder, layout, tables)
    if layout.writer == "delta-rs":
        _by_delta_rs(folder, layout, tables)
    else:
        assert spark is not None
        _by_spark(spark, folder, layout, tables)
    return pa.concat_tables(tables)


def _by_delta_rs(folder: Path, layout: Layout, tables: list[pa.Table]) -> None:
    stated = {} if layout.statistics else {"delta.dataSkippingNumIndexedCols": "0"}
    for table in tables:
        write_deltalake(
            str(folder),
            table,
            mode="append",
            partition_by=list(layout.partitions) or None,
            configuration=stated,
        )


def _by_spark(spark: SparkSession, folder: Path, layout: Layout, tables: list[pa.Table]) -> None:
    old = "INT96" if layout.unit == "INT96" else "TIMESTAMP_MICROS"
    spark.conf.set("spark.sql.parquet.outputTimestampType", old)
    rows = folder.parent / f"{folder.name}.parquet"
    for table in tables:
        pq.write_table(table, rows)
        writer = spark.read.parquet(str(rows)).coalesce(1).write.format("delta").mode("append")
        writer.partitionBy(*layout.partitions).save(str(folder))
    spark.conf.unset("spark.sql.parquet.outputTimestampType")


def _by_hand(folder: Path, layout: Layout, tables: list[pa.Table]) -> pa.Table:
    """Files that only Parquet's own writer makes: of milliseconds, of many row groups, without a
    column that came later, without rows, with names to be escaped. A file holds one value of each
    partition."""
    (folder / "_delta_log").mkdir(parents=True)
    fields = [
        {"name": name, "type": kind, "nullable": True, "metadata": {}}
        for name, kind in TYPES.items()
    ]
    actions: list[dict[str, Any]] = [
        {
            "protocol": {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": ["timestampNtz"],
                "writerFeatures": ["timestampNtz"],
            }
        },
        {
            "metaData": {
                "id": "drawn",
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps({"type": "struct", "fields": fields}),
                "partitionColumns": list(layout.partitions),
                "configuration": {},
            }
        },
    ]
    held = []
    for at, table in enumerate(tables):
        values = {name: _partition_text(table, name) for name in layout.partitions}
        held.append(_as_one_file(table, layout.partitions, with_late=at > 0))
        name = f"part {at}%ü.parquet"
        kept = table.drop_columns([*layout.partitions, *(["late"] if at == 0 else [])])
        if not layout.statistics:
            # Without them, it takes Spark's word that dates are of the new calendar.
            kept = kept.replace_schema_metadata({"org.apache.spark.version": "3.5.9"})
        pq.write_table(
            kept,
            folder / name,
            row_group_size=layout.row_group,
            use_dictionary=layout.dictionary,
            write_statistics=layout.statistics,
        )
        actions.append(
            {
                "add": {
                    "path": quote(name),
                    "partitionValues": values,
                    "size": (folder / name).stat().st_size,
                    "modificationTime": 0,
                    "dataChange": True,
                    **({"stats": _stats(kept)} if layout.statistics else {}),
                }
            }
        )
    log = folder / "_delta_log" / f"{0:020d}.json"
    log.write_text("".join(f"{json.dumps(action)}\n" for action in actions), encoding="utf-8")
    return pa.concat_tables(held)


def _as_one_file(table: pa.Table, partitions: tuple[str, ...], with_late: bool) -> pa.Table:
    """The rows of a file: of the first row's partition, and without the column that came later."""
    for name in (*partitions, *(() if with_late else ("late",))):
        at, kind = table.schema.get_field_index(name), table.schema.field(name).type
        first = table[name][0].as_py() if table.num_rows and name != "late" else None
        table = table.set_column(at, name, pa.array([first] * table.num_rows, kind))
    return table


def _partition_text(table: pa.Table, name: str) -> str | None:
    value = table[name][0].as_py() if table.num_rows else None
    return None if value is None else str(value).lower() if value in (True, False) else str(value)


def _stats(table: pa.Table) -> str:
    known = [name for name in ("day", "i", "d") if name in table.schema.names]
    ends: dict[str, dict[str, Any]] = {"minValues": {}, "maxValues": {}}
    for name in known:
        values = [value for value in table[name].to_pylist() if value is not None]
        if values:
            for end, of in (("minValues", min), ("maxValues", max)):
                value = of(values)
                ends[end][name] = value.isoformat() if isinstance(value, date) else value
    nulls = {name: table[name].null_count for name in known}
    return json.dumps({"numRecords": table.num_rows, **ends, "nullCount": nulls})
