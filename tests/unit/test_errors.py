"""Checks of what the code relies on."""

from __future__ import annotations

import pytest

from modelwatch.errors import InternalError, ModelwatchError, instance_of, present


def test_a_value_that_is_there_is_handed_on() -> None:
    assert present(0, "rows") == 0
    assert instance_of(0, int) == 0


def test_a_missing_value_is_named() -> None:
    with pytest.raises(InternalError, match="labels is None"):
        present(None, "labels")


def test_a_value_of_another_class_is_reported_with_both_classes() -> None:
    with pytest.raises(ModelwatchError, match="a int is needed, and this is a str"):
        instance_of("0", int)
