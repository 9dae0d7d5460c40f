"""A fork server imports programs once.

For each program, the fork server forks a process with the program's own arguments and settings.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import paths
from deploy.local.forked import ForkedProcess, ForkServer
from deploy.local.messages import ComponentFailed
from deploy.local.process import wait_until
from deploy.local.readable_copies import Program

Make = Callable[..., ForkedProcess]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForkServer]:
    program = Program(Path(sys.executable), paths.ROOT)
    made = ForkServer(
        "fork-server", ["timeit"], program=program, run=tmp_path, logs=tmp_path, env=dict(os.environ), user=None
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def make(server: ForkServer, tmp_path: Path) -> Make:
    def made(*arguments: str, **env: str) -> ForkedProcess:
        return ForkedProcess("intake-worker", arguments, server=server, run=tmp_path, logs=tmp_path, env=env)

    return made


def test_a_program_runs_with_its_arguments_and_settings(make: Make) -> None:
    process = make("timeit", "-n", "7", "import os; assert os.environ['ASKED'] == 'yes'", ASKED="yes")
    process.start()
    assert wait_until(lambda: not process.is_running, timeout=60)
    assert process.exit_code == 0, process.log_tail()
    assert "7 loops" in process.log_tail()


def test_a_process_has_its_own_name_and_session_and_its_signal_is_known(make: Make) -> None:
    process = make("timeit", "import signal; signal.pause()")
    process.start()
    assert wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "intake-worker\n", timeout=60)
    assert os.getsid(process.pid) == process.pid
    process.kill9()
    assert process.exit_code == -signal.SIGKILL


def test_if_the_fork_server_dies_its_processes_die_and_start_again_with_a_new_server(
    server: ForkServer, make: Make
) -> None:
    process = make("timeit", "import signal; signal.pause()")
    process.start()
    server.kill9()
    assert wait_until(lambda: not process.is_running, timeout=60)
    assert process.exit_code == -signal.SIGKILL
    with pytest.raises(ComponentFailed, match="fork-server"):
        process.start()
    server.ensure()
    process.start()
    assert process.is_running
