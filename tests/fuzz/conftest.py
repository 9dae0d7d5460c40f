"""All four services in one process. `make test` tries few examples, and `make fuzz` tries many."""

import os

import pytest

from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.installation import Installation

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))


@pytest.fixture(scope="module")
def token(shared_installation: Installation) -> str:
    """The token of an account that may call every route."""
    return shared_installation.token(roles=list(Role), channel=SubmissionChannel.CONSOLE, sources=["hydromet"])
