"""Passes hazards, households and groups to the worker's handlers, and then computes the exposure alerts."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.delivery.handover import Dispatcher
from services.alerts.exposures import Exposures
from services.alerts.handlers import HAZARDS, HOUSEHOLDS, HazardHandler, HouseholdHandler, utcnow
from services.alerts.ruleset import Ruleset
from shared.messaging.records import Outcome, Received
from shared.places import Places
from shared.places.points import KnownPoints


class Handling:
    def __init__(
        self,
        rules: Ruleset,
        places: Places,
        clock: Callable[[], datetime] = utcnow,
        *,
        dispatcher: Dispatcher | None = None,
    ) -> None:
        self.hazards = HazardHandler(rules, places, clock, dispatcher=dispatcher)
        self.households = HouseholdHandler(rules, places, clock)
        self._households = HOUSEHOLDS.bound(self.households)
        self.exposures = Exposures(rules, places, KnownPoints(places), clock, renewed_every=timedelta(0))

    async def __call__(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        for topics, handler in ((HAZARDS.topics, self.hazards), (HOUSEHOLDS.topics, self._households)):
            own = [position for position, one in enumerate(received) if one.record.topic in topics]
            if own:
                outcomes.update(zip(own, await handler([received[position] for position in own], session), strict=True))
        await self.expose(session)
        return [outcomes[position] for position in range(len(received))]

    async def expose(self, session: AsyncSession) -> None:
        steps = self.exposures.follow, self.exposures.tell, self.exposures.publish
        while sum([await step(session) for step in steps]):
            pass
