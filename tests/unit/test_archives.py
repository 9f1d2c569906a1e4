"""The package works from an archive, as --py-files brings it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import modelwatch
from modelwatch.io.session.lines import LINES
from modelwatch.io.session.shipping import wheel_of
from modelwatch.io.session.stack import stack_settings
from modelwatch.io.store.views import views

PACKAGE = Path(modelwatch.__file__).parent
CONF = PACKAGE.parents[1] / "conf"


def test_settings_and_views_are_read_from_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "modelwatch.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for line in LINES:
            written.write(CONF / line.settings, f"modelwatch/{line.settings}")
        for file in PACKAGE.rglob("*"):
            if file.suffix in (".py", ".sql"):
                written.write(file, file.relative_to(PACKAGE.parent))
    program = (
        "import json, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from modelwatch.io.session import stack; from modelwatch.io.store import views\n"
        "print(json.dumps([stack.__file__, stack.stack_settings(), views.views()]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, archive], capture_output=True, text=True, check=True
    )
    file, settings, found = json.loads(done.stdout)
    assert file.startswith(str(archive))
    assert settings == stack_settings()
    assert found == views()


def test_a_wheel_is_shipped_since_spark_does_not_put_it_on_the_path(tmp_path: Path) -> None:
    wheel = tmp_path / "modelwatch-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert wheel_of(wheel / "modelwatch" / "__init__.py") == wheel


def test_an_installed_package_or_a_zip_is_not_shipped(tmp_path: Path) -> None:
    archive = tmp_path / "modelwatch.zip"
    archive.touch()
    assert wheel_of(archive / "modelwatch" / "__init__.py") is None
    assert wheel_of(PACKAGE / "__init__.py") is None
