"""What a database was made for, it stays."""

import pytest

from shared.config import Settings
from shared.database import OtherMark, migrate
from tests.installation import Installation


async def test_a_real_installation_s_database_is_never_opened_as_an_exercise(installation: Installation) -> None:
    await migrate("registry", installation.settings(Settings, "registry"))
    installation.exercise = True
    with pytest.raises(OtherMark, match="made as a real one"):
        await migrate("registry", installation.settings(Settings, "registry"))
