"""The rules for Prometheus, checked by Prometheus's own tool."""

import os
import shutil
import subprocess

import pytest

from deploy.local import paths

FOLDER = paths.ROOT / "deploy" / "observability"
INSTALLS = "promtool is missing: apt-get install --yes --no-install-recommends prometheus"


@pytest.mark.parametrize("command", [["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]])
def test_the_rules_raise_an_alert_for_each_condition(command: list[str]) -> None:
    """In CI a missing tool fails the test. `deploy/local/needs.sh` names the package that contains the tool."""
    program = shutil.which("promtool")
    if program is None:
        assert not os.environ.get("CI"), INSTALLS
        pytest.skip(INSTALLS)
    done = subprocess.run([program, *command], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
