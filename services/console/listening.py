"""`GET /stream` sends server-sent events over raw ASGI. Listeners with the same visibility share encoded frames."""

import asyncio
import time
from contextlib import suppress

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from services.console import vectors, visibility
from services.console.stream import EventStream, Listener
from services.console.vectors import BadVector, Vector
from services.console.visibility import TOPICS, NotGranted
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.revocations import Revocations
from shared.auth.tokens import Principal
from shared.web.problems import Problem

WATCH_SECONDS = 2  # a revoked credential's stream must end within 5 seconds
SEND_SECONDS = 20  # a connection that accepts no data for this time is closed; the browser reconnects
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
            sight = visibility.visibility_of(principal, topics)
        except NotGranted:
            raise Problem(403, "not-granted", "This account may not listen to these topics.") from None
        async with self._stream.listen(sight, start_of(request)) as listener:
            heard = audit.entry_of(request, Action.STREAMED, reason=",".join(sorted(sight.all_topics)))
            await audit.write(request.app.state.sessions, heard)
            self._present[listener] = principal
            try:
                await tell(listener, receive, send)
            finally:
                del self._present[listener]

    async def watch(self) -> None:
        """Closes listeners whose token has been revoked or has expired. Runs until cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = time.time()
            for listener, principal in list(self._present.items()):
                if principal.expires_at <= now or not self._may_stay(principal):
                    listener.close()

    def _may_stay(self, principal: Principal) -> bool:
        return self._revocations.is_known and not self._revocations.is_revoked(principal)


def start_of(request: Request) -> Vector | None:
    """The position from which to send records, as the browser states it. An invalid position counts as too old."""
    text = request.headers.get("last-event-id") or request.query_params.get("from")
    if not text:
        return None
    try:
        return vectors.decoded(text)
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
