"""The reference page of the statistics is the one that the registries give."""

from __future__ import annotations

import runpy
from pathlib import Path

from modelwatch.stats.drift.statistics import STATISTICS
from modelwatch.stats.profile.metrics import METRICS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "statistics.md"


def test_the_page_is_current() -> None:
    program = runpy.run_path(str(ROOT / "scripts" / "reference_statistics.py"))
    assert PAGE.read_text() == program["page"]()


def test_every_statistic_says_what_it_is() -> None:
    for known in STATISTICS.values():
        assert known.label and known.kinds and known.meaning.endswith(".") and known.source
        assert known.range[0] < known.range[1]


def test_keys_are_words_of_sql() -> None:
    for key in (*STATISTICS, *METRICS):
        assert key.isidentifier() and key == key.lower()
