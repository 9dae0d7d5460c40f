"""Fixtures of the tests that start an installation."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deploy.backup import archive


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that other users can enter. Other users cannot enter pytest's own folders if root runs the tests."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "key"


@pytest.fixture
def recipient(key: Path) -> str:
    return archive.draw(key)
