"""NannyML's univariate drift by day, in pandas."""

from __future__ import annotations

from collections.abc import Callable

from scripts.bench.case import BASELINE_DAYS, CATEGORICAL, COLUMNS, Case, day_at


def prepared(case: Case) -> Callable[[], None]:
    import nannyml
    import pandas

    def read(first: int, last: int) -> pandas.DataFrame:
        days = []
        for at in range(first, last):
            for file in case.parquet_files(at, at + 1):
                rows = pandas.read_parquet(file, columns=list(COLUMNS), partitioning=None)
                days.append(rows.assign(day=pandas.Timestamp(day_at(at))))
        frame = pandas.concat(days, ignore_index=True)
        return frame.astype(dict.fromkeys(CATEGORICAL, "category"))

    def drift() -> None:
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=list(COLUMNS),
            timestamp_column_name="day",
            chunk_period="D",
            continuous_methods=["kolmogorov_smirnov", "jensen_shannon"],
            categorical_methods=["chi2", "jensen_shannon"],
        )
        calculator.fit(read(0, min(BASELINE_DAYS, case.days)))
        found = calculator.calculate(read(0, case.days)).to_df()
        assert len(found) >= case.days

    return drift
