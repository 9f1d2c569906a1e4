"""The kind of change and onset of incidents, from the states and verdicts around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np

from modelwatch.evaluation.states.rolled import TwoSpans
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import states_fingerprint
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.sensitive import sensitive_columns
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.diagnosis.category_faults import fallen_value
from modelwatch.model.diagnosis.change_kinds import FeatureChange, KindOfChange, compared_days
from modelwatch.model.diagnosis.incident_kinds import (
    KIND,
    LOCATION,
    Surroundings,
    SurroundingsKey,
    kind_of_incident,
    lead_of,
    leads_of_parts,
    surroundings_key,
    with_kinds_of_parts,
)
from modelwatch.model.diagnosis.onset import Onset, onset_of
from modelwatch.model.incidents.episodes import AGAIN
from modelwatch.model.incidents.folding import Folded, History
from modelwatch.model.incidents.incident import Incident, JudgedWindow
from modelwatch.model.incidents.narrative import narratives
from modelwatch.pipelines.diagnosis.location import (
    Located,
    SplitStates,
    located_in,
    scanned_splits,
    splits_of,
    stored_splits,
    to_be_located,
)
from modelwatch.pipelines.diagnosis.states import day_numbers, repeated_around, states_around
from modelwatch.pipelines.incidents.current_verdicts import SERIES, CurrentVerdicts
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.diagnosis.changepoint import change_point
from modelwatch.stats.drift.value_falls import VALUE_SHARE_FALL as FALL
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.value_names import ALL, ALL_VERSIONS

FEWEST_BEFORE = 7
"""Number of days before an incident below which the reference is used instead."""
DAYS_OF_SERIES = 60
"""Number of days before an incident in which its onset may lie."""
NEW_VERSION_DAYS = 7
MOST_EXPLAINED = 30
"""Maximum number of incidents that a run examines, by rank; others have no kind."""
MOST_PARTS = 90
"""Maximum number of their failing features whose states are examined, all traffic first."""
_EXPLAINED = (*KIND, *LOCATION, "shape", "onset_lower", "onset_upper", "sentence", "query")
SeriesKey = tuple[str, ...]


@dataclass(frozen=True)
class ExaminedIncidents:
    """What states show about new incidents: about each feature that fails with them.

    ``parts``: these incidents and their children, with what was found. ``around``: the days before
    and within them.
    """

    parts: tuple[Incident, ...] = ()
    around: Mapping[SurroundingsKey, Surroundings] = field(default_factory=dict)

    def earlier_finding(self, incident: Incident) -> Incident | None:
        """What was found about the same failure, regardless of the incident that it was part of."""
        return self._by_key.get(surroundings_key(incident))

    @cached_property
    def _by_key(self) -> Mapping[SurroundingsKey, Incident]:
        return {surroundings_key(one): one for one in self.parts}


def examined_incidents(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    folded: Folded,
    history: History,
) -> ExaminedIncidents:
    """The kind of change of each feature that fails with a new incident, and its location."""
    before = {one.id: one for one in history.previous}
    children = _children(folded.incidents)
    roots = list(folded.roots)
    news = [one for one in roots if one.state != "withdrawn"]
    news = [one for one in news if not _is_as_it_was(one, before.get(one.id))]
    news.sort(key=lambda one: (one.rank or len(roots), -one.score, one.id))
    news = news[:MOST_EXPLAINED]
    if not news:
        return ExaminedIncidents()
    trees = [(one, children[one.id]) for one in news]
    parts = [_unchanged(one, before.get(one.id)) for root, of in trees for one in (root, *of)]
    generation = request.history.run_of_day(states_fingerprint(request.config))
    generation |= dict.fromkeys(request.days, run.run_id)
    located = to_be_located(news, parts, generation, request.config)
    leads = [lead for root, of in trees for lead in leads_of_parts(root, of)]
    leads.sort(key=lambda one: (not one.of_all_traffic, one.parent_id is not None))
    asked = [(lead, _spans(lead, generation, request.config)) for lead in leads[:MOST_PARTS]]
    spans = [
        TwoSpans(one.segmentation, one.segment, day_numbers(then), day_numbers(now))
        for one, (then, now) in asked
    ]
    stored = stored_splits(located, states)
    spans += [one.span(ALL, ALL) for one in located]
    spans += [one.span(segmentation, segment) for one, _, segmentation, segment in stored]
    found = states_around(store, request.config, states, generation, spans)
    repeated = repeated_around(
        store, request.config, states, [lead for lead, _ in asked], generation
    )
    around = {}
    for (lead, (then, now)), sides in zip(asked, found, strict=False):
        both = {key: (of[0], of[1]) for key, of in sides.items() if len(of) == 2}
        around[surroundings_key(lead)] = Surroundings(
            features=tuple(FeatureChange(name, role, *two) for (role, name), two in both.items()),
            rows_ratio=_rows_ratio(list(both.values()), len(then), len(now)),
            new_version=_new_version(history.windows, lead.onset),
            repeated=repeated.get(surroundings_key(lead), {}),
        )
    by_id = {one.id: one for one in parts}
    explained = {
        one.id: one
        for root, of in trees
        for one in with_kinds_of_parts(by_id[root.id], [by_id[c.id] for c in of], around)
    }
    usual = {
        key: sides[0]
        for of in found[len(asked) :][: len(located)]
        for key, sides in of.items()
        if 0 in sides
    }
    in_segments = found[len(asked) + len(located) :]
    held = {one: splits_of(stored, in_segments, one) for one in located}
    explained |= _located(request, states, located, held, usual, generation, explained)
    return ExaminedIncidents(tuple(explained.values()), around)


def _located(
    request: Request,
    states: StatesOf,
    asked: Sequence[Located],
    held: Mapping[Located, SplitStates],
    usual: Mapping[tuple[str, str], FeatureStates],
    generation: Mapping[date, str],
    explained: Mapping[str, Incident],
) -> dict[str, Incident]:
    """The location of the changes of incidents: by stored segments, otherwise by a scan of their
    days."""
    found: dict[str, Incident] = {}
    left = []
    for one in asked:
        parts = tuple(explained[incident.id] for incident in one.incidents)
        seen = located_in(parts, held[one])
        if any(incident.spread == "everywhere" for incident in seen) or not held[one].splits:
            left.append(one)
        found |= {incident.id: incident for incident in seen}
    if not left:
        return found
    scanned = scanned_splits(request.config, request.sources, states, left, usual, generation)
    for one in left:
        if one in scanned:
            both = held[one].with_more(scanned[one])
            parts = tuple(explained[incident.id] for incident in one.incidents)
            found |= {incident.id: incident for incident in located_in(parts, both)}
    return found


def explained(
    config: MonitorConfig,
    folded: Folded,
    history: History,
    looked: ExaminedIncidents,
    verdicts: CurrentVerdicts,
) -> tuple[Incident, ...]:
    """The incidents with kind, onset, sentence, and query; unchanged ones keep theirs."""
    before = {one.id: one for one in history.previous}
    examined = {one.id: _with_findings(one, before.get(one.id), looked) for one in folded.incidents}
    children = _children(examined.values())
    roots = [one for one in examined.values() if one.parent_id is None]
    news = [one for one in roots if not _is_as_it_was(one, before.get(one.id))]
    news.sort(key=lambda one: (one.rank or len(roots), -one.score, one.id))
    news = [one for one in news if one.state != "withdrawn"][:MOST_EXPLAINED]
    kinds: dict[str, KindOfChange] = {}
    for one in news:
        related = [examined[id] for id in one.related if id in examined]
        related += [child for other in related for child in children[other.id]]
        kinds[one.id] = kind_of_incident(one, children[one.id], related, looked.around)
    leads = {one.id: lead_of(one, children[one.id]) for one in news}
    onsets = _onsets(verdicts, [(one, leads[one.id]) for one in news])
    monitor, min_rows = config.monitor, config.verdicts.fewest_rows
    hidden = sensitive_columns(config)
    found = []
    for one in examined.values():
        if one.state != "withdrawn" and not _is_as_it_was(one, before.get(one.id)):
            lead = leads.get(one.id, one)
            if lead is not one:
                one = replace(one, **{name: getattr(lead, name) for name in LOCATION})
            onset = onsets.get(one.id)
            fallen = _fallen(one, looked, hidden)
            one = narratives(one, monitor, kinds.get(one.id), onset, min_rows, fallen)
        found.append(one)
    return tuple(found)


def _fallen(incident: Incident, looked: ExaminedIncidents, hidden: Collection[str]) -> str | None:
    """The value that lost rows; None if it is unknown or its column is sensitive."""
    around = looked.around.get(surroundings_key(incident))
    if around is None or incident.metric != FALL or incident.subject.lower() in hidden:
        return None
    key = (incident.subject, incident.role)
    found = [fallen_value(one) for one in around.features if (one.name, one.role) == key]
    return found[0] if found else None


def _with_findings(now: Incident, before: Incident | None, looked: ExaminedIncidents) -> Incident:
    """The incident with its earlier explanation, or with the one found since."""
    examined = _unchanged(now, before)
    found = looked.earlier_finding(now)
    if found is None or _is_as_it_was(now, before):
        return examined
    return replace(examined, **{name: getattr(found, name) for name in (*KIND, *LOCATION)})


def _children(incidents: Iterable[Incident]) -> dict[str, list[Incident]]:
    children: dict[str, list[Incident]] = defaultdict(list)
    for one in incidents:
        if one.parent_id is not None:
            children[one.parent_id].append(one)
    return children


def _is_as_it_was(now: Incident, before: Incident | None) -> bool:
    return before is not None and _unchanged(now, before) == before


def _unchanged(now: Incident, before: Incident | None) -> Incident:
    """The incident with its earlier explanation."""
    if before is None:
        return now
    return replace(now, **{name: getattr(before, name) for name in _EXPLAINED})


def _spans(
    incident: Incident, generation: Mapping[date, str], config: MonitorConfig
) -> tuple[DayRange, DayRange]:
    """The days that show the kind of an incident: before it, or of the reference, and its own."""
    before, now = compared_days(incident)
    reference = config.binning_reference
    few = sum(day in generation for day in before) < FEWEST_BEFORE
    if few and reference.table is None and reference.days is not None:
        before = reference.days
    return before, now


def _rows_ratio(
    states: Sequence[tuple[FeatureStates, FeatureStates]], before: int, now: int
) -> float | None:
    """Rows per day now divided by rows per day before, for the feature that has most."""
    counts = [tuple(int(side.rows[0]) for side in two) for two in states]
    if not counts:
        return None
    rows_before, rows_now = max(counts)
    return (rows_now / now) / (rows_before / before) if rows_before else None


def _new_version(windows: Sequence[JudgedWindow], onset: date) -> str | None:
    """The model version that appeared within the week before, unless it is the first of all."""
    first: dict[str, date] = {}
    for window in windows:
        if window.model_version != ALL_VERSIONS:
            held = first.get(window.model_version, window.start)
            first[window.model_version] = min(held, window.start)
    if len(first) < 2:
        return None
    oldest = min(first.values())
    recent = [
        (day, version)
        for version, day in first.items()
        if day > oldest and 0 <= (onset - day).days <= NEW_VERSION_DAYS
    ]
    return max(recent)[1] if recent else None


def _onsets(
    verdicts: CurrentVerdicts, asked: Sequence[tuple[Incident, Incident]]
) -> Mapping[str, Onset]:
    """The onset by incident, from the series of its strongest metric.

    ``asked``: incidents, with the failure that represents each. Days that repeat others are left
    out, because each of them is certain by itself.
    """
    asked = [(one, lead) for one, lead in asked if lead.metric != AGAIN]
    if not asked:
        return {}
    keys = {_series_key(lead): lead for _, lead in asked}
    first = shifted(min(one.onset for one, _ in asked), -DAYS_OF_SERIES)
    rows = verdicts.series(keys.keys(), first)
    series: dict[SeriesKey, dict[date, float]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: row["model_version"], reverse=True):
        key = tuple(row[name] for name in SERIES)
        if row["reference"] == keys[key].reference:
            # '*' sorts before all versions, and must come last: it stands for all versions
            # together.
            series[key][row["window_start"]] = row["value"]
    found = {}
    for one, lead in asked:
        held = series.get(_series_key(lead), {})
        begin = shifted(one.onset, -DAYS_OF_SERIES)
        days = sorted(day for day in held if begin <= day <= one.last_failing)
        numbers = np.array([day_number(day) for day in days], dtype=np.int64)
        values = np.array([held[day] for day in days], dtype=np.float64)
        found[one.id] = onset_of(change_point(values, numbers), one.onset)
    return found


def _series_key(incident: Incident) -> SeriesKey:
    return (
        incident.role,
        incident.subject,
        incident.metric,
        incident.segmentation,
        incident.segment,
        incident.window,
    )
