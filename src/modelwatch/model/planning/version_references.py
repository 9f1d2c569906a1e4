"""A new model version and what it is compared with: the references as they are, or its own days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.section import MAX_NAME
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.window_specs import Reference
from modelwatch.model.verdicts.row import VerdictRow
from modelwatch.stats.value_names import ALL_VERSIONS

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class VersionReference:
    """The first days of a model version, as a reference for it and what follows."""

    version: str
    name: str
    days: DayRange

    @property
    def reference(self) -> Reference:
        """As a reference of the configuration."""
        return Reference(name=self.name, days=self.days, segments=None)


def version_references(
    config: MonitorConfig, first_days: Mapping[str, date], as_of: date
) -> tuple[VersionReference, ...]:
    """References of versions that are complete before ``as_of``, in the order of their days.

    ``first_days``: the first day of each model version. The oldest has the references of the
    configuration; and so have all, unless ``retraining.new_reference`` is ``first_days``.
    """
    if config.retraining.new_reference == "keep":
        return ()
    versions = sorted((day, name) for name, day in first_days.items() if name != ALL_VERSIONS)
    taken = {reference.name for reference in config.references}
    found = []
    for number, (day, version) in enumerate(versions[1:], 2):
        days = DayRange(day, shifted(day, config.retraining.reference_days - 1))
        name = "first days of " + _NOT_IN_NAMES.sub("_", version)[: MAX_NAME - 30]
        name = f"{name} {number}" if name in taken else name
        taken.add(name)
        if days.last < as_of:
            found.append(VersionReference(version, name, days))
    return tuple(found)


def with_version_references(
    config: MonitorConfig, references: Iterable[VersionReference]
) -> MonitorConfig:
    """The configuration with the references of versions beside its own."""
    added = tuple(one.reference for one in references)
    return config.model_copy(update={"references": (*config.references, *added)})


def counts(row: VerdictRow, references: Sequence[VersionReference]) -> bool:
    """Whether a verdict makes incidents: of several references, that of the newest version.

    From the first day of a version on it is compared with its own reference alone; the verdicts
    against the others stay beside it in the table.
    """
    begun = [one for one in references if one.days.first <= row.window_start]
    if row.reference is None or not (begun or any(row.reference == r.name for r in references)):
        return True
    return bool(begun) and row.reference == max(begun, key=lambda one: one.days).name
