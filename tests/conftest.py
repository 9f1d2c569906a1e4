"""The one Spark session of the tests, and a way to count its jobs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A change is judged on the same examples each time; to look for new ones is a run of its own:
# `make test ARGS='--hypothesis-profile=explore tests/laws'`.
hypothesis_settings.register_profile("repeated", max_examples=50, derandomize=True, deadline=None)
hypothesis_settings.register_profile("explore", max_examples=2000, deadline=None, print_blob=True)
hypothesis_settings.load_profile("repeated")


LONGEST_FIRST = ("e2e", "spark")
"""Folders of tests by the time that a file takes: whole runs, tests with Spark, and all others."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the files that take longest, so that no worker is left with one at the end.

    Within a folder, files keep their random order.
    """
    top = Path(__file__).parent
    rank = {name: at for at, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(top).parts[0], len(rank)))


@dataclass
class JobCount:
    """Spark jobs of a block; set when the block ends."""

    jobs: int = -1


CountJobs = Callable[[], AbstractContextManager[JobCount]]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local session on the packaged stack, started once and set up as the job sets up its own."""
    from pyspark.sql import SparkSession
    from scripts.soak.settings import SMALL

    from modelwatch.io.session.java import find_java_home
    from modelwatch.io.session.spark_session import open_session
    from modelwatch.io.session.stack import stack_settings

    folder = tmp_path_factory.mktemp("spark")
    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    stack, java_options = stack_settings(), "spark.driver.extraJavaOptions"
    settings = {
        **stack,
        **SMALL,
        # Plans are those of the job, and each shuffle is a job that is counted.
        "spark.sql.adaptive.enabled": "true",
        "spark.master": "local[2]",
        "spark.driver.memory": "2g",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
        "spark.sql.ui.retainedExecutions": "10",
        # Tables of a few files: to look which of them may be skipped costs more than to read them.
        "spark.databricks.delta.stats.skipping": "false",
        # Unlike a run, a session of tests has more code than fits by default: methods that are
        # dropped for others are compiled again and again.
        java_options: f"{stack[java_options]} -XX:ReservedCodeCacheSize=512m "
        f"-Dderby.system.home={folder}",
    }
    builder = SparkSession.builder.appName("modelwatch tests")
    for key, value in settings.items():
        builder = builder.config(key, value)
    builder.getOrCreate()
    session = open_session("modelwatch tests")
    yield session
    session.stop()


@pytest.fixture
def count_jobs(spark: SparkSession) -> CountJobs:
    """A context that counts the Spark jobs of its block: ``with count_jobs() as counted:``."""
    from modelwatch.io.session.effort import effort

    @contextmanager
    def counting() -> Iterator[JobCount]:
        counted, before = JobCount(), effort(spark)
        yield counted
        jobs = effort(spark).minus(before).jobs
        assert jobs is not None
        counted.jobs = jobs

    return counting


@pytest.fixture(autouse=True)
def _deequ_if_needed(request: pytest.FixtureRequest) -> None:
    """Skips a test marked ``deequ`` where the session cannot use it."""
    if request.node.get_closest_marker("deequ") is not None:
        from modelwatch.constraints import deequ_obstacle

        obstacle = deequ_obstacle(request.getfixturevalue("spark"))
        if obstacle is not None:
            pytest.skip(obstacle)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A folder whose name has all that a folder's name may have."""
    folder = tmp_path / "it's a `ware.house` of [Zürich] {2013}"
    folder.mkdir()
    return folder
