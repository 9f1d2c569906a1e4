"""Sensitive columns: which they are, what secrets they need, and where they may not stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelwatch.model.config.columns import check_columns
from modelwatch.model.config.configuration import (
    ConfigurationError,
    MonitorConfig,
    SourceError,
    parse_config,
    states_fingerprint,
)
from modelwatch.model.config.sensitive import NO_SECRETS, keyed, secrets_of, sensitive_columns
from modelwatch.model.profile.features import features_of
from modelwatch.model.states.binned import binned, of_another_secret

SCHEMA = {"inputs": {"id": "string", "day": "date", "Card": "bigint", "amount": "double"}}
SECRET = {"MODELWATCH_SALT": "a secret of some length"}


def config(columns: Any, **more: Any) -> MonitorConfig:
    whole = {
        "monitor": "m",
        "output": {"path": "o"},
        "inputs": {"table": {"path": "i"}, "id": "id", "day": {"column": "day"}},
        "references": [{"name": "r", "days": "2020-01-01..2020-01-02"}],
        "features": {"columns": columns, **more.pop("features", {})},
        **more,
    }
    return parse_config(json.dumps(whole))


HIDDEN = config({"card": {"sensitive": True}})


def test_a_sensitive_number_is_a_category() -> None:
    features, _ = features_of(HIDDEN, SCHEMA)
    assert {f.name: (f.kind, f.sensitive) for f in features} == {
        "Card": ("categorical", True),
        "amount": ("numeric", False),
    }


@pytest.mark.parametrize(
    "options",
    [{"bins": 10}, {"special_values": [0]}, {"type": "numeric"}],
    ids=lambda o: next(iter(o)),
)
def test_a_sensitive_column_has_nothing_of_a_number(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="a sensitive column is categorical"):
        config({"card": {"sensitive": True, **options}})


def test_an_id_may_be_sensitive() -> None:
    assert check_columns(config({"ID": {"sensitive": True}}), SCHEMA) == ()
    assert sensitive_columns(config({"ID": {"sensitive": True}})) == ("id",)


@pytest.mark.parametrize(
    ("columns", "more", "wording"),
    [
        (
            {"card": {"sensitive": True}},
            {"segments": [{"name": "s", "columns": "Card"}]},
            "segments[0].columns[0]: 'Card' is sensitive, but the values of a segmentation are "
            "written: use a predicate, or remove it",
        ),
        (
            {"day": {"sensitive": True}},
            {},
            "features.columns.day.sensitive: 'day' is the day, the model version, the label, a "
            "score or a decision, whose values are written",
        ),
        (
            {},
            {"predictions": {"score": "amount", "columns": {"amount": {"sensitive": True}}}},
            "predictions.columns.amount.sensitive: a score or a decision cannot be sensitive",
        ),
    ],
)
def test_what_is_written_anyway_cannot_be_sensitive(
    columns: Any, more: dict[str, Any], wording: str
) -> None:
    assert [str(p) for p in check_columns(config(columns, **more), SCHEMA)] == [wording]


@pytest.mark.parametrize(
    ("environment", "wording"),
    [({}, "is not set"), ({"MODELWATCH_SALT": "short"}, "has fewer than")],
)
def test_without_a_secret_nothing_is_read(environment: dict[str, str], wording: str) -> None:
    with pytest.raises(SourceError, match=f"MODELWATCH_SALT {wording}") as found:
        secrets_of(HIDDEN, environment)
    assert "short" not in str(found.value)


def test_a_monitor_without_sensitive_columns_needs_no_secret() -> None:
    assert secrets_of(config({}), {}) is NO_SECRETS


def test_keys_are_stable_and_of_one_column_and_monitor() -> None:
    both = {"card": {"sensitive": True}, "id": {"sensitive": True}}
    secrets = secrets_of(config(both), SECRET)
    assert secrets == secrets_of(config(both), SECRET)
    other = secrets_of(config(both, monitor="other"), SECRET)
    keys = {secrets.of("CARD"), secrets.of("id"), other.of("card"), secrets.rows}
    assert len(keys) == 4
    assert None not in keys
    assert secrets.of("amount") is None


def test_keys_show_nowhere() -> None:
    secrets = secrets_of(HIDDEN, SECRET)
    features = keyed(features_of(HIDDEN, SCHEMA)[0], secrets)
    key = secrets.of("card")
    assert features[0].key == key
    shown = f"{secrets!r} {features!r} {binned(HIDDEN, features)!r}"
    assert str(key) not in shown
    assert SECRET["MODELWATCH_SALT"] not in shown


def test_another_secret_is_distinguished_from_another_setting() -> None:
    def settings(of: MonitorConfig, secret: str) -> Any:
        secrets = secrets_of(of, {of.features.salt_env: secret})
        return binned(of, keyed(features_of(of, SCHEMA)[0], secrets))[0]

    mine = settings(HIDDEN, "a secret of some length")
    assert mine.settings == settings(HIDDEN, "a secret of some length").settings
    assert of_another_secret(mine, settings(HIDDEN, "another secret, another").settings)
    renamed = config({"card": {"sensitive": True}}, features={"salt_env": "OTHER"})
    assert not of_another_secret(mine, settings(renamed, "another secret, another").settings)
    assert states_fingerprint(renamed) != states_fingerprint(HIDDEN)
    plain = config({"card": {"type": "categorical"}})
    assert not of_another_secret(mine, binned(plain, features_of(plain, SCHEMA)[0])[0].settings)


def test_a_key_that_says_nothing_changes_no_fingerprint() -> None:
    said = config({"card": {"sensitive": False}}, features={"salt_env": "OTHER"})
    assert states_fingerprint(said) == states_fingerprint(config({"card": {}}))
