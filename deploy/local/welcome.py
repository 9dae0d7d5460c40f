"""Prints the address of Dayar and how to sign in, and plays the exercise's scenario once."""

import asyncio
import sys

from rich.markup import escape

from deploy.local import paths
from deploy.local.stack import Stack
from deploy.local.terminal import Terminal

ANEW = "From its beginning: ./dayar demo play"


async def welcome(stack: Stack, screen: Terminal) -> None:
    url = stack.options.public_url
    screen.say(
        f"\n[bold]Dayar is at {url}[/]" + ("   [yellow]exercise: nothing here is real[/]" if stack.exercise else "")
    )
    _tell_accounts(stack, screen)
    _tell_administrator(stack, screen)
    if stack.exercise:
        screen.say(f"\nNext: sign in as operator-1 and watch the board; report a household at {url}/field as field-1.")
        screen.say("      The real, empty installation: make run DEMO=0")
    else:
        screen.say("\nNext: sign in, change the password, and add people: ./dayar user add --help")
    screen.say(f"The command ./dayar uses this installation, which is stored in {escape(str(stack.folders.state))}")
    if stack.integrator.exists():
        screen.say(f"A login that reads hazards from Kafka (docs/integrators.md): {escape(str(stack.integrator))}")
    screen.say("Ctrl-C stops everything.\n")
    if stack.exercise and stack.options.plays:
        await _play_once(stack, screen)


def _tell_accounts(stack: Stack, screen: Terminal) -> None:
    file = stack.folders.state / "accounts"
    if not file.exists():
        return
    if not screen.console.is_terminal:
        screen.say(f"The exercise's accounts and their passwords are in {escape(str(file))}")
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        name, password = line.split()
        screen.say(f"  {name:<16} {password}")


def _tell_administrator(stack: Stack, screen: Terminal) -> None:
    """The administrator's password is shown once, and only on a terminal, so that no log or pipe contains it."""
    file = stack.folders.state / "admin-password"
    if not file.exists():
        return
    if screen.console.is_terminal:
        screen.say(f"  {'administrator':<16} {file.read_text(encoding='utf-8')}   (shown once, valid for an hour)")
        file.unlink()
    else:
        screen.say(f"The administrator's first password, valid for an hour, is in {escape(str(file))}")


async def _play_once(stack: Stack, screen: Terminal) -> None:
    mark = stack.folders.state / "played"
    if mark.exists():
        return
    # The mark is set first, because a second run of an interrupted scenario would report a second mudflow.
    mark.touch()
    try:
        await _play(stack, screen)
    except asyncio.CancelledError:
        screen.say(f"The scenario was cut short. {ANEW}, when all runs again.")
        raise


async def _play(stack: Stack, screen: Terminal) -> None:
    player = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        "demo",
        "play",
        env=stack.env(),
        cwd=paths.ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await player.communicate()
    except asyncio.CancelledError:
        player.kill()
        await player.wait()
        raise
    if player.returncode == 0:
        screen.say("The scenario has been played: a mudflow in Kadamjai. Again at any time: ./dayar demo play")
    else:
        screen.warn(f"the scenario could not be played: {output.decode(errors='replace').strip()[-500:]}")
        screen.say(ANEW)
