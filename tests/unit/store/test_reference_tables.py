"""The reference of views is complete."""

from __future__ import annotations

import pytest
from scripts.reference_tables import meaning, view_text
from scripts.view_columns import view_columns

from modelwatch.io.store.views import views

VIEW = pytest.mark.parametrize("name", sorted(views()))


@VIEW
def test_each_column_of_a_view_has_a_meaning(name: str) -> None:
    assert [column for column in view_columns(name) if not meaning(name, column)] == []


@VIEW
def test_a_view_has_each_column_once(name: str) -> None:
    assert len(set(view_columns(name))) == len(view_columns(name))


@VIEW
def test_the_comment_of_a_view_names_its_columns_only(name: str) -> None:
    assert set(view_text(name).columns) <= set(view_columns(name))
