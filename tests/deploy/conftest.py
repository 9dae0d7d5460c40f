"""Fixtures of the tests that start an installation."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that other users can enter. They cannot enter pytest's own folders if root runs the tests."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
