"""The verdicts of one subject, folded window by window into episodes of failure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import fsum, log

import numpy as np

from modelwatch.model.contracts.constraint import Severity
from modelwatch.model.incidents.incident import JudgedWindow, Subject
from modelwatch.model.incidents.rules import IncidentRules
from modelwatch.model.verdicts.row import VerdictRow
from modelwatch.stats.special import chi_square_tail

FALSE_ALARM_DAYS = 90
"""Days for which a subject that was marked as a false alarm needs a larger effect to fail."""
FALSE_ALARM_TIMES = 1.5
"""Factor by which the effect must exceed the largest marked effect."""
BROKEN = frozenset(
    {
        "null_share_change",
        "nan_share_change",
        "infinite_share_change",
        "unseen_share_change",
        "rows",
        "duplicate_share",
    }
)
"""Metrics of broken data, which open an incident at once if they are far above their threshold."""
IMMEDIATE_LEVEL = 1e-3
"""p-value that a metric of broken data needs to open an incident with a single window: corrected
for the number of comparisons, except of the number of rows and of repeated ids."""
AGAIN = "stale_share"
"""Metric of repeated deliveries, which open an incident at once, because the next day is fine
again."""
COLLAPSE = 0.8
"""Share of the expected rows below which a day is broken. A decrease has no multiples of its
threshold."""
BY_CHANCE = 0.5
"""Corrected p-value above which a metric above its threshold does not keep an incident open."""
_WITHOUT_VERDICT = frozenset({"no_data", "too_few_rows", "no_reference"})
_WINDOW_LEVEL = 0.05
"""Level of a single window; several windows use a power of it."""
_SMALLEST_P_VALUE = 1e-300


@dataclass(frozen=True)
class FailingSpan:
    """A period in which a subject failed: windows by their first and last days.

    ``opened``: last day of the window that confirmed it. ``closed``: None while it lasts.
    ``worst``: the row with the largest effect.
    """

    onset: date
    opened: date
    last_failing: date
    closed: date | None
    failing: tuple[tuple[date, date], ...]
    worst: VerdictRow
    severity: Severity
    metrics: frozenset[str]
    adjusted_p: float | None
    latest_effect: float | None


@dataclass(frozen=True)
class Episode:
    """The spans of one subject that form one incident, because each returned soon after the
    last."""

    subject: Subject
    spans: tuple[FailingSpan, ...]

    @property
    def onset(self) -> date:
        """First day of the first window that failed."""
        return self.spans[0].onset

    @property
    def opened(self) -> date:
        """Last day of the window that confirmed it."""
        return self.spans[0].opened

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.spans[-1].closed is None

    @property
    def last_day(self) -> date:
        """The day on which it closed, or the last day that is known to fail."""
        return self.spans[-1].closed or self.spans[-1].last_failing

    @property
    def worst(self) -> VerdictRow:
        """The row with the largest effect."""
        return max((span.worst for span in self.spans), key=_effect)

    @property
    def effect(self) -> float:
        """The largest effect."""
        return _effect(self.worst)

    @property
    def severity(self) -> Severity:
        """The highest severity."""
        return "fail" if any(span.severity == "fail" for span in self.spans) else "warn"

    @property
    def failing_windows(self) -> int:
        """Number of windows that failed."""
        return sum(len(span.failing) for span in self.spans)


def episodes_of(
    subject: Subject,
    windows: Sequence[JudgedWindow],
    rows: Mapping[date, Sequence[VerdictRow]],
    rules: IncidentRules,
    false_alarms: Iterable[date] = (),
) -> tuple[Episode, ...]:
    """The periods in which one subject failed, in order.

    ``windows``: those of the subject's kind in which it was judged, in order. ``rows``: its verdict
    rows by the first day of the window; a window without a row passed. A span begins if ``fails``
    of the last ``of`` windows fail and go the same way, if the last ``fails`` windows fail
    together, or at once for broken data. It ends after a number of consecutive quiet windows.
    Windows without a verdict neither open nor close a span. ``false_alarms``: days on which a
    person marked the subject: an open span ends, and for some time only a larger effect fails.
    """
    fold = _Fold(rules, sorted(false_alarms))
    for window in windows:
        fold.pass_alarms(window.start)
        fold.observe(window, rows.get(window.start, ()))
    fold.pass_alarms(date.max)
    return _joined(subject, fold.spans, rules.reopen_days)


@dataclass
class _Fold:
    rules: IncidentRules
    alarms: list[date]
    done: list[FailingSpan] = field(default_factory=list)
    recent: deque[_Seen] = field(default_factory=deque)
    open: _Open | None = None
    quiet: int = 0
    threshold: float = 0.0
    threshold_until: date = date.min

    @property
    def spans(self) -> list[FailingSpan]:
        return [*self.done, *([self.open.span(None)] if self.open else [])]

    def pass_alarms(self, day: date) -> None:
        """Applies the marks up to and including a day."""
        while self.alarms and self.alarms[0] <= day:
            marked = self.alarms.pop(0)
            effects = [_effect(span.worst) for span in self.spans]
            if effects:
                self.threshold = FALSE_ALARM_TIMES * effects[-1]
                self.threshold_until = marked + timedelta(days=FALSE_ALARM_DAYS)
            self._close(marked)

    def observe(self, window: JudgedWindow, rows: Sequence[VerdictRow]) -> None:
        threshold = self.threshold if window.start < self.threshold_until else 0.0
        metrics = self.open.metrics if self.open else frozenset()
        seen = _seen(window, rows, self.rules, threshold, metrics)
        if seen is None:
            return
        self.recent.append(seen)
        while len(self.recent) > self.rules.of:
            self.recent.popleft()
        if self.open is None:
            beyond = [one for one in self.recent if one.beyond and one.agrees_with(seen)]
            enough = seen.beyond and (seen.immediate_effect or len(beyond) >= self.rules.fails)
            if enough or self._fails_together():
                self.open = _Open(window.end, beyond, seen.effect)
                self.quiet = 0
            return
        if seen.beyond:
            self.open.add(seen)
        self.open.latest_effect = seen.effect
        self.quiet = self.quiet + 1 if seen.quiet else 0
        if self.quiet >= self.rules.clear.windows:
            self._close(window.end)

    def _fails_together(self) -> bool:
        last = list(self.recent)[-self.rules.fails :]
        return len(last) == self.rules.fails and fail_together([one.loud for one in last])

    def _close(self, day: date) -> None:
        if self.open is not None:
            self.done.append(self.open.span(day))
        self.open = None
        self.quiet = 0
        self.recent.clear()


@dataclass(frozen=True)
class _Seen:
    """The rows of a subject in a window: those that are not quiet, and those that fail."""

    window: JudgedWindow
    loud: tuple[VerdictRow, ...]
    beyond: tuple[VerdictRow, ...]
    immediate_effect: bool
    effect: float | None

    @property
    def quiet(self) -> bool:
        """Whether nothing fails or is close to its threshold."""
        return not self.beyond and not self.loud

    def agrees_with(self, other: _Seen) -> bool:
        """Whether some failing metric of both goes the same way, or none fails in both.

        A day with half as many rows and one with twice as many are not two days of one event.
        """
        mine, theirs = ({(r.metric, _falls(r)) for r in of.beyond} for of in (self, other))
        shared = {metric for metric, _ in mine} & {metric for metric, _ in theirs}
        return not shared or bool(mine & theirs)


@dataclass
class _Open:
    opened: date
    windows: list[_Seen]
    latest_effect: float | None
    metrics: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.metrics = frozenset(row.metric for row in self.rows)

    def add(self, seen: _Seen) -> None:
        self.windows.append(seen)
        if not all(row.metric in self.metrics for row in seen.beyond):
            self.metrics |= {row.metric for row in seen.beyond}

    @property
    def rows(self) -> list[VerdictRow]:
        return [row for seen in self.windows for row in seen.beyond]

    def span(self, closed: date | None) -> FailingSpan:
        p_values = [row.adjusted_p for row in self.rows if row.adjusted_p is not None]
        return FailingSpan(
            onset=self.windows[0].window.start,
            opened=self.opened,
            last_failing=self.windows[-1].window.end,
            closed=closed,
            failing=tuple((seen.window.start, seen.window.end) for seen in self.windows),
            worst=max(self.rows, key=_effect),
            severity="fail" if any(row.fails for row in self.rows) else "warn",
            metrics=self.metrics,
            adjusted_p=min(p_values, default=None),
            latest_effect=self.latest_effect if closed is None else None,
        )


def _seen(
    window: JudgedWindow,
    rows: Sequence[VerdictRow],
    rules: IncidentRules,
    threshold: float,
    failed: frozenset[str],
) -> _Seen | None:
    """The content of a window; None without a verdict. ``failed``: metrics of the open span."""
    if not rows:
        return _Seen(window, (), (), False, None)
    counted = [row for row in rows if not row.is_known or _effect(row) >= threshold]
    beyond = tuple(row for row in counted if row.verdict in ("fail", "warn"))
    if not beyond:
        # An undefined metric is ignored, unless it is the one that failed.
        unknown = [row for row in counted if not row.is_known]
        if any(row.verdict in _WITHOUT_VERDICT or row.metric in failed for row in unknown):
            return None
    known = [row for row in counted if row.is_known]
    effect = max((_effect(row) for row in known), default=None)
    loud = tuple(row for row in known if not _is_quiet(row, rules.clear.below))
    immediate_effect = any(_is_broken(row, rules.immediate_effect) for row in beyond)
    return _Seen(window, loud, beyond, immediate_effect, effect)


def _is_quiet(row: VerdictRow, below: float) -> bool:
    """Whether a metric that did not fail is below its threshold, or no more than chance."""
    by_chance = row.adjusted_p is not None and row.adjusted_p >= BY_CHANCE
    return by_chance or _effect(row) < below


def _is_broken(row: VerdictRow, immediate_effect: float) -> bool:
    if row.verdict != "fail":
        return False
    if row.source in ("constraint", "freshness", "arrival", "values"):
        return True
    # Among many segments, some have such a window by chance, so the change must persist there.
    if row.metric not in (*BROKEN, AGAIN) or not row.of_all_traffic:
        return False
    # The number of rows is judged once per day, regardless of how many columns are judged.
    p_value = row.p_value if row.source == "volume" else row.adjusted_p
    sure = p_value is None or p_value <= IMMEDIATE_LEVEL
    collapsed = row.metric == "rows" and row.value is not None and row.value <= -COLLAPSE
    return sure and (collapsed or row.metric == AGAIN or _effect(row) >= immediate_effect)


def _effect(row: VerdictRow) -> float:
    """The effect of a metric; 1 for a failure without a size."""
    if row.effect is not None:
        return row.effect
    return 1.0 if row.verdict in ("fail", "warn") else 0.0


def _joined(
    subject: Subject, spans: Sequence[FailingSpan], reopen_days: int
) -> tuple[Episode, ...]:
    """Spans that follow one another within a number of days, as one episode each."""
    found: list[list[FailingSpan]] = []
    for span in spans:
        last = found[-1][-1].closed if found else None
        if last is not None and (span.onset - last).days <= reopen_days:
            found[-1].append(span)
        else:
            found.append([span])
    return tuple(Episode(subject, tuple(one)) for one in found)


def fail_together(windows: Sequence[Iterable[VerdictRow]]) -> bool:
    """Whether some metric exceeds its threshold by more than chance in several windows together.

    ``windows``: the rows of consecutive windows of one subject that are not quiet. A metric does so
    if it is not quiet in any window, changes in the same direction in all, fails in at least one,
    exceeds its threshold on average, and has a combined p-value (Fisher 1932) of at most
    ``_WINDOW_LEVEL`` to the power of the number of windows, the probability that all independent
    windows fail. Either the corrected p-values are combined, or the combined p-value is corrected
    for the comparisons of a window (Bonferroni): a metric that nearly fails among many others in
    each window may fail in all of them together.
    """
    shown = [{_key(row): row for row in rows} for rows in windows]
    keys = set(shown[0]).intersection(*shown[1:]) if shown else set()
    return any(_beyond([one[key] for one in shown]) for key in keys)


def _key(row: VerdictRow) -> tuple[str, str | None, str, bool]:
    return (row.metric, row.reference, row.model_version, _falls(row))


def _falls(row: VerdictRow) -> bool:
    return (row.value or 0.0) < 0


def _beyond(rows: Sequence[VerdictRow]) -> bool:
    effects = [row.effect for row in rows if row.effect is not None]
    if fsum(effects) < len(rows) or not any(row.fails for row in rows):
        return False
    return min(_of_corrected(rows), _corrected(rows)) <= _WINDOW_LEVEL ** len(rows)


def _of_corrected(rows: Sequence[VerdictRow]) -> float:
    """The combined corrected p-value; 1 if one is unknown."""
    p_values = [row.adjusted_p for row in rows if row.adjusted_p is not None]
    return combined_p(p_values) if len(p_values) == len(rows) else 1.0


def _corrected(rows: Sequence[VerdictRow]) -> float:
    """The combined p-value, corrected for the comparisons of a window; 1 if one is unknown."""
    p_values = [row.p_value for row in rows if row.p_value is not None]
    comparisons = [row.comparisons for row in rows if row.comparisons is not None]
    if not len(p_values) == len(comparisons) == len(rows):
        return 1.0
    return min(1.0, max(comparisons) * combined_p(p_values))


def combined_p(p_values: Sequence[float]) -> float:
    """The combined p-value of independent p-values.

    Fisher (1932): minus twice the sum of their logarithms has a chi-square distribution with two
    degrees of freedom for each. An empty sequence gives 1.
    """
    statistic = -2.0 * fsum(log(max(p, _SMALLEST_P_VALUE)) for p in p_values)
    return float(chi_square_tail(np.array(statistic), np.array(2 * len(p_values))))
