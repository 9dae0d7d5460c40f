"""Provides Kafka, PostgreSQL and Valkey for tests.

The servers are external, run in containers (COMPONENTS=containers), or are started by the tests.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from confluent_kafka.admin import AdminClient

from deploy.local import kafka, paths, postgres, valkey
from deploy.local.component import Component, Folders
from deploy.local.options import GIVEN
from deploy.provision import secrets
from deploy.provision.broker import Broker
from deploy.provision.database import Server
from shared.config import secret
from tests import containers
from tests.folders import new_folder

VALKEY_DATABASES = 512
PASSWORDS = {"kafka": "kafka-admin", "postgres": "database-admin", "valkey": "valkey"}

Kafka = kafka.Kafka | containers.Kafka
PostgreSQL = postgres.PostgreSQL | containers.PostgreSQL
Valkey = valkey.Valkey | containers.Valkey


@dataclass(frozen=True)
class Cluster:
    """The files of a stopped PostgreSQL, with the services' logins and a migrated database (tests/clusters.py).

    In PostgreSQL, the files of a server are called a cluster. The servers of other test processes start with a copy of
    these files.
    """

    state: str  # the folder of the server's files and passwords
    name: str  # names of the logins and of the database begin with this prefix


class LastingBroker(Broker):
    """A Kafka that runs until the end of the tests, because no test stops it.

    All tests of a process share one client, because each new client takes 0.03 CPU seconds.
    """

    @cached_property
    def _client(self) -> AdminClient:
        return AdminClient(self.options())

    def admin(self) -> AdminClient:
        return self._client


@dataclass(frozen=True)
class Components:
    """The three servers, with administrators' logins.

    A test may kill a server only if the tests started that server.
    """

    secrets: Path
    broker: Broker
    server: Server
    redis_url: str  # URL without the number of a database
    redis_password_file: Path | None
    redis_databases: Sequence[int]
    is_redis_ours: bool
    started: tuple[Component, ...] = ()
    cluster: Cluster | None = None  # the cluster whose copy PostgreSQL started with, if any

    @property
    def kafka(self) -> Kafka:
        return next(component for component in self.started if isinstance(component, Kafka))

    @property
    def postgres(self) -> PostgreSQL:
        return next(component for component in self.started if isinstance(component, PostgreSQL))

    @property
    def valkey(self) -> Valkey:
        return next(component for component in self.started if isinstance(component, Valkey))


@contextmanager
def components(
    *, own: bool = False, broker: Broker | None = None, cluster: Cluster | None = None
) -> Iterator[Components]:
    """Uses the external servers that the environment names, and starts the other servers.

    With `own=True`, starts all servers, even if external servers are named.

    With `broker`, the given Kafka is used and no Kafka is started. With `cluster`, PostgreSQL starts with a copy
    of the given cluster.
    """
    variables = {} if own else os.environ
    wanted = [name for name, variable in GIVEN.items() if variable not in variables]
    if broker is not None:
        wanted.remove("kafka")
    with started_servers(wanted, keeps_through_power_cut=own, cluster=cluster) as (folders, started):
        yield Components(
            secrets=folders.secrets,
            broker=_broker(started["kafka"], folders) if "kafka" in started else broker or _given_broker(),
            server=server_of(started["postgres"], folders) if "postgres" in started else _given_server(),
            redis_url=_redis_url(started["valkey"]) if "valkey" in started else variables["REDIS_URL"],
            redis_password_file=folders.secrets / "valkey"
            if "valkey" in started
            else _given_file("REDIS_PASSWORD_FILE"),
            redis_databases=range(VALKEY_DATABASES) if "valkey" in started else _given_databases(),
            is_redis_ours="valkey" in started,
            started=tuple(started.values()),
            cluster=cluster if "postgres" in started else None,
        )


@contextmanager
def shared_broker() -> Iterator[Broker | None]:
    """Several test processes share one Kafka, because Kafka's JVM takes longest to start.

    Returns None if the tests use an external Kafka.
    """
    if GIVEN["kafka"] in os.environ:
        yield None
        return
    with started_servers(["kafka"]) as (folders, started):
        yield _broker(started["kafka"], folders)


def is_embedded() -> bool:
    return os.environ.get("COMPONENTS") != "containers"


@contextmanager
def started_servers(
    names: list[str], *, keeps_through_power_cut: bool = False, cluster: Cluster | None = None
) -> Iterator[tuple[Folders, dict[str, Component]]]:
    folders = Folders(state=new_folder("dayar-"), cache=paths.cache()).make()
    if cluster is not None:
        _copy(Path(cluster.state), folders)
    secrets.draw(folders.secrets)
    make = _embedded if is_embedded() else _contained
    wanted = [make(name, folders, fsync=keeps_through_power_cut) for name in names]
    try:
        _start(wanted)
        yield folders, {component.name: component for component in wanted}
    finally:
        for component in wanted:
            component.end()
        shutil.rmtree(folders.state)


def _copy(state: Path, folders: Folders) -> None:
    subprocess.run(["cp", "--archive", state / "postgres", folders.state], check=True)
    for file in (state / "secrets").glob("database-*"):
        shutil.copy(file, folders.secrets)


def _embedded(name: str, folders: Folders, *, fsync: bool) -> Component:
    password_file = folders.secrets / PASSWORDS[name]
    match name:
        case "kafka":
            return kafka.Kafka(
                folders,
                port=paths.free_port(),
                controller_port=paths.free_port(),
                password_file=password_file,
                fsync=fsync,
                is_brief=True,
            )
        case "postgres":
            return postgres.PostgreSQL(
                folders,
                port=paths.free_port(),
                password_file=password_file,
                shared_copy=paths.shared_home(),
                fsync=fsync,
            )
        case _:
            return valkey.Valkey(folders, password_file=password_file, databases=VALKEY_DATABASES, hz=1)


def _contained(name: str, folders: Folders, *, fsync: bool) -> Component:
    password_file = folders.secrets / PASSWORDS[name]
    match name:
        case "kafka":
            return containers.Kafka(folders, password_file=password_file)
        case "postgres":
            return containers.PostgreSQL(folders, password_file=password_file, fsync=fsync)
        case _:
            return containers.Valkey(folders, password_file=password_file, databases=VALKEY_DATABASES)


def _start(wanted: list[Component]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda component: component.prepare(), wanted))
    for component in wanted:
        component.spawn()
    for component in wanted:
        component.wait_ready()


def _broker(component: Component, folders: Folders) -> Broker:
    assert isinstance(component, Kafka)
    return Broker(component.bootstrap, kafka.ADMIN, secret(folders.secrets / PASSWORDS["kafka"]))


def server_of(component: Component, folders: Folders) -> Server:
    assert isinstance(component, PostgreSQL)
    return Server(component.url, secret(folders.secrets / PASSWORDS["postgres"]))


def _redis_url(component: Component) -> str:
    if isinstance(component, containers.Valkey):
        return component.url
    assert isinstance(component, valkey.Valkey)
    return f"unix://{component.socket}"


def _given_databases() -> range:
    """Returns the databases of an external Valkey that this test process may use.

    Parallel test processes use different databases.
    """
    process, of = os.environ.get("PYTEST_XDIST_WORKER", "gw0"), os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")
    return range(1, 16)[int(process.removeprefix("gw")) :: int(of)]


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
