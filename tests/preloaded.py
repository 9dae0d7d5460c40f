"""Forks the processes of services and commands. The imports, which take 2 CPU seconds, are then made only once.

`python -m tests.preloaded` imports the programs once for all processes that run tests. Each process that runs tests has
its own fork server.
"""

import atexit
import gc
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from argon2 import PasswordHasher

from deploy.containers.compiled import LATE
from deploy.local import kafka, paths
from deploy.local.forks import ONE_THREAD, Forked, Forks
from deploy.local.process import Process
from services.alerts import escalation, exposures
from services.alerts.delivery import next_contacts
from services.alerts.silences import withdrawals
from services.console.sign_in import passwords
from services.registry import stepped_tasks
from services.registry.duplicates import comparisons
from services.registry.held import earlier
from services.registry.sites import movements
from shared.config import Settings
from shared.events.topics import SERVICES
from shared.messaging import decisions
from shared.messaging import kafka as clients
from shared.outbound import trusted
from shared.pages import Pages
from shared.pages.catalogs import SHARED, SOURCE, translations
from shared.pages.languages import LANGUAGES
from shared.places import Places
from tests.fork_servers import connected, serve_each, started
from tests.patient import wait_long_for_postgresql

# The list leaves out modules that create a `rich` console at import: the console would belong to the parent process.
COMMANDS = ("acts", "backup", "environment", "keys", "restore", "user")
MODULES = (
    "deploy.local.web",
    "deploy.local.supervisor",
    *(f"services.{service}.{side}" for service in SERVICES for side in ("app", "worker")),
    *(f"cli.{command}" for command in COMMANDS),
)


# Hashes a password with the least possible work. A real hash takes 0.2 CPU seconds.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# An environment variable gives the xdist workers the address of `fork_servers`. The process that controls the workers
# sets it.
ADDRESS = "DAYAR_TEST_FORK_SERVERS"
TESTS = "PYTEST_VERSION"  # pytest sets PYTEST_VERSION, and benchmarks do not


class Preloaded(Process):
    """A process of a service, forked from a fork server. `arguments` are the words after `python -m`."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        run: Path,
        logs: Path,
        env: Mapping[str, str],
        typed: Path = Path(os.devnull),
    ) -> None:
        super().__init__(name, [], run=run, logs=logs)
        self._typed = typed
        self._arguments = arguments
        self._environment = env

    def _spawn(self, log: IO[bytes]) -> Forked:
        with self._typed.open("rb") as typed:
            return forked(self._arguments, self._environment, (typed.fileno(), log.fileno(), log.fileno()))


@contextmanager
def fork_servers() -> Iterator[str]:
    """Starts a process that imports everything.

    The started process forks a fork server for each process that connects to its socket.
    """
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **ONE_THREAD}
    if version := os.environ.get(TESTS):
        env[TESTS] = version
    with started("tests.preloaded", env=env) as address:
        yield address


@cache
def forks(address: str | None) -> Forks:
    """Returns the connection to this process's own fork server.

    Without an address, the function first starts the process that forks fork servers.
    """
    if address is None:
        stack = ExitStack()
        atexit.register(stack.close)
        address = stack.enter_context(fork_servers())
    made = connected(address)
    atexit.register(made.close)
    return made


def forked(arguments: Sequence[str], env: Mapping[str, str], standard: Sequence[int]) -> Forked:
    return forks(os.environ.get(ADDRESS)).fork(arguments[0].rpartition(".")[2], arguments, env, standard)


def run(*arguments: str, env: Mapping[str, str], timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Like `subprocess.run`, runs `python -m` with the arguments, without input, and waits for its end."""
    with Path(os.devnull).open("rb") as nothing, TemporaryFile() as output, TemporaryFile() as errors:
        code = forked(arguments, env, (nothing.fileno(), output.fileno(), errors.fileno())).wait(timeout)
        return subprocess.CompletedProcess(arguments, code, text_of(output), text_of(errors))


def text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def main() -> None:
    gc.disable()  # garbage collections would take a sixth of the time of the imports
    for module in (*LATE, *MODULES):
        import_module(module)
    hash_cheaply()
    wait_long_for_postgresql()
    compile_little()
    if TESTS in os.environ:  # in a benchmark, consumers must wait as in a real installation
        look_seldom()
    compile_templates()
    read_files()
    gc.collect()
    gc.enable()
    gc.freeze()  # without `freeze`, a child's garbage collections would copy all objects in memory
    serve_each()


def hash_cheaply() -> None:
    passwords._hasher = CHEAP
    passwords._nobody = passwords._nobodys_hash(passwords._hasher)


def compile_little() -> None:
    """Makes Kafka's JVM compile less, as for the Kafka of all other tests."""
    kafka.JVM += kafka.BRIEFLY


def look_seldom() -> None:
    """Makes idle installations query Kafka and PostgreSQL less often. A test run has several idle installations.

    Kafka still answers at once when a record comes. A NOTIFY still wakes a loop that listens for it at once. All other
    loops find their work some seconds later.
    """
    clients.GROUP_WAIT_MS = 1500
    decisions.IDLE_SECONDS = earlier.IDLE_SECONDS = movements.IDLE_SECONDS = 60.0
    next_contacts.LOOK_SECONDS = withdrawals.LOOK_SECONDS = 3.0
    escalation.LOOK_SECONDS = 5.0
    exposures.EVERY_SECONDS = 2.0
    comparisons.IDLE_SECONDS = stepped_tasks.IDLE_SECONDS = 4.0


def compile_templates() -> None:
    """Compiles all templates and reads all translations. No forked web process then needs time for this."""
    for templates in (paths.ROOT / "services").glob("*/**/templates"):
        service = templates.relative_to(paths.ROOT / "services").parts[0]
        pages = Pages(service, templates, paths.ROOT / "services" / service / "locales", Settings())
        environment = pages._environments[SOURCE]
        for template in environment.list_templates(extensions=["html"]):
            environment.get_template(template)
    for language in LANGUAGES:
        translations(language, SHARED)  # for the pages that refuse requests


def read_files() -> None:
    """Reads files that many processes need. Each forked process then has them in memory."""
    trusted()
    Places.load()


if __name__ == "__main__":
    main()
