"""One version of a Delta table on a local disk, read by pyarrow: its files, and then their rows.

Source: the Delta transaction protocol (PROTOCOL.md of delta-io/delta). A Spark query costs a
quarter of a second regardless of its size, and a run reads several tens of small tables. For what
this module does not support, such as deletion vectors, column mapping, or newer checkpoints, it
raises ``LogUnreadable``, and the caller uses Spark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from modelwatch.errors import ModelwatchError
from modelwatch.model.config.relative_paths import URL_SCHEME

MAX_CHECKPOINT_BYTES = 16 << 20
"""Size of a checkpoint above which a table has too many files to list them here."""
VECTOR_KEY = ("storageType", "pathOrInlineDv", "offset")
"""Fields that identify a deletion vector: a file may hold several."""
_COMMIT_NAME = re.compile(r"(\d{20})\.json")
_CHECKPOINT_NAME = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet")
_OTHER_CHECKPOINT = re.compile(r"\d{20}\.checkpoint\..*")
_KNOWN_FEATURES = frozenset(
    {
        *("appendOnly", "invariants", "checkConstraints", "vacuumProtocolCheck"),
        *("deletionVectors", "timestampNtz"),
    }
)
"""Features of readers and writers that make no difference for files without deletion vectors."""
_FORMAT = ds.ParquetFileFormat(read_options={"coerce_int96_timestamp_unit": "us"})


class LogUnreadable(ModelwatchError):
    """The log cannot answer the question."""


@dataclass(frozen=True)
class RowFilter:
    """A condition on rows: each column of ``among`` has one of the values, of which None is null;
    each of ``lower_bounds`` is at least that large."""

    among: Mapping[str, Collection[Any]] = field(default_factory=dict)
    lower_bounds: Mapping[str, Any] = field(default_factory=dict)

    def condition(self) -> ds.Expression | None:
        """The same as a pyarrow filter; None for all rows."""
        parts = [_is_among(name, values) for name, values in self.among.items()]
        parts += [pc.field(name) >= value for name, value in self.lower_bounds.items()]
        found: ds.Expression | None = None
        for part in parts:
            found = part if found is None else found & part
        return found


def _is_among(name: str, values: Collection[Any]) -> ds.Expression:
    held = [value for value in values if value is not None]
    if not held:
        return pc.field(name).is_null() if None in values else pc.scalar(False)
    among = pc.field(name).isin(held)
    return among | pc.field(name).is_null() if None in values else among


ALL_ROWS = RowFilter()


@dataclass(frozen=True)
class DataFile:
    """A file of a table: its partition values, and its statistics.

    ``least`` and ``greatest`` have JSON types; a missing column is unknown.
    """

    path: str
    partition: Mapping[str, str | None]
    size: int
    modified: int
    rows: int | None
    least: Mapping[str, Any]
    greatest: Mapping[str, Any]
    nulls: Mapping[str, int]

    def may_hold(self, wanted: RowFilter) -> bool:
        """Whether it may contain matching rows."""
        return all(self._may_be_among(n, values) for n, values in wanted.among.items()) and all(
            self._may_reach(name, value) for name, value in wanted.lower_bounds.items()
        )

    def _may_be_among(self, name: str, values: Collection[Any]) -> bool:
        if None in values and self.nulls.get(name, self.rows) != 0:
            return True
        texts = [_text(value) for value in values if value is not None]
        if name in self.partition:
            return self.partition[name] in texts
        if self.rows is not None and self.nulls.get(name) == self.rows:
            return False
        least, greatest = self.least.get(name), self.greatest.get(name)
        if not isinstance(least, str) or not isinstance(greatest, str):
            return True
        return any(least <= text <= greatest for text in texts)

    def _may_reach(self, name: str, value: Any) -> bool:
        held = self.partition[name] if name in self.partition else self.greatest.get(name, "")
        return held is not None and (not isinstance(held, str) or not held or held >= _text(value))


@dataclass(frozen=True)
class Snapshot:
    """The files of a table at a version, with its metadata as in the log."""

    folder: Path
    version: int
    metadata: Mapping[str, Any]
    protocol: Mapping[str, Any]
    files: tuple[DataFile, ...]

    @property
    def bytes(self) -> int:
        """Total bytes of the files."""
        return sum(file.size for file in self.files)

    @property
    def columns(self) -> dict[str, Mapping[str, Any]]:
        """The fields of the schema by name, as in JSON."""
        return {one["name"]: one for one in json.loads(self.metadata["schemaString"])["fields"]}

    def of(self, wanted: RowFilter) -> Snapshot:
        """The same, with only the files that may contain matching rows."""
        return replace(self, files=tuple(f for f in self.files if f.may_hold(wanted)))

    def dataset(self, schema: pa.Schema, wanted: RowFilter = ALL_ROWS) -> ds.Dataset:
        """The files that may contain matching rows, with the columns of a schema and of the
        condition; columns that the files lack are null."""
        known = _with_columns(schema, wanted, self)
        fragments = [
            _FORMAT.make_fragment(
                str(self.folder / unquote(file.path)),
                LocalFileSystem(),
                partition_expression=_partition(file.partition, known),
            )
            for file in self.of(wanted).files
        ]
        return ds.FileSystemDataset(fragments, known, _FORMAT, LocalFileSystem())

    def table(
        self, schema: pa.Schema, wanted: RowFilter = ALL_ROWS, where: ds.Expression | None = None
    ) -> pa.Table:
        """The matching rows in the columns of a schema; columns that the files lack are null.

        ``where``: a further condition on these columns. LogUnreadable if a file is gone or does not
        fit the schema.
        """
        asked = wanted.condition()
        asked = where if asked is None else asked if where is None else asked & where
        try:
            rows = self.dataset(schema, wanted).to_table(columns=schema.names, filter=asked)
            return rows.cast(schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise LogUnreadable(f"{self.folder}: {error}") from error


def local_snapshot(folder: Path, version: int | None = None) -> Snapshot:
    """A version of the table in a folder, by default the newest.

    LogUnreadable if its log is missing or has an unsupported format.
    """
    commits, checkpoints = _listed(folder / "_delta_log")
    newest = max((*commits, *checkpoints), default=-1)
    upto = newest if version is None else version
    start = max((held for held in checkpoints if held <= upto), default=-1)
    if upto < 0 or any(held not in commits for held in range(start + 1, upto + 1)):
        raise LogUnreadable(f"{folder}: the log does not contain version {upto}")
    metadata: Mapping[str, Any] = {}
    protocol: Mapping[str, Any] = {}
    files: dict[tuple[object, ...], Mapping[str, Any]] = {}
    for action in _actions(folder / "_delta_log", start, checkpoints.get(start, ()), upto):
        if action.get("add") is not None:
            files[file_identity(action["add"])] = action["add"]
        elif action.get("remove") is not None:
            files.pop(file_identity(action["remove"]), None)
        metadata = action.get("metaData") or metadata
        protocol = action.get("protocol") or protocol
    _check(folder, metadata, protocol)
    return Snapshot(
        folder, upto, metadata, protocol, tuple(_file(folder, f) for f in files.values())
    )


def file_identity(file: Mapping[str, Any]) -> tuple[object, ...]:
    """The key by which a file is removed: its path and deletion vector, because the actions of a
    commit are unordered, and a delete removes and adds the same path."""
    vector = file.get("deletionVector") or {}
    return (file["path"], *(vector.get(name) for name in VECTOR_KEY))


def commit_actions(folder: Path, version: int) -> list[dict[str, Any]]:
    """The actions of one commit; LogUnreadable if it is missing, or not JSON."""
    try:
        text = (folder / "_delta_log" / f"{version:020d}.json").read_text(encoding="utf-8")
        actions = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, ValueError) as error:
        raise LogUnreadable(f"{folder}: version {version} of the log: {error}") from error
    if not actions:
        raise LogUnreadable(f"{folder}: version {version} of the log is empty")
    return actions


def local_log(location: str) -> Path | None:
    """The folder of a table whose log this process can list; None if only Spark can."""
    if location.startswith("file:"):
        location = unquote(urlsplit(location).path)
    folder = Path(location)
    return None if URL_SCHEME.match(location) or not (folder / "_delta_log").is_dir() else folder


def log_versions(names: Iterable[str]) -> tuple[set[int], dict[int, tuple[str, ...]]]:
    """Versions of the commits among the files of a log, and the files of its complete checkpoints
    by version."""
    commits: set[int] = set()
    parts: dict[tuple[int, int], list[str]] = {}
    for name in names:
        if commit := _COMMIT_NAME.fullmatch(name):
            commits.add(int(commit.group(1)))
        elif checkpoint := _CHECKPOINT_NAME.fullmatch(name):
            of = int(checkpoint.group(3) or 1)
            parts.setdefault((int(checkpoint.group(1)), of), []).append(name)
    complete = {v: tuple(sorted(held)) for (v, of), held in parts.items() if len(held) == of}
    return commits, complete


def _listed(log: Path) -> tuple[set[int], dict[int, tuple[str, ...]]]:
    """The versions of a log, as in ``log_versions``."""
    try:
        names = [entry.name for entry in log.iterdir()]
    except OSError as error:
        raise LogUnreadable(str(error)) from error
    for name in names:
        if _OTHER_CHECKPOINT.fullmatch(name) and not _CHECKPOINT_NAME.fullmatch(name):
            raise LogUnreadable(f"{log}: {name} is a checkpoint of another form")
    return log_versions(names)


def _actions(
    log: Path, start: int, checkpoint: Iterable[str], upto: int
) -> Iterator[Mapping[str, Any]]:
    for name in checkpoint:
        path = log / name
        try:
            if path.stat().st_size > MAX_CHECKPOINT_BYTES:
                raise LogUnreadable(f"{path} is larger than {MAX_CHECKPOINT_BYTES} bytes")
            held = pq.ParquetFile(path)
            wanted = {"add", "metaData", "protocol", "sidecar"}
            table = held.read([n for n in held.schema_arrow.names if n in wanted])
        except (OSError, pa.ArrowInvalid) as error:
            raise LogUnreadable(f"{path}: {error}") from error
        if "sidecar" in table.column_names and table.column("sidecar").null_count < len(table):
            raise LogUnreadable(f"{path} has sidecars")
        yield from table.to_pylist(maps_as_pydicts="strict")
    for version in range(start + 1, upto + 1):
        yield from commit_actions(log.parent, version)


def _check(folder: Path, metadata: Mapping[str, Any], protocol: Mapping[str, Any]) -> None:
    if not metadata or not protocol:
        raise LogUnreadable(f"{folder}: the log has no metadata of the table")
    mapping = dict(metadata.get("configuration") or {}).get("delta.columnMapping.mode", "none")
    features = set(protocol.get("readerFeatures") or ())
    if mapping != "none" or protocol["minReaderVersion"] > 3 or features - _KNOWN_FEATURES:
        raise LogUnreadable(f"{folder}: the table has features that are not known here")


def _file(folder: Path, add: Mapping[str, Any]) -> DataFile:
    if add.get("deletionVector") is not None or URL_SCHEME.match(add["path"]):
        raise LogUnreadable(f"{folder}: {add['path']} has deleted rows, or lies elsewhere")
    stats = json.loads(add["stats"]) if add.get("stats") else {}
    return DataFile(
        path=add["path"],
        partition=dict(add["partitionValues"]),
        size=add["size"],
        modified=add["modificationTime"],
        rows=stats.get("numRecords"),
        least=stats.get("minValues") or {},
        greatest=stats.get("maxValues") or {},
        nulls=stats.get("nullCount") or {},
    )


def _with_columns(schema: pa.Schema, wanted: RowFilter, of: Snapshot) -> pa.Schema:
    """A schema extended by the columns of the filter and of the file's folder."""
    for name in (*wanted.among, *wanted.lower_bounds, *of.metadata.get("partitionColumns", ())):
        if name not in schema.names:
            kind = of.columns[name]["type"]
            if kind not in ("string", "date"):
                raise LogUnreadable(f"{of.folder}: {name} is neither text nor a day")
            schema = schema.append(pa.field(name, pa.date32() if kind == "date" else pa.string()))
    # A file may lack a non-nullable column that was not requested.
    return pa.schema([one.with_nullable(True) for one in schema])


def _partition(values: Mapping[str, str | None], schema: pa.Schema) -> ds.Expression:
    found: ds.Expression = pc.scalar(True)
    for name, text in values.items():
        if not text:  # The protocol also writes null as an empty string.
            part = pc.field(name).is_null()
        else:
            part = pc.field(name) == pa.scalar(text).cast(schema.field(name).type)
        found = part if found.equals(pc.scalar(True)) else found & part
    return found


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
