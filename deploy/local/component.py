"""The interface of Kafka, PostgreSQL and Valkey: a server can be prepared, started, probed and stopped."""

import os
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import paths
from deploy.local.messages import ComponentFailed, PortInUse, PortPrivileged
from deploy.local.process import Process, wait_until
from deploy.local.users import User

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Folders:
    """`run` contains pid files. `make clean-state` removes everything except `cache`."""

    state: Path
    cache: Path

    @property
    def run(self) -> Path:
        return self.state / "run"

    @property
    def beats(self) -> Path:
        """Each worker writes its heartbeat file here."""
        return self.run / "beats"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"

    @property
    def places(self) -> Path:
        """`dayar places import` writes this file."""
        return self.state / "places.geojson"

    def make(self) -> "Folders":
        paths.make_passable(self.state)
        for folder in (self.run, self.beats, self.logs, self.secrets):
            folder.mkdir(mode=0o700, exist_ok=True)
        return self


class Component(ABC):
    name: str
    stop_signal = signal.SIGTERM
    seconds_to_start = 180.0  # Servers start slowly on a busy machine.

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.folder = folders.state / self.name
        self._process: Process | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Missing folders are created."""

    @abstractmethod
    def command(self) -> Sequence[str]: ...

    @abstractmethod
    def is_ready(self) -> bool: ...

    def user(self) -> User | None:
        """None means the user that started the supervisor."""
        return None

    def env(self) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}

    def ports(self) -> Mapping[str, int]:
        """Maps the name of a port's setting to the port.

        A port without a setting has a description in place of the name.
        """
        return {}

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    @property
    def is_running(self) -> bool:
        return self.process.is_running

    def spawn(self) -> None:
        """Does not wait until the server is ready.

        Call this from the main thread, because the kernel ends the child when the calling thread ends.
        """
        for name, port in self.ports().items():
            check_port(name, port)
        if self._process is None:
            self._process = Process(
                self.name,
                self.command(),
                run=self.folders.run,
                logs=self.folders.logs,
                env=self.env(),
                user=self.user(),
                stop_signal=self.stop_signal,
            )
        self._process.start()

    def wait_ready(self) -> None:
        in_time = wait_until(lambda: self.is_ready() or not self.is_running, self.seconds_to_start)
        if not in_time or not self.is_running:
            raise ComponentFailed(f"{self.name}:\n{self.process.log_tail()}")

    def start(self) -> None:
        """Waits until the server is ready."""
        self.prepare()
        self.spawn()
        self.wait_ready()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()

    def kill9(self) -> None:
        self.process.kill9()

    def freeze(self) -> None:
        """A process stopped by SIGSTOP keeps its connections, but answers nothing."""
        self.process.freeze()

    def resume(self) -> None:
        self.process.resume()

    def end(self) -> None:
        """Kills the server. Call this only if nobody needs the server's data."""
        if self._process is not None:
            self._process.kill9()


def check_port(name: str, port: int) -> None:
    """Raise PortPrivileged or PortInUse, with `name` in the message."""
    is_free = paths.is_free(port)
    if port < paths.lowest_unprivileged_port() and (os.geteuid() == 0 or not is_free):
        raise PortPrivileged(f"{name}={port}")
    if not is_free:
        raise PortInUse(f"{name}={port}")


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0
