"""Waits until the worker has stored all records that a browser knows of, and then reads the board's tables."""

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
# a NOTIFY during a reconnect is lost, so a waiting request reads at least this often
LOOK_SECONDS = 1.0


async def once_there(
    request: Request, wanted: Vector, read: Callable[[AsyncSession], Awaitable[T]]
) -> tuple[T, dict[str, str]]:
    """Waits up to 3 seconds for a snapshot that contains the position `wanted`, and reads in this snapshot.

    Returns the result and the headers of the answer. `x-position` is the position of the snapshot that was read.
    `x-waited-ms` says how long the request waited. If the worker did not reach `wanted` in time, the older snapshot is
    read, and the additional header `x-late` tells the browser to ask again.
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
