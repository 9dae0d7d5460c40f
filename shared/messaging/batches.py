"""Handles a batch in one transaction. The order is: fence, inbox, effects, dead letters, ledger and offsets."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.vocabulary import OutcomeKind
from shared.messaging import inbox, ledger, offsets
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.records import Check, Handler, Outcome, Reading, Received, UnreadableRecord

BY_INBOX = {
    inbox.Reading.REPEAT: Outcome(OutcomeKind.REPEAT),
    inbox.Reading.CONFLICT: Outcome(OutcomeKind.SET_ASIDE, "conflict"),
}


async def settle(
    readings: Sequence[Reading],
    session: AsyncSession,
    *,
    handler: Handler,
    letters: DeadLetters,
    check: Check | None = None,
) -> list[Outcome]:
    """Return one outcome for each record, in order. The caller commits."""
    await offsets.fence(session, readings)
    if check is not None:
        await check(session)
    outcomes = await _outcomes(readings, session, handler)
    refused = [
        _refused(reading, outcome.reason or "")
        for reading, outcome in zip(readings, outcomes, strict=True)
        if outcome.kind is OutcomeKind.SET_ASIDE
    ]
    await letters.keep(session, refused)
    await ledger.enter(session, readings, outcomes)
    return outcomes


async def _outcomes(readings: Sequence[Reading], session: AsyncSession, handler: Handler) -> list[Outcome]:
    received = [reading for reading in readings if isinstance(reading, Received)]
    results = iter(await effects(received, session, handler))
    return [
        next(results) if isinstance(reading, Received) else Outcome(OutcomeKind.SET_ASIDE, reading.reason)
        for reading in readings
    ]


async def effects(received: Sequence[Received], session: AsyncSession, handler: Handler) -> list[Outcome]:
    """Only events that are new to the inbox reach the handler.

    A repeated event gets the outcome REPEAT. An event whose id is known with other content gets SET_ASIDE.
    """
    if not received:
        return []
    sorted_out = await inbox.sort(session, received)
    new = [event for event, reading in zip(received, sorted_out, strict=True) if reading is inbox.Reading.FIRST]
    outcomes = await handler(new, session) if new else ()
    await _forget(zip(new, outcomes, strict=True), session)
    own = iter(outcomes)
    return [next(own) if reading is inbox.Reading.FIRST else BY_INBOX[reading] for reading in sorted_out]


async def _forget(effects: Iterable[tuple[Received, Outcome]], session: AsyncSession) -> None:
    without = [event.event.id for event, outcome in effects if outcome.kind is OutcomeKind.SET_ASIDE]
    if without:
        await inbox.forget(session, without)


def _refused(reading: Reading, reason: str) -> UnreadableRecord:
    if isinstance(reading, UnreadableRecord):
        return reading
    return UnreadableRecord(reading.record, reason, event_id=reading.event.id)
