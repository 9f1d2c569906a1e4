"""What a session can do is asked of the session, once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pyspark.errors import PySparkException

from modelwatch.capabilities import (
    capabilities,
    refused_settings,
    set_if_allowed,
    sql_settings,
)


class Settings:
    """SQL settings, of which some may be set."""

    def __init__(self, allowed: set[str]) -> None:
        self.allowed, self.held = allowed, {"a": "1", "b": "1"}
        self.asked: Counter[str] = Counter()

    def get(self, key: str, default: str | None) -> str | None:
        return self.held.get(key, default)

    def set(self, key: str, value: str) -> None:
        self.asked[key] += 1
        if key not in self.allowed:
            raise PySparkException(f"[CONFIG_NOT_AVAILABLE] {key}")
        self.held[key] = value

    def unset(self, key: str) -> None:
        del self.held[key]


class Serverless:
    """A session of Spark Connect that gives little."""

    __module__ = "pyspark.sql.connect.session"
    version = "4.1.4"

    def __init__(self, *allowed: str) -> None:
        self.conf = Settings(set(allowed))
        self.asked = 0

    @property
    def sparkContext(self) -> Any:
        raise PySparkException("[JVM_ATTRIBUTE_NOT_SUPPORTED]")

    def range(self, first: int, last: int) -> Any:
        self.asked += 1
        return self

    def persist(self) -> Any:
        raise PySparkException("[NOT_SUPPORTED_WITH_SERVERLESS]")


def serverless(*allowed: str) -> Any:
    return Serverless(*allowed)


def test_a_closed_session_says_what_it_lacks_and_what_follows() -> None:
    found = capabilities(serverless())
    assert (found.spark_version, found.interface) == ("4.1.4", "connect")
    assert not found.jvm
    assert not found.persist
    jvm, persist = found.lacking
    assert "jobs" in jvm
    assert "computed again" in persist


def test_a_session_is_asked_once() -> None:
    session = serverless()
    assert capabilities(session) is capabilities(session)
    assert session.asked == 1


def test_a_setting_that_is_refused_is_not_asked_for_again() -> None:
    session = serverless("a")
    assert set_if_allowed(session, "a", "2")
    assert not set_if_allowed(session, "b", "2")
    assert not set_if_allowed(session, "b", "3")
    assert session.conf.asked == {"a": 1, "b": 1}
    assert refused_settings(session) == {"b"}


def test_settings_that_may_be_set_hold_within_a_block_and_others_stay() -> None:
    session = serverless("a", "new")
    with sql_settings(session, {"a": "2", "b": "2", "new": "2"}):
        assert session.conf.held == {"a": "2", "b": "1", "new": "2"}
    assert session.conf.held == {"a": "1", "b": "1"}


def test_settings_are_as_before_after_an_error_in_the_block() -> None:
    session = serverless("a")
    with pytest.raises(KeyError), sql_settings(session, {"a": "2"}):
        raise KeyError
    assert session.conf.held == {"a": "1", "b": "1"}
