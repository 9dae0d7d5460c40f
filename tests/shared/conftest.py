"""Fixtures that several test files in this folder use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.auth import signer
from shared.crypto import seal
from tests.installation import Installation
from tests.shared.trial import Trial


@pytest.fixture
async def trial(installation: Installation) -> AsyncIterator[Trial]:
    async with Trial(installation) as trial:
        yield trial


@pytest.fixture
def token_keys(tmp_path: Path) -> Path:
    """The folder of a key pair that signs and verifies tokens."""
    signer.generate(tmp_path)
    return tmp_path


@pytest.fixture
def seal_keys(tmp_path: Path) -> Path:
    """The folder of a key pair that seals and opens reports."""
    seal.generate(tmp_path)
    return tmp_path
