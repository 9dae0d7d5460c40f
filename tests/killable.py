"""Provides servers that tests may kill. The servers start once, and end after the last test that may kill a server."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clusters import cluster_of
from tests.components import components
from tests.installation import Ground, Installation, installed

# One worker runs all files with tests that kill servers. Servers that tests kill are therefore started only once.
KILLING = (
    "tests/console/test_attempts.py",
    "tests/console/test_stalled_stream.py",
    "tests/deploy/watch/test_away.py",
    "tests/intake/test_dependencies_away.py",
    "tests/intake/test_unchecked.py",
    "tests/journeys/test_households.py",
    "tests/journeys/test_intake.py",
    "tests/shared/test_revocations.py",
)

SERVERS = pytest.StashKey[ExitStack]()


@pytest.fixture(scope="session")
def killable(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Servers that a test may kill.

    A test that stops a server must start it again, because the next test uses the same servers.
    """
    with ExitStack() as stack:
        request.config.stash[SERVERS] = stack
        yield Ground(stack.enter_context(components(own=True, cluster=cluster_of(request.config))))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Ends the servers after the last test that may kill them.

    Without this end, an idle Kafka would use CPU time until all tests end.
    """
    if nextitem is not None and is_killing(item) and not is_killing(nextitem) and SERVERS in item.config.stash:
        item.config.stash[SERVERS].close()


def is_killing(item: pytest.Item) -> bool:
    return item.nodeid.partition("::")[0] in KILLING


@pytest.fixture
def killable_installation(killable: Ground, tmp_path: Path) -> Iterator[Installation]:
    """An installation on the servers of `killable`.

    Before the installation is removed, all stopped servers are started.
    """
    with installed(killable, tmp_path, partitions=2) as installation:
        yield installation
        for component in killable.components.started:
            component.resume()
            # `is_ready` reads files, which still say "ready" after PostgreSQL was killed
            if not component.is_running or not component.is_ready():
                component.start()
