"""`make run` starts and supervises a whole installation on this machine."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator

from deploy.backup.messages import Refused
from deploy.local import options, state
from deploy.local.given import DatabaseRefuses
from deploy.local.messages import CannotStart
from deploy.local.process import end_orphans
from deploy.local.stack import Stack
from deploy.local.supervisor import Supervisor
from deploy.local.terminal import Terminal
from shared import log
from shared.config import BadSettings
from shared.postgres.schemas import NotOurs

REFUSALS = (CannotStart, NotOurs, Refused, BadSettings)
# SQLSTATE 28 means a wrong login or password; 3D means that the database does not exist
LET_NOBODY_IN = ("28", "3D")


def main() -> int:
    os.umask(0o077)
    log.configure("supervisor", level=logging.WARNING)
    screen = Terminal()
    try:
        given = options.read()
        with state.held(given.root, exercise=given.exercise, kafka_port=given.kafka_port) as (folders, installation):
            for orphan in end_orphans(folders.run):
                screen.warn(f"{orphan} was left by an earlier start; ended")
            stack = Stack(folders, installation, given, screen.fetched)
            asyncio.run(Supervisor(stack, screen).run())
    except (*REFUSALS, OSError, ExceptionGroup) as error:
        messages = list(messages_of(error))
        for message in messages:
            screen.refuse(message)
        if not messages:
            raise
        return 1
    finally:
        screen.close()
    return 0


def messages_of(error: Exception) -> Iterator[str]:
    """Unexpected errors yield no message, so that a traceback is shown."""
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from messages_of(inner)
    elif isinstance(error, OSError) and (message := state.disk_message(error)) is not None:
        yield str(message)
    elif (code := database_state(error)).startswith(LET_NOBODY_IN):
        yield str(DatabaseRefuses(code))
    elif isinstance(error, REFUSALS):
        yield str(error)


def database_state(error: BaseException) -> str:
    """Return the SQLSTATE of a PostgreSQL error, even if SQLAlchemy wraps the error. For other errors, return ""."""
    cause = getattr(error, "orig", None) or error
    return str(getattr(cause, "sqlstate", None) or "")


if __name__ == "__main__":
    sys.exit(main())
