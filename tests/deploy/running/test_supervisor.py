"""The supervisor of `make run` restarts killed processes, ends their children, and reports why a start fails."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from deploy.local import paths
from deploy.local.process import wait_until
from tests import preloaded
from tests.components import Components
from tests.supervised import Run, all_answer, own_environment, soon_answer

pytestmark = pytest.mark.components


@pytest.mark.parametrize(
    "name", ["registry-worker", "registry-worker-2", "watch", "web", "valkey", "kafka", "postgres"]
)
def test_a_killed_process_is_restarted(run: Run, name: str) -> None:
    killed = run.pid(name)
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: f"{name} ended (signal 9)" in run.printed, timeout=60), run.printed
    assert wait_until(lambda: run.pid(name) != killed and all_answer(run), timeout=120, every=0.2), run.printed


def test_if_a_fork_server_is_killed_its_processes_start_again(run: Run) -> None:
    server = max(
        file.stem for file in (run.folder / "run").glob("fork-server*.pid")
    )  # if root started the stack, each user has its own fork server
    names = (server, "registry-worker", "registry-worker-2")
    before = [run.pid(name) for name in names]
    os.kill(before[0], signal.SIGKILL)
    assert wait_until(
        lambda: (
            all(now != was for now, was in zip([run.pid(name) for name in names], before, strict=True))
            and all_answer(run)
        ),
        timeout=120,
        every=0.2,
    ), run.printed


def test_a_hanging_process_is_replaced(run: Run) -> None:
    """SIGSTOP makes the process silent, like a blocked event loop."""
    hung = {name: run.pid(name) for name in ("web", "alerts-worker")}
    for pid in hung.values():
        os.kill(pid, signal.SIGSTOP)
    for name, pid in hung.items():
        assert wait_until(lambda: f"{name} has not answered for 20 s" in run.printed, timeout=90), run.printed  # noqa: B023
        assert wait_until(lambda: run.pid(name) != pid and all_answer(run), timeout=120, every=0.2), run.printed  # noqa: B023


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_creates_changed_topics_again(restarted: Run) -> None:
    """`Run.kill` itself checks that every child process ends with the supervisor."""
    assert (restarted.folder / "kafka" / "provisioned").read_text() != "of another release"
    assert soon_answer(restarted)


def test_sigterm_stops_everything_in_order(run: Run) -> None:
    children = run.children()
    run.send(signal.SIGTERM)
    assert run.supervisor.wait(timeout=300) == 0
    assert not any(child.is_running() for child in children)
    assert list((run.folder / "run").glob("*.pid")) == []
    assert "Stopped." in run.printed


def test_a_port_in_use_is_reported(passable: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = refused(STATE=str(passable / "state"), PORT=str(port))
    assert f"PORT={port}" in done.stdout


@pytest.mark.parametrize(
    ("variable", "address", "shown"),
    [
        ("DATABASE_URL", "postgresql://somebody:geheim@127.0.0.1:{port}/dayar", "127.0.0.1:{port}"),
        ("KAFKA_BOOTSTRAP", "127.0.0.1:{port},[::1]:{port}", "127.0.0.1:{port}, ::1:{port}"),
        ("REDIS_URL", "redis://:geheim@127.0.0.1:{port}/0", "127.0.0.1:{port}"),
        ("REDIS_URL", "unix:///nowhere/socket?db=0", "/nowhere/socket"),
        ("DATABASE_URL", "postgresql:///dayar?host=/nowhere", "/nowhere/.s.PGSQL.5432"),
    ],
)
def test_an_absent_given_server_is_reported_in_one_sentence(
    variable: str, address: str, shown: str, passable: Path
) -> None:
    port = paths.free_port()
    env = {"STATE": str(passable / "state"), "PORT": str(paths.free_port()), variable: address.format(port=port)}
    done = refused(**env)
    messages = [line for line in done.stdout.splitlines() if not line.startswith("Stop")]
    assert len(messages) == 1, done.stdout
    assert f"({variable}: {shown.format(port=port)})" in messages[0]
    assert "geheim" not in done.stdout


def test_a_given_database_that_refuses_the_login_is_reported_in_one_sentence(
    components: Components, passable: Path
) -> None:
    url = components.server.url.replace("@", ":geheim@")
    done = refused(STATE=str(passable / "state"), PORT=str(paths.free_port()), DATABASE_URL=url)
    assert "PostgreSQL answers, but does not let this login in" in done.stdout
    assert "geheim" not in done.stdout


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"BACKUP_AT": "02:30"}, "BACKUP_TO is not set."),
        (
            {"BACKUP_AT": "02:30", "BACKUP_TO": "/mnt/elsewhere"},
            "Backups are encrypted, and BACKUP_RECIPIENT is not set.",
        ),
    ],
)
def test_an_impossible_nightly_backup_stops_the_start(env: dict[str, str], sentence: str, passable: Path) -> None:
    done = refused(STATE=str(passable / "state"), PORT=str(paths.free_port()), **env)
    assert done.stdout.startswith(f"✗ {sentence}")


@pytest.mark.parametrize("variable", ["DISPLACEMENTS_DAYS", "BACKUP_KEEP_DAYS", "ALERTS_SMTP_PORT"])
def test_an_invalid_setting_stops_the_start(variable: str, passable: Path) -> None:
    done = refused(STATE=str(passable / "state"), PORT=str(paths.free_port()), **{variable: "geheim"})
    assert variable in done.stdout
    assert "geheim" not in done.stdout


def refused(**env: str) -> subprocess.CompletedProcess[str]:
    done = preloaded.run("deploy.local", env={**own_environment(), **env})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done
