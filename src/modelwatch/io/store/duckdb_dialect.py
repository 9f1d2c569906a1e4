"""Queries in Spark SQL, translated to the dialect of DuckDB."""

from __future__ import annotations

from sqlglot import Dialect, TokenType, exp

_SPARK = Dialect.get_or_raise("spark")
GET = "CREATE MACRO get(items, place) AS CASE WHEN place >= 0 THEN items[place + 1] END"
"""The element of an array by its position from 0, as in Spark: null beyond the ends."""
_SAME_FUNCTIONS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.Abs, exp.And, exp.Or, exp.Case, exp.Cast, exp.TryCast, exp.Coalesce, exp.If),
        *(exp.Nullif, exp.Floor, exp.Ceil, exp.Sqrt, exp.Pow, exp.Exp),
        *(exp.Greatest, exp.Least, exp.Upper, exp.Lower, exp.Trim, exp.Concat, exp.ConcatWs),
        *(exp.Replace, exp.StartsWith, exp.Substring, exp.JSONExtractScalar),
        *(exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.ArgMin, exp.ArgMax),
        *(exp.First, exp.ArrayAgg, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead),
        *(exp.Array, exp.ArraySize, exp.ArraySort, exp.ArrayMin, exp.ArrayMax),
        *(exp.ArrayContains, exp.ArraysZip, exp.Explode, exp.Inline, exp.GenerateSeries),
        *(exp.Struct, exp.Transform, exp.Reduce, exp.MapFromEntries),
        *(exp.DateDiff, exp.TsOrDsAdd, exp.TsOrDsToDate),
        *(exp.UnixMicros, exp.CurrentDate),
    }
)
"""Functions whose translation has the same results; a test compares each of them."""
_FIRST_TOKENS = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN})
_SAME_NAMES = frozenset({"get", "map_entries"})
_OTHER_MEANING = (exp.Interval, exp.Pivot, exp.TableSample)
_NAMES_OF_FIELDS = frozenset(
    {(exp.PropertyEQ, "this"), (exp.Alias, "alias"), (exp.Dot, "expression")}
)
_WHOLE = (exp.Window, exp.Floor, exp.IntDiv, exp.ArraySize, exp.Count, exp.Literal)
"""Expressions without a fraction, which Spark cuts off and DuckDB rounds."""
_EXTREMES: dict[type[exp.Expr], str] = {
    exp.ArgMax: "arg_max_null",
    exp.ArgMin: "arg_min_null",
}
"""Names of DuckDB for ``max_by`` and ``min_by`` that, like Spark's, may return null."""
_TYPES: dict[type[exp.Expr], str] = {
    exp.TsOrDsAdd: "date",
    exp.Floor: "bigint",
    exp.Ceil: "bigint",
}
"""Types of Spark's results where those of DuckDB differ."""
_OF_NO_ROWS: dict[type[exp.Expr], exp.Expr] = {
    exp.ArrayAgg: exp.Array(),
    exp.CountIf: exp.Literal.number(0),
}
"""Results of aggregates of no rows that are null in DuckDB."""


def duckdb_sql(statement: str) -> str | None:
    """A query in DuckDB's dialect; None if it is no query, or may have another result there.

    Raises SqlglotError if the statement cannot be parsed.
    """
    tokens = _SPARK.tokenize(statement)
    if not tokens or tokens[0].token_type not in _FIRST_TOKENS:
        return None
    tree = _SPARK.parser().parse(tokens, statement)[0]
    if not isinstance(tree, exp.Query) or not _has_same_meaning(tree):
        return None
    _name_columns(tree)
    for rewrite in (_positions_from_zero, _types, _extreme, _of_no_rows):
        # Inner nodes first, because outer ones are replaced by copies.
        for node in reversed(list(tree.find_all(exp.Expr))):
            rewrite(node)
    return tree.sql("duckdb", comments=False)


def _has_same_meaning(tree: exp.Expr) -> bool:
    return not any(
        isinstance(node, _OTHER_MEANING)
        or (isinstance(node, exp.Anonymous) and node.name.lower() not in _SAME_NAMES)
        or (isinstance(node, exp.Func) and not _is_same_function(node))
        for node in tree.walk()
    )


def _is_same_function(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return True
    if isinstance(node, exp.ArraysZip):
        # The engines name the fields differently.
        return isinstance(node.parent, exp.Inline)
    if isinstance(node, exp.Cast) and node.is_type(*exp.DataType.INTEGER_TYPES):
        return isinstance(node.this, _WHOLE)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Cast):
        # The engines write numbers with exponents differently.
        return not (node.is_type("text") and node.this.is_type("float", "double"))
    return type(node) in _SAME_FUNCTIONS


def _name_columns(tree: exp.Query) -> None:
    """Name the columns of the result by their expressions, because the engines name them
    differently."""
    if isinstance(tree, exp.Select):
        named = [
            column
            if column.output_name or column.is_star
            else exp.alias_(column, column.sql("spark"), quoted=True)
            for column in tree.expressions
        ]
        tree.set("expressions", named)


def _positions_from_zero(node: exp.Expr) -> None:
    """The second parameter of the function of ``transform`` is a position, from 0 in Spark and from
    1 in DuckDB."""
    if not (isinstance(node, exp.Transform) and isinstance(node.expression, exp.Lambda)):
        return
    function = node.expression
    for parameter in function.expressions[1:]:
        uses = [
            name
            for name in function.this.find_all(exp.Identifier)
            if name.name == parameter.name
            and (type(name.parent), name.arg_key) not in _NAMES_OF_FIELDS
        ]
        for name in uses:
            used = name.parent if isinstance(name.parent, exp.Column) else name
            minus = exp.Sub(this=parameter.copy(), expression=exp.Literal.number(1))
            used.replace(exp.paren(minus, copy=False))


def _types(node: exp.Expr) -> None:
    kind = _TYPES.get(type(node))
    if kind is not None:
        node.replace(exp.Cast(this=node.copy(), to=exp.DataType.build(kind)))


def _extreme(node: exp.Expr) -> None:
    name = _EXTREMES.get(type(node))
    if name is not None:
        node.replace(exp.Anonymous(this=name, expressions=[node.this, node.expression]))


def _of_no_rows(node: exp.Expr) -> None:
    empty = _OF_NO_ROWS.get(type(node))
    if empty is None:
        return
    whole: exp.Expr = node
    while isinstance(whole.parent, (exp.Filter, exp.Window)) and whole.parent.this is whole:
        whole = whole.parent
    whole.replace(exp.Coalesce(this=whole.copy(), expressions=[empty.copy()]))
