"""Tests withdrawn publications, and cancelled hazards that are still public."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.console.handlers import show
from services.console.hazards import releases
from services.console.hazards.releases import Publicity, PublicState
from services.console.models import BoardRelease
from services.console.queries import releases as queries
from services.console.queries import snapshots
from shared import events
from shared.pages.formats import iso
from shared.places import Places
from shared.postgres import database
from tests.console.factories import KADAMJAI, LEILEK, NOW, hazard, received
from tests.console.test_releases import CONFIRMED, LATER, PUBLIC, revisions, shown, state_of
from tests.tables import emptied
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_a_withdrawn_release_is_not_public(session: AsyncSession) -> None:
    first, release, *_ = revisions(uuid4())
    withdrawal = hazard(
        events.HazardCancelled, hazard_id=first.hazard_id, revision=3, msg_type="Cancel", released_revision=1
    )
    own, public = await shown(session, first, release, withdrawal)
    assert releases.publicity(own, public) is Publicity.WITHDRAWN
    assert own.msg_type == "Alert"  # the withdrawal concerns the publication; the event is still in force at the centre
    state = releases.state(own, public, CONFIRMED, unreleased_since=None, now=LATER)
    assert state is not None and not state.is_overdue and not state.is_public


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
@pytest.mark.parametrize("batches", [1, 3])
async def test_a_hazard_that_was_public_can_be_withdrawn_when_it_is_restricted(
    session: AsyncSession, order: tuple[int, ...], batches: int
) -> None:
    hazard_id = uuid4()
    cancel: dict[str, Any] = {"msg_type": "Cancel", "scope": "Restricted", "area": {"pcodes": [LEILEK]}}
    known = [
        hazard(hazard_id=hazard_id),
        hazard(events.HazardUpdated, hazard_id=hazard_id, revision=2, msg_type="Update", type="landslide"),
        hazard(events.HazardCancelled, hazard_id=hazard_id, revision=3, **cancel),
    ]
    in_order = [received(known[number]) for number in order]
    for batch in [in_order] if batches == 1 else [[one] for one in in_order]:
        await show(batch, session)
    own, public = await shown(session)
    assert public is not None
    state = await state_of(session, own, public, LATER)
    assert state == PublicState(Publicity.OUTDATED, is_overdue=False)
    withdrawal = releases.withdrawal(public)
    assert (withdrawal["type"], withdrawal["area"]) == ("landslide", {"pcodes": [KADAMJAI]})
    assert releases.next_revision(own, public) == 4
    assert [row.hazard_id for row in await snapshots.hazards(session, NOW + timedelta(days=30), most=10)] == [hazard_id]


async def test_a_public_revision_that_another_worker_stores_meanwhile_is_kept(engine: AsyncEngine) -> None:
    hazard_id, sessions = uuid4(), database.sessions(engine)
    update: dict[str, Any] = {"hazard_id": hazard_id, "msg_type": "Update"}
    async with sessions.begin() as session:
        await show([received(hazard(hazard_id=hazard_id))], session)
    async with sessions() as other, sessions() as first:
        await show([received(hazard(events.HazardUpdated, **update, revision=2, type="landslide"))], first)
        restricted = hazard(events.HazardUpdated, **update, revision=3, scope="Restricted")
        showing = asyncio.create_task(show([received(restricted)], other))
        await wait_for(lambda: waits_for_a_lock(sessions))
        await first.commit()
        await showing
        public = await queries.release(other, hazard_id)
    await emptied(engine, ("board_hazards", "board_releases", "board_revisions"))
    assert public is not None and (public.released_revision, public.type) == (2, "landslide")


async def waits_for_a_lock(sessions: async_sessionmaker[AsyncSession]) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with sessions() as session:
        return bool(await session.scalar(text(waiting)))


@pytest.mark.parametrize(
    ("revision", "released", "expected"),
    [
        (2, [2], Publicity.OUTDATED),  # of two revisions with one number, readers keep the first
        (2, [2, 3], Publicity.OUTDATED),
        (3, [2], None),  # the source itself published this revision
    ],
)
async def test_a_release_that_hides_the_cancellation_of_its_source_can_be_withdrawn(
    session: AsyncSession, revision: int, released: list[int], expected: Publicity | None
) -> None:
    own = hazard(scope="Restricted", source="hydromet")
    public = [hazard(hazard_id=own.hazard_id, revision=number, released_revision=1) for number in released]
    cancel = hazard(events.HazardCancelled, hazard_id=own.hazard_id, revision=revision, msg_type="Cancel")
    cancelled, release = await shown(session, own, *public, cancel)
    state = await state_of(session, cancelled, release, LATER)
    assert (state and state.publicity) == expected
    listed = await snapshots.hazards(session, NOW + timedelta(days=30), most=10)
    assert [row.hazard_id for row in listed] == ([own.hazard_id] if expected else [])


async def test_an_old_release_that_is_in_force_stays_on_the_board(session: AsyncSession) -> None:
    then = NOW - timedelta(days=30)
    own = hazard(scope="Restricted", onset=then, received_at=then)
    await shown(session, own, hazard(hazard_id=own.hazard_id, revision=2, released_revision=1))
    assert [row.hazard_id for row in await snapshots.hazards(session, NOW, most=10)] == [own.hazard_id]


async def test_a_withdrawal_has_only_what_the_release_made_public(session: AsyncSession) -> None:
    own, release, *_ = revisions(uuid4())
    moved = hazard(
        events.HazardUpdated,
        hazard_id=own.hazard_id,
        scope="Restricted",
        revision=3,
        msg_type="Update",
        type="landslide",
        onset=NOW,
        status="Test",
        urgency="Past",
        area={"pcodes": [LEILEK], "description": "The road below the school", "point": {"lat": 39.9, "lon": 70.1}},
    )
    _, public = await shown(session, own, release, moved)
    assert public is not None
    assert releases.withdrawal(public) == {
        "status": "Actual",
        "type": "mudflow",
        "urgency": "Immediate",
        "onset": iso(release.onset),
        "area": {"pcodes": [KADAMJAI]},
    }


@pytest.mark.parametrize(
    ("released", "area", "words"),
    [
        ({"pcodes": [KADAMJAI], "area": "Choko-Dobo"}, {"pcodes": [KADAMJAI]}, "Kadamjai rayon"),
        ({"pcodes": [], "area": "Choko-Dobo"}, {"description": "Choko-Dobo"}, "Choko-Dobo"),
        ({"pcodes": [], "lat": 39.9, "lon": 70.1}, {"point": {"lat": 39.9, "lon": 70.1}}, "39.9, 70.1"),
        ({}, {"description": "KG"}, "KG"),
    ],
)
async def test_the_place_of_a_withdrawal_is_shown_as_it_is_sent(
    released: dict[str, Any], area: dict[str, Any], words: str
) -> None:
    sent = releases.released_area(BoardRelease(**released))
    assert (sent, releases.place_in_words(sent, Places.load(), "en")) == (area, words)


async def test_the_withdrawal_of_a_release_of_unknown_content_states_neither_kind_nor_place() -> None:
    received_at = NOW - timedelta(hours=1)
    earlier = BoardRelease(hazard_id=uuid4(), revision=2, released_revision=1, received_at=received_at)
    assert releases.withdrawal(earlier) == {
        "type": "other",
        "urgency": "Unknown",
        "onset": iso(received_at),
        "area": {"description": "KG"},
    }


async def test_cancelled_hazards_that_are_still_public_are_listed_first_however_old(session: AsyncSession) -> None:
    then = NOW - timedelta(days=30)
    old: dict[str, Any] = {"scope": "Restricted", "onset": then, "received_at": then}

    async def cancelled(**changed: Any) -> UUID:
        hazard_id = uuid4()
        release: dict[str, Any] = {"revision": 2, "released_revision": 1, "text": PUBLIC} | changed
        cancel = hazard(events.HazardCancelled, hazard_id=hazard_id, revision=3, msg_type="Cancel", **old)
        public = hazard(hazard_id=hazard_id, **release)
        await show([received(cancel), received(public)], session)
        return hazard_id

    public = await cancelled()
    await cancelled(msg_type="Cancel", revision=4)  # this public Cancel withdraws the publication
    await cancelled(expires=NOW - timedelta(days=1))
    current = hazard(severity="Extreme")
    await show([received(current)], session)
    assert [row.hazard_id for row in await snapshots.hazards(session, NOW, most=10)] == [public, current.hazard_id]
    assert [row.hazard_id for row in await snapshots.hazards(session, NOW, most=1)] == [public]
    assert await snapshots.hazard_counts(session, NOW) == (1, 1)
