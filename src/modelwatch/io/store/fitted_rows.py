"""Rows of a run in the columns of an output table."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from modelwatch.spark.finite_values import finite, reason_of
from modelwatch.tables import Table


def fitted_rows(spec: Table, expected: StructType, rows: DataFrame, run_id: str) -> DataFrame:
    """The rows in the columns of a table, whose schema in Spark's types is ``expected``.

    ``run_id`` is added. Missing nullable columns become null, and so do numbers that are not
    finite. ValueError, before any work, if columns do not fit.
    """
    types = {field.name: field.dataType for field in rows.schema.fields}
    wrong = [f"no column {name}" for name in types if name not in spec.names]
    columns = []
    for field, column in zip(expected.fields, spec.columns, strict=True):
        name = column.name
        if name == "run_id":
            columns.append(F.lit(run_id).alias(name))
        elif name in types:
            if types[name].simpleString() != field.dataType.simpleString():
                wrong.append(f"{name} is {types[name].simpleString()}, not {column.type}")
            columns.append(finite(F.col(name), field).alias(name))
        elif column.nullable:
            columns.append(F.lit(None).cast(field.dataType).alias(name))
        else:
            wrong.append(f"{name} is missing")
        if name == "reason" and "value" in types:
            columns[-1] = reason_of(columns[-1], F.col("value")).alias(name)
    if wrong:
        raise ValueError(f"rows do not fit table {spec.name}: {'; '.join(wrong)}")
    return rows.select(*columns)
