"""Give executors the code of the driver where spark-submit does not."""

from __future__ import annotations

import shutil
from pathlib import Path

from pyspark import SparkFiles
from pyspark.sql import SparkSession

from modelwatch.package import FOLDER, VERSION

_LEFT_ALONE = ".whl"
"""An archive of ``--py-files`` that Spark sends to executors and does not let them import.

It puts .zip, .egg and .jar on their path. A wheel of pure Python is a zip by another name.
"""


def ship_package(session: SparkSession) -> None:
    """Let executors import the package if the driver has it from a wheel of ``--py-files``.

    Nothing to do where the package is installed, or is in an archive that Spark itself puts on the
    executors' path.
    """
    archive = wheel_of(FOLDER)
    if archive is None:
        return
    # Executors fetch it when they start, so it must stay as long as the session, and no longer.
    copy = Path(SparkFiles.getRootDirectory()) / "shipped" / f"modelwatch-{VERSION}.zip"
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(archive, copy)
        session.sparkContext.addPyFile(str(copy))


def wheel_of(module: Path) -> Path | None:
    """The wheel that a module was imported from; None if it was not."""
    for folder in module.parents:
        if folder.suffix == _LEFT_ALONE and folder.is_file():
            return folder
    return None
