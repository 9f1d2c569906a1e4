"""How long a run may go without progress before it is ended."""

from __future__ import annotations

from pydantic import Field

from modelwatch.model.config.section import Section


class StallLimits(Section):
    """When a run that makes no progress is ended: exit code 2, and outcome `failed` in `runs`.
    Progress means completed tasks and jobs; rows and bytes read, written, or shuffled; or processor
    time of the JVM and its Python workers. A slow run is not ended."""

    stall_seconds: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Seconds without progress after which the run is ended. A warning is logged "
        "after half of it.",
    )
    executor_stall_seconds: int = Field(
        default=1800,
        ge=1,
        le=86_400,
        description="The same while tasks run on other machines, whose processor time the driver "
        "cannot see, while tasks wait for executors, and on Spark Connect. A task may "
        "compute for a while between two rows that it reads.",
    )
