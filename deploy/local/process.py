"""Runs child processes, which end when their parent ends.

Children of a killed supervisor may go on running, and are ended by the next start.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

import psutil

from deploy.local.users import User

LOG_TAIL_LINES = 15
LOG_KEPT_BYTES = 10_000_000


class Child(Protocol):
    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Process:
    """The files of a process are `<name>.pid` and `<name>.log`. A process can be started and stopped repeatedly."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        run: Path,
        logs: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: User | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self._argv = list(argv)
        self._env = env
        self._cwd = cwd
        self._user = user
        self._stop_signal = stop_signal
        self._popen: Child | None = None
        self._pid_file = run / f"{name}.pid"
        self.log = logs / f"{name}.log"

    def start(self) -> None:
        """Call this only from the main thread, because the kernel ends the child when the calling thread ends."""
        with open_log(self.log) as log:
            self._popen = self._spawn(log)
        self._write_pid()

    def _spawn(self, log: IO[bytes]) -> Child:
        return self._popen_of(log, stdin=subprocess.DEVNULL)

    def _popen_of(self, log: IO[bytes], *, stdin: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            [*self._prefix(), *self._argv],
            env=self._env,
            cwd=self._cwd,
            stdin=stdin,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C at the terminal must not end all processes at once
        )

    def _write_pid(self) -> None:
        """The file is replaced atomically, so a reader never finds half of a process id."""
        unfinished = self._pid_file.with_suffix(".unfinished")
        unfinished.write_text(f"{self.pid} {psutil.Process(self.pid).create_time()}", encoding="ascii")
        unfinished.replace(self._pid_file)

    def _prefix(self) -> list[str]:
        return ["setpriv", *(self._user.switch() if self._user else []), "--pdeathsig", "KILL", "--"]

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    async def ended(self) -> None:
        if not self.is_running:
            return
        loop, is_over = asyncio.get_running_loop(), asyncio.Event()
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:  # The fork server has ended, so the kernel keeps no exit code for the supervisor.
            return
        loop.add_reader(descriptor, is_over.set)
        try:
            await is_over.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    @property
    def exit_code(self) -> int | None:
        return None if self._popen is None else self._popen.poll()

    def kill9(self) -> None:
        self.kill()
        self._reap(timeout=10)

    def kill(self) -> None:
        """Does not wait for the process to end."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Waits until all threads of the process have stopped."""
        self._signal(signal.SIGSTOP)
        while self.is_running and not self._stands_still():
            time.sleep(0.001)

    def _stands_still(self) -> bool:
        threads = psutil.Process(self.pid).threads()
        return all(psutil.Process(thread.id).status() == psutil.STATUS_STOPPED for thread in threads)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        self._signal(self._stop_signal)

    def stop(self, timeout: float = 20) -> None:
        """Kills the process after `timeout` seconds."""
        self.ask_to_stop()
        try:
            self._reap(timeout)
        except subprocess.TimeoutExpired:
            self.kill9()

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            # The process had already ended together with the fork server.
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _reap(self, timeout: float) -> None:
        if self._popen is not None:
            self._popen.wait(timeout)
        self._pid_file.unlink(missing_ok=True)

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:])


def open_log(file: Path) -> IO[bytes]:
    """Appends to the log. A log that is too large is renamed first."""
    if file.exists() and file.stat().st_size > LOG_KEPT_BYTES:
        file.replace(file.with_suffix(".log.1"))
    return file.open("ab")


def end_orphans(run: Path) -> list[str]:
    """Ends the processes that a killed supervisor left running.

    Linux may assign the same pid to another process, so the start time is compared as well.
    """
    orphans = {file.stem: orphan for file in run.glob("*.pid") if (orphan := _orphan(file)) is not None}
    for orphan in orphans.values():
        with suppress(psutil.NoSuchProcess):
            orphan.kill()
    psutil.wait_procs(orphans.values(), timeout=10)
    for file in run.glob("*.pid"):
        file.unlink()
    return sorted(orphans)


def _orphan(file: Path) -> psutil.Process | None:
    try:
        pid, started = file.read_text(encoding="ascii").split()
        process = psutil.Process(int(pid))
        return process if abs(process.create_time() - float(started)) < 1 else None
    except (ValueError, psutil.NoSuchProcess):
        return None


def wait_until(is_so: Callable[[], bool], timeout: float, every: float = 0.02) -> bool:
    """Return False if `is_so` stayed false for `timeout` seconds."""
    began = time.monotonic()
    while not is_so():
        waited = time.monotonic() - began
        if waited > timeout:
            return False
        time.sleep(pause_after(waited, every))
    return True


def pause_after(waited: float, every: float) -> float:
    """The pause is at most 0.1 s. Frequent polls would take CPU time from the awaited process."""
    return max(every, min(waited / 20, 0.1))
