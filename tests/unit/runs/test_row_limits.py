"""When a run reads so few rows that no code is generated for it."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from modelwatch.io.delta.file_days import DayVolume
from modelwatch.pipelines.runs.few_rows import MOST, reads_few_rows

DAY = date(2013, 2, 8)


def asked(references: tuple[str, ...] = (), **rows: int | None) -> tuple[Any, Any]:
    """Tables of so many rows a day, and a plan of one day and another of labels."""
    opened = {
        role: SimpleNamespace(
            volume=lambda days, n=n: DayVolume(1, 1, None if n is None else n * len(days))
        )
        for role, n in rows.items()
    }
    labels = SimpleNamespace(days={date(2013, 1, 8): "labels came"})
    plan = SimpleNamespace(dates=[DAY], references=references, labels=labels)
    return SimpleNamespace(opened=opened), plan


def test_rows_of_inputs_and_predictions_are_counted_together() -> None:
    assert reads_few_rows(*asked(inputs=MOST // 4, predictions=MOST // 4))
    assert not reads_few_rows(*asked(inputs=MOST // 4, predictions=MOST // 4 + 1))


@pytest.mark.parametrize("of", [asked(inputs=None), asked(references=("training",), inputs=1)])
def test_an_unknown_number_of_rows_may_be_large(of: tuple[Any, Any]) -> None:
    assert not reads_few_rows(*of)
