"""Location of a change: the value of another column whose rows carry it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from modelwatch.model.incidents.incident import Incident
from modelwatch.stats.diagnosis.carriers import Carrier, Split, carriers, explained_by_mix

FOLLOWS = 0.6
"""Part of the change of a feature that the shares of another feature must explain."""
FeatureKey = tuple[str, str]
"""Role and name of a feature."""


def located(
    incidents: Sequence[Incident], splits: Mapping[FeatureKey, Sequence[Split]]
) -> tuple[Incident, ...]:
    """Incidents of features with their location, and the feature that each of them follows.

    ``splits``: by examined feature, its rows by the values of other columns. Features that fail are
    among these columns: they do not carry a change, but may explain it. If several values carry
    changes, the one that carries most changes is named.
    """
    failing = {one.subject for one in incidents if one.area == "data"}
    found: dict[FeatureKey, tuple[Carrier, ...]] = {}
    mixes: dict[tuple[str, str], float] = {}
    for feature, of in splits.items():
        found[feature] = carriers(split for split in of if split.column not in failing)
        for split in of:
            if split.column in failing and split.column != feature[1]:
                mixes[feature[1], split.column] = explained_by_mix(split)
    common = Counter(one.key for of in found.values() for one in of)
    chosen = {
        feature: max(of, key=lambda one: (common[one.key], one.strength), default=None)
        for feature, of in found.items()
    }
    leads = _leads(mixes)
    return tuple(_located(one, chosen, leads) for one in incidents)


def _leads(mixes: Mapping[tuple[str, str], float]) -> dict[str, str]:
    """The feature that another one follows; None follows a feature that follows it."""
    leads: dict[str, str] = {}
    for (name, other), explained in sorted(mixes.items(), key=lambda item: (-item[1], item[0])):
        if explained >= FOLLOWS and name not in leads and name not in _chain(leads, other):
            leads[name] = other
    return leads


def _chain(leads: Mapping[str, str], name: str) -> list[str]:
    """A feature, the one that it follows, the one that this follows, and so on."""
    chain = [name]
    while chain[-1] in leads:
        chain.append(leads[chain[-1]])
    return chain


def _located(
    one: Incident, chosen: Mapping[FeatureKey, Carrier | None], leads: Mapping[str, str]
) -> Incident:
    feature = one.role, one.subject
    if one.area != "data" or feature not in chosen:
        return one
    carrier = chosen[feature]
    one = replace(one, follows=leads.get(one.subject))
    if carrier is None:
        return replace(one, spread="everywhere")
    return replace(
        one,
        spread="value",
        carrier_column=carrier.column,
        carrier_value=carrier.value,
        carrier_changed_share=carrier.changed_share,
        carrier_row_share=carrier.row_share,
    )


def beginning_together(roots: Sequence[Incident], days: int) -> list[list[Incident]]:
    """Incidents without children, grouped by onset: at most ``days`` after the first of a group."""
    found: list[list[Incident]] = []
    for one in sorted(roots, key=lambda one: (one.onset, one.id)):
        if found and (one.onset - found[-1][0].onset).days <= days:
            found[-1].append(one)
        else:
            found.append([one])
    return found
