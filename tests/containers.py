"""Runs Kafka, PostgreSQL and Valkey in containers of the official images.

The containers have the interface of the embedded servers (`deploy/local`).

The containers use this machine's own network. With its own network interface, each starting container would make
Chromium abort the browser tests' requests (ERR_NETWORK_CHANGED).
"""

import os
import shlex
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

# The fixture removes its containers itself: testcontainers' helper container would need another image.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

import redis
from confluent_kafka import KafkaException
from docker.errors import APIError
from docker.models.containers import Container as Running
from testcontainers.core.container import DockerContainer

from deploy.local import kafka, paths, postgres
from deploy.local.component import LOOPBACK, Component, Folders
from deploy.local.messages import ComponentFailed
from deploy.local.process import open_log, wait_until
from deploy.provision import logins
from deploy.provision.broker import Broker
from shared.config import secret

JAAS = "org.apache.kafka.common.security"


class Container(Component):
    """A server in a container. The server's data is in a folder of the test, where tests can search the files."""

    image: str
    data: str  # the image stores the server's data in this folder
    runs_as_anybody = True
    settings: str | None = None  # the folder into which the image writes its settings

    def __init__(self, folders: Folders, *, password_file: Path) -> None:
        super().__init__(folders)
        self.port = paths.free_port()
        self.password = secret(password_file) or ""
        self._container: DockerContainer | None = None

    @abstractmethod
    def variables(self) -> Mapping[str, str]: ...

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o777, exist_ok=True)
        self.folder.chmod(0o777)  # the image's own user writes to this folder

    def spawn(self) -> None:
        if self._container is None:
            self._container = self._made().start()
        else:
            self.running.start()
        Thread(target=self._copy_log, daemon=True).start()

    def _made(self) -> DockerContainer:
        own_user: dict[str, Any] = (
            {"user": f"{os.getuid()}:{os.getgid()}"} if self.runs_as_anybody and os.getuid() else {}
        )
        made = DockerContainer(
            self.image,
            command=shlex.join(self.command()) or None,
            env=dict(self.variables()),
            volumes=[(str(self.folder), self.data, "rw")],
            network_mode="host",
            **own_user,
        )
        if self.settings:
            made.tmpfs[self.settings] = "uid=1000"
        return made

    @property
    def running(self) -> Running:
        assert self._container is not None
        return self._container.get_wrapped_container()

    def _copy_log(self) -> None:
        with open_log(self.folders.logs / f"{self.name}.log") as log:
            for chunk in self.running.logs(stream=True, follow=True, tail=0):
                log.write(chunk)

    def wait_ready(self) -> None:
        if not wait_until(lambda: self.is_ready() or not self.is_running, self.seconds_to_start, every=0.1):
            raise ComponentFailed(f"{self.name}:\n{self.running.logs(tail=15).decode()}")
        if not self.is_running:
            raise ComponentFailed(f"{self.name}:\n{self.running.logs(tail=15).decode()}")

    @property
    def is_running(self) -> bool:
        self.running.reload()
        return bool(self.running.status == "running")

    def stop(self) -> None:
        self.running.stop(timeout=20)

    def kill9(self) -> None:
        self.running.kill("SIGKILL")
        self.running.wait(timeout=20)

    def freeze(self) -> None:
        self.running.pause()

    def resume(self) -> None:
        self.running.reload()
        if self.running.status == "paused":
            self.running.unpause()

    def end(self) -> None:
        if self._container is None:
            return
        with suppress(APIError):  # only a running container can delete its files
            self.running.exec_run(["find", self.data, "-mindepth", "1", "-delete"], user="0")
        self._container.stop()


