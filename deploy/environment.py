"""Replaces the environment variables of this process while settings are read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def replaced(variables: Mapping[str, str]) -> Iterator[None]:
    """In the context, the environment has only these variables."""
    former = dict(os.environ)
    try:
        _set(variables)
        yield
    finally:
        _set(former)


def _set(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
