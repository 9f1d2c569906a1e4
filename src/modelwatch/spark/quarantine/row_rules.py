"""Apply rules to rows: which rules each row breaks, all at once, and the treatment of the row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.model.config.sensitive import NO_SECRETS, Secrets
from modelwatch.model.quarantine.releases import NOTHING, Released
from modelwatch.model.quarantine.rules import Duplicates, Rule
from modelwatch.spark.days import DAY, named
from modelwatch.spark.sensitive import masked_row
from modelwatch.spark.states.scored_rows import equal

FATE = "__fate"
"""The treatment of a row: PASSED, QUARANTINED, or EXCLUDED."""
PASSED, QUARANTINED, EXCLUDED = "passed", "quarantined", "excluded"
LET_THROUGH = "__let_through"
"""Whether a row would be quarantined, but a person has released it."""
_KEY_DIGITS = 32
_LONGEST_EXAMPLE = 300
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class OtherRows:
    """Rows of another table that are compared by id, with their DAY, and the id."""

    frame: DataFrame
    ids: tuple[str, ...]


@dataclass(frozen=True)
class RowCheck:
    """The rules for the rows of a role, and the data that they need.

    ``columns``: those of the table, in order. ``others``: by name of a table that a rule's
    ``without`` names, its rows of the same days.
    """

    role: str
    rules: tuple[Rule, ...]
    columns: tuple[str, ...]
    ids: tuple[str, ...] = ()
    time_column: str | None = None
    others: Mapping[str, OtherRows] = field(default_factory=dict)
    released: Released = NOTHING
    secrets: Secrets = NO_SECRETS

    @property
    def apart(self) -> RowCheck:
        """The same with only the rules that keep rows out."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.sets_apart))


def passing(frame: DataFrame, check: RowCheck) -> DataFrame:
    """The rows that are used in the states, with their original columns."""
    found = judged(frame, check.apart)
    return found.where(F.col(FATE) == PASSED).select(*(named(c) for c in frame.columns))


def judged(frame: DataFrame, check: RowCheck) -> DataFrame:
    """Every row once, with whether each rule applies to it and is broken, its FATE, and
    LET_THROUGH.

    ``frame`` has the rows with their DAY. Rules on single rows cost little; ``without`` is a join,
    and ``duplicates`` a window over the key.
    """
    rules = check.rules
    judges = {applies_column(i): _applies(rule) for i, rule in enumerate(rules)}
    fails = {
        breaks_column(i): _applies(rule) & ~_true(rule.must)
        for i, rule in enumerate(rules)
        if rule.must is not None
    }
    frame = frame.withColumns({**judges, **fails})
    for i, rule in enumerate(rules):
        if rule.without is not None:
            frame = _without(frame, i, check, check.others[rule.without])
    others = [i for i, rule in enumerate(rules) if rule.duplicates is None and rule.sets_apart]
    for i, rule in enumerate(rules):
        if rule.duplicates is not None:
            frame = _duplicates(frame, i, rule.duplicates, check, others)
    return _with_fate(frame, check)


def applies_column(rule: int) -> str:
    """Column of judged rows: whether the rule at an index applies to the row."""
    return f"__judges_{rule}"


def breaks_column(rule: int) -> str:
    """Column of judged rows: whether the row breaks the rule at an index."""
    return f"__fails_{rule}"


def row_key(check: RowCheck) -> Column:
    """A hash of all values of a row, which does not depend on its file. Identical rows have the
    same key."""
    row = F.to_json(F.struct(*(named(column) for column in check.columns)))
    text = F.concat(F.lit(f"{check.secrets.rows}{check.role} "), row)
    return F.substring(F.sha2(text, 256), 1, _KEY_DIGITS)


def account_rows(frame: DataFrame, check: RowCheck) -> DataFrame:
    """One row per day: the number of rows, and their treatment; and for each rule, how many rows it
    applies to (``judged_<i>``), how many break it (``failed_<i>``), and an example."""

    def rows(condition: Column) -> Column:
        return F.count(F.when(condition, F.lit(1)))

    fate = F.col(FATE)
    warns = [i for i, rule in enumerate(check.rules) if rule.treatment == "warn"]
    aggregates = [
        F.count(F.lit(1)).alias("rows_in"),
        *(rows(fate == one).alias(one) for one in (PASSED, QUARANTINED, EXCLUDED)),
        rows(F.col(LET_THROUGH)).alias("released"),
        rows((fate == PASSED) & _any(breaks_column(i) for i in warns)).alias("warned"),
    ]
    for i, rule in enumerate(check.rules):
        fails = F.col(breaks_column(i))
        example = F.lit(None).cast("string")
        if rule.treatment == "fail":
            shown = F.to_json(masked_row(_shown_columns(rule, check), check.secrets))
            example = F.min(F.when(fails, F.substring(shown, 1, _LONGEST_EXAMPLE)))
        aggregates += [
            rows(F.col(applies_column(i))).alias(f"judged_{i}"),
            rows(fails).alias(f"failed_{i}"),
            example.alias(f"example_{i}"),
        ]
    return judged(frame, check).groupBy(DAY).agg(*aggregates)


