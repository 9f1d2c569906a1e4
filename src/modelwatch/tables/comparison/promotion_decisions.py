"""Table `promotion_decisions`: whether a challenger may replace its champion, with the evidence."""

from __future__ import annotations

from modelwatch.tables.comparison.columns import CONTENDERS
from modelwatch.tables.table import MONITOR, Column, Table

PROMOTION_DECISIONS = Table(
    name="promotion_decisions",
    version=1,
    comment="Promotion decisions: one row each time `modelwatch gate` is asked, with its "
    "evidence. Runs do not write here, so each row counts at once.",
    columns=(
        MONITOR,
        Column("decided_at", "timestamp", "When it was decided.", False),
        *CONTENDERS,
        Column(
            "decision",
            "string",
            "'promote': all requirements are supported. 'reject': a requirement or guard is "
            "refuted, or a condition blocks. 'undecided': everything else.",
            False,
        ),
        Column("reasons", "array<string>", "Reasons for the decision in words.", False),
        Column(
            "more_days",
            "int",
            "Further days after which it may be decided, if gains stay as they are; null if "
            "unknown, and if it is decided.",
        ),
        Column(
            "requirements",
            "array<struct<metric:string,margin:double,better:string,sentence:string>>",
            "Gains that are required, in units of the metric. A negative margin tolerates a "
            "loss of that size.",
            False,
        ),
        Column(
            "error_rate",
            "double",
            "Largest probability of a promotion although a requirement does not hold.",
            False,
        ),
        Column(
            "every_look",
            "boolean",
            "Whether that holds for all looks together; otherwise, for a single one.",
            False,
        ),
        Column("first_day", "date", "First day that both models share; null for none."),
        Column("last_day", "date", "Last day that both models share; null for none."),
        Column("days", "int", "Days with labels of both models.", False),
        Column("champion_rows", "bigint", "Labeled rows of the champion.", False),
        Column("challenger_rows", "bigint", "Labeled rows of the challenger.", False),
        Column(
            "checks",
            "array<struct<area:string,role:string,metric:string,segmentation:string,segment:string,"
            "outcome:string,champion_value:double,challenger_value:double,gain:double,lower:double,"
            "upper:double,fixed_lower:double,fixed_upper:double,margin:double,error_rate:double,"
            "detectable:double,days:int,row_count:bigint,more_days:int,sentence:string>>",
            "Gains and their intervals: `area` is 'performance', 'calibration', 'segments', "
            "'fairness', 'value', or 'estimate'; `role` is 'requirement' or 'guard'; "
            "`outcome` is 'supported', 'refuted', 'open', or 'unknown'. A gain is a change "
            "for the better. Ends are null if unbounded; `fixed_lower` and `fixed_upper` "
            "belong to a single look; `detectable` is the smallest gain beyond the margin "
            "that these days show with 90% probability.",
            False,
        ),
        Column(
            "conditions",
            "array<struct<area:string,effect:string,sentence:string>>",
            "What else a promotion depends on; `effect` is 'none', 'wait', or 'block'.",
            False,
        ),
        Column("as_of", "date", "As-of day of the results.", False),
        Column("results_of", "string", "Run that published the newest results.", False),
        Column("decided_by", "string", "Who asked; null if no name is known."),
        Column("note", "string", "Note for other people; null for none."),
    ),
    key=("monitor", "challenger", "decided_at"),
    of_runs=False,
)
