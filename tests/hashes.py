"""Contains a fixture that makes the hashing of passwords cheap, for tests that create accounts in their own process."""

import pytest

from services.console.sign_in import passwords
from tests.preloaded import CHEAP


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
