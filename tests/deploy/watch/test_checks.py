"""Tests how `dayar watch` checks the machine itself."""

import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from deploy.local import paths as free
from deploy.watch import paths
from deploy.watch.checks import CHECKS, Check, backup, certificate, channels, clock, disk, feeds, lag, services, workers
from deploy.watch.settings import WatchSettings
from deploy.watch.surroundings import Answer, NotMeasured, Surroundings
from deploy.watch.watch import AlreadyWatched, Watch, alone
from shared import lifecycle
from shared.config import BadSettings
from shared.liveness import beat
from shared.monitoring import status as files
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding
from shared.outbound import Outbound
from shared.pages.findings import CHECKS as CHECK_NAMES
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio
GIB = 1 << 30
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)


async def test_a_worker_without_a_heartbeat_is_silent(tmp_path: Path) -> None:
    settings = WatchSettings(watch_beats=tmp_path, watch_workers=("alive", "hanging", "absent"))
    for name, age in (("alive", 1), ("hanging", 60)):
        (tmp_path / f"{name}.beat").touch()
        os.utime(tmp_path / f"{name}.beat", (time.time() - age, time.time() - age))
    found = await workers.look(Surroundings(settings))
    assert [finding.subject for finding in found] == ["hanging", "absent"]


async def test_a_worker_that_is_started_again_and_again_is_a_finding_until_it_runs_for_ten_minutes(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    around = Surroundings(WatchSettings(watch_beats=tmp_path, watch_workers=("failing",)), clock=lambda: now)
    file = tmp_path / "failing.beat"
    for starts in range(1, 5):
        async with lifecycle.beside(beat(file)):
            await wait_for(lambda: workers.beat(file) and file.read_text())
        found = await workers.look(around)
        assert await workers.look(around) == found, "a start is counted once"
        assert [finding.kind for finding in found] == [FindingKind.WORKER_RESTARTS] * (starts == 4)
        file.unlink()
    (tmp_path / "failing.beat").touch()  # an empty file: the worker is just writing the time of its start
    now += timedelta(minutes=11)
    assert [finding.kind for finding in await workers.look(around)] == [FindingKind.WORKER_SILENT]


async def test_a_service_without_a_process_is_silent() -> None:
    settings = WatchSettings(watch_services={"intake": f"http://127.0.0.1:{free.free_port()}"})
    assert [finding.kind for finding in await services.look(Surroundings(settings))] == [FindingKind.SERVICE_SILENT]


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (20 * GIB, 1000 * GIB, None),  # 20 GiB last for weeks, although they are only 2 % of the disk
        (4 * GIB, 20 * GIB, None),
        (4 * GIB, 100 * GIB, Level.WARNING),
        (2 * GIB, 100 * GIB, Level.FAILED),
        (GIB // 2, 8 * GIB, Level.FAILED),
    ],
)
def test_a_disk_is_judged_by_share_and_by_bytes(free: int, total: int, level: Level | None) -> None:
    finding = disk.of_disk(Path("/state"), free, total)
    assert (finding and finding.level) == level


@pytest.mark.parametrize(
    ("life", "left", "level"),
    [
        (365 * DAY, 30 * DAY, None),
        (365 * DAY, 20 * DAY, Level.WARNING),
        (365 * DAY, 2 * DAY, Level.FAILED),
        (
            DAY / 2,
            DAY / 6,
            None,
        ),  # the gateway's own authority renews this certificate soon
        (DAY / 2, DAY / 20, Level.WARNING),
        (DAY / 2, -DAY, Level.FAILED),
    ],
)
def test_a_certificate_is_judged_by_its_life(life: timedelta, left: timedelta, level: Level | None) -> None:
    now = datetime.now(UTC)
    assert certificate.level_of(now + left - life, now + left, now) == level


