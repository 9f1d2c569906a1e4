"""Rows checked against rules: which they fail, all at once, and what becomes of each row."""

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
"""What becomes of a row: PASSED, QUARANTINED or EXCLUDED."""
PASSED, QUARANTINED, EXCLUDED = "passed", "quarantined", "excluded"
LET_THROUGH = "__let_through"
"""Whether a row is one for the quarantine that a person has released."""
_KEY_DIGITS = 32
_LONGEST_EXAMPLE = 300
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class OtherRows:
    """Rows of another table that rows may be without, with their DAY, and its id."""

    frame: DataFrame
    ids: tuple[str, ...]


@dataclass(frozen=True)
class RowCheck:
    """What the rows of a role are held to, and what is needed for it.

    ``columns``: the table's own, in order. ``others``: by name of a table that a rule's ``without``
    names, its rows of the same days.
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
        """The same with the rules only that set rows apart."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.sets_apart))


def passing(frame: DataFrame, judging: RowCheck) -> DataFrame:
    """The rows that reach the states, in the columns that they came with."""
    found = judged(frame, judging.apart)
    return found.where(F.col(FATE) == PASSED).select(*(named(c) for c in frame.columns))


def judged(frame: DataFrame, judging: RowCheck) -> DataFrame:
    """Every row once, with whether each rule judges and fails it, its FATE and LET_THROUGH.

    ``frame`` has the rows with their DAY. Rules on single rows cost nothing; ``without`` is a
    join, and ``duplicates`` a window over their key.
    """
    rules = judging.rules
    judges = {judges_it(i): _applies(rule) for i, rule in enumerate(rules)}
    fails = {
        fails_it(i): _applies(rule) & ~_true(rule.must)
        for i, rule in enumerate(rules)
        if rule.must is not None
    }
    frame = frame.withColumns({**judges, **fails})
    for i, rule in enumerate(rules):
        if rule.without is not None:
            frame = _without(frame, i, judging, judging.others[rule.without])
    others = [i for i, rule in enumerate(rules) if rule.duplicates is None and rule.sets_apart]
    for i, rule in enumerate(rules):
        if rule.duplicates is not None:
            frame = _duplicates(frame, i, rule.duplicates, judging, others)
    return _with_fate(frame, judging)


def judges_it(rule: int) -> str:
    """Column of judged rows: whether the rule of an index judges the row at all."""
    return f"__judges_{rule}"


def fails_it(rule: int) -> str:
    """Column of judged rows: whether the row fails the rule of an index."""
    return f"__fails_{rule}"


def row_key(judging: RowCheck) -> Column:
    """A hash of all that a row holds, the same wherever its file lies; rows alike have one key."""
    row = F.to_json(F.struct(*(named(column) for column in judging.columns)))
    text = F.concat(F.lit(f"{judging.secrets.rows}{judging.role} "), row)
    return F.substring(F.sha2(text, 256), 1, _KEY_DIGITS)


def account_rows(frame: DataFrame, judging: RowCheck) -> DataFrame:
    """One row per day: how many rows came in, and what became of them; and for each rule, how many
    it judges (``judged_<i>``), how many fail it (``failed_<i>``), and an example."""

    def rows(condition: Column) -> Column:
        return F.count(F.when(condition, F.lit(1)))

    fate = F.col(FATE)
    warns = [i for i, rule in enumerate(judging.rules) if rule.treatment == "warn"]
    figures = [
        F.count(F.lit(1)).alias("rows_in"),
        *(rows(fate == one).alias(one) for one in (PASSED, QUARANTINED, EXCLUDED)),
        rows(F.col(LET_THROUGH)).alias("released"),
        rows((fate == PASSED) & _any(fails_it(i) for i in warns)).alias("warned"),
    ]
    for i, rule in enumerate(judging.rules):
        fails = F.col(fails_it(i))
        example = F.lit(None).cast("string")
        if rule.treatment == "fail":
            shown = F.to_json(masked_row(_shown_columns(rule, judging), judging.secrets))
            example = F.min(F.when(fails, F.substring(shown, 1, _LONGEST_EXAMPLE)))
        figures += [
            rows(F.col(judges_it(i))).alias(f"judged_{i}"),
            rows(fails).alias(f"failed_{i}"),
            example.alias(f"example_{i}"),
        ]
    return judged(frame, judging).groupBy(DAY).agg(*figures)


