"""What a challenger must show: `accuracy:-0.005,roc_auc` as values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelwatch.model.config.section import did_you_mean
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.stats.performance.metric import Better

DIRECTIONS: tuple[Better, ...] = ("higher", "lower")


@dataclass(frozen=True)
class RequirableMetric:
    """A metric that can be required.

    ``better``: the direction of a gain; None if the configuration does not say it. ``largest``: the
    largest possible difference.
    """

    better: Better | None
    largest: float = math.inf


@dataclass(frozen=True)
class Requirement:
    """The gain of a challenger over its champion that must be shown, in units of the metric.

    A gain is a change for the better. A negative ``margin`` tolerates a loss of that size.
    """

    metric: str
    margin: float = 0.0
    better: Better = "higher"

    @property
    def sentence(self) -> str:
        """The requirement in words."""
        if self.metric in ("fairness", "segments"):
            what = {
                "fairness": "no difference between a segment and the others grows",
                "segments": "no segment is worse",
            }[self.metric]
            return f"{what} by more than {-self.margin:g}" if self.margin else what
        if self.margin > 0:
            return f"{self.metric} is better by more than {self.margin:g}"
        if self.margin < 0:
            return f"{self.metric} is not worse by more than {-self.margin:g}"
        return f"{self.metric} is better"


def parse_requirements(
    texts: Iterable[str], known: Mapping[str, RequirableMetric]
) -> tuple[Requirement, ...]:
    """The requirements of options such as `accuracy:-0.005,latency:-5:lower`.

    An item is METRIC[:MARGIN][:higher|lower]. The direction belongs to metrics whose better
    direction the configuration does not say. ConfigurationError with all problems.
    """
    words = [word.strip() for text in texts for word in text.split(",")]
    problems: list[str] = []
    found: list[Requirement] = []
    for word in words:
        wrong, requirement = _parsed(word, known)
        if requirement is None:
            problems.append(f"{word!r}: {wrong}")
        elif requirement.metric in {one.metric for one in found}:
            problems.append(f"{word!r}: {requirement.metric} is required twice")
        else:
            found.append(requirement)
    if problems:
        problems.append(f"metrics of this monitor that can be required: {', '.join(known)}")
        raise ConfigurationError([Problem("--require", None, text) for text in problems])
    return tuple(found)


def _parsed(word: str, known: Mapping[str, RequirableMetric]) -> tuple[str, Requirement | None]:
    """What is wrong with an item, or the requirement."""
    name, *rest = word.split(":")
    if name not in known:
        return f"no such metric{did_you_mean(name, known)}", None
    metric = known[name]
    direction = next((one for one in DIRECTIONS if rest and rest[-1] == one), None)
    if direction is not None:
        rest = rest[:-1]
        if metric.better not in (None, direction):
            return f"{metric.better} is better for {name}", None
    if len(rest) > 1:
        return "more than a metric, a margin, and a direction", None
    try:
        margin = float(rest[0]) if rest else 0.0
    except ValueError:
        return f"{rest[0]!r} is not a number", None
    return _bounded(name, metric, margin, direction)


def _bounded(
    name: str, metric: RequirableMetric, margin: float, direction: Better | None
) -> tuple[str, Requirement | None]:
    if not math.isfinite(margin) or abs(margin) >= metric.largest:
        return (
            f"the margin must be a number between -{metric.largest:g} and {metric.largest:g}",
            None,
        )
    better = direction or metric.better
    if better is None:
        return f"say which direction is better: {name}:{margin:g}:higher or :lower", None
    return "", Requirement(name, margin, better)


def default_requirements(
    deciding: Sequence[str], known: Mapping[str, RequirableMetric]
) -> tuple[Requirement, ...]:
    """The first of the metrics by which a comparison decides, which must be better.

    ConfigurationError if results hold none of them.
    """
    for name in deciding:
        better = known[name].better if name in known else None
        if better is not None:
            return (Requirement(name, 0.0, better),)
    message = f"no metric decides by default: require some of {', '.join(known)}"
    raise ConfigurationError([Problem("--require", None, message)])
