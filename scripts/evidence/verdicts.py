"""Figures judged as production does, family by family: what is asked of one table, in one
segmentation and window, is corrected together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import numpy as np
from scripts.evidence.figures import LENGTHS, Figures
from scripts.evidence.world import EPOCH

from modelwatch.model.verdict_row import ALL_VERSIONS, VerdictRow
from modelwatch.stats.judgement import FAIL, PASS, Judgement, judged
from modelwatch.stats.multiplicity import Correction


@dataclass(frozen=True)
class Strictness:
    """How figures become verdicts: false discovery rate of a window, fewest rows, correction."""

    level: float = 0.05
    min_rows: int = 100
    correction: Correction = "benjamini_hochberg"


def verdict_rows(
    figures: Sequence[Figures], strictness: Strictness, keep_above: float
) -> list[VerdictRow]:
    """Verdicts that are no pass, or whose effect is above a fraction of the gate.

    Only of subjects that failed at least once: others have no incident.
    """
    rows: list[VerdictRow] = []
    for kind in LENGTHS:
        of_kind = [one for one in figures if one.kind == kind]
        if of_kind:
            rows.extend(_of_kind(of_kind, strictness, keep_above))
    return rows


def _of_kind(
    figures: Sequence[Figures], strictness: Strictness, keep_above: float
) -> Iterator[VerdictRow]:
    owner = np.concatenate([np.full(len(one.starts), i) for i, one in enumerate(figures)])
    at = np.concatenate([np.arange(len(one.starts)) for one in figures])
    starts = np.concatenate([one.starts for one in figures])
    whole = {
        name: np.concatenate([getattr(one, name) for one in figures])
        for name in ("value", "gate", "p_value", "rows", "reference_rows", "reason")
    }
    worse = np.array([one.worse for one in figures])[owner]
    subjects = [(one.source, one.role, one.subject, one.scope) for one in figures]
    asked = np.array([f"{one.role} {one.scope[0]}" for one in figures])[owner]
    families = []
    for start, of in product(np.unique(starts), np.unique(asked)):
        family = np.flatnonzero((starts == start) & (asked == of))
        if not len(family):
            continue
        found = judged(
            *(whole[name][family] for name in whole),
            level=strictness.level,
            min_rows=strictness.min_rows,
            correction=strictness.correction,
            worse_only=worse[family],
        )
        families.append((family, found))
    failing = {
        subjects[owner[i]] for family, found in families for i in family[found.verdict == FAIL]
    }
    of_failing = np.array([subject in failing for subject in subjects])
    for family, found in families:
        kept = (found.verdict != PASS) | (found.effect >= keep_above)
        for n in np.flatnonzero(kept & of_failing[owner[family]]):
            one = figures[owner[family[n]]]
            yield _row(one, int(at[family[n]]), found, int(n))


def _row(one: Figures, at: int, found: Judgement, n: int) -> VerdictRow:
    first = day_of(int(one.starts[at]))
    return VerdictRow(
        source=one.source,  # type: ignore[arg-type]
        role=one.role,
        subject=one.subject,
        figure=one.figure,
        model_version=ALL_VERSIONS,
        segmentation=one.scope[0],
        segment=one.scope[1],
        window=one.kind,
        window_start=first,
        window_end=first + timedelta(days=LENGTHS[one.kind] - 1),
        reference="before",
        value=_known(one.value[at]),
        expected=_known(one.expected[at]),
        gate=_known(one.gate[at]),
        effect=_known(found.effect[n]),
        p_value=_known(one.p_value[at]),
        adjusted_p=_known(found.adjusted_p[n]),
        comparisons=found.comparisons,
        verdict=found.verdict[n],
        reason=found.reason[n],
        rows=int(one.rows[at]),
    )


def day_of(number: int) -> date:
    """The day of a number."""
    return EPOCH + timedelta(days=int(number))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
