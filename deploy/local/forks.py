"""Forks processes from a fork server, which imports the programs once for all forked processes.

A request reaches the fork server over a socket, with the file descriptors of the new process.
"""

import ctypes
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

LONGEST_REQUEST = 1 << 17
# These are PR_SET_PDEATHSIG and PR_SET_NAME in linux/prctl.h.
SET_PARENT_DEATH_SIGNAL, SET_NAME = 1, 15
# OpenBLAS, which numpy loads, must not start threads, because threads do not survive a fork.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


class ForkServerEnded(Exception):
    """The fork server has ended, and all processes that it forked end with it."""


class Forks:
    """Closing the connection ends the fork server."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = Lock()

    def fork(self, name: str, arguments: Sequence[str], env: Mapping[str, str], standard: Sequence[int]) -> "Forked":
        """Start a process that runs like `python -m` with these arguments.

        `standard` has the file descriptors of standard input, output and error. Raises ForkServerEnded.
        """
        return Forked(self, int(self._ask({"name": name, "arguments": list(arguments), "env": dict(env)}, *standard)))

    def exit_code(self, pid: int) -> int:
        """The exit code of an ended process is negative if a signal ended the process."""
        return int(self._ask({"pid": pid}))

    def close(self) -> None:
        """Ends the fork server and all processes that the fork server forked."""
        self._connection.close()

    def _ask(self, request: Mapping[str, Any], *descriptors: int) -> Any:
        with self._lock:
            try:
                socket.send_fds(self._connection, [json.dumps(request).encode()], descriptors)
                answer = self._connection.recv(LONGEST_REQUEST)
            except OSError as error:
                raise ForkServerEnded from error
        if not answer:
            raise ForkServerEnded
        return json.loads(answer)


class Forked:
    """`Process` uses this class in place of `Popen`."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self.pid = pid
        self._forks = forks
        self._descriptor = os.pidfd_open(pid)
        self._lock = Lock()
        self._code: int | None = None

    def poll(self) -> int | None:
        with self._lock:  # Only one thread may ask, because the server sends each exit code only once.
            if self._code is None and self._has_ended(timeout=0):
                try:
                    self._code = self._forks.exit_code(self.pid)
                except ForkServerEnded:
                    self._code = -signal.SIGKILL
                os.close(self._descriptor)
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._has_ended(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def _has_ended(self, timeout: float | None) -> bool:
        ending = select.poll()
        ending.register(self._descriptor, select.POLLIN)
        return bool(ending.poll(None if timeout is None else timeout * 1000))


def serve(requests: socket.socket) -> None:
    """Fork a process for each request, until the supervisor closes the socket.

    Only the fork server's main thread calls this.
    """
    server = os.getpid()
    while True:
        data, descriptors, *_ = socket.recv_fds(requests, LONGEST_REQUEST, 3)
        if not data:
            break
        request = json.loads(data)
        if "pid" in request:
            _, status = os.waitpid(request["pid"], 0)
            requests.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())
        elif pid := os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            requests.send(json.dumps(pid).encode())
        else:
            requests.detach()
            become(descriptors, server=server, **request)
            break


def become(
    standard: Sequence[int], *, server: int, name: str, arguments: Sequence[str], env: Mapping[str, str]
) -> None:
    os.setsid()
    die_with(server)
    ctypes.CDLL(None).prctl(SET_NAME, name.encode())  # `ps` and `top` show at most 15 bytes
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(env)
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def die_with(parent: int) -> None:
    """The kernel kills this process as soon as its parent has ended."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The fork server ended before the program began.")
