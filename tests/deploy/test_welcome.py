"""The scenario of an exercise starts by itself, and only once."""

import asyncio
from pathlib import Path

import pytest

from deploy.local import state
from deploy.local.options import Options
from deploy.local.stack import Stack
from deploy.local.terminal import Terminal
from deploy.local.welcome import _play_once, _tell_administrator


async def test_an_interrupted_scenario_is_not_started_again(passable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with state.held(passable, exercise=True, kafka_port=None) as (folders, installation):
        stack = Stack(folders, installation, Options.read({"STATE": str(passable)}), lambda _done, _total: None)
        await _play_once(stack, Terminal())  # no service runs at this address, so playing the scenario fails
        assert "could not be played" in capsys.readouterr().out
        await _play_once(stack, Terminal())
    assert capsys.readouterr().out == ""


async def test_after_an_interrupted_scenario_the_command_to_play_it_is_shown(
    passable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = asyncio.Event()

    async def knocked(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        writer.close()

    server = await asyncio.start_server(knocked, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with state.held(passable, exercise=True, kafka_port=None) as (folders, installation):
        options = Options.read({"STATE": str(passable), "PORT": str(port)})
        (folders.state / "accounts").write_text("operator-1 secret\nfield-1 secret\n")
        playing = asyncio.create_task(
            _play_once(Stack(folders, installation, options, lambda _done, _total: None), Terminal())
        )
        await begun.wait()
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    server.close()
    assert "./dayar demo play" in capsys.readouterr().out


def test_a_folder_is_printed_as_it_is_written(passable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder's name contains square brackets, which the terminal library would read as markup."""
    root = passable / "[" / "x]"
    with state.held(root, exercise=True, kafka_port=None) as (folders, installation):
        stack = Stack(folders, installation, Options.read({"STATE": str(root)}), lambda _done, _total: None)
        (folders.state / "admin-password").touch()
        _tell_administrator(stack, Terminal())
    assert f"is in {root}/demo/admin-password" in capsys.readouterr().out
