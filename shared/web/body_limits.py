"""Limits on the number of fields and values of a JSON body, checked before parsing."""

import re
from collections.abc import AsyncIterator, Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import Problem

# Matches separators of fields and values, and whole strings, so that separators within strings are not counted.
SIGNS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,:]', re.DOTALL)
FIELD, VALUE = b":", b","
VALUES = 1_000  # the most values in a body that FastAPI reads


def exceeds(raw: bytes, sign: bytes, most: int) -> bool:
    """Whether `sign` occurs more than `most` times outside strings. Usually a plain count is enough."""
    if raw.count(sign) <= most:
        return False
    return any(number > most for number, _ in enumerate(occurrences(raw, sign), start=1))


def occurrences(raw: bytes, sign: bytes) -> Iterator[re.Match[bytes]]:
    return (match for match in SIGNS.finditer(raw) if match[0] == sign)


class FewValues:
    """Limits the values of a body that FastAPI reads, because FastAPI would report every wrong value."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages = [message async for message in whole(receive)]
        raw = b"".join(message.get("body", b"") for message in messages)
        if exceeds(raw, FIELD, VALUES) or exceeds(raw, VALUE, VALUES):
            problem = Problem(422, "invalid", f"A body of at most {VALUES} values is expected.")
            await problem.response()(scope, receive, send)
            return
        await self.app(scope, replayed(messages, receive), send)


async def whole(receive: Receive) -> AsyncIterator[Message]:
    while True:
        message = await receive()
        yield message
        if not message.get("more_body"):
            return


def replayed(messages: list[Message], receive: Receive) -> Receive:
    """A `receive` that first repeats the messages already read, then returns further messages."""
    left = iter(messages)

    async def again() -> Message:
        return next(left, None) or await receive()

    return again
