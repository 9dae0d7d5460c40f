"""A service's migrations form one sequence, without branches.

Each migration has a number, and follows the migration with the number before.
"""

import importlib
from pathlib import Path

import pytest

from shared.events.topics import SERVICES

SERVICES_FOLDER = Path(__file__).resolve().parents[2] / "services"


@pytest.mark.parametrize("service", SERVICES)
def test_each_migration_has_its_own_number_and_follows_the_one_before(service: str) -> None:
    names = sorted(path.stem for path in (SERVICES_FOLDER / service / "migrations").glob("[0-9]*.py"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    migrations = [importlib.import_module(f"services.{service}.migrations.{name}") for name in names]
    revisions = [migration.revision for migration in migrations]
    assert len(set(revisions)) == len(revisions)
    assert [migration.down_revision for migration in migrations] == [None, *revisions[:-1]]
