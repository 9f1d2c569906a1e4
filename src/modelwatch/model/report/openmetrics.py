"""Metrics in the OpenMetrics text format, which Prometheus reads."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PREFIX = "modelwatch_"
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_ESCAPED = re.compile(r'[\\"\n]')
"""Characters that OpenMetrics escapes in a description, but the older format rejects when
escaped."""


@dataclass(frozen=True)
class Sample:
    """A value with its labels."""

    value: float
    labels: Mapping[str, str]


@dataclass(frozen=True)
class MetricFamily:
    """Gauges with the same name, which ends with their unit if they have one.

    ValueError for a name or description that is invalid in Prometheus.
    """

    name: str
    help: str
    samples: Sequence[Sample]
    unit: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"not a name of a metric: {self.name!r}")
        if _ESCAPED.search(self.help):
            raise ValueError(f"a description with characters to escape: {self.help!r}")
        if self.unit and not self.name.endswith(f"_{self.unit}"):
            raise ValueError(f"the name {self.name!r} does not end with its unit {self.unit!r}")


def openmetrics_text(metric_families: Iterable[MetricFamily]) -> str:
    """The text of an exposition, which ends with ``# EOF``.

    It contains gauges without timestamps only, so it is also valid in the text format of
    Prometheus, which the textfile collector of node exporter reads. Families without samples and
    NaN values are left out. OpenMetrics 1.0, section 5 (ABNF).
    """
    lines: list[str] = []
    for metric_family in metric_families:
        samples = [one for one in metric_family.samples if not math.isnan(one.value)]
        if not samples:
            continue
        name = f"{PREFIX}{metric_family.name}"
        lines += [f"# TYPE {name} gauge"]
        lines += [f"# UNIT {name} {metric_family.unit}"] if metric_family.unit else []
        lines += [f"# HELP {name} {metric_family.help}"]
        lines += sorted({f"{name}{_labels(one.labels)} {_number(one.value)}" for one in samples})
    return "\n".join([*lines, "# EOF"]) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    parts = [f'{name}="{_escaped(value)}"' for name, value in labels.items()]
    return f"{{{','.join(parts)}}}" if parts else ""


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
