"""The reference of tables and views is complete."""

from __future__ import annotations

import pytest
from scripts.reference_tables import meaning, view_text
from scripts.view_columns import kept

from modelwatch.io.views import views


@pytest.mark.parametrize("name", sorted(views()))
def test_each_column_of_a_view_has_a_meaning(name: str) -> None:
    assert [column for column in kept()[name] if not meaning(name, column)] == []


@pytest.mark.parametrize("name", sorted(views()))
def test_the_comment_of_a_view_names_its_columns_only(name: str) -> None:
    assert set(view_text(name).columns) <= set(kept()[name])
