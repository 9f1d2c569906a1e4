"""Tables of current results: rows are replaced in one commit, and versions belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import MapType

from modelwatch.io.delta.addresses import Place, quoted, quoted_name
from modelwatch.io.delta.commits import CommitRequiresSpark
from modelwatch.io.delta.concurrent_changes import retried
from modelwatch.io.delta.locks import lock_folder, table_lock
from modelwatch.io.delta.replacements import replace_in_table
from modelwatch.io.delta.store_locks import writing_lock
from modelwatch.io.delta.table_changes import newest_version
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables.published import (
    PUBLICATION_COLUMNS,
    PUBLICATIONS,
    PUBLISHED,
    PUBLISHED_FOLDER,
)

_FILES = 4
"""Maximum number of files of a replacement."""


def published_place(output: OutputAddress, name: str) -> Place:
    """The place of a published table."""
    if output.path is not None:
        return Place(path=f"{output.path.rstrip('/') or '/'}/{PUBLISHED_FOLDER}/{name}")
    schema = quoted_name(str(output.schema_name))
    return Place(name=f"{schema}.{quoted(f'{PUBLISHED_FOLDER}_{name}')}", schema_identifier=schema)


def published_places(session: SparkSession, output: OutputAddress) -> dict[str, Place]:
    """The existing published tables, by name."""
    names = (*(table.view for table in PUBLISHED), PUBLICATIONS)
    places = {name: published_place(output, name) for name in names}
    return {name: place for name, place in places.items() if exists(session, place)}


def exists(session: SparkSession, place: Place) -> bool:
    """Whether a table exists."""
    return _read(session, place) is not None


@dataclass(frozen=True)
class Publication:
    """The newest run that a publication includes, and the versions that belong together."""

    run_id: str
    versions: Mapping[str, int]


def last_publication(
    session: SparkSession, output: OutputAddress, monitor: str
) -> Publication | None:
    """The newest publication of a monitor; None before the first."""
    found = _read(session, published_place(output, PUBLICATIONS))
    if found is None:
        return None
    mine = found.where(F.col("monitor") == monitor)
    newest = mine.agg(F.max("published_at").alias("published_at"))
    rows = mine.join(F.broadcast(newest), "published_at", "left_semi").collect()
    if not rows:
        return None
    return Publication(rows[0]["run_id"], {row["table_name"]: row["version"] for row in rows})


def replace_rows(place: Place, rows: DataFrame, condition: str, run_id: str) -> int:
    """Replace the rows that match a condition, in one commit, and return the version of the table.

    Creates the table if it does not exist. Maps become arrays of their entries, which more engines
    can read.
    """
    session = rows.sparkSession
    frame = _portable(rows).coalesce(_FILES)

    def write() -> int:
        if place.path is not None or not exists(session, place):
            _overwrite(place, frame, condition, run_id)
        else:
            frame.writeTo(place.identifier).option("userMetadata", run_id).overwrite(
                F.expr(condition)
            )
        newest = newest_version(session, place)
        return -1 if newest is None else newest

    return retried(session, write, place)


def replace_rows_locally(
    place: Place, rows: pa.Table, replaced: ds.Expression, run_id: str
) -> int | None:
    """The same by pyarrow for a table on a local disk; None if only Spark can do it."""
    folder = lock_folder(place)
    if folder is None:
        return None
    with table_lock(place):
        try:
            return replace_in_table(folder, _with_entries(rows), replaced, run_id)
        except CommitRequiresSpark:
            return None


def append_publication(
    session: SparkSession, output: OutputAddress, rows: list[tuple[Any, ...]]
) -> None:
    """Append the rows of a publication, by which its versions belong together."""
    place = published_place(output, PUBLICATIONS)
    frame = session.createDataFrame(rows, PUBLICATION_COLUMNS).coalesce(1)

    def write() -> None:
        if exists(session, place):
            place.append(frame, {})
        else:
            _overwrite(place, frame, "true", str(rows[0][1]))

    retried(session, write, place)


def remove_rows(session: SparkSession, place: Place, condition: str) -> None:
    """Delete rows of a published table."""
    with writing_lock(session, place):
        session.sql(f"DELETE FROM {place.identifier} WHERE {condition}")


def _overwrite(place: Place, frame: DataFrame, condition: str, run_id: str) -> None:
    writer = frame.write.format("delta").mode("overwrite").option("userMetadata", run_id)
    if place.path is not None:
        writer.option("replaceWhere", condition).option("mergeSchema", "true").save(place.path)
    else:
        frame.writeTo(place.identifier).using("delta").createOrReplace()


def _read(session: SparkSession, place: Place) -> DataFrame | None:
    try:
        found = place.read(session)
        found.schema  # noqa: B018
    except AnalysisException:
        return None
    return found


def _portable(rows: DataFrame) -> DataFrame:
    maps = [field.name for field in rows.schema.fields if isinstance(field.dataType, MapType)]
    return rows.withColumns({name: F.map_entries(name) for name in maps}) if maps else rows


def _with_entries(rows: pa.Table) -> pa.Table:
    for at, column in enumerate(rows.schema):
        if pa.types.is_map(column.type):
            entry = pa.struct([("key", column.type.key_type), ("value", column.type.item_type)])
            entries = [
                None if held is None else [{"key": key, "value": value} for key, value in held]
                for held in rows.column(at).to_pylist()
            ]
            rows = rows.set_column(at, column.name, pa.array(entries, pa.list_(entry)))
    return rows
