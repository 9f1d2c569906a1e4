"""Features that verdicts and incidents name, checked against those that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelwatch.model.config.column_checks import Wrong
from modelwatch.model.config.document import Path
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.profile.features import Feature, Schema, features_of
from modelwatch.stats.profile.metrics import METRICS


def verdict_columns(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    """Features that are named and are none, and metrics that a feature's kind does not have."""
    if "inputs" not in schemas:
        return  # the table is missing, and that has been told
    features, _ = features_of(config, schemas)
    known = {feature.name.lower(): feature for feature in features}
    for name in config.incidents.importance:
        path: Path = ("incidents", "importance", name)
        if name.lower() not in known:
            yield path, _unknown(name, features)
    for index, series in enumerate(config.verdicts.anomalies):
        path = ("verdicts", "anomalies", index, "feature")
        feature = known.get(series.feature.lower())
        if series.feature == "*":
            continue
        if feature is None:
            yield path, _unknown(series.feature, features)
        elif feature.kind not in METRICS[series.metric].kinds:
            yield path, f"{feature.name!r} is {feature.kind}, and has no {series.metric}"


def _unknown(name: str, features: tuple[Feature, ...]) -> str:
    return f"there is no feature {name!r}{did_you_mean(name, [f.name for f in features])}"
