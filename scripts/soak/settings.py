"""Spark properties of sessions over small tables, in which startup is most of the work."""

from __future__ import annotations

SMALL = {
    "spark.sql.shuffle.partitions": "2",
    # Many small queries: compiling code for each takes more time than it saves.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # The same is true of planning them again after each shuffle.
    "spark.sql.adaptive.enabled": "false",
    # Delta caches the log of every opened table; those of all worlds would fill the memory.
    "spark.databricks.delta.delta.log.cacheSize": "48",
    # With few files per table, determining which can be skipped takes longer than reading them.
    "spark.databricks.delta.stats.skipping": "false",
    # Runs are short: only the first JIT compiler, and no parallel garbage collection.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""Properties that only change speed."""
LONG = {
    **SMALL,
    # The soak test executes hundreds of runs and queries in one session: storing all plans would
    # fill its memory, and the second JIT compiler is worthwhile.
    "spark.driver.memory": "3g",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
}
"""The same for a long session."""
