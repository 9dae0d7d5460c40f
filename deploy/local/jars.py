"""Downloads Kafka's jars once from Maven Central into a cache, and checks each jar against the committed lock file."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import paths
from deploy.local.messages import CannotStart

LOCK = Path(__file__).with_name("kafka.lock")
# Kafka prints no errors without a logger such as slf4j-simple
WANTED = ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36")
AT_ONCE = 8
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

Progress = Callable[[int, int], None]
Counted = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class Jar:
    coordinate: str
    sha256: str
    size: int

    @property
    def file_name(self) -> str:
        group, artifact, version = self.coordinate.split(":")
        return f"{group}.{artifact}-{version}.jar"


class JarsUnavailable(CannotStart):
    """Kafka's jars could not be fetched from Maven Central. Check the network and start again."""


class JarAltered(CannotStart):
    """A jar from Maven Central differs from the one in deploy/local/kafka.lock; nothing was installed."""


def locked() -> list[Jar]:
    """Java's class path has the jars in this order."""
    rows = (line.split() for line in LOCK.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [Jar(coordinate, sha256, int(size)) for coordinate, sha256, size in rows]


def ensure(cache: Path, progress: Progress = lambda _done, _total: None, *, earlier: Path | None = None) -> list[Path]:
    """Return the class path.

    A missing jar is copied from the folder `earlier`, or downloaded if that folder lacks the jar. The checksum of each
    jar is verified at each start.
    """
    jars = locked()
    paths.make_passable(cache)
    missing = [jar for jar in jars if not _is_intact(cache / jar.file_name, jar)]
    if missing and earlier is not None:
        missing = _take(missing, earlier, cache)
    if missing:
        _fetch(missing, cache, progress)
    return [cache / jar.file_name for jar in jars]


def _is_intact(file: Path, jar: Jar) -> bool:
    return file.is_file() and _sha256(file) == jar.sha256


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _take(jars: Sequence[Jar], earlier: Path, cache: Path) -> list[Jar]:
    """Return the jars that `earlier` lacks. With jars from the folder `earlier`, an update needs no network."""
    there = [jar for jar in jars if _is_intact(earlier / jar.file_name, jar)]
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for jar in there:
            _keep(Path(shutil.copy(earlier / jar.file_name, folder)), jar, cache)
    return [jar for jar in jars if jar not in there]


def _fetch(jars: Sequence[Jar], cache: Path, progress: Progress) -> None:
    # some networks have their own certificate authority
    if SYSTEM_CERTIFICATES.exists():
        os.environ.setdefault("REQUESTS_CA_BUNDLE", str(SYSTEM_CERTIFICATES))
    total, done = sum(jar.size for jar in jars), 0

    @contextmanager
    def counted(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        def add(count: int) -> None:
            nonlocal done
            done += count
            progress(done, total)

        yield add

    # two resolvers must not share a Maven cache
    with tempfile.TemporaryDirectory(dir=cache) as repository, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda jar: _install(jar, Path(repository), cache, counted), jars))


def _install(jar: Jar, repository: Path, cache: Path, counted: Counted) -> None:
    import requests  # noqa: PLC0415 - jgo and its HTTP client take 0.3 s to import, and are needed only once
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415
    from jgo.parse import Coordinate  # noqa: PLC0415

    context = MavenContext(PythonResolver(progress_callback=counted), repo_cache=repository, timeout=60)
    dependency = context.create_dependency(Coordinate.parse(jar.coordinate))
    try:
        file = dependency.artifact.resolve()
    except (requests.RequestException, RuntimeError, AssertionError) as error:
        raise JarsUnavailable(jar.coordinate) from error
    _keep(file, jar, cache)


def _keep(file: Path, jar: Jar, cache: Path) -> None:
    if _sha256(file) != jar.sha256:
        raise JarAltered(jar.coordinate)
    file.chmod(0o644)  # If root starts the stack, Kafka runs as another user, who must be able to read the jar.
    file.replace(cache / jar.file_name)


def write_lock() -> None:
    """For `make lock`."""
    from jgo.maven import MavenContext  # noqa: PLC0415
    from jgo.parse import Coordinate  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as repository:
        context = MavenContext(repo_cache=Path(repository))
        wanted = [context.create_dependency(Coordinate.parse(coordinate)) for coordinate in WANTED]
        inputs, transitive = context.resolver.resolve(wanted)
        needed = [*inputs, *(jar for jar in transitive if jar.scope in ("compile", "runtime") and not jar.optional)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            files = list(pool.map(lambda jar: jar.artifact.resolve(), needed))
        lines = [
            f"{jar.groupId}:{jar.artifactId}:{jar.version} {_sha256(file)} {file.stat().st_size}"
            for jar, file in zip(needed, files, strict=True)
        ]
    head = "# Written by `make lock`: coordinate, sha256, bytes, in the order of the class path."
    LOCK.write_text("\n".join([head, *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    write_lock()
