"""Which features performance is kept by: those that are named, or a bounded choice."""

from __future__ import annotations

from collections.abc import Sequence

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.performance.labels import MOST_SLICES
from modelwatch.model.profile.features import Feature


def sliced_features(config: MonitorConfig, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Features by whose bins performance is kept, in the order of ``features``.

    Never the score or the decision, which have states of their own. If the configuration leaves
    the choice open, the ``MOST_SLICES`` with the greatest configured importance are taken, and
    among equals those that come first in ``features``. Importance that is learned has no say: it
    is learned from slices, and a choice that follows it would change from run to run.
    """
    performance = config.performance
    if performance is None or performance.slices is False:
        return ()
    possible = _possible(config, features)
    if performance.slices is None:
        given = {name.lower(): weight for name, weight in config.incidents.importance.items()}
        weights = [given.get(feature.name.lower(), 1.0) for feature in possible]
        ranked = sorted(range(len(possible)), key=lambda at: (-weights[at], at))
        return tuple(possible[at] for at in sorted(ranked[:MOST_SLICES]))
    if performance.slices is True:
        return possible
    named = {name.lower() for name in performance.slices}
    return tuple(feature for feature in possible if feature.name.lower() in named)


def unsliced_features(config: MonitorConfig, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Features by which performance could be kept, and is not."""
    taken = {(feature.role, feature.name) for feature in sliced_features(config, features)}
    return tuple(f for f in _possible(config, features) if (f.role, f.name) not in taken)


def with_chosen_slices(config: MonitorConfig, features: Sequence[Feature]) -> MonitorConfig:
    """The configuration with the choice of slices spelled out, if it leaves it open.

    Fingerprints then cover the choice: with other slices, performance of all days is computed
    anew. Where every feature fits, the choice is all of them, and a new column changes nothing.
    """
    performance = config.performance
    if performance is None or performance.slices is not None:
        return config
    chosen = sliced_features(config, features)
    fits = len(chosen) == len(_possible(config, features))
    slices = True if fits else tuple(feature.name for feature in chosen)
    spelled = performance.model_copy(update={"slices": slices})
    return config.model_copy(update={"performance": spelled})


def _possible(config: MonitorConfig, features: Sequence[Feature]) -> tuple[Feature, ...]:
    performance = config.performance
    if performance is None:
        return ()
    own = {name.lower() for name in performance.score}
    if performance.decision is not None and performance.decision.column is not None:
        own.add(performance.decision.column.lower())
    return tuple(
        feature
        for feature in features
        if not (feature.role == "predictions" and feature.name.lower() in own)
    )
