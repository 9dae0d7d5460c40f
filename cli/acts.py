"""Adds an entry to the console's security log for every command: the command, the machine's user, and the result.

The arguments of the command are not recorded.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import typer
from sqlalchemy.exc import SQLAlchemyError

from cli import environment
from cli.transactions import within
from deploy.local.options import GIVEN
from shared import audit
from shared.audit import Action, Entry, Result

HELP = ("--help", "-h")


def note(words: Sequence[str], *, result: Result) -> None:
    if GIVEN["postgres"] not in os.environ or not words or not set(HELP).isdisjoint(words):
        return
    entry = Entry(action=Action.COMMAND, result=result, address=environment.terminal(), subject=command(words))
    with suppress(OSError, SQLAlchemyError, TimeoutError):
        asyncio.run(within("console", lambda session: audit.insert_all(session, [entry])))


def command(words: Sequence[str]) -> str:
    """Leaves out the arguments, because they may name a person."""
    group, *rest = words
    known = typer.main.get_command(import_module(f"cli.{group}").app)
    subcommand = next((word for word in rest if word in getattr(known, "commands", {})), None)
    return " ".join(filter(None, ("dayar", group, subcommand)))


def noted(groups: Sequence[str], run: typer.Typer) -> None:
    words = sys.argv[1:]
    result = Result.FAILED
    try:
        run(prog_name="dayar")
    except SystemExit as end:
        result = Result.FAILED if end.code else Result.DONE
        raise
    finally:
        if words and words[0] in groups:
            note(words, result=result)
