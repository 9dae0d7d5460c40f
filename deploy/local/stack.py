"""The servers and the processes of one installation, and the settings that connect them."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from deploy import environment
from deploy.backup import making
from deploy.backup.settings import BackupSettings
from deploy.local import jars, paths, program_copies, readable_copies, rights
from deploy.local.component import Component, Folders
from deploy.local.fork_server_programs import preloaded
from deploy.local.forked import ForkedProcess, ForkServer
from deploy.local.kafka import ADMIN, Kafka
from deploy.local.options import Options
from deploy.local.postgres import PostgreSQL
from deploy.local.process import Process
from deploy.local.state import Installation
from deploy.local.users import OPENER, User, if_root
from deploy.local.users import SERVICES as SERVICES_USER
from deploy.local.valkey import Valkey
from deploy.provision import acls, database, logins, secrets, topics
from deploy.provision.broker import Broker
from deploy.provision.database import Server
from deploy.watch.settings import WatchSettings
from services.alerts.config import AlertsSettings
from services.console.config import ConsoleSettings
from services.intake.config import IntakeSettings
from services.registry.config import RegistrySettings
from shared.config import Settings, secret
from shared.crypto.seal import write_private, write_whole
from shared.events.topics import SERVICES
from shared.liveness import Answers, by_beat, over_http
from shared.mail.server import MailServerSettings

DATABASE = "dayar"
ROLE_PREFIX = "dayar_"
TOPIC_PREFIX = "dayar."
# docs/decisions/0017 explains these numbers of processes.
WORKERS = {"intake": 1, "registry": 2, "alerts": 1, "console": 1}
WORKER_NAMES = [
    f"{service}-worker" + (f"-{number}" if number > 1 else "")
    for service, count in WORKERS.items()
    for number in range(1, count + 1)
]
WEB = "web"
NOWHERE = "/nonexistent"  # Users that have no home get this path as their home folder.
PASSED_ON = (
    "DISPLACEMENTS_DAYS",
    "DEAD_LETTERS_DAYS",
    *(f"BACKUP_{name}".upper() for name in BackupSettings.model_fields),
    *(name.upper() for kind in (WatchSettings, MailServerSettings) for name in kind.__annotations__),
    "OUTBOUND_ALLOW",
)
KINDS = (AlertsSettings, ConsoleSettings, IntakeSettings, RegistrySettings, WatchSettings)
SETTINGS = {name.upper() for kind in KINDS for name in kind.model_fields}


class Stack:
    def __init__(self, folders: Folders, installation: Installation, options: Options, progress: jars.Progress) -> None:
        self.folders = folders
        self.options = options
        self.exercise = installation.exercise
        secrets.draw(folders.secrets)
        ports = installation.ports
        self.kafka = Kafka(
            folders,
            port=ports["kafka"],
            controller_port=ports["controller"],
            password_file=folders.secrets / "kafka-admin",
            progress=progress,
        )
        self.postgres = PostgreSQL(
            folders,
            port=ports["postgres"],
            password_file=folders.secrets / "database-admin",
            shared_copy=paths.shared_home(),
        )
        self.valkey = Valkey(folders, password_file=folders.secrets / "valkey")
        self._fork_servers: dict[User | None, ForkServer] = {}
        with environment.replaced(self.env()):
            self.settings, self.backup = Settings(), BackupSettings()
            for kind in KINDS:
                # A wrong setting raises BadSettings here, before the service could fail and restart endlessly.
                kind()
        if self.backup.at is not None:
            making.check(self.backup, [folders.state])
        if os.geteuid() == 0:
            self._let_services_in()

    @property
    def components(self) -> list[Component]:
        """External servers are left out."""
        servers = (self.kafka, self.postgres, self.valkey)
        return [server for server in servers if server.name not in self.options.given]

    def _let_services_in(self) -> None:
        program_copies.remove_stale(paths.HOMES)
        readable_copies.compile_sources()
        rights.grant(self.folders)
        env = self.env()
        rights.check_readable({name: env[name] for name in SETTINGS & env.keys()})
        if env.get("PAPER_FOLDER"):
            rights.give_paper(Path(env["PAPER_FOLDER"]))

    @cached_property
    def processes(self) -> list[ForkedProcess]:
        """The web process is the last in the list."""
        return list(self._processes())

    @cached_property
    def watch(self) -> ForkedProcess:
        """The monitoring."""
        return self._process("watch", "deploy.watch", user=SERVICES_USER)

    @property
    def fork_servers(self) -> list[ForkServer]:
        """Each user that runs `processes` has one fork server."""
        return list(self._fork_servers.values())

    @cached_property
    def _program(self) -> readable_copies.Program:
        return readable_copies.program(self.folders.state, if_root(SERVICES_USER))

    def _processes(self) -> Iterator[ForkedProcess]:
        for service in SERVICES:
            user = OPENER if service == "registry" else SERVICES_USER
            yield self._process(f"{service}-worker", f"services.{service}", "worker", user=user)
            for number in range(2, WORKERS[service] + 1):
                yield self._process(
                    f"{service}-worker-{number}", f"services.{service}", "worker", instance=f"local-{number}", user=user
                )
        if self.backup.at is not None:
            # Only the user that started the stack can read all files that a backup needs.
            yield self._process("backup", "deploy.backup", user=None)
        yield self._process(WEB, "deploy.local.web", user=SERVICES_USER)

    def _process(self, name: str, *module: str, user: User | None, instance: str = "local") -> ForkedProcess:
        """If root starts the stack, `user` runs the process, or root if `user` is None."""
        server = self._fork_server(if_root(user) if user else None)
        own = {"KAFKA_GROUP_INSTANCE": instance, "BEAT_PATH": str(self._beat_path(name))}
        return ForkedProcess(
            name, module, server=server, run=self.folders.run, logs=self.folders.logs, env={**server.environment, **own}
        )

    def _fork_server(self, user: User | None) -> ForkServer:
        """The fork server has imported the services that this user runs."""
        if user not in self._fork_servers:
            program = self._program if user else readable_copies.Program(Path(sys.executable), paths.ROOT)
            self._fork_servers[user] = ForkServer(
                f"fork-server-{user.uid}" if user else "fork-server",
                preloaded(user),
                program=program,
                run=self.folders.run,
                logs=self.folders.logs,
                env={**self.env(), **program.environment, **({"HOME": NOWHERE} if user else {})},
                user=user,
            )
        return self._fork_servers[user]

    def liveness(self, process: Process) -> Answers:
        """The web process is alive if it answers over HTTP. A worker is alive if its heartbeat file is fresh."""
        return self.over_http("/live") if process.name == WEB else by_beat(self._beat_path(process.name))

    def over_http(self, path: str) -> Answers:
        options = self.options
        return over_http(options.host, options.port, urlsplit(options.public_url).hostname or options.host, path=path)

    def _beat_path(self, name: str) -> Path:
        return self.folders.beats / f"{name}.beat"

    def env(self) -> dict[str, str]:
        """The environment of `make run` and the settings of this installation."""
        return {**self.options.environment, **self.own_env()}

    def own_env(self) -> dict[str, str]:
        options, given = self.options, self.options.given
        settings = {
            **secrets.env(self.folders.secrets),
            "STATE": str(self.folders.state),
            "HOST": options.host,
            "PORT": str(options.port),
            "PUBLIC_URL": options.public_url,
            "DAYAR_EXERCISE": str(self.exercise).lower(),
            "WATCH_WORKERS": json.dumps(WORKER_NAMES),
        }
        if self.folders.places.exists() and not options.environment.get("PLACES_PATH"):
            settings["PLACES_PATH"] = str(self.folders.places)
        # `dayar keys retire` needs the two retention times, and `dayar backup` needs the BACKUP settings
        settings |= {name: value for name in PASSED_ON if (value := options.environment.get(name))}
        if "kafka" in given:
            del settings["KAFKA_PASSWORD_FILE"]
        else:
            settings |= {
                "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
                "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
                "KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
                "KAFKA_USERNAME": "{service}",
                "TOPIC_PREFIX": TOPIC_PREFIX,
            }
        if "postgres" in given:
            del settings["DATABASE_PASSWORD_FILE"]
        else:
            settings["DATABASE_URL"] = self._server().service_url(DATABASE, ROLE_PREFIX)
        if "valkey" in given:
            del settings["REDIS_PASSWORD_FILE"]
        else:
            settings["REDIS_URL"] = self.valkey.url()
        return settings

    @property
    def has_run(self) -> bool:
        """The file `environment` exists after a start during which all servers answered."""
        return (self.folders.state / "environment").exists()

    def write_environment(self) -> None:
        """The file `environment` tells the command `dayar` where this installation is, and has no secrets.

        A restored installation gets the settings of `make run` from the file `settings`.
        """
        lines = [f"{name}={value}\n" for name, value in sorted(self.own_env().items())]
        write_private(self.folders.state / "environment", "".join(lines).encode())
        given = {
            name: value for name, value in sorted(self.options.environment.items()) if name in (*SETTINGS, *PASSED_ON)
        }
        write_private(
            self.folders.state / "settings", "".join(f"{name}={value}\n" for name, value in given.items()).encode()
        )

    @property
    def integrator(self) -> Path:
        return self.folders.secrets / "integrator.json"

    def write_integrator(self) -> None:
        """The example programs in docs/integrators.md sign in with this account, which may only read `hazards`."""
        if "kafka" not in self.options.given:
            password = self._password("kafka", acls.INTEGRATOR)
            settings = logins.reader_settings(self.kafka.bootstrap, acls.INTEGRATOR, password)
            write_private(self.integrator, settings.encode())

    async def make_database(self) -> None:
        if "postgres" not in self.options.given:
            passwords = {service: self._password("database", service) for service in SERVICES}
            await database.create(self._server(), DATABASE, role_prefix=ROLE_PREFIX, passwords=passwords)

    def make_topics(self) -> None:
        """Creating topics can take ten seconds, so the topics of an earlier start are kept."""
        broker = Broker(self.kafka.bootstrap, ADMIN, self._password("kafka", "admin"))
        if "kafka" in self.options.given or (self.has_topics and topics.are_there(broker, self.settings)):
            return
        passwords = self._kafka_passwords()
        logins.set_passwords(broker, passwords)
        topics.create(broker, self.settings, logins={login: login for login in passwords})
        write_whole(self._topics_mark, self._topics_digest())

    @property
    def has_topics(self) -> bool:
        """The mark is a file with a digest of this release's topics, rights and passwords.

        The mark is in Kafka's folder, so that whoever removes the topics also removes the mark.
        """
        return self._topics_mark.exists() and self._topics_mark.read_bytes() == self._topics_digest()

    @property
    def _topics_mark(self) -> Path:
        return self.kafka.folder / "provisioned"

    def _topics_digest(self) -> bytes:
        wanted = topics.described(self.settings), sorted(self._kafka_passwords().items())
        return hashlib.sha256(repr(wanted).encode()).hexdigest().encode()

    def _kafka_passwords(self) -> dict[str, str]:
        return {login: self._password("kafka", login) for login in (*SERVICES, acls.INTEGRATOR)}

    def _server(self) -> Server:
        return Server(self.postgres.url, self._password("database", "admin"))

    def _password(self, server: str, login: str) -> str:
        return secret(self.folders.secrets / f"{server}-{login}") or ""
