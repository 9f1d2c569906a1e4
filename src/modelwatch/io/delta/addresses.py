"""Addresses of tables: by name or by path, quoted, for SQL and for DataFrames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from modelwatch.capabilities import resolved
from modelwatch.model.config.relative_paths import URL_SCHEME
from modelwatch.model.sources.tables import OutputAddress, TableAddress


@dataclass(frozen=True)
class Place:
    """A Delta table: either a catalog name as quoted parts, or a path."""

    name: str | None = None
    path: str | None = None
    schema_identifier: str | None = None

    @property
    def identifier(self) -> str:
        """The table in SQL."""
        return self.name if self.name is not None else f"delta.{quoted(_absolute(str(self.path)))}"

    def __str__(self) -> str:
        """The name or path for people."""
        return str(self.name or self.path)

    def read(self, session: SparkSession, version: int | None = None) -> DataFrame:
        """The table as a DataFrame, at a version if given."""
        reader = session.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        path = self.path
        return resolved(reader.table(self.identifier) if path is None else reader.load(path))

    def append(self, frame: DataFrame, options: Mapping[str, str]) -> None:
        """Append rows to the existing table."""
        if self.path is not None:
            frame.write.format("delta").mode("append").options(**options).save(self.path)
            return
        # Not saveAsTable: in a separate thread, it does not recognize a Delta table.
        writer = frame.writeTo(self.identifier)
        for key, value in options.items():
            writer = writer.option(key, value)
        writer.append()


def _absolute(path: str) -> str:
    """The path for SQL: DataFrames accept relative paths, identifiers in SQL do not."""
    return path if URL_SCHEME.match(path) else os.path.abspath(path)


def not_delta(address: TableAddress, reason: str) -> str:
    """Why there is no Delta table at an address, given the reason of Spark."""
    path = address.path
    if path is None or URL_SCHEME.match(path) or Path(path).exists():
        return f"not a Delta table: {reason}"
    # A plain path may lead to the disk of a server, or to HDFS.
    return "there is no such folder on this machine, and Spark finds no Delta table there"


def source_place(address: TableAddress) -> Place:
    """The place of a source table."""
    if address.path is not None:
        return Place(path=address.path)
    return Place(name=quoted_name(str(address.name)))


def output_place(output: OutputAddress, table: str) -> Place:
    """The place of an output table."""
    if output.path is not None:
        return Place(path=f"{output.path.rstrip('/') or '/'}/{table}")
    schema = quoted_name(str(output.schema_name))
    return Place(name=f"{schema}.{quoted(table)}", schema_identifier=schema)


def quoted(part: str) -> str:
    """One identifier in SQL, with any characters."""
    return "`" + part.replace("`", "``") + "`"


def quoted_name(name: str) -> str:
    """A dotted name in SQL; a part that contains dots is in backticks already."""
    return ".".join(quoted(part) for part in name_parts(name))


def name_parts(name: str) -> list[str]:
    """The parts of a dotted name; a dot within backticks does not separate."""
    parts: list[list[str]] = [[]]
    inside = False
    for character in name:
        if character == "`":
            # Two backticks in a row are an escaped backtick.
            if not inside and parts[-1]:
                parts[-1].append("`")
            inside = not inside
        elif character == "." and not inside:
            parts.append([])
        else:
            parts[-1].append(character)
    return ["".join(part) for part in parts]
