"""What a database was made for, it stays."""

import asyncpg
import pytest

from shared import database
from shared.config import Settings
from shared.database import OtherMark, migrate
from tests.installation import Installation


async def test_a_real_installation_s_database_is_never_opened_as_an_exercise(installation: Installation) -> None:
    await migrate("registry", installation.settings(Settings, "registry"))
    installation.exercise = True
    with pytest.raises(OtherMark, match="made as a real one"):
        await migrate("registry", installation.settings(Settings, "registry"))


def test_a_connection_that_broke_between_a_question_and_its_answer_is_the_part_s_fault() -> None:
    """Asyncpg calls it its own; after `kill -9` of PostgreSQL it ended a worker."""
    assert database.is_away(asyncpg.InternalClientError("got result for unknown protocol state 3"))