class Kafka(Container):
    name = "kafka"
    image = "apache/kafka:4.3.1"
    data = "/var/lib/kafka/data"
    settings = "/opt/kafka/config"
    runs_as_anybody = False  # the image of Kafka runs only as its own user

    def __init__(self, folders: Folders, *, password_file: Path) -> None:
        super().__init__(folders, password_file=password_file)
        self.admin_port = paths.free_port()
        self._controller = f"localhost:{paths.free_port()}"

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def command(self) -> Sequence[str]:
        return []

    def wait_ready(self) -> None:
        super().wait_ready()
        logins.set_passwords(self._by_plain(), {kafka.ADMIN: self.password})

    def is_ready(self) -> bool:
        with suppress(KafkaException):
            return bool(self._by_plain().admin().list_topics(timeout=2).brokers)
        return False

    def _by_plain(self) -> Broker:
        """After the start, the administrator's SCRAM login does not exist yet.

        The connection therefore uses SASL PLAIN.
        """
        return Broker(f"{LOOPBACK}:{self.admin_port}", kafka.ADMIN, self.password, mechanism="PLAIN")

    def variables(self) -> Mapping[str, str]:
        plain = (
            f'{JAAS}.plain.PlainLoginModule required username="{kafka.ADMIN}" password="{self.password}" '
            f'user_{kafka.ADMIN}="{self.password}";'
        )
        settings = {
            "node.id": "1",
            "process.roles": "broker,controller",
            "controller.quorum.voters": f"1@{self._controller}",
            "listeners": f"CLIENT://{self.bootstrap},ADMIN://{LOOPBACK}:{self.admin_port},CONTROLLER://{self._controller}",
            "advertised.listeners": f"CLIENT://{self.bootstrap},ADMIN://{LOOPBACK}:{self.admin_port}",
            "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,ADMIN:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "inter.broker.listener.name": "ADMIN",
            "controller.listener.names": "CONTROLLER",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.client.sasl.enabled.mechanisms": "SCRAM-SHA-256",
            "listener.name.admin.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.client.scram-sha-256.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
            "listener.name.admin.plain.sasl.jaas.config": plain,
            "listener.name.controller.plain.sasl.jaas.config": plain,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{kafka.ADMIN}",
            "log.dirs": self.data,
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "3",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "400",
            "log.flush.interval.messages": "1",
        }
        return {variable(name): value for name, value in settings.items()} | {"KAFKA_HEAP_OPTS": "-Xmx512m"}


def variable(name: str) -> str:
    """Returns the official image's environment variable for a property: `-` becomes `___`, and `.` becomes `_`."""
    return "KAFKA_" + name.replace("-", "___").replace(".", "_").upper()


class PostgreSQL(Container):
    name = "postgres"
    image = "postgres:17"
    data = "/var/lib/postgresql/data"

    def __init__(self, folders: Folders, *, password_file: Path, fsync: bool) -> None:
        super().__init__(folders, password_file=password_file)
        self._fsync = fsync

    @property
    def url(self) -> str:
        return f"postgresql://{postgres.ADMIN}@{LOOPBACK}:{self.port}/postgres"

    def variables(self) -> Mapping[str, str]:
        return {
            "POSTGRES_USER": postgres.ADMIN,
            "POSTGRES_PASSWORD": self.password,
            "POSTGRES_DB": "postgres",
            "POSTGRES_INITDB_ARGS": "--auth=scram-sha-256 --encoding=UTF8 --locale-provider=builtin "
            "--builtin-locale=C.UTF-8 --locale=C --data-checksums",
        }

    def command(self) -> Sequence[str]:
        settings = {name: value for name, value in postgres.SETTINGS.items() if name != "unix_socket_directories"}
        settings |= {"port": self.port, "fsync": "on" if self._fsync else "off"}
        return ["postgres", *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))]

    def is_ready(self) -> bool:
        probe = ["pg_isready", "--quiet", "--host", LOOPBACK, "--port", str(self.port)]
        try:  # the image first starts a temporary server without TCP; only the real server answers by TCP
            return bool(self.running.exec_run(probe).exit_code == 0)
        except APIError:  # the container has stopped
            return False


class Valkey(Container):
    name = "valkey"
    image = "valkey/valkey:8"
    data = "/data"

    def __init__(self, folders: Folders, *, password_file: Path, databases: int) -> None:
        super().__init__(folders, password_file=password_file)
        self._databases = databases

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}"

    def variables(self) -> Mapping[str, str]:
        return {}

    def command(self) -> Sequence[str]:
        return [
            "valkey-server",
            "--bind",
            LOOPBACK,
            "--port",
            str(self.port),
            "--requirepass",
            self.password,
            "--databases",
            str(self._databases),
            "--save",
            "",
            "--appendonly",
            "yes",
            "--maxmemory",
            "256mb",
            "--maxmemory-policy",
            "volatile-ttl",
        ]

    def is_ready(self) -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(self.url, password=self.password) as client:
            return bool(client.ping())
        return False
