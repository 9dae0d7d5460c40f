"""Runs a program without root's right to open every folder, because root runs the tests in CI."""

import os
import subprocess
import sys
from collections.abc import Mapping

from deploy.local import paths

WITHOUT_ROOTS_RIGHTS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--")


def run(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs Python with these arguments. The program cannot open a folder that has the mode 0."""
    prefix = WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else ()
    return subprocess.run(
        [*prefix, sys.executable, *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=paths.ROOT,
        env={"PATH": os.environ["PATH"], **env},
    )
