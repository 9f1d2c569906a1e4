"""Settings of sessions over small tables, in which starting is most of the work."""

from __future__ import annotations

SMALL = {
    "spark.sql.shuffle.partitions": "2",
    # Queries are small and many: compiling code for each costs more than it saves.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # And planning them anew after each shuffle too.
    "spark.sql.adaptive.enabled": "false",
    # Delta keeps the log of each table that was ever opened: of all worlds they fill the memory.
    "spark.databricks.delta.delta.log.cacheSize": "48",
    # Tables of a few files: to look which of them may be skipped costs more than to read them.
    "spark.databricks.delta.stats.skipping": "false",
    # Compiling for the first ten thousand calls only, and no threads that collect: runs are short.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""What changes speed and nothing else."""
LONG = {
    **SMALL,
    # The soak's own session does hundreds of runs and queries: plans of all would fill its memory,
    # and compiling for long pays.
    "spark.driver.memory": "3g",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
}
"""The same, for a session that lasts."""
