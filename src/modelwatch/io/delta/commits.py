"""Rows appended to a Delta table on a local disk by pyarrow, as one commit.

Source: the Delta transaction protocol (PROTOCOL.md of delta-io/delta). A commit by Spark costs half
a second of planning, regardless of its size. Data files are written first and the commit last, by a
link that fails if the version exists. Until then nobody sees them, and a process that dies leaves
files that ``VACUUM`` removes.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from modelwatch.errors import ModelwatchError
from modelwatch.io.delta.snapshot import (
    DataFile,
    LogUnreadable,
    Snapshot,
    local_snapshot,
    log_versions,
)

ENGINE = "modelwatch"
CHECKPOINT_INTERVAL = 10
"""Number of commits after which Delta writes a checkpoint by default."""
_KNOWN_FEATURES = frozenset({"appendOnly", "invariants"})
_PLAIN_VERSION, _FEATURES_VERSION = 2, 7
_ATTEMPTS = 5
_NO_PARTITION: Mapping[str, str | None] = {}


class CommitRequiresSpark(ModelwatchError):
    """Only Spark can make the next commit of a table."""


def discard_empty_log(folder: Path | None) -> None:
    """Remove the log of a table whose creation was killed before its first commit.

    Delta regards such a table as existing, and does not create it. The caller holds the lock of the
    table. Does nothing for None, and if the log has a commit or checkpoint.
    """
    log = None if folder is None else folder / "_delta_log"
    if log is not None and log.is_dir():
        commits, checkpoints = log_versions(entry.name for entry in log.iterdir())
        if not commits and not checkpoints:
            shutil.rmtree(log)


def append_table(folder: Path, rows: pa.Table, user_metadata: str) -> int:
    """Append rows to the table in a folder, and return the version written.

    Must be called while this process holds the lock of the table. ``rows`` has all non-nullable
    columns of the table. Raises CommitRequiresSpark, before anything is committed, if the log or a
    feature of the table is not supported here, and if Spark writes a checkpoint after this commit.
    """
    try:
        snapshot = local_snapshot(folder)
    except LogUnreadable as error:
        raise CommitRequiresSpark(str(error)) from error
    check_appendable(snapshot, rows.schema)
    files = []
    for part, of in _partitions(snapshot, rows):
        statistics = json.dumps(_statistics(snapshot, part))
        files.append({**written_file(snapshot, part, of), "stats": statistics})
    for _ in range(_ATTEMPTS):
        version = snapshot.version + 1
        info = _commit_info(snapshot, version, files, rows.num_rows, user_metadata)
        if _committed(snapshot, version, [{"commitInfo": info}, *_added(files)]):
            return version
        # A writer without the lock committed first. Appends conflict with nothing, unless the
        # metadata of the table has changed.
        snapshot = local_snapshot(folder)
        check_appendable(snapshot, rows.schema)
    raise CommitRequiresSpark(f"{folder}: other writers were first {_ATTEMPTS} times")


def committed_replacement(
    snapshot: Snapshot,
    version: int,
    files: list[dict[str, Any]],
    gone: Iterable[DataFile],
    rows: int,
    user_metadata: str,
) -> bool:
    """Whether the commit succeeded that adds files with a number of rows in place of others; False
    if the version exists."""
    info = _commit_info(snapshot, version, files, rows, user_metadata)
    info |= {"operationParameters": {"mode": "Overwrite"}, "isBlindAppend": False}
    removed = [
        {
            "remove": {
                "path": file.path,
                "deletionTimestamp": info["timestamp"],
                "dataChange": True,
                "extendedFileMetadata": True,
                "partitionValues": dict(file.partition),
                "size": file.size,
            }
        }
        for file in gone
    ]
    return _committed(snapshot, version, [{"commitInfo": info}, *removed, *_added(files)])


def check_appendable(snapshot: Snapshot, schema: pa.Schema) -> None:
    """Raises CommitRequiresSpark if rows of a schema cannot be appended to a table by its files
    alone."""
    protocol, settings = snapshot.protocol, dict(snapshot.metadata.get("configuration") or {})
    writer = protocol["minWriterVersion"]
    features = set(protocol.get("writerFeatures") or ())
    plain = writer <= _PLAIN_VERSION or (
        writer == _FEATURES_VERSION and features <= _KNOWN_FEATURES
    )
    held = snapshot.columns
    special = any("delta.invariants" in (one.get("metadata") or {}) for one in held.values())
    missing = [name for name in schema.names if name not in held]
    # A column that a newer version of the code added has no value here.
    needed = [n for n, one in held.items() if not one["nullable"] and n not in schema.names]
    if not plain or special or missing or needed:
        raise CommitRequiresSpark(f"{snapshot.folder}: the table needs more of a writer")
    interval = int(settings.get("delta.checkpointInterval", CHECKPOINT_INTERVAL))
    if (snapshot.version + 1) % interval == 0:
        raise CommitRequiresSpark(f"{snapshot.folder}: a checkpoint is due")


def _partitions(
    snapshot: Snapshot, rows: pa.Table
) -> Iterator[tuple[pa.Table, Mapping[str, str | None]]]:
    """Rows by the values of the partition columns, without these columns."""
    names = list(snapshot.metadata.get("partitionColumns") or ())
    if not names:
        yield rows, {}
        return
    for values in rows.select(names).group_by(names, use_threads=False).aggregate([]).to_pylist():
        mask = pc.scalar(True)
        for name, value in values.items():
            field = pc.field(name)
            mask = mask & (field.is_null() if value is None else field == pa.scalar(value))
        yield (
            rows.filter(mask).drop_columns(names),
            {n: None if v is None else str(v) for n, v in values.items()},
        )


def written_file(
    snapshot: Snapshot, part: pa.Table, values: Mapping[str, str | None] = _NO_PARTITION
) -> dict[str, Any]:
    """The action that adds a file with some rows, which is then on the disk; no statistics."""
    folders = [
        f"{name}={'__HIVE_DEFAULT_PARTITION__' if value is None else quote(value, safe=' ')}"
        for name, value in values.items()
    ]
    name = "/".join([*folders, f"part-00000-{uuid.uuid4()}.c000.zstd.parquet"])
    path = snapshot.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pq.write_table(part, file, compression="zstd", use_dictionary=True)
        _flushed(file)
    found = path.stat()
    return {
        # The log stores the path as a URL, so escapes in the folder name are escaped again.
        "path": quote(name, safe="/="),
        "partitionValues": dict(values),
        "size": found.st_size,
        "modificationTime": int(found.st_mtime * 1000),
        "dataChange": True,
    }


def _statistics(snapshot: Snapshot, part: pa.Table) -> dict[str, Any]:
    """Statistics of the columns for which the table requests them, for strings and days."""
    settings = dict(snapshot.metadata.get("configuration") or {})
    asked = settings.get("delta.dataSkippingStatsColumns", "").split(",")
    least, greatest, nulls = {}, {}, {}
    for name in asked:
        if name not in part.column_names:
            continue
        column = part.column(name)
        nulls[name] = column.null_count
        if pa.types.is_string(column.type) or pa.types.is_date32(column.type):
            ends = pc.min_max(column).as_py()
            if ends["min"] is not None and len(str(ends["max"])) <= _LONGEST:
                least[name], greatest[name] = str(ends["min"]), str(ends["max"])
    return {
        "numRecords": part.num_rows,
        "minValues": least,
        "maxValues": greatest,
        "nullCount": nulls,
    }


_LONGEST = 32
"""Length of strings in statistics, as in Delta."""


def _commit_info(
    snapshot: Snapshot, version: int, files: list[dict[str, Any]], rows: int, user_metadata: str
) -> dict[str, Any]:
    """The description of a commit that appends files."""
    partitions = list(snapshot.metadata.get("partitionColumns") or ())
    return {
        "timestamp": int(time.time() * 1000),
        "operation": "WRITE",
        "operationParameters": {"mode": "Append", "partitionBy": json.dumps(partitions)},
        "readVersion": version - 1,
        "isolationLevel": "Serializable",
        "isBlindAppend": True,
        "operationMetrics": {
            "numFiles": str(len(files)),
            "numOutputRows": str(rows),
            "numOutputBytes": str(sum(file["size"] for file in files)),
        },
        "userMetadata": user_metadata,
        "engineInfo": ENGINE,
        "txnId": str(uuid.uuid4()),
    }


def _added(files: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"add": file} for file in files]


def _committed(snapshot: Snapshot, version: int, actions: Iterable[dict[str, Any]]) -> bool:
    """Whether the commit succeeded; False if the version exists."""
    log = snapshot.folder / "_delta_log"
    # Hidden files are not part of the log.
    written = log / f".{version:020d}.{uuid.uuid4()}.tmp"
    try:
        with written.open("wb") as file:
            file.write("".join(f"{json.dumps(action)}\n" for action in actions).encode())
            _flushed(file)
        os.link(written, log / f"{version:020d}.json")
    except FileExistsError:
        return False
    finally:
        written.unlink(missing_ok=True)
    return True


def _flushed(file: Any) -> None:
    """Flush to the disk before the commit refers to it."""
    file.flush()
    os.fsync(file.fileno())
