"""Tests the checks of `dayar watch` that look at this machine."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local import paths as free
from deploy.watch import paths
from deploy.watch.checks import CHECKS, Check, certificate, disk, services, workers
from deploy.watch.settings import WatchSettings
from deploy.watch.surroundings import Surroundings
from deploy.watch.watch import AlreadyWatched, Watch, alone
from shared.config import BadSettings
from shared.monitoring import status as files
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding
from shared.outbound import Outbound
from shared.pages import findings

pytestmark = pytest.mark.anyio
GIB = 1 << 30
DAY = timedelta(days=1)


async def test_a_worker_without_a_heartbeat_is_silent(tmp_path: Path) -> None:
    settings = WatchSettings(watch_beats=tmp_path, watch_workers=("alive", "hanging", "absent"))
    for name, age in (("alive", 1), ("hanging", 60)):
        (tmp_path / f"{name}.beat").touch()
        os.utime(tmp_path / f"{name}.beat", (time.time() - age, time.time() - age))
    found = await workers.look(Surroundings(settings))
    assert [finding.subject for finding in found] == ["hanging", "absent"]


async def test_a_service_without_a_process_is_silent() -> None:
    settings = WatchSettings(watch_services={"intake": f"http://127.0.0.1:{free.free_port()}"})
    assert [finding.kind for finding in await services.look(Surroundings(settings))] == [FindingKind.SERVICE_SILENT]


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (20 * GIB, 1000 * GIB, None),  # only 2 % is free, but this is enough for weeks
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
        (DAY / 2, DAY / 6, None),  # a certificate of the gateway's own authority just before its renewal
        (DAY / 2, DAY / 20, Level.WARNING),
        (DAY / 2, -DAY, Level.FAILED),
    ],
)
def test_a_certificate_is_judged_by_its_life(life: timedelta, left: timedelta, level: Level | None) -> None:
    now = datetime.now(UTC)
    assert certificate.level_of(now + left - life, now + left, now) == level


async def test_a_check_that_fails_is_a_finding_and_ends_no_earlier_finding(tmp_path: Path) -> None:
    """The test uses an exercise, which sends no messages, but shows its findings in the status."""
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


def test_two_monitors_of_one_installation_are_refused(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(AlreadyWatched), alone(tmp_path):
        pass


def test_an_impossible_address_is_refused_at_start() -> None:
    with pytest.raises(BadSettings, match="WATCH_MAIL_TO"):
        WatchSettings(watch_mail_to="admin@centre.example nobody")


def test_every_check_has_a_name_on_the_pages() -> None:
    assert set(findings.CHECKS) == {check.name for check in CHECKS}