def _shown_columns(rule: Rule, check: RowCheck) -> Sequence[str]:
    """The id, and the columns that the rule uses."""
    sql = f"{rule.must or ''} {rule.where or ''}".lower()
    words = set(_WORD.findall(sql))
    keys = {k.lower() for k in rule.duplicates.key} if rule.duplicates is not None else set()
    ids = {name.lower() for name in check.ids}
    return [c for c in check.columns if c.lower() in words | keys | ids] or check.columns


def _applies(rule: Rule) -> Column:
    return F.lit(True) if rule.where is None else _true(rule.where)


def _true(sql: str | None) -> Column:
    """Whether a condition is true for a row; null is not true."""
    return F.coalesce(F.expr(str(sql)).cast("boolean"), F.lit(False))


def _any(columns: Iterable[str]) -> Column:
    return reduce(or_, (F.col(column) for column in columns), F.lit(False))


def _without(frame: DataFrame, rule: int, check: RowCheck, other: OtherRows) -> DataFrame:
    day, ids = f"__there_{rule}", [f"__there_{rule}_{i}" for i in range(len(other.ids))]
    there = other.frame.select(
        F.col(DAY).alias(day),
        *(named(column).alias(alias) for column, alias in zip(other.ids, ids, strict=True)),
    ).distinct()
    pairs = [(named(column), F.col(id)) for column, id in zip(check.ids, ids, strict=True)]
    same = equal(pairs, (F.col(DAY), F.col(day)))
    return (
        frame.join(there, same, "left")
        .withColumn(breaks_column(rule), F.col(applies_column(rule)) & F.col(day).isNull())
        .drop(day, *ids)
    )


def _duplicates(
    frame: DataFrame, rule: int, duplicates: Duplicates, check: RowCheck, others: Sequence[int]
) -> DataFrame:
    """Mark the rows in excess of those that a key may have per day.

    Rows of the same moment are ordered by a hash, so that the result does not depend on the order
    of files.
    """
    names = duplicates.key or check.ids
    keys = [named(column) for column in names]
    known = reduce(lambda one, other: one & other, (key.isNotNull() for key in keys))
    types = dict(frame.dtypes)
    whole = F.xxhash64(*(named(c) for c in check.columns if "map<" not in types[c]))
    # Rows without a key are not grouped: otherwise one task would process all of them.
    same = Window.partitionBy(
        DAY, applies_column(rule), *keys, F.when(~known, whole).otherwise(F.lit(0))
    )
    if duplicates.keep == "none":
        beyond = F.count(F.lit(1)).over(same) > duplicates.more_than
    else:
        time = [named(check.time_column)] if check.time_column else []
        moment = [t.desc() if duplicates.keep == "last" else t.asc_nulls_last() for t in time]
        order = same.orderBy(_any(breaks_column(i) for i in others), *moment, whole)
        beyond = F.row_number().over(order) > duplicates.more_than
    return frame.withColumn(breaks_column(rule), F.col(applies_column(rule)) & known & beyond)


def _with_fate(frame: DataFrame, check: RowCheck) -> DataFrame:
    quarantine = [i for i, rule in enumerate(check.rules) if rule.treatment == "quarantine"]
    exclude = [i for i, rule in enumerate(check.rules) if rule.treatment == "exclude"]
    ill = _any(breaks_column(i) for i in quarantine)
    held = reduce(or_, (_held(check, i) for i in quarantine), F.lit(False))
    freed = F.lit(False)
    if check.released.keys and quarantine:
        # The key is a hash of the whole row, so it is computed only for rows that it may release.
        freed = F.coalesce(
            F.when(ill, row_key(check)).isin(sorted(check.released.keys)), F.lit(False)
        )
    fate = (
        F.when(freed, PASSED)
        .when(held, QUARANTINED)
        .when(_any(breaks_column(i) for i in exclude), EXCLUDED)
        .otherwise(PASSED)
    )
    return frame.withColumn(FATE, fate).withColumn(LET_THROUGH, ill & (F.col(FATE) != QUARANTINED))


def _held(check: RowCheck, rule: int) -> Column:
    days = check.released.rules.get(check.rules[rule].name)
    fails = F.col(breaks_column(rule))
    return fails & ~F.col(DAY).isin(sorted(days)) if days else fails
