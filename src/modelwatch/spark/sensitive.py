"""Keyed hashes in place of sensitive values in queries."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from modelwatch.model.config.sensitive import DIGITS, Secrets
from modelwatch.spark.days import named

HIDDEN = "(sensitive)"
"""Placeholder for a value whose hash is not shown either."""


def salted_hash(column: Column, key: str) -> Column:
    """The hash of each value under a key; null for null."""
    return F.substring(F.sha2(F.concat(F.lit(key), column.cast("string")), 256), 1, DIGITS)


def masked(column: str, secrets: Secrets) -> Column:
    """A column by name, with hashes if it is sensitive."""
    key = secrets.of(column)
    value = named(column)
    return (value if key is None else salted_hash(value, key)).alias(column)


def masked_row(columns: Sequence[str], secrets: Secrets) -> Column:
    """A struct of some columns, with hashes for sensitive ones."""
    return F.struct(*(masked(column, secrets) for column in columns))


def masked_path(path: Column, secrets: Secrets) -> Column:
    """The path of a file, in which folders named after values of a sensitive column are masked."""
    for column in secrets.by_column:
        path = F.regexp_replace(path, rf"(?i)/(\Q{column}\E)=[^/]*", f"/$1={HIDDEN}")
    return path
