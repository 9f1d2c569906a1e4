"""Polars' describe: one process, all days together."""

from __future__ import annotations

from collections.abc import Callable

from scripts.bench.case import COLUMNS, Case


def prepared(case: Case) -> Callable[[], None]:
    import polars

    files = case.parquet_files()

    def describe() -> None:
        found = polars.scan_parquet(files).select(COLUMNS).describe()
        assert found.width == 1 + len(COLUMNS)

    return describe
