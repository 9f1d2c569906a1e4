"""What has frozen bins: features, and segmentations whose frequent segments are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.sensitive import mark
from modelwatch.model.profile.features import Feature
from modelwatch.stats.states.exact_numbers import ExactNumber
from modelwatch.stats.states.score_scale import ScoreKind

PLAIN: Mapping[str, str] = MappingProxyType({})
"""Settings of bins of values that are not hashed."""
SEGMENTS = "segments"
"""Role of a segmentation among the binnings."""
SCORE = "score"
"""Role of the score of a binary model among the binnings: finer bins for its performance."""


@dataclass(frozen=True)
class Binned:
    """A feature, segmentation, or score, and the settings with which its bins are fitted.

    Bins are reused as long as ``settings`` is the same text. ``columns`` of the rows of ``role``.
    ``score_kind``: the scale of a score; None otherwise.
    """

    role: str
    name: str
    kind: str
    columns: tuple[str, ...]
    bins: int
    max_values: int
    special_values: tuple[ExactNumber, ...]
    settings: str
    score_kind: ScoreKind | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of stored bins."""
        return self.role, self.name, self.settings


def binned(config: MonitorConfig, features: tuple[Feature, ...]) -> tuple[Binned, ...]:
    """Everything with frozen bins: features in their order, then segmentations by columns, and the
    score of a binary model."""
    # Only the days identify a reference; `first_days` has been replaced by them.
    reference = config.binning_reference.model_dump(mode="json", exclude={"first_days"})

    def one(
        role: str,
        name: str,
        kind: str,
        columns: tuple[str, ...],
        bins: int,
        max_values: int,
        special_values: tuple[ExactNumber, ...] = (),
        more: Mapping[str, str] = PLAIN,
        score_kind: ScoreKind | None = None,
    ) -> Binned:
        # A limit that does not apply to a kind must not make its bins stale.
        bound = bins if kind == "numeric" else max_values
        settings = json.dumps(
            {
                "kind": kind,
                "columns": columns,
                "bound": bound,
                "special_values": special_values,
                "reference": reference,
                **more,
            },
            sort_keys=True,
            default=str,
        )
        return Binned(
            role, name, kind, columns, bins, max_values, special_values, settings, score_kind
        )

    score = scored_feature(config, features)
    scores = () if score is None else (score,)

    return (
        *(
            one(
                f.role,
                f.name,
                f.kind,
                (f.column,),
                f.bins,
                f.max_values,
                f.special_values,
                _hashed(config, f),
            )
            for f in features
        ),
        *(
            one(SEGMENTS, s.name, "categorical", s.columns, 2, s.max_values)
            for s in config.segments
            if s.columns is not None
        ),
        *(
            one(
                SCORE,
                f.name,
                f.kind,
                (f.column,),
                f.bins,
                f.max_values,
                f.special_values,
                {"score_kind": score_kind},
                score_kind,
            )
            for f, score_kind in scores
        ),
    )


def scored_feature(
    config: MonitorConfig, features: tuple[Feature, ...]
) -> tuple[Feature, ScoreKind] | None:
    """The feature that is the score of a binary model, and its scale; None if there is none."""
    performance = config.performance
    if performance is None or performance.task != "binary" or not performance.score:
        return None
    wanted = performance.score[0].lower()
    for feature in features:
        numeric = feature.role == "predictions" and feature.kind == "numeric"
        if numeric and feature.name.lower() == wanted:
            return feature, performance.score_kind
    return None


def _hashed(config: MonitorConfig, feature: Feature) -> Mapping[str, str]:
    """A fingerprint of the key with which a sensitive feature is hashed."""
    if not feature.sensitive or feature.key is None:
        return PLAIN
    return {"salt_env": config.features.salt_env, "mark": mark(feature.key)}


def of_another_secret(one: Binned, settings: str) -> bool:
    """Whether stored settings differ only in the secret with which values were hashed."""
    mine, stored = json.loads(one.settings), json.loads(settings)
    return bool(stored.pop("mark", None) != mine.pop("mark", None) and stored == mine)
