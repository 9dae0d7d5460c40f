"""Limits the fields, values and lists of a JSON body. The body is checked before it is parsed."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import Problem

FIELD, VALUE, LIST = b":", b",", b"[{"
VALUES = 1_000  # the limit for bodies that FastAPI parses
TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
AT_ONCE = 2_000  # strings per match; during a match, all other threads of the process wait
SOME_TEXTS = re.compile(rb'[^"]*+(?:%b[^"]*+){0,%d}+' % (TEXT, AT_ONCE), re.DOTALL)
A_TEXT = re.compile(TEXT, re.DOTALL)


def exceeds(raw: bytes, limits: Mapping[bytes, int]) -> bool:
    """Returns True if a limited character occurs too often outside of JSON strings.

    First counts the characters in the whole body. The strings are searched only if this first count exceeds a limit.
    """
    if all(count(raw, signs) <= most for signs, most in limits.items()):
        return False
    counts = dict.fromkeys(limits, 0)
    for part in without_texts(raw):
        for signs, most in limits.items():
            counts[signs] += count(part, signs)
            if counts[signs] > most:
                return True
    return False


def count(raw: bytes, signs: bytes) -> int:
    return sum(raw.count(sign) for sign in signs)


def without_texts(raw: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(raw) and (match := SOME_TEXTS.match(raw, position)):
        position = match.end()
        yield A_TEXT.sub(b"", match[0])


class FewValues:
    """Limits the number of values, because FastAPI creates an error for each wrong value."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages = [message async for message in whole(receive)]
        raw = b"".join(message.get("body", b"") for message in messages)
        if exceeds(raw, {FIELD: VALUES, VALUE: VALUES}):
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
    """Returns a `receive` that first repeats `messages`, and then continues with the given `receive`."""
    left = iter(messages)

    async def again() -> Message:
        return next(left, None) or await receive()

    return again
