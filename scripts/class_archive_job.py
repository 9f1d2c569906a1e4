"""Run a small job that loads the Java classes of a run: it writes and joins Delta tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyspark.sql import functions as F
from pyspark.sql.window import Window

from modelwatch.io.session.spark_session import open_session


def main(folder: Path) -> None:
    """Write two tables, and run queries like those of a run."""
    spark = open_session("modelwatch class archive")
    rows = spark.range(2000).select(
        "id",
        F.expr("date_add(date'2024-01-01', cast(id % 10 as int))").alias("day"),
        (F.col("id") / 7).alias("value"),
        F.expr("array(id, id + 1)").alias("counts"),
        F.expr("named_struct('name', 'a', 'number', id)").alias("pair"),
        F.lit("text").alias("text"),
    )
    for name in ("first", "second"):
        for _ in range(2):
            writer = rows.write.format("delta").mode("append").partitionBy("day")
            writer.save(str(folder / name))
    first, second = (spark.read.format("delta").load(str(folder / n)) for n in ("first", "second"))
    joined = first.join(F.broadcast(second.dropDuplicates(["id"])), ["id", "day"], "full_outer")

    def unchanged(batches: Iterable[Any]) -> Iterable[Any]:
        yield from batches

    kept = first.select("id", "day", "value").repartition("day").sortWithinPartitions("id")
    kept.mapInArrow(unchanged, "id bigint, day date, value double").write.format("noop").mode(
        "overwrite"
    ).save()
    joined.groupBy("day").agg(F.sum(first["value"]), F.count("*"), F.max("id")).collect()
    ranked = Window.partitionBy("day").orderBy(F.desc("value"))
    first.withColumn("rank", F.row_number().over(ranked)).where("rank < 3").collect()
    first.createOrReplaceTempView("first")
    spark.sql("SELECT day, explode(counts) AS one FROM first ORDER BY one LIMIT 5").collect()
    spark.sql(f"DESCRIBE HISTORY delta.`{folder / 'first'}`").collect()
    spark.createDataFrame([(1, "a")], "id int, name string").collect()
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
