"""The parts start once; each test that asks for an `installation` has one of its own on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data import pytest_terminal_summary, real_data
from tests.installation import Ground, Installation
from tests.parts import Parts, parts

PARTS = {"parts", "own_parts"}

__all__ = ["pytest_terminal_summary", "real_data"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only the pure tests, which need no parts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--quick"):
        return
    impure = [
        item for item in items if PARTS & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("parts")
    ]
    config.hook.pytest_deselected(items=impure)
    items[:] = [item for item in items if item not in impure]


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(name="parts", scope="session")
def session_parts() -> Iterator[Parts]:
    """Kafka, PostgreSQL and Valkey, shared by all tests: leave them alive."""
    with parts() as found:
        yield found


@pytest.fixture(scope="session")
def ground(parts: Parts) -> Iterator[Ground]:
    made = Ground(parts)
    yield made
    made.remove()


@pytest.fixture
def installation(ground: Ground, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(ground, tmp_path / "installation")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def shared_installation(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all tests of a module, where they do not disturb each other."""
    made = Installation(ground, tmp_path_factory.mktemp("installation") / "installation")
    yield made
    made.remove()


@pytest.fixture
def own_parts() -> Iterator[Parts]:
    """Parts of this test's own, to be killed at will."""
    with parts(own=True) as found:
        yield found


@pytest.fixture
def own_installation(own_parts: Parts, tmp_path: Path) -> Iterator[Installation]:
    """On `own_parts`, which end with it."""
    made = Installation(Ground(own_parts), tmp_path / "installation")
    yield made
    made.end_processes()
