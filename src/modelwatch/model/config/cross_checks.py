"""Checks that concern several sections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from modelwatch.model.config.document import Path, place_of
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.incidents.rules import IncidentRules
from modelwatch.model.performance.labels import Challenger, Labels, Performance
from modelwatch.model.planning.window_specs import Reference, WindowSpec
from modelwatch.model.profile.options import BinningOptions, Segmentation
from modelwatch.model.quarantine.rules import Rule
from modelwatch.model.sources.tables import Inputs, Predictions
from modelwatch.model.verdicts.options import Verdicts

T = TypeVar("T")
Indexed = tuple[tuple[int, T], ...]
"""Entries of a list with their index, without invalid entries."""


@dataclass(frozen=True)
class Parts:
    """The sections of a configuration that are valid by themselves; None for the others."""

    inputs: Inputs | None
    predictions: Predictions | None
    has_predictions: bool
    segments: Indexed[Segmentation]
    windows: Indexed[WindowSpec]
    references: Indexed[Reference]
    all_references: bool
    constraints: Indexed[Any]
    binning: BinningOptions | None
    thresholds: tuple[str, ...]
    labels: Labels | None = None
    performance: Performance | None = None
    challengers: Indexed[Challenger] = ()
    verdicts: Verdicts | None = None
    incidents: IncidentRules | None = None
    policies: Indexed[Any] = ()
    sinks: Indexed[Any] = ()
    rules: Indexed[Rule] = ()
    all_windows: bool = True
    named: frozenset[str] = frozenset()
    """Sections in the file, valid or not."""


def cross_checks(parts: Parts, statistics: Collection[str]) -> list[tuple[Path, str]]:
    """Problems between sections, as (path, message)."""
    return [
        *_repeated(("segments",), parts.segments),
        *_repeated(("windows",), parts.windows),
        *_repeated(("references",), parts.references),
        *_repeated(("constraints",), parts.constraints),
        *_ids(parts),
        *_bins(parts),
        *_constraint_tables(parts),
        *_thresholds(parts.thresholds, statistics),
        *_repeated(("challengers",), parts.challengers),
        *_repeated(("retraining", "policies"), parts.policies),
        *_repeated(("notify",), parts.sinks),
        *_repeated(("rules",), parts.rules),
        *_labels(parts),
        *_scored(parts),
        *_challengers(parts),
    ]


def _repeated(section: Path, items: Iterable[tuple[int, Any]]) -> Iterator[tuple[Path, str]]:
    first: dict[str, int] = {}
    for index, item in items:
        if item.name in first:
            other = place_of((*section, first[item.name]))
            yield (*section, index, "name"), f"{item.name!r} is already the name of {other}"
        first.setdefault(item.name, index)


def _ids(parts: Parts) -> Iterator[tuple[Path, str]]:
    if parts.inputs is None or parts.predictions is None or parts.predictions.table is None:
        return
    here, there = len(parts.inputs.id), len(parts.predictions.id)
    if not here:
        yield ("inputs", "id"), "is required when predictions have their own table"
    elif here != there:
        message = f"names {there} column(s), and inputs.id names {here}: they are joined in order"
        yield ("predictions", "id"), message


def _bins(parts: Parts) -> Iterator[tuple[Path, str]]:
    fixed = [reference.name for _, reference in parts.references if reference.kind == "fixed"]
    names = [reference.name for _, reference in parts.references]
    wanted = parts.binning.reference if parts.binning else None
    if parts.all_references and names and not fixed:
        yield (
            ("references",),
            "needs a fixed reference, with days or a table, to fit the bins on",
        )
    elif wanted is not None and wanted in names and wanted not in fixed:
        yield (
            ("binning", "reference"),
            f"{wanted!r} moves with the window; fit bins on a reference with days or a table",
        )
    elif wanted is not None and wanted not in names and parts.all_references:
        hint = did_you_mean(wanted, fixed) or f"; there are: {', '.join(fixed)}"
        yield ("binning", "reference"), f"there is no reference {wanted!r}{hint}"


def _constraint_tables(parts: Parts) -> Iterator[tuple[Path, str]]:
    for index, constraint in parts.constraints:
        if constraint.table == "predictions" and not parts.has_predictions:
            yield ("constraints", index, "table"), "there is no section predictions"


def _thresholds(
    thresholds: Iterable[str], statistics: Collection[str]
) -> Iterator[tuple[Path, str]]:
    for name in thresholds:
        if name not in statistics:
            hint = did_you_mean(name, statistics) or f"; known: {', '.join(sorted(statistics))}"
            yield ("thresholds", name), f"is not a drift statistic that can have a threshold{hint}"


def _labels(parts: Parts) -> Iterator[tuple[Path, str]]:
    for section, needed in (
        ("labels", "predictions"),
        ("labels", "performance"),
        ("performance", "labels"),
        ("challengers", "performance"),
        ("comparison", "performance"),
    ):
        if section in parts.named and needed not in parts.named:
            yield (section,), f"needs the section {needed}"
    if parts.labels is not None:
        yield from _joined_in_order(parts, ("labels", "id"), parts.labels.id)
    for index, challenger in parts.challengers:
        yield from _joined_in_order(parts, ("challengers", index, "id"), challenger.id)


def _joined_in_order(
    parts: Parts, path: Path, names: Collection[str]
) -> Iterator[tuple[Path, str]]:
    if parts.inputs is None or (parts.has_predictions and parts.predictions is None):
        return
    own = parts.predictions is not None and parts.predictions.table is not None
    ids = parts.predictions.id if own and parts.predictions else parts.inputs.id
    home = "predictions" if own else "inputs"
    if not ids and not own:
        yield ("inputs", "id"), "is required with labels, which are joined by it"
    elif ids and len(ids) != len(names):
        wording = f"names {len(names)} column(s), and {home}.id names {len(ids)}"
        yield path, f"{wording}: they are joined in order"


def _scored(parts: Parts) -> Iterator[tuple[Path, str]]:
    if parts.performance is None or parts.predictions is None:
        return
    scores = [name.lower() for name in parts.predictions.score]
    for index, name in enumerate(parts.performance.score):
        if name.lower() not in scores:
            hint = did_you_mean(name, parts.predictions.score)
            wording = f"{name!r} is not among predictions.score, which gives it its bins{hint}"
            yield ("performance", "score", index), wording


def _challengers(parts: Parts) -> Iterator[tuple[Path, str]]:
    if parts.performance is None:
        return
    decision = parts.performance.decision
    for index, challenger in parts.challengers:
        if parts.performance.task != "binary":
            yield ("challengers", index), "challengers are compared on binary tasks only"
        elif challenger.decision is None and (decision is None or decision.threshold is None):
            wording = "is required, because the champion has no threshold"
            yield ("challengers", index, "decision"), wording
