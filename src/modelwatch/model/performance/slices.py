"""Features by whose bins performance is computed: configured, or selected by default."""

from __future__ import annotations

from collections.abc import Sequence

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.performance.labels import MOST_SLICES
from modelwatch.model.profile.features import Feature


def sliced_features(config: MonitorConfig, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Return the features by whose bins performance is computed, in the order of ``features``.

    The score and the decision are excluded, because they have separate states. By default, these
    are the ``MOST_SLICES`` features with the highest configured importance; ties are broken by
    order. Learned importance is not used, because it is computed from slices, and the selection
    would change from run to run.
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
    """Return the features that could be sliced but are not selected."""
    taken = {(feature.role, feature.name) for feature in sliced_features(config, features)}
    return tuple(f for f in _possible(config, features) if (f.role, f.name) not in taken)


def with_chosen_slices(config: MonitorConfig, features: Sequence[Feature]) -> MonitorConfig:
    """Return the configuration with the selected slices, if it does not set them.

    Fingerprints include the selection, so that the performance of all days is recomputed if it
    changes. If every feature is selected, the setting is ``true``, so that a new column does not
    cause a recomputation.
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