async def test_a_check_that_fails_is_a_finding_and_ends_no_earlier_finding(tmp_path: Path) -> None:
    """An exercise sends no messages, but its status contains the findings."""
    away = MonitoringFinding(kind=FindingKind.DEAD_LETTERS, level=Level.WARNING)
    answers: list[object] = [[away], OSError("a disk error")]

    async def look(_: Surroundings) -> list[MonitoringFinding]:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return [away]

    settings = WatchSettings(
        DAYAR_EXERCISE=True,
        watch_services={"intake": f"http://127.0.0.1:{free.free_port()}"},
        watch_mail_to=("admin@centre.example",),
        alerts_smtp_host="127.0.0.1",
    )
    async with Outbound(settings) as outbound:
        assert paths.of(settings, outbound) == []
        assert len(paths.of(settings.model_copy(update={"exercise": False}), outbound)) == 1
    watch = Watch(Surroundings(settings), [], tmp_path, checks=[Check("dead letters", 0, 5, 0, look)])
    for _ in range(2):
        await watch.once()
    known = files.read(tmp_path)
    assert known is not None and known.is_exercise
    assert [tracked.finding.kind for tracked in known.open] == [FindingKind.DEAD_LETTERS, FindingKind.CHECK_BLIND]
    assert known.open[0].reported_at is not None
    restarted = Watch(Surroundings(settings), [], tmp_path, checks=[])
    await restarted.once()
    (reported,) = restarted.status.open
    assert reported == known.open[0], "a restart repeats no message, and judges anew what nobody was told of"


