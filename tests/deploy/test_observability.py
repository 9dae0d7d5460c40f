"""`promtool`, Prometheus's own tool, checks the rules for Prometheus."""

import os
import re
import shutil
import subprocess

import pytest

from deploy.local import paths
from shared.monitoring.findings import FindingKind

FOLDER = paths.ROOT / "deploy" / "observability"
RULES = (FOLDER / "rules.yml").read_text(encoding="utf-8")
EXPRESSIONS = dict(re.findall(r"- alert: (\w+).*?\n +expr: (.+?)\n +(?:for|labels):", RULES, re.DOTALL))
# For each kind of finding in OF_METRICS, a rule applies the finding's condition to the metrics of a service. All other
# kinds of finding are judged by the rule DayarFinding.
OF_METRICS = {
    FindingKind.SERVICE_SILENT: "DayarServiceSilent",
    FindingKind.SERVER_AWAY: "DayarServerAway",
    FindingKind.FEED_SILENT: "DayarFeedSilent",
    FindingKind.RECORDS_WAIT: "DayarRecordsWait",
    FindingKind.CONSUMER_STOPPED: "DayarConsumerStopped",
    FindingKind.LEDGER_UNBALANCED: "DayarLedgerUnbalanced",
    FindingKind.DEAD_LETTERS: "DayarDeadLetters",
    FindingKind.HELD_OLD: "DayarHeldReportsOld",
    FindingKind.CLOCK_WRONG: "DayarClockWrong",
    FindingKind.CHANNEL_FAILING: "DayarChannelFailing",
    FindingKind.DELIVERIES_OVERDUE: "DayarDeliveriesOverdue",
    FindingKind.ESCALATIONS_OVERDUE: "DayarEscalationsOverdue",
    FindingKind.BOT_WITHOUT_UPDATES: "DayarBotWithoutUpdates",
    FindingKind.ALERTS_UNREADABLE: "DayarAlertsUnreadable",
    FindingKind.DELIVERIES_ABANDONED: "DayarDeliveriesAbandoned",
    FindingKind.ALERTS_UNSENT: "DayarAlertsUnsent",
    FindingKind.BACKUP_FAILED: "DayarBackupMissing",
    FindingKind.BACKUP_OVERDUE: "DayarBackupMissing",
    FindingKind.TOKENS_END: "DayarTokensEnd",
}
INSTALLS = "promtool is missing: apt-get install --yes --no-install-recommends prometheus"


@pytest.mark.parametrize("command", [["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]])
def test_the_rules_raise_an_alert_for_each_condition(command: list[str]) -> None:
    """Without `promtool`, the test is skipped.

    In CI, the test fails instead. `deploy/local/needs.sh` names the package with `promtool`.
    """
    program = shutil.which("promtool")
    if program is None:
        assert not os.environ.get("CI"), INSTALLS
        pytest.skip(INSTALLS)
    done = subprocess.run([program, *command], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_metric_of_the_rules_is_a_metric_of_a_service() -> None:
    """The tests of `promtool` invent their samples.

    The tests of `promtool` would therefore accept a rule about an unknown metric.
    """
    unquoted = re.sub(r'"[^"]*"', "", " ".join(EXPRESSIONS.values()))
    metrics = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b(?!=)", unquoted))
    sources = [path for room in ("shared", "services") for path in (paths.ROOT / room).rglob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert len(metrics) >= 15
    assert not {name for name in metrics if f'"{name}"' not in code}


def test_each_finding_of_the_monitoring_has_a_rule() -> None:
    assert set(OF_METRICS.values()) <= EXPRESSIONS.keys()
    read = {kind for kinds in re.findall(r'kind=~?"([^"]+)"', EXPRESSIONS["DayarFinding"]) for kind in kinds.split("|")}
    assert read - {FindingKind.SERVER_AWAY} == set(FindingKind) - OF_METRICS.keys(), "of the servers only Valkey"
