"""A start may be interrupted while it installs libraries. The next start then installs the libraries again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.paths import ROOT


def test_an_interrupted_installation_of_libraries_is_repeated(tmp_path: Path) -> None:
    """A start that Ctrl-C ends in its first seconds leaves a virtual environment without pip."""
    for name in ("deploy/local", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "package-lock.json", tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    subprocess.run(  # the script fails at the download of the first library
        ["sh", "deploy/local/bootstrap.sh", "run"],
        cwd=tmp_path,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        capture_output=True,
        check=False,
    )
    subprocess.run([tmp_path / ".venv" / "bin" / "python", "-m", "pip", "--version"], check=True)