async def test_an_hourly_check_that_could_not_run_runs_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just after its start, `dayar watch` may ask a service that cannot answer yet."""
    answers: list[list[MonitoringFinding]] = []

    async def look(_: Surroundings) -> list[MonitoringFinding]:
        if not answers:
            raise NotMeasured("console")
        return answers.pop()

    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    settings = WatchSettings(watch_services={"intake": f"http://127.0.0.1:{free.free_port()}"})
    watch = Watch(Surroundings(settings), [], tmp_path, checks=[Check("tokens", 3600, 15, 0, look)])
    await watch.once()
    assert [tracked.finding.kind for tracked in watch.status.open] == [FindingKind.CHECK_BLIND]
    answers.append([])
    now += 30
    await watch.once()
    assert answers == [] and watch.status.open == []


async def test_a_status_that_cannot_be_written_is_a_finding_until_it_can_be_written(tmp_path: Path) -> None:
    settings = WatchSettings(watch_services={"intake": f"http://127.0.0.1:{free.free_port()}"})
    watch = Watch(Surroundings(settings), [], folder := tmp_path / "away", checks=[])
    for _ in range(2):
        await watch.once()
    (tracked,) = watch.status.open
    assert tracked.finding.kind is FindingKind.DISK_UNWRITABLE
    assert tracked.finding.values == {"folder": str(folder), "reason": "ENOENT"}
    folder.mkdir()
    for _ in range(2):
        await watch.once()
    assert watch.status.open == [] and files.read(folder) is not None


EARLIER = NOW - timedelta(minutes=30, seconds=1)
CHECK_STATE = 'console_check_state{check="backup",state="%s"} 1\nconsole_check_timestamp_seconds{check="backup"} 0'
LABELS = '{consumer="registry",topic="hazards"}'
UNREAD = f"dayar_stopped_partitions{LABELS} %d\ndayar_unread_seconds{LABELS} %d"
FEED = 'intake_feed_read_timestamp_seconds{feed="usgs",source="usgs"} %d'
BOT = "alerts_bot_updates_timestamp_seconds %d"
UNREADABLE = 'alerts_unreadable_alerts{severity="grave"} %d\nalerts_unreadable_alerts{severity="mild"} %d'


@pytest.mark.parametrize(
    ("check", "service", "metrics", "findings"),
    [
        (lag, "registry", UNREAD % (0, 300), []),
        (lag, "registry", UNREAD % (0, 301), [(FindingKind.RECORDS_WAIT, Level.WARNING)]),
        (lag, "registry", UNREAD % (0, 1801), [(FindingKind.RECORDS_WAIT, Level.FAILED)]),
        (lag, "registry", UNREAD % (1, 0), [(FindingKind.CONSUMER_STOPPED, Level.FAILED)]),
        (feeds, "intake", FEED % (NOW - timedelta(minutes=29)).timestamp(), []),
        (feeds, "intake", FEED % EARLIER.timestamp(), [(FindingKind.FEED_SILENT, Level.WARNING)]),
        (feeds, "intake", FEED % (NOW - timedelta(hours=4)).timestamp(), [(FindingKind.FEED_SILENT, Level.FAILED)]),
        (backup, "console", CHECK_STATE % "well", []),
        (backup, "console", CHECK_STATE % "never", [(FindingKind.BACKUP_NEVER, Level.WARNING)]),
        (backup, "console", CHECK_STATE % "bad", [(FindingKind.BACKUP_FAILED, Level.FAILED)]),
        (backup, "console", CHECK_STATE % "overdue", [(FindingKind.BACKUP_OVERDUE, Level.FAILED)]),
        (
            channels,
            "alerts",
            'alerts_abandoned_deliveries{channel="sms"} 2\nalerts_abandoned_deliveries{channel="email"} 0',
            [(FindingKind.DELIVERIES_ABANDONED, Level.WARNING)],
        ),
        (
            channels,
            "alerts",
            'alerts_overdue_deliveries{channel="sms"} 2\nalerts_overdue_deliveries{channel="email"} 0',
            [(FindingKind.DELIVERIES_OVERDUE, Level.FAILED)],
        ),
        (channels, "alerts", "alerts_overdue_escalations 0", []),
        (channels, "alerts", "alerts_overdue_escalations 1", [(FindingKind.ESCALATIONS_OVERDUE, Level.FAILED)]),
        (channels, "alerts", BOT % 0, []),
        (channels, "alerts", BOT % (NOW - timedelta(minutes=4)).timestamp(), []),
        (channels, "alerts", BOT % EARLIER.timestamp(), [(FindingKind.BOT_WITHOUT_UPDATES, Level.FAILED)]),
        (channels, "alerts", UNREADABLE % (0, 0), []),
        (channels, "alerts", UNREADABLE % (0, 1), [(FindingKind.ALERTS_UNREADABLE, Level.WARNING)]),
        (channels, "alerts", UNREADABLE % (1, 0), [(FindingKind.ALERTS_UNREADABLE, Level.FAILED)]),
    ],
)
async def test_the_metrics_of_a_service_are_judged(
    check: ModuleType, service: str, metrics: str, findings: list[tuple[FindingKind, Level]]
) -> None:
    around = Surroundings(WatchSettings(watch_services={service: "http://service"}), clock=lambda: NOW)
    lines = ["dayar_postgresql_up 1", *metrics.splitlines()]
    types = {f"# TYPE {name} gauge": name for name in (re.split("[ {]", line)[0] for line in lines)}
    body = "\n".join(
        line for kind, name in types.items() for line in (kind, *(one for one in lines if one.startswith(name)), "")
    )
    around._answers["http://service/metrics"] = Answer(200, body.encode(), NOW)
    assert [(finding.kind, finding.level) for finding in await check.look(around)] == findings


@pytest.mark.parametrize(("seconds", "is_wrong"), [(2.0, False), (-2.0, False), (2.1, True), (-3.0, True)])
def test_a_clock_is_wrong_by_more_than_two_seconds(seconds: float, is_wrong: bool) -> None:
    assert bool(clock.of_offset(seconds)) is is_wrong


def test_two_monitors_of_one_installation_are_refused(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(AlreadyWatched), alone(tmp_path):
        pass


def test_an_impossible_address_is_refused_at_start() -> None:
    with pytest.raises(BadSettings, match="WATCH_MAIL_TO"):
        WatchSettings(watch_mail_to="admin@centre.example nobody")


def test_every_check_has_a_name_on_the_pages() -> None:
    assert set(CHECK_NAMES) == {check.name for check in CHECKS}
