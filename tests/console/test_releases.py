"""The board stores a hazard and its publication separately. The hazard and its publication may arrive in either order.

The board shows a missing publication in red.
"""

import itertools
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.handlers import show
from services.console.hazards import releases
from services.console.hazards.releases import Publicity, PublicState
from services.console.models import BoardHazard, BoardRelease
from services.console.queries import public_versions
from services.console.queries import releases as queries
from services.console.queries.releases import Confirmation
from shared import events
from shared.events import HazardReported
from shared.events.vocabulary import Severity
from shared.places import Places
from tests.console.factories import BATKEN, KADAMJAI, LEILEK, NOW, alert, hazard, received

pytestmark = pytest.mark.anyio
INTERNAL, PUBLIC = {"ru": {"headline": "Звонил староста"}}, {"ru": {"headline": "Сель. Дорога закрыта."}}
LATER = NOW + timedelta(minutes=10)
CONFIRMED = Confirmation(NOW, frozenset({"Severe"}))


def revisions(hazard_id: UUID) -> list[HazardReported]:
    own: dict[str, Any] = {"hazard_id": hazard_id, "scope": "Restricted", "text": INTERNAL}
    public: dict[str, Any] = {"hazard_id": hazard_id, "text": PUBLIC, "severity": "Unknown"}
    return [
        hazard(**own),
        hazard(**public, revision=2, released_revision=1),
        hazard(events.HazardUpdated, **own, revision=3, msg_type="Update", severity="Extreme"),
        hazard(events.HazardUpdated, **public, revision=4, msg_type="Update", released_revision=3),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
async def test_a_release_never_replaces_the_internal_content(session: AsyncSession, order: tuple[int, ...]) -> None:
    all_revisions = revisions(uuid4())
    await show([received(all_revisions[number]) for number in order[:2]], session)
    await show([received(all_revisions[number]) for number in order[2:]], session)
    own, public = (
        (await session.scalars(select(BoardHazard))).one(),
        (await session.scalars(select(BoardRelease))).one(),
    )
    assert (own.revision, own.scope, own.severity, own.text["ru"]["headline"]) == (
        3,
        "Restricted",
        "Extreme",
        "Звонил староста",
    )
    assert (public.revision, public.released_revision, public.severity) == (4, 3, "Unknown")
    assert public.text["ru"]["headline"] == "Сель. Дорога закрыта."
    assert releases.publicity(own, public) is Publicity.CURRENT
    assert releases.next_revision(own, public) == 5


async def shown(session: AsyncSession, *data: HazardReported) -> tuple[BoardHazard, BoardRelease | None]:
    await show([received(one) for one in data], session)
    own = (await session.scalars(select(BoardHazard))).one()
    return own, await queries.release(session, own.hazard_id)


@pytest.mark.parametrize(
    ("known", "expected"),
    [([0], Publicity.NOTHING), ([0, 1], Publicity.CURRENT), ([0, 1, 2], Publicity.OUTDATED)],
)
async def test_the_board_tells_what_the_public_reads(
    session: AsyncSession, known: list[int], expected: Publicity
) -> None:
    all_revisions = revisions(uuid4())
    assert releases.publicity(*await shown(session, *(all_revisions[number] for number in known))) is expected


async def test_a_release_of_a_revision_that_does_not_exist_is_not_current(session: AsyncSession) -> None:
    own, release, *_ = revisions(uuid4())
    forged = release.model_copy(update={"revision": 901, "released_revision": 900})
    hazard_row, public = await shown(session, own, forged)
    assert releases.publicity(hazard_row, public) is Publicity.OUTDATED
    state = releases.state(hazard_row, public, CONFIRMED, unreleased_since=None, now=LATER)
    assert state is not None and state.is_overdue
    assert releases.form(hazard_row, public, releases.ReleasablePlace((), ()))["withdrawal"]["released_revision"] == 900


async def test_a_release_waits_on_the_board_until_its_hazard_comes(session: AsyncSession) -> None:
    own, release, *_ = revisions(uuid4())

    async def waiting(now: datetime = NOW) -> list[UUID]:
        return [row.hazard_id for row in await queries.without_hazard(session, now, 10)]

    await show([received(release.model_copy(update={"expires": LATER}))], session)
    assert (await waiting(), await waiting(LATER)) == ([own.hazard_id], [])
    known = (await session.scalars(select(BoardRelease))).one()
    assert releases.source_of(known) == {"source": "cmc", "source_id": f"hazard:{own.hazard_id}"}
    known.source = "hydromet"
    assert releases.source_of(known) == {"source": "hydromet", "source_id": release.source_id}
    await show([received(own)], session)
    assert await waiting() == []
    withdrawn = hazard(events.HazardCancelled, revision=3, msg_type="Cancel", released_revision=1)
    await show([received(withdrawn)], session)
    assert await waiting() == []


@pytest.mark.parametrize(
    ("severity", "confirmed", "minutes", "known", "is_red"),
    [
        ("Severe", True, 10, [0], True),
        ("Extreme", True, 10, [0], True),
        ("Severe", True, 9, [0], False),
        ("Severe", False, 60, [0], False),
        ("Moderate", True, 60, [0], False),
        ("Severe", True, 60, [0, 1], False),
        ("Severe", True, 60, [0, 1, 2], True),  # the hazard changed after its publication
        ("Severe", True, 60, [0, 1, 2, 3], False),
    ],
)
async def test_a_severe_confirmed_hazard_without_a_release_shows_red_after_ten_minutes(
    session: AsyncSession, severity: str, *, confirmed: bool, minutes: int, known: list[int], is_red: bool
) -> None:
    all_revisions = [one.model_copy(update={"severity": Severity(severity)}) for one in revisions(uuid4())]
    own, public = await shown(session, *(all_revisions[number] for number in known))
    if confirmed:
        await confirm(session, own.hazard_id, severity=severity)
    state = await state_of(session, own, public, NOW + timedelta(minutes=minutes))
    assert state is not None and state.is_overdue is is_red


async def confirm(session: AsyncSession, hazard_id: UUID, **changed: Any) -> None:
    fields: dict[str, Any] = {"verification": "confirmed", "confirmed_at": NOW, "sequence": 2} | changed
    await show([received(alert(events.AlertConfirmed, hazard_id=hazard_id, **fields))], session)


async def state_of(
    session: AsyncSession, own: BoardHazard, public: BoardRelease | None, now: datetime
) -> PublicState | None:
    confirmation = (await queries.confirmed(session, [own.hazard_id])).get(own.hazard_id)
    since = (await public_versions.unreleased_since(session, [own.hazard_id])).get(own.hazard_id)
    return releases.state(own, public, confirmation, unreleased_since=since, now=now)


def edits(hazard_id: UUID, *, every_minutes: int, first: int = 1, begin: datetime = NOW) -> list[HazardReported]:
    return [
        hazard(
            hazard_id=hazard_id,
            scope="Restricted",
            revision=first + number,
            received_at=begin + timedelta(minutes=number * every_minutes),
        )
        for number in range(4)
    ]


async def test_edits_do_not_restart_the_ten_minutes(session: AsyncSession) -> None:
    own, public = await shown(session, *edits(uuid4(), every_minutes=9))
    await confirm(session, own.hazard_id)
    for minutes, is_red in ((9, False), (27, True)):
        state = await state_of(session, own, public, NOW + timedelta(minutes=minutes))
        assert state is not None and state.is_overdue is is_red


async def test_the_first_edit_after_a_release_begins_the_ten_minutes(session: AsyncSession) -> None:
    own, release, *_ = revisions(uuid4())
    await shown(session, own, release)
    later = edits(own.hazard_id, every_minutes=9, first=3, begin=NOW + timedelta(hours=1))
    changed, public = await shown(session, *later)
    await confirm(session, own.hazard_id)
    for minutes, is_red in ((69, False), (70, True)):
        state = await state_of(session, changed, public, NOW + timedelta(minutes=minutes))
        assert state is not None and state.is_overdue is is_red


async def test_the_severity_of_the_confirmed_alert_counts_too(session: AsyncSession) -> None:
    own, public = await shown(session, hazard(scope="Restricted", severity="Unknown"))
    await confirm(session, own.hazard_id)
    state = await state_of(session, own, public, LATER)
    assert state is not None and state.is_overdue


async def test_an_alert_that_was_resolved_as_confirmed_counts_from_then(session: AsyncSession) -> None:
    own, public = await shown(session, hazard(scope="Restricted"))
    await confirm(session, own.hazard_id, confirmed_at=None, resolved_at=NOW, verdict="confirmed")
    for now, is_red in ((NOW + timedelta(minutes=9), False), (LATER, True)):
        state = await state_of(session, own, public, now)
        assert state is not None and state.is_overdue is is_red


async def test_a_confirmed_alert_without_a_time_does_not_break_the_board(session: AsyncSession) -> None:
    own, public = await shown(session, hazard(scope="Restricted", received_at=NOW))
    await confirm(session, own.hazard_id, confirmed_at=None)
    state = await state_of(session, own, public, LATER)
    assert state is not None and not state.is_overdue


async def test_a_released_severity_that_was_corrected_shows_red(session: AsyncSession) -> None:
    own = hazard(scope="Restricted", severity="Extreme")
    ids: dict[str, Any] = {"hazard_id": own.hazard_id, "text": PUBLIC}
    release = hazard(**ids, revision=2, released_revision=1, severity="Extreme")
    milder = hazard(**ids, scope="Restricted", revision=3, severity="Moderate")
    corrected, public = await shown(session, own, release, milder)
    await confirm(session, own.hazard_id, severity="Moderate")
    state = await state_of(session, corrected, public, LATER)
    assert state is not None and state.is_overdue


async def test_a_public_hazard_needs_no_release(session: AsyncSession) -> None:
    own, public = await shown(session, hazard(severity="Extreme"))
    assert await state_of(session, own, public, LATER) is None


VILLAGE = "KG05258812010"  # a code outside the list of units


@pytest.mark.parametrize(
    ("pcodes", "districts", "villages"),
    [
        ([KADAMJAI], (KADAMJAI,), ()),
        ([VILLAGE], (KADAMJAI,), (VILLAGE,)),
        ([VILLAGE, KADAMJAI], (KADAMJAI,), (VILLAGE,)),
        ([BATKEN], (BATKEN,), ()),
        ([BATKEN, KADAMJAI, LEILEK], (KADAMJAI, LEILEK), ()),
        (["KG99999999999"], (), ("KG99999999999",)),
        ([], (), ()),
    ],
)
async def test_a_release_has_districts_unless_a_person_chooses_the_more_exact_places(
    pcodes: list[str], districts: tuple[str, ...], villages: tuple[str, ...]
) -> None:
    place = releases.releasable_place(pcodes, Places.load())
    assert (place.districts, place.villages) == (districts, villages)


COLUMNS = ("status", "type", "urgency", "pcodes", "lat", "lon", "onset")


async def test_an_earlier_release_gets_its_content_only_if_the_hazard_has_not_changed_since(
    session: AsyncSession,
) -> None:
    unchanged, changed = uuid4(), uuid4()
    await show([received(event) for event in (*revisions(unchanged)[:2], *revisions(changed)[:3])], session)
    connection = await session.connection()
    await connection.run_sync(upgrade_again)
    rows = {row.hazard_id: row for row in await session.execute(text("SELECT * FROM board_releases"))}
    assert (rows[unchanged].type, rows[unchanged].pcodes, rows[unchanged].status) == ("mudflow", [KADAMJAI], "Actual")
    assert [rows[changed]._mapping[column] for column in COLUMNS] == [None] * len(COLUMNS)


def upgrade_again(connection: Connection) -> None:
    for column in COLUMNS:
        connection.execute(text(f"ALTER TABLE board_releases DROP COLUMN {column}"))
    with Operations.context(MigrationContext.configure(connection)):
        import_module("services.console.migrations.0017_released_content").upgrade()
