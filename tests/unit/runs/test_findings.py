"""What a run prints at its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from modelwatch.model.incidents.incident import Incident
from modelwatch.pipelines.incidents.stage import FoundIncidents
from modelwatch.pipelines.runs.findings import finding_lines
from verdict_rows import config, fold, on, roots

PLAN: Any = SimpleNamespace(days=(), windows=(), labels=None)


def found(*warnings: str, **changes: Any) -> list[Incident]:
    """An incident of an amount, and warnings of other columns."""
    rows = [*on(range(5, 30)), *(r for n, w in enumerate(warnings) for r in warned(w, 14 - n))]
    incidents = [
        replace(one, sentence=f"{one.subject} fails.") for one in roots(fold(rows, days=30))
    ]
    return [replace(one, **changes) if one.severity == "warn" else one for one in incidents]


def warned(subject: str, first: int) -> list[Any]:
    return on(
        range(first, 30), subject=subject, verdict="warn", source="constraint", metric=subject
    )


def text(incidents: list[Incident]) -> str:
    return finding_lines(config(), PLAN, FoundIncidents(tuple(incidents), ()), ())


def test_incidents_that_need_attention_come_before_warnings() -> None:
    lines = text(found("price")).splitlines()
    assert lines[1:4] == ["  1. amount fails.", "1 warning:", "  price fails."]


def test_a_warning_that_somebody_acknowledged_is_counted_alone() -> None:
    shown = text(found("price", acknowledged_at=datetime(2020, 2, 1)))
    assert "price fails." not in shown
    assert "Also open: 1 (muted or acknowledged incidents)." in shown
