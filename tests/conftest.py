"""Starts the servers for all tests once. Each test that uses the fixture `installation` has its own installation."""

import gc
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from xdist.scheduler import LoadScopeScheduling

from deploy.local import paths
from deploy.local.forks import ONE_THREAD
from deploy.local.options import GIVEN
from shared.config import Settings
from shared.lifecycle import COLLECT_AFTER
from shared.messaging import outbox
from shared.postgres import database
from tests import fork_servers, preloaded
from tests.clusters import cluster_of, shared, shared_cluster
from tests.components import Components, LastingBroker, components, shared_broker
from tests.data import pytest_terminal_summary, real_data
from tests.folders import MEMORY, has_enough_memory
from tests.hashes import cheap_hashes
from tests.hooks import Hook, listening
from tests.installation import Ground, Installation, Web, installed
from tests.killable import KILLING, killable, killable_installation, pytest_runtest_teardown
from tests.own_folders import pytest_runtest_makereport, tmp_path
from tests.patient import wait_long_for_postgresql

# Hypothesis's examples have no deadline, because an example may take long while tests use all cores.
hypothesis.settings.register_profile("shared machine", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("shared machine")

# In the tests' process, the limits for idle transactions and for Kafka are longer. With the usual limits, PostgreSQL
# would end transactions in which tests hold locks, and events would be published twice.
database.IDLE_SECONDS = 60
outbox.ACK_SECONDS = 30.0
wait_long_for_postgresql()

COMPONENTS = {"components", "killable"}
SHARED = (
    "tests/console/pages",
    "tests/deploy/running",
    "tests/fuzz",
    "tests/intake/field",
)  # packages whose fixtures have the scope "package"
# Each package in PARTS takes more than a quarter of the run. Several workers share such a package's files, and each
# worker makes its own fixtures.
PARTS = {"tests/console/pages": 3, "tests/intake/field": 2}
# The groups of tests that take longest (see `world`).
# The longest groups begin first. All workers then end at about the same time.
LONGEST = (
    "killing",
    "tests/console/pages 0",
    "tests/console/pages 1",
    "tests/intake/field 0",
    "tests/console/pages 2",
    "tests/deploy/running",
    "tests/intake/field 1",
    "tests/journeys/test_exercise.py",
    "tests/console/test_signin.py",
    "tests/shared/test_workers.py",
    "tests/journeys/test_access.py",
    "tests/journeys/test_canary.py",
)

# The tests' own PostgreSQL has no TLS, so clients connect without TLS. A client that requests TLS spends CPU time at
# each connection.
if GIVEN["postgres"] not in os.environ:
    os.environ["PGSSLMODE"] = "disable"

SHARED_SERVERS = pytest.StashKey[dict[str, Any]]()

# A shell starts a background command with SIGINT ignored. Without this handler, the tests and their commands would
# ignore SIGINT in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)

__all__ = [
    "cheap_hashes",
    "killable",
    "killable_installation",
    "pytest_runtest_makereport",
    "pytest_runtest_teardown",
    "pytest_terminal_summary",
    "real_data",
    "tmp_path",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only the pure tests, which need no components")


class OneWorkerForEachWorld(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return world(nodeid)


def pytest_configure() -> None:
    """Puts the folders of `tmp_path` into memory, where writing and deleting a file takes a third of the CPU time."""
    if has_enough_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if "PYTEST_XDIST_WORKER" in os.environ:
        use_own_ports(os.environ["PYTEST_XDIST_WORKER"], int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


def use_own_ports(worker: str, count: int) -> None:
    """Each worker has its own ports.

    With shared ports, another worker could take a port just before this worker's process listens on it.
    """
    share = (paths.HIGHEST_PORT - paths.LOWEST_PORT) // count
    paths.LOWEST_PORT += share * int(worker.removeprefix("gw"))
    paths.HIGHEST_PORT = paths.LOWEST_PORT + share - 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    """Starts what all xdist workers share: one Kafka, and processes that have imported tests and programs.

    The function also makes the files with which the workers' PostgreSQL servers start. The workers are forked from a
    process that has imported the tests. The workers inherit the address of a fork server that has imported the
    programs.
    """
    if config.getoption("--quick"):
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    # one core imports tests and programs while another core starts Kafka and PostgreSQL
    files = [argument.partition("::")[0] for argument in config.args]
    address = stack.enter_context(fork_servers.started("tests.imported", *files, env=os.environ | ONE_THREAD))
    for spec in specs:
        spec.python = shlex.join([sys.executable, "-m", "tests.worker", address])
    os.environ[preloaded.ADDRESS] = stack.enter_context(preloaded.fork_servers())
    servers = {"broker": stack.enter_context(shared_broker()), "cluster": stack.enter_context(shared_cluster())}
    config.stash[SHARED_SERVERS] = {name: made and asdict(made) for name, made in servers.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput.update(node.config.stash.get(SHARED_SERVERS, {}))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return OneWorkerForEachWorld(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collects the tests without garbage collections, because each collection would search all modules and tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(*COLLECT_AFTER)  # with Python's thresholds, garbage collections take 4 % of the tests' time


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    impure = [item for item in items if needs_components(item)]
    if config.getoption("--quick"):
        config.hook.pytest_deselected(items=impure)
        items[:] = [item for item in items if item not in impure]
        return
    missing = {world(item.nodeid) for item in impure if "killable" in getattr(item, "fixturenames", ())} - {"killing"}
    assert not missing, f"to be listed in KILLING: {missing}"
    # Tests without servers are short. Short tests at the end keep every worker busy.
    worlds = {world(item.nodeid) for item in impure}
    items.sort(key=lambda item: (world(item.nodeid) not in worlds, rank(item.nodeid)))


def needs_components(item: pytest.Item) -> bool:
    return bool(COMPONENTS & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("components"))


def world(nodeid: str) -> str:
    """Returns the group whose tests share expensive fixtures: `killing`, a package or part of `SHARED`, or a file."""
    file = nodeid.partition("::")[0]
    if file in KILLING:
        return "killing"
    package = next((package for package in SHARED if file.startswith(f"{package}/")), file)
    return f"{package} {part}" if (part := part_of(package).get(Path(file).name)) is not None else package


@cache
def part_of(package: str) -> dict[str, int]:
    """Returns the part of each file, if several workers share the package; empty for all other packages."""
    files = sorted(path.name for path in (paths.ROOT / package).rglob("test_*.py")) if package in PARTS else []
    return {name: number % PARTS[package] for number, name in enumerate(files)}


def rank(nodeid: str) -> int:
    return LONGEST.index(group) if (group := world(nodeid)) in LONGEST else len(LONGEST)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(autouse=True)
def kept_umask() -> Iterator[None]:
    """Restores the umask after a test: a command may change the umask, and later files could then be unreadable."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(name="components", scope="session")
def session_components(request: pytest.FixtureRequest) -> Iterator[Components]:
    """Kafka, PostgreSQL and Valkey for all tests.

    No test may stop the shared servers. All xdist workers share Kafka.
    """
    broker = shared(request.config, "broker")
    with components(broker=LastingBroker(**broker) if broker else None, cluster=cluster_of(request.config)) as servers:
        yield servers


@pytest.fixture(scope="session")
def ground(components: Components) -> Iterator[Ground]:
    made = Ground(components, works_ahead=True)
    yield made
    made.remove()


@pytest.fixture
def installation(ground: Ground, tmp_path: Path) -> Iterator[Installation]:
    """An installation with two partitions per topic, because two workers share the topics.

    Six partitions would take twice the time to create.
    """
    with installed(ground, tmp_path, partitions=2) as installation:
        yield installation


@pytest.fixture
def tables(ground: Ground, tmp_path: Path) -> Iterator[Installation]:
    with installed(ground, tmp_path, partitions=0) as installation:
        yield installation


@pytest.fixture(scope="module")
def shared_installation(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all tests of a module.

    A test must not use this fixture if it disturbs the other tests of its module.
    """
    with installed(ground, tmp_path_factory.mktemp("installation"), partitions=2) as installation:
        yield installation


@pytest.fixture(scope="module")
def shared_tables(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Like `tables`, a database without topics, but one for all tests of a module."""
    with installed(ground, tmp_path_factory.mktemp("installation"), partitions=0) as installation:
        yield installation


@pytest.fixture(scope="module")
def web(shared_installation: Installation) -> Web:
    return shared_installation.web()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with listening() as hook:
        yield hook


@pytest.fixture(scope="module")
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The engine of one service. The fixture `settings` of the test's package or file decides which service."""
    async with database.opened(settings, pool_size=10) as made:
        yield made


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with database.sessions(engine)() as session:
        yield session
