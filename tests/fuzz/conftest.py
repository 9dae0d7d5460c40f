"""Runs all four services in one process. `make test` tries a small number of examples. `make fuzz` tries many."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.installation import Installation
from tests.packages import shared_installation, web

__all__ = ["shared_installation", "web"]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
FUZZED = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=(Phase.explicit, Phase.generate),
)


@pytest.fixture(scope="package")
def token(shared_installation: Installation) -> str:
    return shared_installation.token(roles=list(Role), channel=SubmissionChannel.CONSOLE, sources=["hydromet"])
