"""Fixtures that several test files in this folder use."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.auth import signer
from shared.crypto import seal
from tests.installation import Ground, Installation, installed
from tests.shared.trial import TOPICS, Trial


@pytest.fixture
def trial_installation(ground: Ground, tmp_path: Path) -> Iterator[Installation]:
    """An installation with the topics of the minimal service and no others, because each topic takes CPU time."""
    with installed(ground, tmp_path, partitions=2, names=TOPICS) as installation:
        yield installation


@pytest.fixture
async def trial(trial_installation: Installation) -> AsyncIterator[Trial]:
    async with Trial(trial_installation) as trial:
        yield trial


@pytest.fixture
async def whole_trial(installation: Installation) -> AsyncIterator[Trial]:
    async with Trial(installation) as trial:
        yield trial


@pytest.fixture
def token_keys(tmp_path: Path) -> Path:
    signer.generate(tmp_path)
    return tmp_path


@pytest.fixture
def seal_keys(tmp_path: Path) -> Path:
    seal.generate(tmp_path)
    return tmp_path
