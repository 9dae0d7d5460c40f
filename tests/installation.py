"""Makes a fresh installation for a test: its own database, topics, rights and keys, on servers that all tests share."""

import itertools
import os
import secrets as random
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from unittest.mock import patch

import httpx
import redis
from confluent_kafka import KafkaException

from deploy.local import paths
from deploy.local.process import Process, wait_until
from deploy.provision import acls, database, logins, secrets, topics
from shared.config import Settings, secret
from shared.crypto import seal
from shared.events.topics import SERVICES, TOPICS, Topic
from tests.clients import PLAIN
from tests.clusters import in_thread, make_template, password
from tests.components import Components
from tests.preloaded import Preloaded
from tests.signed_tokens import signed_token
from tests.waiting import wait_for

WEB, PATIENT = "deploy.local.web", "tests.patient"  # modules that are run as programs
AnySettings = TypeVar("AnySettings", bound=Settings)
Result = TypeVar("Result")


class Topics(NamedTuple):
    """The topics of an installation.

    Each topic has `partitions` partitions, and its dead-letter topic has one partition.
    """

    partitions: int
    names: tuple[str, ...]

    @property
    def declared(self) -> dict[str, Topic]:
        return {name: TOPICS[name] for name in self.names}


class Ground:
    """Holds what all installations of a session share: the servers, the logins, and a migrated database to copy.

    With `works_ahead`, background threads work during a test: they make the next installation's database and topics.
    The threads also remove databases and topics of earlier installations. A test that kills the servers needs
    `works_ahead=False`.
    """

    def __init__(self, components: Components, *, works_ahead: bool = False) -> None:
        self.components = components
        self.is_killable = not works_ahead
        self.name = f"t{random.token_hex(4)}"
        self.numbers = itertools.count(1)
        self.kafka_logins = {login: f"{self.name}-{login}" for login in (*SERVICES, acls.INTEGRATOR)}
        of_database = components.cluster.name if components.cluster else self.name
        self.role_prefix = f"{of_database}_"
        self.template = f"{of_database}_template"
        self.redis_databases = deque(components.redis_databases)  # Valkey's free databases
        if components.broker.is_closed:
            logins.set_passwords(
                components.broker,
                {name: password(components.secrets, "kafka", own) for own, name in self.kafka_logins.items()},
            )
        if components.cluster is None:
            in_thread(make_template(self.components.server, self.components.secrets, self.name))
        self._pool = ThreadPoolExecutor(2) if works_ahead else None
        self._settings = Settings()  # read before any test, because a test may change the environment
        self._copying = Lock()  # PostgreSQL refuses two concurrent copies of the template database
        self._next: dict[Topics, Future[int]] = {}
        self._removals: list[Future[None]] = []

    def topic_prefix(self, number: int) -> str:
        return f"{self.name}.{number}."

    def database_name(self, number: int) -> str:
        return f"{self.name}_{number}"

    def take(self, wanted: Topics) -> int:
        # an installation made ahead would stay unused, because few tests use this number of partitions
        is_rare = wanted.partitions == topics.PARTITIONS
        if self._pool is None or is_rare:
            return self._make(wanted)
        made = self._next.get(wanted) or self._pool.submit(self._make, wanted)
        self._next[wanted] = self._pool.submit(self._make, wanted)
        return made.result()

    def give_back(self, number: int, made: Topics) -> None:
        if self._pool is None:
            self._remove(number, made)
        else:
            self._removals.append(self._pool.submit(self._remove, number, made))

    def wait(self) -> None:
        """Waits until the background threads have no work.

        Needed before a test replaces code that the background threads run.
        """
        works: list[Future[Any]] = [*self._next.values(), *self._removals]
        for work in works:
            work.result()

    def _make(self, wanted: Topics) -> int:
        number = next(self.numbers)
        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(self._make_topics, number, wanted)
            with self._copying:
                copied = database.copy(
                    self.components.server, self.template, self.database_name(number), role_prefix=self.role_prefix
                )
                in_thread(copied)
            made.result()
        return number

    def _make_topics(self, number: int, wanted: Topics) -> None:
        if wanted.partitions:
            topics.create(
                self.components.broker,
                self._settings.model_copy(update={"topic_prefix": self.topic_prefix(number)}),
                logins=self.kafka_logins,
                partitions=wanted.partitions,
                declared=wanted.declared,
            )

    def _are_topics_removed(self, number: int) -> bool:
        """Returns False if the broker refuses to remove the topics.

        A broker that was frozen may refuse for some time.
        """
        try:
            topics.remove(self.components.broker, self.topic_prefix(number), logins=self.kafka_logins)
        except KafkaException:
            return False
        return True

    def _remove(self, number: int, made: Topics) -> None:
        if made.partitions:
            assert wait_until(lambda: self._are_topics_removed(number), timeout=120, every=1)
        in_thread(database.drop(self.components.server, self.database_name(number)))

    def remove(self) -> None:
        self.wait()
        for wanted, made in self._next.items():
            self._remove(made.result(), wanted)
        if self._pool is not None:
            self._pool.shutdown()
        in_thread(database.drop(self.components.server, self.template))
        in_thread(database.drop_roles(self.components.server, role_prefix=self.role_prefix))
        if self.components.broker.is_closed:
            logins.remove_logins(self.components.broker, self.kafka_logins.values())


