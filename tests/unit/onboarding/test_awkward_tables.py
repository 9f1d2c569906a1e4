"""Tables as people have them: other languages, repeated ids, times without zone, epoch numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pytest
from deltalake import write_deltalake

from html_tree import html_tree
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.errors import SourceError
from modelwatch.model.onboarding.readings import readings_of
from modelwatch.model.sources.tables import TableAddress
from modelwatch.pipelines.onboarding.first_configuration import (
    FirstConfiguration,
    first_configuration,
    setup_text,
)

FIRST = date(2025, 1, 6)


def no_session() -> NoReturn:
    raise AssertionError("Spark was asked for")


def drafted(folder: Path, **tables: pd.DataFrame) -> FirstConfiguration:
    """The first configuration of tables in the order of their roles."""
    addresses = []
    for name, frame in tables.items():
        write_deltalake(str(folder / name), frame)
        addresses.append(TableAddress(path=str(folder / name)))
    return first_configuration(no_session, *addresses)


def config_of(found: FirstConfiguration) -> MonitorConfig:
    return parse_config(found.text)


def loans(days: int = 60, rows_of_a_day: int = 60) -> dict[str, pd.DataFrame]:
    """Loans in German: the day is an integer, the score a percentage, labels are late."""
    rng, count = np.random.default_rng(5), days * rows_of_a_day
    day = [FIRST + timedelta(days=n // rows_of_a_day) for n in range(count)]
    risk = rng.random(count) * 100
    key = pd.DataFrame(
        {
            "Antrags-Nr.": [f"K-{n:06d}" for n in range(count)],
            "Datum": [int(one.strftime("%Y%m%d")) for one in day],
        }
    )
    until = [one + timedelta(days=int(n)) for one, n in zip(day, risk * 5 + 300, strict=True)]
    inputs = key.assign(
        Einkommen=rng.gamma(3, 1000, count).round(),
        **{"Vertrag bis": [f"{one:%d.%m.%Y}" for one in until]},
    )
    scores = key.assign(
        **{"Ausfall-Score %": risk.round(1)},
        Entscheid=np.where(risk.round(1) > 35, "ablehnen", "annehmen"),
        Filiale=rng.choice(["Bern", "Genf"], count),
    )
    late = rng.integers(20, 28, count)
    known = [one + timedelta(days=int(n)) for one, n in zip(day, late, strict=True)]
    labels = key.assign(
        **{
            "Ausfall?": np.where(rng.random(count) * 100 < risk, "ja", "nein"),
            "Erfasst am": [f"{one}T08:00:00Z" for one in known],
        }
    )
    return {"antraege": inputs, "scores": scores, "ausgang": labels[[k <= day[-1] for k in known]]}


def meters(hours: int = 24 * 40, count: int = 5) -> dict[str, pd.DataFrame]:
    """Hourly values of meters, with times without zone, as pandas has them."""
    rng = np.random.default_rng(5)
    at = [datetime(2025, 1, 6) + timedelta(hours=n // count) for n in range(hours * count)]
    used = rng.gamma(3, 1, len(at))
    key = pd.DataFrame({"meter": np.tile(np.arange(count) * 37 + 1001, hours), "readAt": at})
    inputs = key.assign(
        temperature=rng.normal(5, 3, len(at)),
        tariff=rng.choice(["A", "B"], len(at)),
        y_hat=used * rng.lognormal(0, 0.2, len(at)),
    )
    return {"readings": inputs, "values": key.assign(kwh=used)}


@pytest.fixture(scope="module")
def of_loans(tmp_path_factory: pytest.TempPathFactory) -> FirstConfiguration:
    return drafted(tmp_path_factory.mktemp("loans"), **loans())


def test_a_decision_is_what_the_score_decides_whatever_its_name(
    of_loans: FirstConfiguration,
) -> None:
    performance = config_of(of_loans).performance
    assert performance is not None
    assert performance.score_kind == "percentage"
    assert performance.decision is not None
    assert performance.decision.column == "Entscheid"
    assert performance.positive == ("ja", "ablehnen")


def test_dates_that_begin_with_the_day_are_no_feature(of_loans: FirstConfiguration) -> None:
    assert dict(of_loans.guess.excluded)["Vertrag bis"].startswith("changes with the calendar")


def test_labels_that_come_late_are_due_when_nearly_all_are_there(
    of_loans: FirstConfiguration,
) -> None:
    labels = config_of(of_loans).labels
    assert labels is not None
    assert labels.due.delay_days == 27


def test_a_date_as_text_tells_the_delay_but_cannot_be_configured(
    of_loans: FirstConfiguration,
) -> None:
    labels = config_of(of_loans).labels
    assert labels is not None
    assert labels.known is None
    assert "Erfasst am contains when the label became known" in of_loans.text


def test_the_setup_page_lists_every_column_of_every_table(of_loans: FirstConfiguration) -> None:
    listed = {(one.table, one.column) for one in readings_of(of_loans.guess)}
    roles = zip(("inputs", "predictions", "labels"), loans(1, 1).values(), strict=True)
    assert listed >= {(role, name) for role, frame in roles for name in frame.columns}
    cells = [cell.text for cell in html_tree(setup_text(of_loans, "c.yaml")).iter("td")]
    assert cells[cells.index("Filiale") + 1] == "not used"


def test_rows_that_repeat_over_time_are_identified_with_their_timestamp(tmp_path: Path) -> None:
    config = config_of(drafted(tmp_path, **meters()))
    assert config.inputs.id == ("meter", "readAt")
    assert config.labels is not None
    assert config.labels.id == ("meter", "readAt")
    assert config.labels.label == "kwh"


def test_the_index_of_a_pandas_frame_is_neither_id_nor_feature(tmp_path: Path) -> None:
    found = drafted(tmp_path, readings=meters()["readings"].sample(frac=1, random_state=0))
    assert found.guess.id == ("meter", "readAt")
    assert dict(found.guess.excluded)["__index_level_0__"] == "the index of a pandas frame"


def test_rows_that_repeat_by_day_are_identified_by_what_repeats(tmp_path: Path) -> None:
    tables = {
        name: frame[frame["readAt"].dt.hour == 0].assign(readAt=lambda f: f["readAt"].dt.date)
        for name, frame in meters().items()
    }
    assert config_of(drafted(tmp_path, **tables)).inputs.id == ("meter",)


def test_customers_whose_rows_repeat_are_joined_with_the_labels_of_their_day(
    tmp_path: Path,
) -> None:
    rng, weeks, count = np.random.default_rng(5), 40, 100
    at = [FIRST + timedelta(weeks=n // count) for n in range(weeks * count)]
    risk = rng.integers(0, 101, len(at))
    key = pd.DataFrame(
        {"customer": np.tile([f"C{n}" for n in range(count)], weeks), "snapshot": map(str, at)}
    )
    inputs = key.assign(plan=rng.choice(["S", "L"], len(at)), churn_risk_pct=risk)
    labels = key.assign(
        churned=rng.random(len(at)) * 100 < risk,
        known_on=[str(one + timedelta(days=28)) for one in at],
    )
    config = config_of(drafted(tmp_path, snapshots=inputs, outcomes=labels))
    assert config.inputs.id == ("customer",)
    assert config.labels is not None
    assert (config.labels.day.column, config.labels.due.delay_days) == ("snapshot", 28)
    assert config.performance is not None
    assert (config.performance.score, config.performance.score_kind) == (
        ("churn_risk_pct",),
        "percentage",
    )


@pytest.mark.parametrize("unit", ["seconds", "millis", "micros"])
def test_numbers_since_1970_are_reported_with_the_function_that_reads_them(
    tmp_path: Path, unit: str
) -> None:
    size = {"seconds": 1_000_000_000, "millis": 1_000_000, "micros": 1_000}[unit]
    rows = meters()["readings"]
    counted = rows.assign(readAt=rows["readAt"].astype("datetime64[ns]").astype("int64") // size)
    with pytest.raises(SourceError, match=rf"add a column timestamp_{unit}\(readAt\)"):
        drafted(tmp_path, readings=counted)
