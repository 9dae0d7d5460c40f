"""The Makefile's targets pass their options on."""

import os
import subprocess

import pytest

from tests.test_documents import ROOT


@pytest.mark.parametrize(
    ("given", "wanted"), [(["WORKERS=8"], "-n 8 --dist"), ([], "-n $(($(nproc) + 2)) --maxprocesses 4 --dist")]
)
def test_only_a_number_of_workers_that_nobody_chose_is_limited(given: list[str], wanted: str) -> None:
    """A number of workers that a person chose must not be limited."""
    own = {"PATH": os.environ["PATH"]}  # without the options of the `make` that runs this test
    shown = subprocess.check_output(["make", "--dry-run", "test", *given], cwd=ROOT, text=True, env=own)
    assert wanted in shown
