"""Makes the tests of a file hash passwords cheaply, if its tests create accounts in their own process."""

import pytest

from services.console.sign_in import passwords
from tests.preloaded import CHEAP


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
