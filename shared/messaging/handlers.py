"""A consumer's table of handlers. Each event type of the topics has a handler, or is listed as ignored."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from types import MethodType
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import DocumentedError
from shared.events import EVENT_TYPES, EventData
from shared.events.vocabulary import OutcomeKind
from shared.messaging.records import Outcome, Received

IGNORED = Outcome(OutcomeKind.NOTED, "ignored")

# A function with the parameters `received` and `session`, or a method that `Handlers.bound` binds to an object.
AnyHandler = Callable[..., Awaitable[Sequence[Outcome]]]


class HandlerMissing(DocumentedError):
    """A reader's table has no row for an event type of its topics."""


class OutcomesMissing(Exception):
    """A handler must return one outcome for each event."""


class Handlers:
    """One call of a handler can contain events of several types."""

    def __init__(self, handled: Mapping[type[EventData], AnyHandler], ignored: Iterable[type[EventData]] = ()) -> None:
        self._handled, self._ignored = handled, tuple(ignored)
        self.topics = tuple(dict.fromkeys(topic for model in (*handled, *self._ignored) for topic in model.topics()))
        self._rows: dict[str, AnyHandler | None] = {model.event_type: None for model in self._ignored}
        self._rows |= {model.event_type: handler for model, handler in handled.items()}

    def __contains__(self, event_type: str) -> bool:
        return event_type in self._rows

    def ignores(self, event_type: str) -> bool:
        return self._rows[event_type] is None

    @property
    def handled_types(self) -> frozenset[str]:
        return frozenset(name for name, handler in self._rows.items() if handler is not None)

    @property
    def missing_types(self) -> list[str]:
        return missing_types(self.topics, self._rows)

    def bound(self, instance: object) -> "Handlers":
        methods = {model: MethodType(handler, instance) for model, handler in self._handled.items()}
        return Handlers(methods, self._ignored)

    async def __call__(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        """Calls a handler once for consecutive events of its types."""
        outcomes = [IGNORED] * len(received)
        handled = [number for number, event in enumerate(received) if not self.ignores(event.event.type)]
        for handler, group in groupby(handled, lambda number: self._rows[received[number].event.type]):
            numbers = list(group)
            results = await _called(handler, [received[number] for number in numbers], session)
            for number, outcome in zip(numbers, results, strict=True):
                outcomes[number] = outcome
        return outcomes


async def _called(handler: Any, received: Sequence[Received], session: AsyncSession) -> Sequence[Outcome]:
    outcomes: Sequence[Outcome] = await handler(received, session)
    if len(outcomes) != len(received):
        raise OutcomesMissing
    return outcomes


def missing_types(topics: Collection[str], named: Collection[str]) -> list[str]:
    """Return the event types of `topics` that are missing in `named`."""
    return [
        name
        for name, models in EVENT_TYPES.items()
        if name not in named and not set(topics).isdisjoint(models[0].topics())
    ]
