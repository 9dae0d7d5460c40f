"""Checks the rules for Prometheus by Prometheus's own tool, `promtool`."""

import os
import re
import shutil
import subprocess

import pytest

from deploy.local import paths

FOLDER = paths.ROOT / "deploy" / "observability"
FINDINGS = {"worker_silent", "worker_restarts", "disk_full", "certificate_ends", "certificate_unreadable"}
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


def test_each_metric_of_the_rules_is_a_metric_of_a_service() -> None:
    """The tests of `promtool` invent their samples.

    A rule therefore passes them even if no service has the rule's metric.
    """
    expressions = re.findall(r"^ +expr: (.+)$", (FOLDER / "rules.yml").read_text(encoding="utf-8"), re.MULTILINE)
    metrics = {name for expression in expressions for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b(?!=)", expression)}
    sources = [path for room in ("shared", "services") for path in (paths.ROOT / room).rglob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert len(metrics) >= 15
    # FINDINGS are no metrics, but values of a label
    assert {name for name in metrics if f'"{name}"' not in code} <= FINDINGS
