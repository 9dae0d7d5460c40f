"""Limits on the number of fields, values and lists of a JSON body, checked before parsing."""

import re
from collections.abc import AsyncIterator
from functools import cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import Problem

FIELD, VALUE, LIST = b":", b",", b"[{"
VALUES = 1_000  # the most values in a body that FastAPI reads
TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
AT_ONCE = 1_000  # the most signs in one match, during which no other thread can run


def exceeds(raw: bytes, signs: bytes, most: int) -> bool:
    """Whether more than `most` of the signs are outside texts. Usually a plain count of the signs is enough."""
    if sum(raw.count(sign) for sign in signs) <= most:
        return False
    thousands, rest = divmod(most, AT_ONCE)
    position = 0
    for times in [AT_ONCE] * thousands + [rest + 1]:
        match = next_signs(signs, times).match(raw, position)
        if match is None:
            return False
        position = match.end()
    return True


@cache
def next_signs(signs: bytes, times: int) -> re.Pattern[bytes]:
    """Matches up to and including the sign number `times` outside texts."""
    among = re.escape(signs)
    return re.compile(rb'(?:(?:[^"%b]++|%b)*+[%b]){%d}' % (among, TEXT, among, times), re.DOTALL)


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
