"""How much of a JSON body is looked at before it is read: what has too many fields or values is refused uncounted."""

import re
from collections.abc import AsyncIterator, Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import Problem

# What tells values apart, and whole strings, in which it tells nothing.
SIGNS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,:]', re.DOTALL)
FIELD, VALUE = b":", b","
VALUES = 1_000  # of a body that the framework reads


def exceeds(raw: bytes, sign: bytes, most: int) -> bool:
    """Whether a sign stands in it more than `most` times, strings left out. Looks closely only where it may."""
    if raw.count(sign) <= most:
        return False
    return any(number > most for number, _ in enumerate(occurrences(raw, sign), start=1))


def occurrences(raw: bytes, sign: bytes) -> Iterator[re.Match[bytes]]:
    return (found for found in SIGNS.finditer(raw) if found[0] == sign)


class FewValues:
    """Before a route whose body the framework reads: it would name each wrong value, however many there are."""

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
    """What was read already, then what comes."""
    left = iter(messages)

    async def again() -> Message:
        return next(left, None) or await receive()

    return again