def _shown_columns(rule: Rule, judging: RowCheck) -> Sequence[str]:
    """The id, and the columns that the rule speaks of."""
    sql = f"{rule.must or ''} {rule.where or ''}".lower()
    words = set(_WORD.findall(sql))
    keys = {k.lower() for k in rule.duplicates.key} if rule.duplicates is not None else set()
    ids = {name.lower() for name in judging.ids}
    return [c for c in judging.columns if c.lower() in words | keys | ids] or judging.columns


def _applies(rule: Rule) -> Column:
    return F.lit(True) if rule.where is None else _true(rule.where)


def _true(sql: str | None) -> Column:
    """Whether a condition is true of a row: null is not."""
    return F.coalesce(F.expr(str(sql)).cast("boolean"), F.lit(False))


def _any(columns: Iterable[str]) -> Column:
    return reduce(or_, (F.col(column) for column in columns), F.lit(False))


def _without(frame: DataFrame, rule: int, judging: RowCheck, other: OtherRows) -> DataFrame:
    day, ids = f"__there_{rule}", [f"__there_{rule}_{i}" for i in range(len(other.ids))]
    there = other.frame.select(
        F.col(DAY).alias(day),
        *(named(column).alias(alias) for column, alias in zip(other.ids, ids, strict=True)),
    ).distinct()
    pairs = [(named(column), F.col(id)) for column, id in zip(judging.ids, ids, strict=True)]
    same = equal(pairs, (F.col(DAY), F.col(day)))
    return (
        frame.join(there, same, "left")
        .withColumn(fails_it(rule), F.col(judges_it(rule)) & F.col(day).isNull())
        .drop(day, *ids)
    )


def _duplicates(
    frame: DataFrame, rule: int, duplicates: Duplicates, judging: RowCheck, others: Sequence[int]
) -> DataFrame:
    """Marks the rows beyond those that a key may have on a day.

    Rows of one moment are told apart by a hash, or the choice would depend on the order of files.
    """
    names = duplicates.key or judging.ids
    keys = [named(column) for column in names]
    known = reduce(lambda one, other: one & other, (key.isNotNull() for key in keys))
    types = dict(frame.dtypes)
    whole = F.xxhash64(*(named(c) for c in judging.columns if "map<" not in types[c]))
    # Rows without a key are no group: together they would be one task's work.
    same = Window.partitionBy(
        DAY, judges_it(rule), *keys, F.when(~known, whole).otherwise(F.lit(0))
    )
    if duplicates.keep == "none":
        beyond = F.count(F.lit(1)).over(same) > duplicates.more_than
    else:
        time = [named(judging.time_column)] if judging.time_column else []
        moment = [t.desc() if duplicates.keep == "last" else t.asc_nulls_last() for t in time]
        order = same.orderBy(_any(fails_it(i) for i in others), *moment, whole)
        beyond = F.row_number().over(order) > duplicates.more_than
    return frame.withColumn(fails_it(rule), F.col(judges_it(rule)) & known & beyond)


def _with_fate(frame: DataFrame, judging: RowCheck) -> DataFrame:
    quarantine = [i for i, rule in enumerate(judging.rules) if rule.treatment == "quarantine"]
    exclude = [i for i, rule in enumerate(judging.rules) if rule.treatment == "exclude"]
    ill = _any(fails_it(i) for i in quarantine)
    held = reduce(or_, (_held(judging, i) for i in quarantine), F.lit(False))
    freed = F.lit(False)
    if judging.released.keys and quarantine:
        # The key is a hash of the whole row: only of those that it may free.
        freed = F.coalesce(
            F.when(ill, row_key(judging)).isin(sorted(judging.released.keys)), F.lit(False)
        )
    fate = (
        F.when(freed, PASSED)
        .when(held, QUARANTINED)
        .when(_any(fails_it(i) for i in exclude), EXCLUDED)
        .otherwise(PASSED)
    )
    return frame.withColumn(FATE, fate).withColumn(LET_THROUGH, ill & (F.col(FATE) != QUARANTINED))


def _held(judging: RowCheck, rule: int) -> Column:
    days = judging.released.rules.get(judging.rules[rule].name)
    fails = F.col(fails_it(rule))
    return fails & ~F.col(DAY).isin(sorted(days)) if days else fails
