"""Tests leave the existing data of an external server unchanged."""

from collections import deque
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest

from tests.installation import Ground, Installation


@pytest.fixture
def given(ground: Ground) -> Iterator[Ground]:
    numbers = [ground.redis_databases.pop() for _ in range(2)]
    found = copy(ground)
    found.components = replace(ground.components, is_redis_ours=False, redis_databases=numbers)
    found.redis_databases = deque(numbers)
    yield found
    ground.redis_databases.extend(numbers)


def test_a_given_valkey_keeps_its_data(given: Ground, tables: Installation, tmp_path: Path) -> None:
    others, free = given.components.redis_databases
    with tables.redis(others) as client:
        client.set("somebody", "else")
        ours = Installation(given, tmp_path / "ours", partitions=0)
        ours.remove()
        kept = client.get("somebody")
        client.delete("somebody")
    assert (ours.redis_database, kept) == (free, b"else")


def test_a_database_belongs_to_one_installation_until_that_is_removed(given: Ground, tmp_path: Path) -> None:
    one, two = (Installation(given, tmp_path / name, partitions=0) for name in ("one", "two"))
    assert {one.redis_database, two.redis_database} == set(given.components.redis_databases)
    with pytest.raises(AssertionError, match="REDIS_URL"):
        Installation(given, tmp_path / "three", partitions=0)
    one.remove()
    three = Installation(given, tmp_path / "four", partitions=0)
    assert three.redis_database == one.redis_database
    for each in (two, three):
        each.remove()
