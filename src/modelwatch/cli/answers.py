"""Rows on standard output: a table for people, JSON or CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import typer

from modelwatch.io.terminal import say


class Form(str, Enum):
    """The format of an answer."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FormOption = Annotated[
    Form, typer.Option("--format", help="The form of the answer.", show_default=True)
]


def answer_text(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: Form) -> str:
    """Rows as text.

    JSON is an array with one object per row. Dates and times are in ISO 8601, and numbers that JSON
    does not support (NaN, infinity) are null. CSV has a header, and an empty field for null.
    """
    if form is Form.JSON:
        records = [dict(zip(columns, map(json_value, row), strict=True)) for row in rows]
        return json.dumps(records, ensure_ascii=False, indent=1) + "\n"
    if form is Form.CSV:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_field(value) for value in row] for row in rows)
        return text.getvalue()
    from modelwatch.pipelines.runs.queries import table_text

    return table_text(columns, rows)


def answer(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: Form) -> None:
    """Print rows in a format."""
    say(answer_text(columns, rows, form), end="")


def json_value(value: Any) -> Any:
    """A value that JSON can represent; a Row of Spark becomes an object."""
    if hasattr(value, "asDict"):
        return {name: json_value(part) for name, part in value.asDict().items()}
    if isinstance(value, Mapping):
        return {str(name): json_value(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_value(part) for part in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return str(value) if isinstance(value, Decimal) else repr(value)


def _field(value: Any) -> Any:
    """A value as a CSV field: nested values as JSON, booleans as in SQL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return json.dumps(json_value(value), ensure_ascii=False)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return value
