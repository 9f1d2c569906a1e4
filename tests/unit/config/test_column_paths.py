"""Texts that lead into nested columns."""

from __future__ import annotations

import json

import pytest

from modelwatch.model.config.column_paths import ColumnPath, parsed_path, paths_in
from modelwatch.model.config.configuration import parse_config


@pytest.mark.parametrize(
    ("text", "column", "steps"),
    [
        ("customer.age", "customer", ("age",)),
        ("customer.home.city", "customer", ("home", "city")),
        ("probability[0]", "probability", (0,)),
        ("scores['card fraud']", "scores", ("card fraud",)),
        ('scores["2"].low', "scores", ("2", "low")),
        ("customer.*", "customer", ("*",)),
        ("all my rows[12][3]", "all my rows", (12, 3)),
    ],
)
def test_a_path_is_a_column_and_steps_into_it(
    text: str, column: str, steps: tuple[str | int, ...]
) -> None:
    assert parsed_path(text) == ColumnPath(text, column, steps)


@pytest.mark.parametrize(
    "text", ["", "amount", ".age", "a.", "a..b", "a[", "a[x]", "a[-1]", "a['b]", "[0]"]
)
def test_any_other_text_is_no_path(text: str) -> None:
    assert parsed_path(text) is None


def test_paths_are_found_wherever_the_configuration_names_columns() -> None:
    config = parse_config(
        json.dumps(
            {
                "monitor": "m",
                "output": {"path": "out.folder/x.y"},
                "inputs": {"table": {"path": "in"}, "id": "key.id", "day": {"column": "day"}},
                "predictions": {"score": ["p[0]", "P[0].x"]},
                "features": {"include": ["customer.*"], "columns": {"customer.age": {"bins": 5}}},
                "segments": [{"name": "city", "columns": ["home.city"]}],
                "references": [{"name": "start", "days": "2024-01-01..2024-01-02"}],
                "notify": [{"name": "f", "kind": "file", "path": "a.b"}],
            }
        )
    )
    found = {path.text for path in paths_in(config)}
    assert found == {"key.id", "p[0]", "P[0].x", "customer.*", "customer.age", "home.city"}
