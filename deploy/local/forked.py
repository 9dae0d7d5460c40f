"""Runs the fork server, which imports the programs, and the services' processes, which are forks of this server."""

import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from deploy.local.forks import ONE_THREAD, Forked, Forks, ForkServerEnded
from deploy.local.messages import ComponentFailed
from deploy.local.process import Process
from deploy.local.readable_copies import Program
from deploy.local.users import User


class ForkServer(Process):
    """Imports the programs of one user's processes. The forked processes end with the fork server."""

    def __init__(
        self,
        name: str,
        modules: Sequence[str],
        *,
        program: Program,
        run: Path,
        logs: Path,
        env: Mapping[str, str],
        user: User | None,
    ) -> None:
        super().__init__(
            name,
            [str(program.python), "-m", "deploy.local.preload", *modules],
            run=run,
            logs=logs,
            env={**env, **ONE_THREAD},
            cwd=program.folder,
            user=user,
        )
        self.environment = env
        self.forks: Forks | None = None

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        self._close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            started = self._popen_of(log, stdin=theirs.fileno())
        self.forks = Forks(ours)
        return started

    def stop(self, timeout: float = 20) -> None:
        super().stop(timeout)
        self._close()

    def _close(self) -> None:
        if self.forks is not None:
            self.forks.close()

    def ensure(self) -> None:
        """Call this only from the main thread, like `start`."""
        if not self.is_running:
            self.start()


class ForkedProcess(Process):
    """`arguments` are the words after `python -m`.

    `start` waits until the server has imported its programs, and may be called from any thread.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        server: ForkServer,
        run: Path,
        logs: Path,
        env: Mapping[str, str],
    ) -> None:
        super().__init__(name, [], run=run, logs=logs)
        self.server = server
        self._arguments = arguments
        self._environment = env

    def _spawn(self, log: IO[bytes]) -> Forked:
        assert self.server.forks is not None
        with Path(os.devnull).open("rb") as nothing:
            standard = (nothing.fileno(), log.fileno(), log.fileno())
            try:
                return self.server.forks.fork(self.name, self._arguments, self._environment, standard)
            except ForkServerEnded:
                raise ComponentFailed(f"{self.server.name}:\n{self.server.log_tail()}") from None
