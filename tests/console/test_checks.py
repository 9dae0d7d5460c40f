"""The console checks its own clock, the printable copy of the board, and the backups."""

import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.local.process import wait_until
from services.console import clock
from services.console.checks import CheckName, CheckState, InstallationCheck, alarms, seen
from services.console.installation_status import monitored_until
from services.console.models import StoredCheck
from services.console.queries import checks
from shared.auth.tokens import Role
from shared.events import Place
from shared.monitoring import status
from tests.console.conftest import Served
from tests.console.factories import KADAMJAI, alert, group, hazard, household
from tests.console.statuses import with_postgresql_away
from tests.installation import Installation

NOW = datetime(2026, 11, 26, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


@contextmanager
def ntp_server(*, ahead: float = 0.0, stratum: int = 2, leap: int = 0, echo: bytes | None = None) -> Iterator[str]:
    """An NTP server (RFC 5905, figure 8). The server's clock is `ahead` seconds ahead of this machine's clock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(90)

        def serve() -> None:
            question, asker = listening.recvfrom(64)
            stamp = int((time.time() + ahead + 2_208_988_800) * 2**32)
            head = struct.pack("!BBbbIII", leap << 6 | 4 << 3 | 4, stratum, 4, -20, 0, 0, 0)
            answer = head + bytes(8) + (echo or question[40:48]) + struct.pack("!QQ", stamp, stamp)
            listening.sendto(answer, asker)

        answering = Thread(target=serve)
        answering.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        answering.join()


@pytest.mark.parametrize(("ahead", "is_well"), [(0, True), (1.5, True), (2.5, False), (-2.5, False), (7200, False)])
async def test_clock_that_drifts_by_more_than_two_seconds_is_bad(ahead: float, is_well: bool) -> None:
    with ntp_server(ahead=ahead) as server:
        offset = await clock.look(server)
    assert offset.is_well is is_well
    assert offset.figure == pytest.approx(ahead, abs=0.4)


@pytest.mark.parametrize("answer", [{"echo": b"another!"}, {"stratum": 0}, {"leap": 3}])
async def test_an_unproven_ntp_answer_is_ignored(answer: dict[str, bytes | int]) -> None:
    with ntp_server(ahead=60, **answer) as server:  # type: ignore[arg-type]
        offset = await clock.look(server)
    assert (offset.is_well, offset.figure) == (None, None)


async def test_an_ntp_server_without_an_answer_says_nothing_about_the_clock() -> None:
    offset = await clock.look("127.0.0.1:1")
    assert offset.is_well is None


def test_each_check_has_a_state() -> None:
    states = seen(
        [
            InstallationCheck(CheckName.BACKUP, NOW - 30 * HOUR, True, due_at=NOW - HOUR),
            InstallationCheck(CheckName.CLOCK, NOW, False, 3.2, NOW + HOUR),
        ],
        NOW,
    )
    assert [each.state for each in states] == [CheckState.OVERDUE, CheckState.BAD, CheckState.NEVER]


def test_only_a_failed_check_raises_an_alarm() -> None:
    assert [
        each.check.name for each in alarms([InstallationCheck(CheckName.CLOCK, NOW, None, None, NOW + HOUR)], NOW)
    ] == []
    assert [each.check.name for each in alarms([InstallationCheck(CheckName.PAPER, NOW, False)], NOW)] == ["paper"]


async def test_a_manual_backup_does_not_replace_the_nightly_schedule(session: AsyncSession) -> None:
    session.add(StoredCheck(name="of_a_later_release", checked_at=NOW))
    await checks.record(session, InstallationCheck(CheckName.BACKUP, NOW, True, due_at=NOW + 26 * HOUR))
    await checks.record(session, InstallationCheck(CheckName.BACKUP, NOW + HOUR, True))
    (stored,) = await checks.known(session)
    assert (stored.checked_at, stored.due_at) == (NOW + HOUR, NOW + 26 * HOUR)


@pytest.fixture(scope="module")
def watched(
    shared_installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Path]]:
    folder = tmp_path_factory.mktemp("printer") / "paper"
    web = shared_installation.web("services.console", "web")
    worker = shared_installation.start("console", "worker")
    running = Served(shared_installation, web, worker)
    assert wait_until(running.is_ready, timeout=60), web.process.log_tail()
    running.publish(
        alert(severity="Extreme"),
        alert(hazard_type="earthquake", status="Exercise"),
        hazard(type="dam_release"),
        household(),
        household(persons=3),
        household(status="Exercise"),
        group(150, households=45, origin_locality="Комсомол", shelter="host_family", persons_estimated=True),
        group(420, destination=Place(country="TJ")),
        group(40, status="Exercise"),
    )
    desk = running.signed_in(Role.OPERATOR)
    assert wait_until(lambda: has_read_everything(desk), timeout=60), worker.log_tail()
    assert shown(desk.get("/board/households").text, KADAMJAI)
    worker.stop()
    with ntp_server(ahead=61) as server:
        env = {"PAPER_FOLDER": str(folder), "NTP_SERVER": server}
        running.workers = (shared_installation.start("console", "worker", env=env),)
        assert wait_until((folder / "dayar-en.html").exists, timeout=60), running.workers[0].log_tail()
    yield running, folder
    running.stop()


def has_read_everything(desk: httpx.Client) -> bool:
    partitions = desk.get("/console/v1/ledger").json()["partitions"]
    return bool(partitions) and all(partition["next"] == partition["end"] for partition in partitions)


def shown(page: str, pcode: str) -> bool:
    rows = (f'data-key="{pcode}" data-count="2/', 'data-key="group||', 'data-key="group|TJ"')
    return all(row in page for row in rows)


def test_the_board_and_the_displaced_by_place_are_written_for_a_printer(watched: tuple[Served, Path]) -> None:
    _, folder = watched
    page = (folder / "dayar-en.html").read_text()
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())
    assert "Open alerts: 2" in text
    assert "Not acknowledged" in text
    assert "Displaced households: 2, 8 persons" in text
    assert re.search(r"Kadamjai rayon 2 8 ", text)
    assert "Counted groups: 150 persons, 45 families never added to the households; of these estimated: 150; " in text
    assert "; abroad, not added: 420 persons " in text
    assert "With relatives or a host family , district not stated Комсомол (Kadamjai rayon) 150 150 45 0" in text
    assert "Hazards in force: 1" in text
    assert text.endswith("the centre") and "cmc" not in text
    assert "<script" not in page and "http" not in page


def test_the_printable_files_exist_in_each_language_with_their_hour_and_group(watched: tuple[Served, Path]) -> None:
    _, folder = watched
    names = sorted(file.name for file in folder.iterdir())
    assert [name for name in names if name.startswith("dayar-2")] != []
    assert {"dayar-en.html", "dayar-ky.html", "dayar-ru.html"} < set(names)
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o640}


def test_the_page_of_the_status_shows_the_findings_to_those_who_act(watched: tuple[Served, Path]) -> None:
    served, _ = watched
    folder = served.installation.folder / "state" / "watch"
    english = {"accept-language": "en"}
    head = served.signed_in(Role.DUTY_HEAD)
    assert "The monitoring never ran" in head.get("/status", headers=english).text
    folder.mkdir()
    status.write(folder, with_postgresql_away(datetime.now(UTC)))
    page = head.get("/status", headers=english).text
    assert 'data-state="bad"' in page
    assert page.index("PostgreSQL does not answer") < page.index("The disk of /var/lib/dayar is almost full")
    assert "failed: smtp_451" in page
    status.write(folder, with_postgresql_away(datetime.now(UTC) - timedelta(minutes=5)))
    assert "The monitoring has stopped" in head.get("/status/now", headers=english).text
    assert served.signed_in(Role.OPERATOR).get("/status").status_code == 403


@pytest.mark.parametrize(("silent", "up", "is_told"), [(1, 60, False), (10, 3, False), (10, 60, True)])
def test_the_board_states_that_the_monitoring_has_stopped(tmp_path: Path, silent: int, up: int, is_told: bool) -> None:
    """`silent`: minutes since the monitoring's last round.

    `up`: minutes since the console's start.
    """
    now = datetime.now(UTC)
    started_at = now - timedelta(minutes=up)
    assert monitored_until(tmp_path, now, started_at=started_at) is None, "it never ran"
    status.write(tmp_path, with_postgresql_away(last := now - timedelta(minutes=silent)))
    assert monitored_until(tmp_path, now, started_at=started_at) == (last if is_told else None)


def test_a_wrong_clock_is_shown_on_the_board_and_in_the_ledger(watched: tuple[Served, Path]) -> None:
    served, _ = watched
    operator, analyst = served.signed_in(Role.OPERATOR), served.signed_in(Role.ANALYST)
    english = {"accept-language": "en"}
    assert wait_until(lambda: "clock is wrong by 61.0 s" in operator.get("/", headers=english).text, timeout=60)
    ledger = operator.get("/ledger", headers=english).text
    assert re.search(r'bad strong" data-check="clock" data-state="bad"', ledger)
    assert re.search(r'bad strong" data-check="backup" data-state="never"', ledger)
    assert "clock is wrong" not in analyst.get("/", headers=english).text
