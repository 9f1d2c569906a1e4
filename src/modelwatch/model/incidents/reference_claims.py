"""The limits of short references: a change without the mark of a fault is a warning."""

from __future__ import annotations

from dataclasses import replace

from modelwatch.model.incidents.episodes import Episode
from modelwatch.model.incidents.shared_causes import NAMELESS, SharedCauses

OF_THE_WORLD = (NAMELESS - {None}) | {"model_change"}
"""Kinds of change that ordinary new days may cause: different values, and so different
predictions."""


def with_claim(episode: Episode, causes: SharedCauses, short_references: frozenset[str]) -> Episode:
    """The episode, with severity ``warn`` if its reference cannot distinguish its change from a new
    day.

    Fewer than seven days do not include each weekday, and do not show how much days differ: any
    distribution may change as much without a fault. Nulls, codes, units, unseen values, and
    repeated deliveries are faults regardless of that, and keep their severity; so do changes whose
    kind is not known yet. Estimates of performance follow the distribution of the scores.
    ``short_references``: names of the references with fewer than seven days.
    """
    if episode.severity != "fail" or not _is_unclaimed(episode, causes, short_references):
        return episode
    return replace(episode, spans=tuple(replace(span, severity="warn") for span in episode.spans))


def _is_unclaimed(episode: Episode, causes: SharedCauses, short_references: frozenset[str]) -> bool:
    if episode.worst.reference not in short_references:
        return False
    if episode.worst.source == "estimate":
        return True
    return episode.subject.area == "data" and causes.of([episode]).kind in OF_THE_WORLD
