"""The targets of the Makefile pass their options on."""

import os
import subprocess

import pytest

from tests.test_documents import ROOT


@pytest.mark.parametrize(
    ("given", "wanted"), [(["WORKERS=8"], "-n 8 --dist"), ([], "-n $(($(nproc) + 2)) --maxprocesses 4 --dist")]
)
def test_only_a_number_of_workers_that_nobody_chose_is_limited(given: list[str], wanted: str) -> None:
    """If a person chose the number of workers, the Makefile must not limit this number."""
    own = {"PATH": os.environ["PATH"]}  # the options of the `make` that runs the test must not take effect
    shown = subprocess.check_output(["make", "--dry-run", "test", *given], cwd=ROOT, text=True, env=own)
    assert wanted in shown
