"""Reads the board's tables after the worker has stored all records up to the position that a browser has reached."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.queries import snapshots
from services.console.state import console
from services.console.stream import vectors
from services.console.stream.vectors import BadVector, Vector
from services.console.visibility import TOPICS
from shared.postgres import notify
from shared.web.problems import Problem

T = TypeVar("T")
WAIT_SECONDS = 3.0
# at least this often, a waiting request reads, because a NOTIFY during a reconnect is lost
LOOK_SECONDS = 1.0


async def once_there(
    request: Request, wanted: Vector, read: Callable[[AsyncSession], Awaitable[T]]
) -> tuple[T, dict[str, str]]:
    """Reads in a snapshot that contains the position `wanted`, after a wait of at most 3 seconds.

    The returned header `x-position` has the snapshot's position, and `x-waited-ms` how long the request waited. If the
    worker does not reach `wanted` in 3 seconds, the header `x-late` makes the browser ask again.
    """
    now = asyncio.get_running_loop().time
    give_up, waited = now() + WAIT_SECONDS, 0.0
    while True:
        moved = console(request).positions.moved
        async with request.app.state.sessions() as session:
            await snapshots.begin(session)
            stand = await snapshots.positions(session)
            if vectors.reached(stand, wanted) or now() >= give_up:
                answer = await read(session)
                break
        began = now()
        await notify.wait(moved, min(LOOK_SECONDS, give_up - began))
        waited += now() - began
    headers = {"x-position": vectors.encoded(stand, TOPICS), "x-waited-ms": f"{1000 * waited:.0f}"}
    return answer, headers if vectors.reached(stand, wanted) else headers | {"x-late": "1"}


def position_of(text: str) -> Vector:
    try:
        return vectors.decoded(text) if text else {}
    except BadVector:
        raise Problem(422, "bad-position", "A position that this installation gave is expected.") from None
