"""`GET /stream` sends server-sent events over raw ASGI. Listeners with equal rights share encoded frames."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from services.console import visibility
from services.console.queries import hazard_grants
from services.console.stream import vectors
from services.console.stream.listeners import Listener
from services.console.stream.reader import EventStream
from services.console.stream.vectors import BadVector, Vector
from services.console.visibility import TOPICS, NotGranted
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.revocations import Revocations
from shared.auth.tokens import Principal
from shared.failures import is_postgresql_unavailable
from shared.web.problems import Problem

WATCH_SECONDS = 2  # after a revocation, the stream must end within 5 seconds
SEND_SECONDS = 20  # a connection that takes no data for so long is closed, and the browser connects again
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Listening:
    def __init__(self, stream: EventStream, revocations: Revocations) -> None:
        self._stream = stream
        self._revocations = revocations
        self._present: dict[Listener, Principal] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        principal = tokens.current(request)
        topics = request.query_params.get("topics", ",".join(TOPICS)).split(",")
        try:
            sight = visibility.visibility_of(principal, topics, await self._granted(request, topics))
        except NotGranted:
            refused = audit.entry_of(request, Action.STREAMED, result=Result.REFUSED, reason="not-granted")
            await audit.write(request.app.state.sessions, refused)
            raise Problem(403, "not-granted", "This account may not listen to these topics.") from None
        decode = self._stream.sealed_positions.decoded if sight.is_external else vectors.decoded
        async with self._stream.listen(sight, start_of(request, decode)) as listener:
            heard = audit.entry_of(request, Action.STREAMED, reason=",".join(sorted(sight.all_topics)))
            await audit.write(request.app.state.sessions, heard)
            self._present[listener] = principal
            listener.writer = getattr(request.state, "chunk_writer", None) if request.method == "GET" else None
            try:
                await tell(listener, receive, send)
            finally:
                del self._present[listener]

    async def _granted(self, request: Request, topics: Iterable[str]) -> tuple[str, ...]:
        principal = tokens.current(request)
        if not visibility.needs_grant(principal, topics):
            return ()
        async with request.app.state.sessions() as session:
            return await hazard_grants.areas(session, principal.account)

    async def watch(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Closes the connections whose token or grant has been revoked or has expired."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = time.time()
            for listener, principal in list(self._present.items()):
                if principal.expires_at <= now or not self._may_stay(principal):
                    listener.close()
            await self._close_ungranted(sessions)

    async def _close_ungranted(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Closes the connections of systems whose grant has changed.

        If PostgreSQL is down, closes the connections of all systems with a grant.
        """
        granted = {listener: principal for listener, principal in self._present.items() if listener.sight.granted}
        if not granted:
            return
        areas: Mapping[UUID, tuple[str, ...]] = {}
        try:
            async with asyncio.timeout(WATCH_SECONDS), sessions() as session:
                areas = await hazard_grants.areas_by_account(session, [grant.account for grant in granted.values()])
        except Exception as error:
            if not is_postgresql_unavailable(error):
                raise
        for listener, principal in granted.items():
            if areas.get(principal.account, ()) != listener.sight.granted:
                listener.close()

    def _may_stay(self, principal: Principal) -> bool:
        return self._revocations.is_known and not self._revocations.is_revoked(principal)


def start_of(request: Request, decode: Callable[[str], Vector]) -> Vector | None:
    """Reads the position from which the listener continues. An invalid position counts as too old."""
    text = request.headers.get("last-event-id") or request.query_params.get("from")
    if not text:
        return None
    try:
        return decode(text)
    except BadVector:
        return {}


async def tell(listener: Listener, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    gone = asyncio.ensure_future(close_when_gone(listener, receive))
    try:
        async for chunk in listener.chunks():
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except TimeoutError:
        return
    finally:
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def close_when_gone(listener: Listener, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.close()
