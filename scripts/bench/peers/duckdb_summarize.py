"""DuckDB's SUMMARIZE: one process, all days together."""

from __future__ import annotations

from collections.abc import Callable

from scripts.bench.case import COLUMNS, CORES, Case


def prepared(case: Case) -> Callable[[], None]:
    import duckdb

    connection = duckdb.connect(config={"threads": CORES})
    files = case.parquet_files()
    columns = ", ".join(COLUMNS)

    def summarize() -> None:
        relation = f"SELECT {columns} FROM read_parquet({files!r})"
        found = connection.execute(f"SUMMARIZE {relation}").fetchall()
        assert len(found) == len(COLUMNS)

    return summarize