class Installation:
    """Only the topics in `names` are made, each with `partitions` partitions, and with their dead-letter topics.

    A test saves CPU time if it names only the topics that it needs. If `partitions` is 0, no topic is made.
    """

    def __init__(
        self,
        ground: Ground,
        folder: Path,
        *,
        partitions: int = topics.PARTITIONS,
        names: Iterable[str] = TOPICS,
        exercise: bool = False,
    ) -> None:
        self.components = ground.components
        self.ground = ground
        self.folder = folder
        self.exercise = exercise
        self.partitions = partitions
        self.topics = Topics(partitions, tuple(names))
        self.secrets = folder / "secrets"
        self.processes: list[Process] = []
        self._draw_secrets()
        self.redis_database = self._take_redis_database()
        self.redis_url = f"{self.components.redis_url}?db={self.redis_database}"
        self.number = ground.take(self.topics)
        self.topic_prefix = ground.topic_prefix(self.number)
        self.database = ground.database_name(self.number)
        self.port = paths.free_port()

    def _draw_secrets(self) -> None:
        for name in ("run", "logs", "state", "secrets"):
            (self.folder / name).mkdir(mode=0o700, parents=True)
        for file in self.components.secrets.iterdir():
            if file.name.startswith(("kafka-", "database-")):
                shutil.copy(file, self.secrets / file.name)
        if self.components.redis_password_file is not None:
            shutil.copy(self.components.redis_password_file, self.secrets / "valkey")
        # without syncing to disk, which takes half a second for 120 files: no test needs its secrets after a power cut
        with patch.object(seal, "sync"):
            secrets.draw(self.secrets)

    def _take_redis_database(self) -> int:
        """Reserves an empty database of Valkey. The database stays reserved until the installation is removed.

        An external Valkey is never emptied.
        """
        free = self.ground.redis_databases
        for number in list(free):
            free.remove(number)
            with self.redis(number) as client:
                # after `kill -9`, Valkey may load old data, so the tests' own Valkey is emptied here
                if self.components.is_redis_ours:
                    client.flushdb()
                if client.dbsize() == 0:
                    return number
            free.append(number)
        raise AssertionError(f"no database of REDIS_URL is empty and free: {self.components.redis_databases}")

    def redis(self, number: int | None = None) -> "redis.Redis":
        url = self.redis_url if number is None else f"{self.components.redis_url}?db={number}"
        return redis.Redis.from_url(url, password=secret(self.components.redis_password_file))

    def env(self) -> dict[str, str]:
        broker = self.components.broker
        variables = {
            **secrets.env(self.secrets),
            "KAFKA_BOOTSTRAP": broker.bootstrap,
            "KAFKA_SECURITY_PROTOCOL": broker.security_protocol if broker.is_closed else "PLAINTEXT",
            "KAFKA_SASL_MECHANISM": broker.mechanism,
            "KAFKA_USERNAME": f"{self.ground.name}-{{service}}",
            "TOPIC_PREFIX": self.topic_prefix,
            "DATABASE_URL": self.components.server.service_url(self.database, self.ground.role_prefix),
            "REDIS_URL": self.redis_url,
            "STATE": str(self.folder / "state"),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "DAYAR_EXERCISE": str(self.exercise).lower(),
            **{name: os.environ[name] for name in ("PGSSLMODE",) if name in os.environ},
        }
        if self.components.redis_password_file is None:
            del variables["REDIS_PASSWORD_FILE"]
        if broker.ca_file:
            variables["KAFKA_CA_FILE"] = broker.ca_file
        return variables

    def settings(self, kind: type[AnySettings], service: str | None = None, **changed: Any) -> AnySettings:
        """Returns the settings of a service.

        `service` is needed only if `kind` is defined outside the service's package.
        """
        of_module = kind.__module__.split(".")
        named = service or (of_module[1] if of_module[0] == "services" else "")
        with patch.dict(os.environ, {**self.env(), "PATH": os.environ["PATH"]}, clear=True):
            return kind(**changed).for_service(named)

    def token(self, **claims: Any) -> str:
        return signed_token(self.secrets, **claims)

    def start(self, service: str, *arguments: str, env: Mapping[str, str] | None = None) -> Process:
        """Starts a process of the service in the supervisor's way. Only the main thread may call this function."""
        return self.run(f"services.{service}", *arguments, env=env)

    def run(
        self, module: str, *arguments: str, env: Mapping[str, str] | None = None, typed: Path = Path(os.devnull)
    ) -> Process:
        process = Preloaded(
            f"{module}-{len(self.processes)}",
            [module, *arguments],
            run=self.folder / "run",
            logs=self.folder / "logs",
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.env(), **(env or {})},
            typed=typed,
        )
        self.processes.append(process)
        process.start()
        return process

    def web(self, *command: str, env: Mapping[str, str] | None = None, has_broker: bool = True) -> "Web":
        """Starts the web process with all four apps, or another `command`, and waits until the process listens.

        With `has_broker`, the method also waits until the process knows the revocations. Before, the apps answer reads
        with 503.
        """
        process = self.run(*command or self._web, env={"PORT": str(self.port), **(env or {})})
        answers = wait_until(lambda: not paths.is_free(self.port) or not process.is_running, timeout=180)
        assert answers and process.is_running, process.log_tail()
        url = f"http://127.0.0.1:{self.port}"
        with httpx.Client(base_url=url, timeout=60, verify=PLAIN) as client:
            assert not has_broker or wait_until(lambda: knows_access(client), timeout=180), process.log_tail()
        return Web(process, url)

    @property
    def _web(self) -> tuple[str, ...]:
        """Returns the command of the web process.

        The process is patient (tests/patient.py), unless the test may kill or freeze its servers.
        """
        return (WEB,) if self.ground.is_killable else (PATIENT, WEB)

    def end_processes(self) -> None:
        for process in self.processes:
            process.resume()
            process.kill9()

    def remove(self) -> None:
        self.end_processes()
        with self.redis() as client:
            client.flushdb()
        self.ground.redis_databases.append(self.redis_database)
        self.ground.give_back(self.number, self.topics)


@contextmanager
def installed(ground: Ground, folder: Path, **options: Any) -> Iterator[Installation]:
    """Yields an installation in a new subfolder of `folder`. The installation is removed at the end."""
    installation = Installation(ground, folder / "installation", **options)
    yield installation
    installation.remove()


def knows_access(client: httpx.Client) -> bool:
    for prefix in ("", "/intake", "/registry", "/alerts"):
        try:
            answer = client.get(f"{prefix}/ready").json()
        except (httpx.TransportError, ValueError):
            return False
        if not answer.get("dependencies", {}).get("revocations", True):
            return False
    return True


class Web:
    def __init__(self, process: Process, base_url: str) -> None:
        self.process = process
        self.base_url = base_url


__all__ = ["Ground", "Installation", "Web", "in_thread", "wait_for"]
