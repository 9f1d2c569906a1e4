"""A whole set-up of small tables in local folders, which starts no Spark session."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest
from scripts.first_contact.tables import payments

from modelwatch.model.config.configuration import parse_config
from modelwatch.model.errors import ConfigurationError
from modelwatch.model.sources.tables import TableAddress
from modelwatch.pipelines.onboarding.first_configuration import first_configuration, setup_text


def no_session() -> NoReturn:
    raise AssertionError("Spark was asked for")


@pytest.fixture
def tables(tmp_path: Path) -> list[TableAddress]:
    given = payments(tmp_path, rows_of_a_day=60)
    return [TableAddress(path=str(path)) for path in given.tables]


def test_three_tables_have_their_configuration_without_spark(tables: list[TableAddress]) -> None:
    reported: list[str] = []
    found = first_configuration(no_session, *tables, notify=reported.append)
    config = parse_config(found.text)
    assert [line.partition(":")[0] for line in reported] == [
        "inputs",
        "predictions",
        "labels",
        "Reference",
    ]
    assert config.inputs.id == ("payment_id",)
    assert config.performance is not None
    assert (config.performance.task, config.performance.score) == ("binary", ("score",))
    assert config.labels is not None
    assert config.labels.due.delay_days == 7
    assert config.report is not None
    assert "payment_id" in setup_text(found, "conf/payments.yaml")


def test_an_unknown_time_zone_is_reported_before_any_work(tables: list[TableAddress]) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'Europe/Zurich'"):
        first_configuration(no_session, *tables, time_zone="Europe/Zurch")
