"""Events of the other services update the board's tables.

Each row shows the newest state of its object.
"""

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import board
from services.console.handlers import show
from services.console.models import BoardAlert, BoardDelivery, BoardHazard, BoardHousehold, ReportOutcome
from services.console.queries import board_alerts, snapshots
from services.console.sections import Section
from shared import events
from shared.auth.tokens import Principal, Role
from shared.events.vocabulary import Mobility, OutcomeKind, Status
from shared.places import Places
from tests.console.factories import (
    BATKEN,
    KADAMJAI,
    KARA_SUU,
    LEILEK,
    NOW,
    alert,
    all_received,
    delivery,
    hazard,
    household,
    outcome,
    received,
)

pytestmark = pytest.mark.anyio
RECORDED, NOTED = OutcomeKind.RECORDED, OutcomeKind.NOTED


async def kinds(session: AsyncSession, *data: Any) -> list[OutcomeKind]:
    return [each.kind for each in await show(all_received(data), session)]


async def test_one_event_of_each_type_is_shown(session: AsyncSession) -> None:
    assert await kinds(session, hazard(), household(), alert(), outcome(), delivery()) == [RECORDED] * 5
    for model in (BoardHazard, BoardHousehold, BoardAlert, ReportOutcome, BoardDelivery):
        assert len((await session.scalars(select(model))).all()) == 1


async def test_the_newest_state_wins_in_any_order(session: AsyncSession) -> None:
    alert_id = uuid4()
    updates = [alert(events.AlertUpdated, alert_id=alert_id, sequence=n, households=n) for n in range(1, 7)]
    random.Random(4).shuffle(updates)
    for half in (updates[:3], updates[3:]):
        await show(all_received(half), session)
    (kept,) = (await session.scalars(select(BoardAlert))).all()
    assert (kept.sequence, kept.households) == (6, 6)


async def test_an_outdated_event_is_noted(session: AsyncSession) -> None:
    hazard_id = uuid4()
    newer, older = hazard(events.HazardUpdated, hazard_id=hazard_id, revision=2), hazard(hazard_id=hazard_id)
    assert await kinds(session, newer, older) == [RECORDED, NOTED]
    assert await kinds(session, older) == [NOTED]


async def test_a_place_may_be_a_point_or_words(session: AsyncSession) -> None:
    drawn = hazard(area={"circles": [{"lat": 39.8, "lon": 73.1, "radius_km": 30}], "description": "Sary-Tash"})
    await show([received(drawn)], session)
    (kept,) = (await session.scalars(select(BoardHazard))).all()
    assert (kept.lat, kept.lon, kept.area, kept.pcodes) == (39.8, 73.1, "Sary-Tash", [])


async def test_a_household_moves_with_its_correction(session: AsyncSession) -> None:
    household_id = uuid4()
    await kinds(session, household(household_id=household_id, destination=KADAMJAI))
    moved = household(events.HouseholdCorrected, household_id=household_id, sequence=2, destination=KARA_SUU)
    assert await kinds(session, moved) == [RECORDED]
    (kept,) = (await session.scalars(select(BoardHousehold))).all()
    assert (kept.destination_pcode, kept.origin_pcode) != (BATKEN, None)
    assert kept.destination_pcode == KARA_SUU


@pytest.mark.parametrize("batches", [1, 2])
async def test_a_correction_does_not_register_a_household_again(session: AsyncSession, batches: int) -> None:
    first, long_ago = household(), NOW - timedelta(days=3)
    corrected = household(events.HouseholdCorrected, household_id=first.household_id, sequence=2, persons=6)
    events_received = [received(first, time=long_ago), received(corrected)]
    for half in [events_received] if batches == 1 else ([events_received[0]], [events_received[1]]):
        await show(half, session)
    (kept,) = (await session.scalars(select(BoardHousehold))).all()
    assert (kept.persons, kept.registered_at) == (6, long_ago)


async def test_a_household_displaced_again_is_registered_again(session: AsyncSession) -> None:
    first = household()
    await show([received(first, time=NOW - timedelta(days=3))], session)
    await show([received(household(household_id=first.household_id, sequence=2))], session)
    assert (await session.scalars(select(BoardHousehold.registered_at))).all() == [NOW]


async def test_the_board_counts_the_displaced_like_the_figures(session: AsyncSession) -> None:
    await kinds(session, *(household(mobility=mobility) for mobility in Mobility))
    (here,) = await snapshots.households(session, Status.ACTUAL, NOW - timedelta(days=1), ("KG",), Places.load())
    # the planned relocation is not counted
    assert (here.households, here.persons) == (2, 10)


