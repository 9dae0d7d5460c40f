"""Each command adds a row to the security log: the command, the user, the origin and the result."""

import getpass
from uuid import uuid4

from sqlalchemy import text
from typer.testing import CliRunner

from cli import audit
from deploy.local.process import wait_until
from shared.config import Settings
from shared.postgres import database
from tests.installation import Installation, in_thread

PASSWORD = "rather long words\n" * 2
HOOK = "https://hook.example/dayar"
BY = ("--by", "aida", "--reason", "a test")
DONE, FAILED = "done", "failed"

# All listed commands run on one installation, in the order of this list. Each row contains the command's name in the
# security log, the result, and the typed words.
COMMANDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("dayar user add", DONE, ("user", "add", "aida", "--role", "operator")),
    ("dayar user add", FAILED, ("user", "add", "aida", "--role", "operator")),
    ("dayar user change", DONE, ("user", "change", "aida", "--role", "duty_head")),
    ("dayar user change", FAILED, ("user", "change", "nobody", "--role", "duty_head")),
    ("dayar user password", DONE, ("user", "password", "aida")),
    ("dayar user forget", FAILED, ("user", "forget", "aida", str(uuid4()))),
    ("dayar user readmit", FAILED, ("user", "readmit", str(uuid4()))),
    ("dayar user revoke", DONE, ("user", "revoke", str(uuid4()))),
    ("dayar user reset-second-factor", DONE, ("user", "reset-second-factor", "aida")),
    ("dayar receiver add", DONE, ("receiver", "add", "duty", HOOK)),
    ("dayar receiver rotate", DONE, ("receiver", "rotate", "duty")),
    ("dayar receiver remove", DONE, ("receiver", "remove", "duty")),
    ("dayar keys rotate", DONE, ("keys", "rotate", "--of", "callers")),
    ("dayar keys retire", FAILED, ("keys", "retire", "0" * 17, "--of", "callers")),
    ("dayar held accept", FAILED, ("held", "accept", str(uuid4()), "--by", "aida", "--reason", "known_team")),
    ("dayar held refuse", FAILED, ("held", "refuse", str(uuid4()), "--by", "aida", "--reason", "practice")),
    ("dayar dead redrive", FAILED, ("dead", "redrive", "alerts/hazards/0/7", *BY)),
    ("dayar backup", FAILED, ("backup",)),
    ("dayar user disable", DONE, ("user", "disable", "aida")),
    ("dayar user enable", DONE, ("user", "enable", "aida")),
)
BESIDE = ["account_added", "rights_changed", "password_changed", "account_disabled", "account_enabled"]


def dayar(installation: Installation, *words: str) -> tuple[int | None, str]:
    (typed := installation.folder / "typed").write_text(PASSWORD)
    command = installation.run("cli", *words, typed=typed)
    assert wait_until(lambda: not command.is_running, timeout=300), command.log_tail()
    return command.exit_code, command.log_tail()


def rows(installation: Installation) -> list[tuple[str, str, str, str]]:
    async def read() -> list[tuple[str, str, str, str]]:
        engine = database.engine(installation.settings(Settings, "console"))
        async with engine.connect() as connection:
            stored = await connection.execute(text("SELECT action, subject, result, address FROM audit ORDER BY id"))
            entries = [(row[0], row[1], row[2], row[3]) for row in stored]
        await engine.dispose()
        return entries

    return in_thread(read())


def test_each_changing_command_logs_who_from_where_what_and_the_result(
    tables: Installation,
) -> None:
    ended = [(words, result, dayar(tables, *words)) for _, result, words in COMMANDS]
    assert [each for each in ended if (each[2][0] == 0) != (each[1] == DONE)] == []
    entries = rows(tables)
    assert [row[1:3] for row in entries if row[0] == "command"] == [
        (command, result) for command, result, _ in COMMANDS
    ]
    assert {row[3] for row in entries} == {f"terminal:{getpass.getuser()}"}
    assert {row[0] for row in entries} >= set(BESIDE)


def test_the_audit_list_command_is_named_as_in_the_documents() -> None:
    assert CliRunner().invoke(audit.app, ["list", "--help"]).exit_code == 0
