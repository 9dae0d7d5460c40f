"""Tests which findings become messages to the administrators, and when."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from deploy.watch import tracked_findings
from deploy.watch.tracked_findings import Occasion, Patience
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding
from shared.monitoring.status import TrackedFinding

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PATIENCE = Patience(HOUR, {"services": MINUTE})
SILENT = MonitoringFinding(
    kind=FindingKind.SERVICE_SILENT, level=Level.FAILED, subject="intake", values={"service": "intake"}
)
LETTERS = MonitoringFinding(kind=FindingKind.DEAD_LETTERS, level=Level.WARNING)


class Desk:
    def __init__(self) -> None:
        self.known: list[TrackedFinding] = []

    def look(self, after: timedelta, *findings: MonitoringFinding, reached: bool = True) -> list[Occasion]:
        now = NOW + after
        self.known = tracked_findings.looked(self.known, "services", findings, now)
        self.known = tracked_findings.without_settled(self.known, PATIENCE, now)
        reports = tracked_findings.due(self.known, PATIENCE, now)
        if reached:
            self.known = tracked_findings.reported(self.known, reports, now)
        return [report.occasion for report in reports]


def after(*minutes: float) -> Iterable[timedelta]:
    return (timedelta(minutes=number) for number in minutes)


def test_a_finding_is_reported_when_it_lasts_then_each_hour_and_once_when_it_ends() -> None:
    desk = Desk()
    assert [desk.look(at, SILENT) for at in after(0, 0.5, 1, 2, 60, 61, 62, 121)] == [
        *([], [], [Occasion.BEGUN], [], []),
        *([Occasion.STILL], [], [Occasion.STILL]),
    ]
    assert [desk.look(at) for at in after(122, 126, 127, 128)] == [[], [], [Occasion.RECOVERED], []]
    assert desk.known == []


def test_a_finding_that_comes_back_at_once_is_the_same_finding() -> None:
    desk = Desk()
    found = [(SILENT,), (SILENT,), (), (SILENT,), (), (SILENT,)]
    occasions = [desk.look(timedelta(minutes=minute), *findings) for minute, findings in enumerate(found)]
    assert occasions == [[], [Occasion.BEGUN], [], [], [], []]
    assert desk.known[0].since == NOW


def test_a_short_interruption_is_reported_to_nobody() -> None:
    desk = Desk()
    assert [desk.look(timedelta(), SILENT), *(desk.look(at) for at in after(0.5, 10))] == [[], [], []]
    assert desk.known == []


def test_a_warning_is_repeated_daily_and_reported_at_once_when_it_becomes_a_failure() -> None:
    desk = Desk()
    assert [desk.look(at, LETTERS) for at in after(0, 1, 61, 24 * 60 + 1)] == [
        *([], [Occasion.BEGUN], [], [Occasion.STILL]),
    ]
    worse = LETTERS.model_copy(update={"level": Level.FAILED})
    assert [desk.look(at, worse) for at in after(1500, 1501)] == [[Occasion.WORSE], []]


def test_a_report_that_reached_nobody_is_due_again() -> None:
    desk = Desk()
    desk.look(timedelta(), SILENT)
    assert [desk.look(at, SILENT, reached=False) for at in after(1, 2)] == [[Occasion.BEGUN], [Occasion.BEGUN]]
    desk.look(timedelta(minutes=3), SILENT)
    desk.look(timedelta(minutes=4))
    assert [desk.look(at, reached=False) for at in after(9, 10)] == [[Occasion.RECOVERED], [Occasion.RECOVERED]]


def test_the_look_of_one_check_ends_no_finding_of_another() -> None:
    known = tracked_findings.looked([], "ledger", [LETTERS], NOW)
    assert tracked_findings.looked(known, "services", [], NOW) == known
