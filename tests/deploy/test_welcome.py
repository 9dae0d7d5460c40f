"""The exercise's scenario is begun once by itself."""

import asyncio
from pathlib import Path

import pytest

from deploy.local import state
from deploy.local.options import Options
from deploy.local.screen import Screen
from deploy.local.stack import Stack
from deploy.local.welcome import _play_once


async def test_a_scenario_that_was_not_played_to_its_end_is_not_begun_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with state.held(tmp_path, exercise=True, kafka_port=None) as (folders, installation):
        stack = Stack(folders, installation, Options.read({"STATE": str(tmp_path)}), lambda _done, _total: None)
        await _play_once(stack, Screen())  # nothing runs there
        assert "could not be played" in capsys.readouterr().out
        await _play_once(stack, Screen())
    assert capsys.readouterr().out == ""


async def test_a_scenario_that_was_cut_short_is_told_how_to_be_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with state.held(tmp_path, exercise=True, kafka_port=None) as (folders, installation):
        stack = Stack(folders, installation, Options.read({"STATE": str(tmp_path)}), lambda _done, _total: None)
        playing = asyncio.create_task(_play_once(stack, Screen()))
        while not (folders.state / "played").exists():
            await asyncio.sleep(0)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    assert "./dayar demo play" in capsys.readouterr().out
