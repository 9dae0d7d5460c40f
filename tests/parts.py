"""Where the tests' Kafka, PostgreSQL and Valkey come from. `parts` decides, and leaves room for containers."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import homes, kafka, postgres, valkey
from deploy.local.part import Folders, Part
from deploy.provision import secrets
from deploy.provision.database import Server
from deploy.provision.topics import Broker
from shared.config import secret

VALKEY_DATABASES = 512


@dataclass(frozen=True)
class Parts:
    """The three servers with the logins that may make topics, databases and logins there; embedded ones can be killed."""

    secrets: Path
    broker: Broker
    server: Server
    redis_url: str  # without a database's number
    redis_password_file: Path | None
    redis_databases: range
    embedded: tuple[Part, ...] = ()

    @property
    def kafka(self) -> kafka.Kafka:
        return next(part for part in self.embedded if isinstance(part, kafka.Kafka))

    @property
    def postgres(self) -> postgres.PostgreSQL:
        return next(part for part in self.embedded if isinstance(part, postgres.PostgreSQL))

    @property
    def valkey(self) -> valkey.Valkey:
        return next(part for part in self.embedded if isinstance(part, valkey.Valkey))


@contextmanager
def parts(*, own: bool = False) -> Iterator[Parts]:
    """Each given part is used as it is; the others are started. `own`: all of them are started, to be killed at will."""
    given = {} if own else os.environ
    with _embedded(
        needs_kafka="KAFKA_BOOTSTRAP" not in given,
        needs_postgres="DATABASE_URL" not in given,
        needs_valkey="REDIS_URL" not in given,
        keeps_through_power_cut=own,
    ) as (folders, started):
        yield Parts(
            secrets=folders.secrets,
            broker=_given_broker() if "KAFKA_BOOTSTRAP" in given else _broker(started["kafka"], folders),
            server=_given_server() if "DATABASE_URL" in given else _server(started["postgres"], folders),
            redis_url=given["REDIS_URL"] if "REDIS_URL" in given else f"unix://{_socket(started['valkey'])}",
            redis_password_file=_given_file("REDIS_PASSWORD_FILE")
            if "REDIS_URL" in given
            else folders.secrets / "valkey",
            redis_databases=range(1, 16) if "REDIS_URL" in given else range(VALKEY_DATABASES),
            embedded=tuple(started.values()),
        )


@contextmanager
def _embedded(
    *, needs_kafka: bool, needs_postgres: bool, needs_valkey: bool, keeps_through_power_cut: bool
) -> Iterator[tuple[Folders, dict[str, Part]]]:
    folders = Folders(state=Path(tempfile.mkdtemp(prefix="dayar-")), cache=homes.cache()).make()
    folders.state.chmod(0o711)  # PostgreSQL's user has its folder below
    secrets.draw(folders.secrets)
    wanted: list[Part] = []
    if needs_kafka:
        wanted.append(kafka.Kafka(
            folders, port=homes.free_port(), controller_port=homes.free_port(), password_file=folders.secrets / "kafka-admin"
        ))  # fmt: skip
    if needs_postgres:
        wanted.append(postgres.PostgreSQL(
            folders, port=homes.free_port(), password_file=folders.secrets / "database-admin",
            shared_copy=homes.shared_home(), fsync=keeps_through_power_cut,
        ))  # fmt: skip
    if needs_valkey:
        wanted.append(valkey.Valkey(folders, password_file=folders.secrets / "valkey", databases=VALKEY_DATABASES))
    try:
        _start(wanted)
        yield folders, {part.name: part for part in wanted}
    finally:
        for part in wanted:
            part.end()
        shutil.rmtree(folders.state)


def _start(wanted: list[Part]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda part: part.prepare(), wanted))
    for part in wanted:
        part.spawn()
    for part in wanted:
        part.wait_ready()


def _broker(part: Part, folders: Folders) -> Broker:
    assert isinstance(part, kafka.Kafka)
    return Broker(part.bootstrap, kafka.ADMIN, secret(folders.secrets / "kafka-admin"))


def _server(part: Part, folders: Folders) -> Server:
    assert isinstance(part, postgres.PostgreSQL)
    return Server(part.url, secret(folders.secrets / "database-admin"))


def _socket(part: Part) -> Path:
    assert isinstance(part, valkey.Valkey)
    return part.socket


def _given_broker() -> Broker:
    return Broker(
        os.environ["KAFKA_BOOTSTRAP"],
        os.environ.get("KAFKA_USERNAME"),
        secret(_given_file("KAFKA_PASSWORD_FILE")),
        os.environ.get("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        os.environ.get("KAFKA_SASL_MECHANISM", "SCRAM-SHA-256"),
        os.environ.get("KAFKA_CA_FILE"),
    )


def _given_server() -> Server:
    return Server(os.environ["DATABASE_URL"], secret(_given_file("DATABASE_PASSWORD_FILE")))


def _given_file(name: str) -> Path | None:
    return Path(os.environ[name]) if name in os.environ else None
