"""An exercise's first passwords are in a file, even if the creation of the accounts was interrupted."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.provision import accounts
from services.console.config import ConsoleSettings
from services.console.queries import accounts as queries
from services.console.sign_in import passwords
from services.console.sign_in.accounts import may_sign_in
from shared.postgres import database
from tests.installation import Installation

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_hashes")]


async def test_no_account_is_created_before_its_password_is_saved(tables: Installation, tmp_path: Path) -> None:
    settings = tables.settings(ConsoleSettings, "console", DAYAR_EXERCISE=True)
    with pytest.raises(FileNotFoundError):
        await accounts.make(settings, tmp_path / "a folder that is not there yet")
    await accounts.make(settings, tmp_path)
    assert await opened(settings, tmp_path / "accounts") == {"operator-1", "operator-2", "field-1"}


async def test_passwords_left_in_the_file_by_a_killed_run_are_valid(tables: Installation, tmp_path: Path) -> None:
    settings = tables.settings(ConsoleSettings, "console", DAYAR_EXERCISE=True)
    left = "".join(f"{name} {passwords.draw()}\n" for name in accounts.EXERCISE)
    (tmp_path / "accounts").write_text(left)
    for _ in range(2):
        await accounts.make(settings, tmp_path)
        assert (tmp_path / "accounts").read_text() == left
        assert await opened(settings, tmp_path / "accounts") == set(accounts.EXERCISE)


async def opened(settings: ConsoleSettings, file: Path) -> set[str]:
    engine = database.engine(settings)
    names = set()
    async with database.sessions(engine)() as session:
        for name, password in map(str.split, file.read_text().splitlines()):
            account = await queries.named(session, name)
            if (
                account
                and may_sign_in(account, datetime.now(UTC))
                and await passwords.matches(password, account.password_hash)
            ):
                names.add(name)
    await engine.dispose()
    return names
