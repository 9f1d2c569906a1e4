"""What has frozen bins: features, and segmentations whose frequent segments are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from modelwatch.model.features import Feature
from modelwatch.model.literals import ExactNumber
from modelwatch.model.monitor import MonitorConfig
from modelwatch.model.sensitive import mark

PLAIN: Mapping[str, str] = MappingProxyType({})
"""Settings of bins of values that are not hashed."""
SEGMENTS = "segments"
"""Role of a segmentation among the binnings."""


@dataclass(frozen=True)
class Binned:
    """A feature or a segmentation, and the settings under which its bins are fitted.

    Bins are reused as long as ``settings`` is the same text. ``columns`` of ``role``'s rows.
    """

    role: str
    name: str
    kind: str
    columns: tuple[str, ...]
    bins: int
    max_values: int
    special_values: tuple[ExactNumber, ...]
    settings: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What stored bins are found by."""
        return self.role, self.name, self.settings


def binned(config: MonitorConfig, features: tuple[Feature, ...]) -> tuple[Binned, ...]:
    """Everything with frozen bins: features in their order, then segmentations by columns."""
    # Days are what counts of a reference: those of first days have got them from the table.
    reference = config.binning_reference.model_dump(mode="json", exclude={"first_days"})

    def one(
        role: str,
        name: str,
        kind: str,
        columns: tuple[str, ...],
        bins: int,
        max_values: int,
        special_values: tuple[ExactNumber, ...] = (),
        hashed: Mapping[str, str] = PLAIN,
    ) -> Binned:
        # The bound that doesn't apply to a kind must not make its bins stale.
        bound = bins if kind == "numeric" else max_values
        settings = json.dumps(
            {
                "kind": kind,
                "columns": columns,
                "bound": bound,
                "special_values": special_values,
                "reference": reference,
                **hashed,
            },
            sort_keys=True,
            default=str,
        )
        return Binned(role, name, kind, columns, bins, max_values, special_values, settings)

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
    )


def _hashed(config: MonitorConfig, feature: Feature) -> Mapping[str, str]:
    """Under which key values of a sensitive feature are hashed, without telling it."""
    if not feature.sensitive or feature.key is None:
        return PLAIN
    return {"salt_env": config.features.salt_env, "mark": mark(feature.key)}


def of_another_secret(one: Binned, settings: str) -> bool:
    """Whether stored settings differ in nothing but the secret under which values were hashed."""
    mine, stored = json.loads(one.settings), json.loads(settings)
    return bool(stored.pop("mark", None) != mine.pop("mark", None) and stored == mine)
