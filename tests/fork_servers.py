"""Starts a process that imports modules once. The process forks a fork server for each connection to its socket."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

from deploy.local import paths
from deploy.local.forks import Forks, die_with, serve


@contextmanager
def started(module: str, *arguments: str, env: Mapping[str, str]) -> Iterator[str]:
    """Starts `python -m module`. `module` must import modules, and then call `serve_each`.

    Yields the address of the process's socket.
    """
    with ExitStack() as stack:
        address = f"{stack.enter_context(TemporaryDirectory(prefix='dayar-'))}/fork-servers"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(address)
            listener.listen()
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", module, *arguments],
                cwd=paths.ROOT,
                env=env,
                stdin=listener.fileno(),
                stdout=subprocess.DEVNULL,
            )
        stack.callback(process.wait)
        stack.callback(process.kill)
        yield address


def serve_each() -> None:
    """Forks a fork server for each connection to the socket that `started` has opened."""
    listener, parent = socket.socket(fileno=sys.stdin.fileno()), os.getpid()
    while True:
        connection, _ = listener.accept()
        reap()
        with connection:
            if os.fork() == 0:
                die_with(parent)
                serve(connection)
                break


def reap() -> None:
    """Collects ended fork servers, so that no zombie processes remain."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def connected(address: str) -> Forks:
    """Connects to a new fork server, which ends with the connection. Raises OSError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(address)
    return Forks(connection)
