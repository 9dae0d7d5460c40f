"""Writes the bytecode of the test files, in which pytest has rewritten the asserts.

Without the bytecode, each worker would rewrite every file, because all workers collect all files at the same time.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.assertion.rewrite import (
    PYC_TAIL,
    _read_pyc,
    _rewrite_test,
    _write_pyc,
    assertstate_key,
    get_cache_dir,
    try_makedirs,
)


def write_bytecode(config: pytest.Config) -> None:
    for file in files():
        bytecode = get_cache_dir(file) / f"{file.stem}{PYC_TAIL}"
        if _read_pyc(file, bytecode) is None and try_makedirs(bytecode.parent):
            digest, code = _rewrite_test(file, config)
            _write_pyc(config.stash[assertstate_key], code, digest, bytecode)


def files() -> Iterator[Path]:
    for pattern in ("test_*.py", "conftest.py"):
        yield from Path(__file__).parent.rglob(pattern)