@pytest.mark.parametrize("is_late", [False, True])
async def test_the_board_counts_only_those_who_are_still_displaced(session: AsyncSession, is_late: bool) -> None:
    away, split = household(), household()

    def after(displaced: int, of: events.HouseholdRegistered) -> events.HouseholdStatusChanged:
        whereabouts = {"displaced": displaced, "returned": 5 - displaced, "settled": 0, "confirmed_on": NOW.date()}
        fields = {**of.model_dump(), "sequence": 2, "destination": {"pcode": LEILEK}, "whereabouts": whereabouts}
        return events.HouseholdStatusChanged.model_validate(fields)

    reported = [away, split, household(), after(0, away), after(2, split)]
    await kinds(session, *(reversed(reported) if is_late else reported))
    rows = await snapshots.households(session, Status.ACTUAL, NOW - timedelta(days=1), ("KG",), Places.load())
    assert {(row.destination_pcode, row.households, row.persons) for row in rows} == {(LEILEK, 1, 2), (KADAMJAI, 1, 5)}


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=1)])
async def test_an_outcome_that_names_another_replaces_it(session: AsyncSession, later: timedelta) -> None:
    """The final outcome replaces the outcome "held", even if both come in one batch or with the same time."""
    held, held_id = outcome(version=2, outcome="held", reason="waiting"), uuid4()
    settled = outcome(report_id=held.report_id, version=2, replaces=held_id)
    outcomes = [received(held, id=held_id), received(settled, time=NOW + later)]
    assert [each.kind for each in await show(outcomes, session)] == [RECORDED] * 2
    assert (await session.scalars(select(ReportOutcome.outcome))).all() == ["recorded"]


async def test_an_outcome_is_replaced_across_batches(session: AsyncSession) -> None:
    held, held_id = outcome(outcome="held", reason="not_author"), uuid4()
    await show([received(held, id=held_id)], session)
    await show([received(outcome(report_id=held.report_id, replaces=held_id))], session)
    assert (await session.scalars(select(ReportOutcome.outcome))).all() == ["recorded"]


@pytest.mark.parametrize("what", ["held", "repeat"])
async def test_another_use_of_a_report_id_is_stored_beside_the_report(session: AsyncSession, what: str) -> None:
    own = outcome()
    strangers = outcome(report_id=own.report_id, outcome=what)
    await show([received(own), received(strangers, time=NOW + timedelta(hours=1))], session)
    assert set(await session.scalars(select(ReportOutcome.outcome))) == {"recorded", what}


async def test_a_suppressed_alert_is_marked_as_suppressed(session: AsyncSession) -> None:
    await kinds(session, alert(events.AlertSuppressed, reason="too_old"))
    (kept,) = (await session.scalars(select(BoardAlert))).all()
    assert kept.is_suppressed


async def test_alerts_and_their_counts_are_those_of_the_area(session: AsyncSession) -> None:
    """A district's board includes alerts for the district's oblast, and alerts without a place."""
    places = Places.load()
    operator = Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({Role.OPERATOR}), areas=(KADAMJAI,))
    pcodes = board.concerning(operator, places)
    where: tuple[list[str], ...] = ([KADAMJAI], [BATKEN], [], [KARA_SUU], [LEILEK])
    await kinds(session, *(alert(pcodes=each) for each in where))
    await kinds(session, *(alert(events.AlertSuppressed, reason="too_old", pcodes=each) for each in where))
    sections = await board_alerts.sections(session, NOW, pcodes, most=100)
    assert sorted(each.pcodes for each in sections[Section.WAITING].alerts) == [[], [BATKEN], [KADAMJAI]]
    assert await board_alerts.suppressed(session, NOW, pcodes) == 3


async def test_an_operator_of_an_area_sees_counts_of_public_reports_only(session: AsyncSession) -> None:
    await kinds(session, outcome(), outcome(kind="hazard", consumer="alerts", outcome="alerted"))
    (counted,) = await snapshots.outcomes(session, Status.ACTUAL, NOW - timedelta(days=1), board.PUBLIC_KINDS)
    assert (counted.kind, counted.count) == ("hazard", 1)


async def test_many_waiting_alerts_do_not_displace_open_ones(session: AsyncSession) -> None:
    """Many rows in one section leave the rows and numbers of all other sections unchanged."""
    answered: dict[str, Any] = {"acknowledged_at": NOW, "acknowledged_by": uuid4(), "work": "acknowledged"}
    worked: dict[str, Any] = {**answered, "progressed_at": NOW, "progressed_by": uuid4(), "work": "in_progress"}
    waiting = [alert(severity="Moderate") for _ in range(61)] + [
        alert(severity="Extreme", acknowledgements=1, acknowledgements_needed=2)
    ]
    await kinds(session, *waiting, alert(**answered), alert(**worked), alert(is_unseen=True, validity="expired"))
    sections = await board_alerts.sections(session, NOW, None, most=10)
    assert sections[Section.WAITING].counts == {"Moderate": 61, "Extreme": 1}
    assert [len(sections[each].alerts) for each in Section] == [10, 1, 1, 1, 0]
    assert sections[Section.WAITING].hidden == 52
    severest = sections[Section.WAITING].alerts[0]
    assert (severest.severity, severest.acknowledgements, severest.acknowledgements_needed) == ("Extreme", 1, 2)
    assert len((await board_alerts.sections(session, NOW, None, most=1000))[Section.WAITING].alerts) == 62


async def test_hazards_are_ordered_by_severity_and_hidden_ones_are_counted(session: AsyncSession) -> None:
    minor = hazard(severity="Minor", onset=NOW - timedelta(minutes=1))
    extreme = hazard(severity="Extreme", onset=NOW - timedelta(hours=3))
    forecast = hazard(severity="Extreme", onset=NOW + timedelta(hours=3))
    over = hazard(events.HazardCancelled, msg_type="Cancel", severity="Extreme")
    await kinds(session, minor, extreme, forecast, over)
    shown = [each.hazard_id for each in await snapshots.hazards(session, NOW, most=10)]
    assert shown == [extreme.hazard_id, minor.hazard_id, forecast.hazard_id, over.hazard_id]
    assert await snapshots.hazard_counts(session, NOW) == (3, 1)
