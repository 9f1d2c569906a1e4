"""Ships the code of the driver to executors if the platform does not."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from modelwatch.capabilities import capabilities
from modelwatch.io.failures import first_line
from modelwatch.io.session.environment import code_version
from modelwatch.log import LOG
from modelwatch.model.errors import SessionError
from modelwatch.package import PACKAGE_FOLDER, VERSION
from modelwatch.spark.python_tasks import worker_answer

_LEFT_ALONE = ".whl"
"""An archive of ``--py-files`` that Spark sends to executors, but does not let them import. Spark
adds .zip, .egg, and .jar to their path. A wheel of pure Python is a zip with another name."""
_CODE = (".py", ".sql")


def ship_package(session: SparkSession) -> None:
    """Let executors import the package.

    In a classic session, only a wheel of ``--py-files`` needs this. Over Spark Connect, a Spark job
    asks a Python worker for its version of the code, and the package is sent to the server if that
    differs. SessionError if the server does not accept it.
    """
    if capabilities(session).interface == "connect":
        _ship_to_server(session)
    else:
        _ship_wheel(session)


def _ship_wheel(session: SparkSession) -> None:
    archive = wheel_of(PACKAGE_FOLDER)
    if archive is None:
        return
    from pyspark import SparkFiles

    # Executors fetch the file when they start, so it must exist as long as the session.
    copy = Path(SparkFiles.getRootDirectory()) / "shipped" / f"modelwatch-{VERSION}.zip"
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(archive, copy)
        session.sparkContext.addPyFile(str(copy))


def wheel_of(module: Path) -> Path | None:
    """The wheel from which a module was imported; None if there is none."""
    for folder in module.parents:
        if folder.suffix == _LEFT_ALONE and folder.is_file():
            return folder
    return None


def _ship_to_server(session: SparkSession) -> None:
    if _worker_version(session, _installed_version) == code_version():
        return
    LOG.info("sending the package to the Python workers of the server")
    with tempfile.TemporaryDirectory() as folder:
        # A server stores the files of all sessions by name, and rejects different content for a
        # name.
        archive = Path(folder) / f"modelwatch-{code_version().replace('+', '-')}.zip"
        _write_archive(archive)
        try:
            session.addArtifacts(str(archive), pyfile=True)  # type: ignore[attr-defined,unused-ignore]
            found, refused = _worker_version(session, code_version), ""
        except (PySparkException, OSError) as error:
            found, refused = None, f": {first_line(error)}"
    if found != code_version():
        raise SessionError(
            f"Python workers of the server do not have modelwatch {code_version()}, and the server "
            f"did not take it{refused}. Install this package where they run (on Databricks: among "
            "the dependencies of the job's environment)"
        )


def _installed_version() -> str:
    """The code of this process; empty if it comes from an archive.

    Sessions share Python workers. A worker that imported the archive of an earlier session does not
    say that all workers of this one find the package.
    """
    return code_version() if PACKAGE_FOLDER.is_dir() else ""


def _worker_version(session: SparkSession, question: Callable[[], str]) -> str | None:
    """What a Python worker of the server says of its code; None if it cannot import it."""
    try:
        return worker_answer(session, question)
    except PySparkException:
        return None


def _write_archive(archive: Path) -> None:
    """Write the files of the package to a zip, from a folder or the wheel it is imported from."""
    wheel = wheel_of(PACKAGE_FOLDER)
    if wheel is not None:
        shutil.copyfile(wheel, archive)
        return
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for file in sorted(PACKAGE_FOLDER.rglob("*")):
            if file.is_file() and file.suffix in _CODE:
                # No modification times, so that equal code gives an equal archive.
                name = zipfile.ZipInfo(f"modelwatch/{file.relative_to(PACKAGE_FOLDER).as_posix()}")
                written.writestr(name, file.read_bytes(), zipfile.ZIP_DEFLATED)
