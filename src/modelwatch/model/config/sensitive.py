"""Sensitive columns, and the keys with which their values are hashed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.profile.features import Feature

DIGITS = 16
"""Hexadecimal digits of the hash of a value."""
LEAST_SECRET = 16
"""Minimum length of a secret: a shorter one could be guessed."""
_ROWS = "\0rows"


@dataclass(frozen=True)
class Secrets:
    """The keys of a monitor's sensitive columns, by name in lower case; empty without such columns.

    Keys are derived from the secret, the monitor, and the column, so equal values of two columns or
    monitors cannot be matched. ``rows`` is the key for whole rows.
    """

    by_column: Mapping[str, str] = field(default_factory=dict, repr=False)
    rows: str = field(default="", repr=False)

    def of(self, column: str) -> str | None:
        """The key of a column; None if it is not sensitive."""
        return self.by_column.get(column.lower())


NO_SECRETS = Secrets()


def sensitive_columns(config: MonitorConfig) -> tuple[str, ...]:
    """The columns of all tables whose values must not be shown, in lower case."""
    options = config.features.columns
    return tuple(sorted(name.lower() for name, given in options.items() if given.sensitive))


def secrets_of(
    config: MonitorConfig, environment: Mapping[str, str], lines: Mapping[str, int] | None = None
) -> Secrets:
    """The keys of the sensitive columns; SourceError if the environment has no secret for them."""
    columns = sensitive_columns(config)
    if not columns:
        return NO_SECRETS
    variable = config.features.salt_env
    secret = environment.get(variable, "")
    if len(secret) < LEAST_SECRET:
        raise _without_secret(columns[0], variable, secret, lines or {})

    def key(of: str) -> str:
        text = f"{config.monitor}\0{of}".encode()
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    return Secrets({name: key(name) for name in columns}, key(_ROWS))


def keyed(features: Iterable[Feature], secrets: Secrets) -> tuple[Feature, ...]:
    """The features, with the keys of sensitive columns."""
    return tuple(
        replace(one, key=secrets.of(one.column)) if one.sensitive else one for one in features
    )


def mark(key: str) -> str:
    """A fingerprint of a key that does not reveal it."""
    return hashlib.sha256(f"mark of {key}".encode()).hexdigest()[:DIGITS]


def _without_secret(
    column: str, variable: str, secret: str, lines: Mapping[str, int]
) -> SourceError:
    place = "features.salt_env"
    has = "is not set" if not secret else f"has fewer than {LEAST_SECRET} characters"
    message = (
        f"the environment variable {variable} {has}, and values of {column!r} are sensitive: give "
        "it a secret text of at least "
        f"{LEAST_SECRET} characters, the same for every run"
    )
    return SourceError([Problem(place, lines.get(place, lines.get("features")), message)])
