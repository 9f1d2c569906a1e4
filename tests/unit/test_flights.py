"""The demo's flights, and the model that scores them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scripts.flights import service, source

CLOCK_BACK = date(2013, 11, 3)


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    return source.flights(source.folder())


@pytest.fixture(scope="module")
def some(flights: pd.DataFrame) -> pd.DataFrame:
    """A flight in twelve: enough to fit a model in a second."""
    return flights.iloc[::12].reset_index(drop=True)


@pytest.fixture(scope="module")
def scores(some: pd.DataFrame) -> service.Scores:
    return service.score(some)


def test_each_flight_has_an_id_of_its_own(flights: pd.DataFrame) -> None:
    assert flights["flight_id"].is_unique


def test_the_joins_neither_lose_nor_repeat_a_flight(flights: pd.DataFrame) -> None:
    assert len(flights) == 336_776


def test_the_day_is_the_date_of_departure_in_new_york(flights: pd.DataFrame) -> None:
    local = flights["scheduled_departure"].dt.tz_convert(source.ZONE).dt.date
    assert (local == flights["day"]).all()


def test_a_clock_change_leaves_the_local_hours_right(flights: pd.DataFrame) -> None:
    changed = flights[flights["day"] == CLOCK_BACK]
    local = changed["scheduled_departure"].dt.tz_convert(source.ZONE)
    assert (local.dt.hour == changed["scheduled_hour"]).all()


def test_an_hour_without_a_weather_report_leaves_nulls(flights: pd.DataFrame) -> None:
    silent = flights[flights["day"] == date(2013, 12, 31)]
    assert len(silent) == 776
    assert silent[list(source.WEATHER.values())].isna().all(axis=None)


@pytest.mark.parametrize(
    ("day", "carrier", "due", "known"),
    [
        (date(2013, 1, 31), "UA", date(2013, 2, 15), date(2013, 2, 15)),
        (date(2013, 2, 1), "UA", date(2013, 3, 15), date(2013, 3, 15)),
        (date(2013, 12, 31), source.LATE_CARRIER, date(2014, 1, 15), date(2014, 1, 25)),
    ],
)
def test_a_label_is_due_on_the_15th_of_the_following_month_and_one_carriers_come_later(
    day: date, carrier: str, due: date, known: date
) -> None:
    days = pd.Series([day])
    assert list(source.due_on(days)) == [due]
    assert list(source.known_on(days, pd.Series([carrier]))) == [known]


def test_late_is_more_than_15_minutes_and_never_arriving_is_not_late() -> None:
    delay = pd.Series([-5, 15, 16, None], dtype="Int32")
    assert service.is_late(delay).tolist() == [False, False, True, False]


def test_a_category_that_january_did_not_hold_becomes_missing(flights: pd.DataFrame) -> None:
    encoded = service.encode(flights, service.in_january(flights["day"]))
    new = flights["destination"].isin(["ANC", "ABQ"]).to_numpy()
    assert new.any()
    assert encoded["destination"][new].isna().all()


def test_what_happened_after_january_does_not_change_a_score(
    some: pd.DataFrame, scores: service.Scores
) -> None:
    later = ~service.in_january(some["day"])
    other = some.copy()
    other.loc[later, "arrival_delay"] = 500
    assert (service.score(other).probability == scores.probability).all()


def test_the_challenger_knows_two_months_and_scores_from_april_on(some: pd.DataFrame) -> None:
    months = pd.to_datetime(some["day"]).dt.month.to_numpy()
    scores = service.score_as_challenger(some)
    assert (np.isnan(scores.probability) == (months < 4)).all()
    other = some.copy()
    other.loc[months > 2, "arrival_delay"] = 500
    again = service.score_as_challenger(other)
    assert np.array_equal(again.probability, scores.probability, equal_nan=True)
    assert again.threshold == scores.threshold


def test_a_day_of_january_is_scored_by_a_model_that_has_not_seen_it(
    some: pd.DataFrame, scores: service.Scores
) -> None:
    day = (some["day"] == date(2013, 1, 16)).to_numpy()
    other = some.copy()
    other.loc[day & some["arrival_delay"].notna().to_numpy(), "arrival_delay"] = 500
    assert (service.score(other).probability[day] == scores.probability[day]).all()


def test_the_decision_is_late_as_often_as_januarys_flights_were(
    some: pd.DataFrame, scores: service.Scores
) -> None:
    january = service.in_january(some["day"]) & some["arrival_delay"].notna().to_numpy()
    late = service.is_late(some["arrival_delay"])[january].mean()
    assert np.isclose(scores.decision[january].mean(), late, atol=0.01)


def test_the_model_ranks_better_than_chance_in_every_month(
    some: pd.DataFrame, scores: service.Scores
) -> None:
    months = service.auc_by_month(some, scores.probability)
    assert len(months) == 12
    assert months["auc"].min() > 0.5
