"""The board shows how many displaced people were evacuated, not seen for long, or presumed to have returned."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import groups, rows
from services.console.handlers import show
from services.console.models import BoardHousehold
from services.console.queries import groups as group_queries
from services.console.queries import snapshots
from shared import events
from shared.country import TIME_ZONE
from shared.events import Place
from shared.events.vocabulary import Status
from shared.places import Places
from tests.console.factories import KADAMJAI, LEILEK, NOW, TODAY, group, household, received

pytestmark = pytest.mark.anyio

PLACES = Places.load()


async def numbers(session: AsyncSession, now: datetime = NOW, areas: tuple[str, ...] = ("KG",)) -> dict[str, int]:
    shown = await snapshots.confirmations(session, Status.ACTUAL, now, areas, PLACES)
    return {name: number for name, number in shown.items() if number}


async def shown(session: AsyncSession, *data: Any) -> None:
    await show([received(each) for each in data], session)


def moved(of: events.HouseholdRegistered, displaced: int = 5, **changed: Any) -> events.HouseholdStatusChanged:
    whereabouts = {"displaced": displaced, "returned": 5 - displaced, "settled": 0, "confirmed_on": TODAY, **changed}
    fields = {**of.model_dump(), "sequence": 2, "whereabouts": whereabouts}
    return events.HouseholdStatusChanged.model_validate(fields)


async def test_evacuees_are_counted_among_the_displaced_by_kind_of_evacuation(session: AsyncSession) -> None:
    evacuated: dict[str, Any] = {"mobility": "evacuation"}
    pre_emptive = household(**evacuated, evacuation="pre_emptive")
    await shown(session, household(), pre_emptive, household(**evacuated), household(destination=LEILEK, **evacuated))
    await shown(session, household(mobility="migration"), household(**evacuated, status="Exercise"))
    abroad = household(**evacuated).model_copy(update={"destination": Place(country="TJ")})
    await shown(session, abroad)
    assert await numbers(session) == {
        "evacuated_households": 3,
        "evacuated_persons": 15,
        "pre_emptive_households": 1,
        "pre_emptive_persons": 5,
    }
    assert (await numbers(session, areas=(KADAMJAI,)))["evacuated_persons"] == 10


async def test_a_household_is_not_confirmed_any_more_after_the_time_alone(session: AsyncSession) -> None:
    """No event comes. A confirmation is valid for 24 hours for evacuees, and for 30 days for all others."""
    await shown(session, household(), household(mobility="evacuation"))
    day, hour = timedelta(days=1), timedelta(hours=1)
    assert "unconfirmed_persons" not in await numbers(session, NOW + day - hour)
    assert (await numbers(session, NOW + day + hour))["unconfirmed_households"] == 1
    assert (await numbers(session, NOW + 30 * day - hour))["unconfirmed_persons"] == 5
    assert (await numbers(session, NOW + 30 * day + hour))["unconfirmed_persons"] == 10


async def test_a_confirmation_counts_until_its_day_ends_and_only_for_those_who_are_still_displaced(
    session: AsyncSession,
) -> None:
    family = household(mobility="evacuation", confirmed_on=TODAY - timedelta(days=4))
    await shown(session, family)
    assert (await numbers(session))["unconfirmed_persons"] == 5
    await shown(session, moved(family, 3))
    assert "unconfirmed_persons" not in await numbers(session)
    assert (await numbers(session, NOW + timedelta(days=2)))["unconfirmed_persons"] == 3


async def test_a_return_is_presumed_after_an_evacuation_was_lifted_until_somebody_confirms(
    session: AsyncSession,
) -> None:
    family = household(mobility="evacuation")
    lifted = moved(family, is_return_presumed=True)
    await shown(session, family, lifted)
    assert (await numbers(session))["presumed_persons"] == 5
    await shown(session, moved(family).model_copy(update={"sequence": 3}))
    assert "presumed_persons" not in await numbers(session)


async def test_a_household_stored_by_the_previous_release_was_confirmed_when_it_was_registered(
    session: AsyncSession,
) -> None:
    await show([received(household(), time=NOW - timedelta(days=31))], session)
    await session.execute(update(BoardHousehold).values(confirmed_at=None))
    assert (await numbers(session))["unconfirmed_persons"] == 5


def test_the_latest_time_of_a_confirmation_is_the_end_of_its_day_or_the_time_of_the_event() -> None:
    midnight = datetime.combine(TODAY + timedelta(days=1), time(), TIME_ZONE)
    assert rows.latest_time(TODAY, midnight + timedelta(days=3)) == midnight
    assert rows.latest_time(TODAY, midnight - timedelta(hours=5)) == midnight - timedelta(hours=5)


async def test_groups_that_were_not_seen_for_long_are_counted_apart_from_households(session: AsyncSession) -> None:
    """Two groups were counted two days ago.

    One group was confirmed today, and its evacuation was lifted.
    """
    long_ago: dict[str, Any] = {"counted_at": NOW - timedelta(days=2), "mobility": "evacuation", "to": LEILEK}
    seen, unseen = group(40, **long_ago), group(70, **long_ago)
    whereabouts = {"displaced": 40, "returned": 0, "settled": 0, "confirmed_on": TODAY, "is_return_presumed": True}
    fields = {**seen.model_dump(), "sequence": 2, "whereabouts": whereabouts}
    await shown(session, seen, unseen, group(9, to=LEILEK), events.GroupStatusChanged.model_validate(fields))
    counts = await group_queries.by_stated_place(session, Status.ACTUAL, ("KG",), PLACES)
    total = groups.by_place(counts).total
    assert [part.highest for part in (total.persons, total.evacuated, total.unconfirmed, total.presumed)] == [
        119,
        110,
        70,
        40,
    ]
    assert await numbers(session) == {}
