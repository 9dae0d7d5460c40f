"""Starts one installation for all tests of this package, because a start takes 26 CPU seconds."""

from collections.abc import Iterator

import pytest

from tests.supervised import Run, running


@pytest.fixture(scope="package")
def run() -> Iterator[Run]:
    """A main installation without data, behind a proxy that adds HTTPS."""
    with running(DEMO="0", PUBLIC_URL="https://dayar.example") as started:
        yield started
