"""The environment variables of this process, replaced for as long as settings are read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def replaced(variables: Mapping[str, str]) -> Iterator[None]:
    """Within the context the environment holds these variables alone. At its end the former environment is restored."""
    former = dict(os.environ)
    try:
        _set(variables)
        yield
    finally:
        _set(former)


def _set(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
