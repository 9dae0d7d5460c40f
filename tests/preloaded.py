"""Forks processes of services and commands from a parent, so that the 2 CPU seconds for imports are spent only once.

Each process that runs tests has one parent process, `python -m tests.preloaded`, which gets requests over a socket.
"""

import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any

from argon2 import PasswordHasher

from deploy.containers.compiled import LATE
from deploy.local import paths
from deploy.local.process import Process
from services.console import passwords
from shared.events.topics import SERVICES

LONGEST_REQUEST = 1 << 17
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in linux/prctl.h
# Modules that create a `rich` console during their import are left out, because the console would belong to the parent.
COMMANDS = ("acts", "backup", "environment", "keys", "restore", "user")
MODULES = (
    "deploy.local.web",
    "deploy.local.supervisor",
    *(f"services.{service}.{side}" for service in SERVICES for side in ("app", "worker")),
    *(f"cli.{command}" for command in COMMANDS),
)


class Parent:
    """The tests' connection to the parent process, from which the services' processes are forked."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "tests.preloaded", str(theirs.fileno())],
                cwd=paths.ROOT,
                # OPENBLAS_NUM_THREADS prevents threads of numpy, which would not survive a fork
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(self, arguments: Sequence[str], env: Mapping[str, str], standard: Sequence[int]) -> int:
        """Forks a process that runs like `python -m` with these arguments. Returns the pid.

        `standard` are the descriptors of standard input, output and error.
        """
        return int(self._ask({"arguments": list(arguments), "env": dict(env)}, *standard))

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a process, which is negative if a signal ended the process. None while the process runs."""
        code: int | None = self._ask({"pid": pid})
        return code

    def _ask(self, request: Mapping[str, Any], *descriptors: int) -> Any:
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors)
            answer = self._socket.recv(LONGEST_REQUEST)
        assert answer, f"the parent of the services ended: {self._process.poll()}"
        return json.loads(answer)


class Forked:
    """A forked process, with the methods of `Popen` that `Process` uses."""

    def __init__(self, parent: Parent, pid: int) -> None:
        self.pid = pid
        self._parent = parent
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            self._code = self._parent.exit_code(self.pid)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self.poll() is None:
            self._wait(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def _wait(self, timeout: float | None) -> None:
        descriptor = os.pidfd_open(self.pid)
        try:
            select.select([descriptor], [], [], timeout)
        finally:
            os.close(descriptor)


class Preloaded(Process):
    """A forked process of a service. `arguments` are the words after `python -m`."""

    _parent: Parent | None = None

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        run: Path,
        logs: Path,
        env: Mapping[str, str],
        typed: Path = Path(os.devnull),
    ) -> None:
        super().__init__(name, [], run=run, logs=logs)
        self._typed = typed
        self._arguments = arguments
        self._environment = env

    def _spawn(self, log: IO[bytes]) -> Forked:
        with self._typed.open("rb") as typed:
            return forked(self._arguments, self._environment, (typed.fileno(), log.fileno(), log.fileno()))

    @classmethod
    def parent(cls) -> Parent:
        """Returns the connection to the parent process. The first call starts the parent, which ends with the tests."""
        if Preloaded._parent is None:
            Preloaded._parent = Parent()
        return Preloaded._parent


def forked(arguments: Sequence[str], env: Mapping[str, str], standard: Sequence[int]) -> Forked:
    """Starts a process that runs like `python -m` with these arguments."""
    return Forked(Preloaded.parent(), Preloaded.parent().start(arguments, env, standard))


def run(*arguments: str, env: Mapping[str, str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs `python -m` with these arguments, without input, and waits for its end, as `subprocess.run` does."""
    with Path(os.devnull).open("rb") as nothing, TemporaryFile() as output, TemporaryFile() as errors:
        code = forked(arguments, env, (nothing.fileno(), output.fileno(), errors.fileno())).wait(timeout)
        return subprocess.CompletedProcess(arguments, code, text_of(output), text_of(errors))


def text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def main() -> None:
    gc.disable()  # garbage collections would take a sixth of the time of the imports
    for module in (*LATE, *MODULES):
        import_module(module)
    hash_cheaply()
    gc.collect()
    gc.enable()
    gc.freeze()  # otherwise, garbage collections in the children would copy the memory of these objects
    answering = socket.socket(fileno=int(sys.argv[1]))
    while True:
        data, descriptors, *_ = socket.recv_fds(answering, LONGEST_REQUEST, 3)
        if not data:
            break
        request = json.loads(data)
        if "pid" in request:
            answering.send(json.dumps(exit_code(request["pid"])).encode())
        elif pid := os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            answering.send(json.dumps(pid).encode())
        else:
            answering.detach()
            become(descriptors, **request)
            break


def hash_cheaply() -> None:
    """Makes argon2 use the least possible work for a hash. A real hash takes 0.1 s on two cores."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._nobody = passwords._nobodys_hash(passwords._hasher)


def exit_code(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(standard: list[int], arguments: list[str], env: dict[str, str]) -> None:
    """Runs the program in the child, which keeps only the imported modules of its parent."""
    os.setsid()
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(env)
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
