"""Every command of `dayar` prints its help."""

from importlib import import_module

import pytest
import typer
from typer.testing import CliRunner

from cli import __main__ as cli
from cli import environment


@pytest.mark.parametrize("group", cli.GROUPS)
def test_each_command_of_a_group_prints_its_help(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "load", lambda: None)
    commands = getattr(typer.main.get_command(import_module(f"cli.{group}").app), "commands", {})
    for words in [(group,), *((group, command) for command in commands)]:
        printed = CliRunner().invoke(cli.app, [*words, "--help"], prog_name="dayar")
        assert printed.exit_code == 0, (words, printed.exception)
        assert f"dayar {' '.join(words)}" in printed.output
        assert "-completion" not in printed.output  # typer's completion knows the commands of one group only
