"""In any order of arrival, the reports about a site give the same people at the site."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.decisions import SITE
from services.registry.reports import AnyFiled
from shared.events.vocabulary import Flag
from tests.registry.conftest import Filing
from tests.registry.factories import LEILEK, family, group, household, movement
from tests.registry.filing import filed_from, working_set_of
from tests.registry.test_site_movements import CAMP, REGISTRAR, SCHOOL, anyio, displaced, moved, transferred

TEAM = str(uuid4())


@anyio
@pytest.mark.parametrize("seed", [3, 4, 5])
async def test_any_order_of_arrival_gives_the_same_people_at_each_place(file: Filing, seed: int) -> None:
    draw = Random(seed)
    came, here, counted = household(site_id=CAMP), household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40)
    again = {**here, "version": 2, "site_id": CAMP}
    place = {"destination": {"pcode": LEILEK}, "destination_site_id": CAMP}
    went, returned = moved(SCHOOL, "transferred", 3, **place), moved(CAMP, "returned", 5)
    part = movement(counted, "transferred", persons=15, **place)
    bodies = [came, here, again, counted, transferred(came, SCHOOL, 2), went, part, returned]
    bodies += [{**went, "version": 2, "is_reversed": True}, moved(SCHOOL, "displaced_again", 4, **place)]
    seen = []
    for _ in range(8):
        draw.shuffle(bodies)
        for body in bodies:
            await file(body, **REGISTRAR)
        rows = [*await file.rows("stays"), *await file.rows("group_stays"), *await file.rows("counts")]
        columns = ("sub_stock", "destination_pcode", "persons", "superseded_at")
        seen.append((await displaced(file), sorted(str([row[column] for column in columns]) for row in rows)))
        await file.session.rollback()
    assert seen[1:] == seen[:-1]


HOUSEHOLD_ID = str(UUID(int=1, version=4))


def filed(body: dict[str, Any]) -> AnyFiled:
    is_site = body["kind"].startswith(SITE)
    sealed = ("members", "shelter", "destination_site_id", *(() if is_site else ("site_id",)))
    return filed_from(body, sealed=sealed, team=TEAM, flags=(Flag.REGISTRAR_OF_COUNTRY,) if is_site else ())


MEMBERS = family(3)
SITES, DAYS = st.sampled_from([SCHOOL, CAMP]), st.integers(-1, 12)
KINDS = st.sampled_from(
    ["returned", "transferred", "displaced_again", "confirmed_here", "left_country", "contact_lost"]
)


@st.composite
def reports(draw: st.DrawFn) -> list[dict[str, Any]]:
    body = household(household_id=HOUSEHOLD_ID, members=MEMBERS, persons=3, report_id=str(UUID(int=2, version=4)))
    result = [{**body, "site_id": draw(SITES)}]
    if draw(st.booleans()):
        result.append({**body, "version": 2, "site_id": draw(SITES)})
    for number in range(draw(st.integers(1, 3))):
        report_id = str(UUID(int=10 + number, version=4))
        result.append({**transferred(body, draw(SITES), draw(DAYS)), "report_id": report_id})
    for number in range(draw(st.integers(1, 3))):
        site_id, report_id = draw(SITES), str(UUID(int=100 + number, version=4))
        for version in range(1, draw(st.integers(1, 2)) + 1):
            kind = draw(KINDS)
            has_place = kind in ("transferred", "displaced_again")
            place = {"destination": {"pcode": LEILEK}, "destination_site_id": draw(SITES)} if has_place else {}
            report = moved(site_id, kind, draw(DAYS), report_id=report_id, version=version, **place)
            result.append({**report, "is_reversed": version == 2 and draw(st.booleans())})
    return result


def state_of(bodies: Iterable[dict[str, Any]], *, batch: int = 1) -> tuple[Any, ...]:
    working_set = working_set_of(map(filed, bodies), batch=batch)
    subject = working_set.subjects["household", HOUSEHOLD_ID]
    stays = {id: (followed.stays, followed.parts) for id, followed in subject.courses.by_departure.items()}
    outcomes = {id: (movement.outcome, movement.reason) for id, movement in subject.movements.items()}
    told = [change.standing for change in working_set.changes if change.subject == subject.name]
    assert told[-1] == subject.standing
    return subject.standing, stays, outcomes


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_state_does_not_depend_on_the_order_of_arrival_or_on_repeats(data: st.DataObject) -> None:
    bodies: Sequence[dict[str, Any]] = data.draw(reports())
    repeated = data.draw(st.permutations([*bodies, *data.draw(st.lists(st.sampled_from(bodies), max_size=4))]))
    assert state_of(repeated, batch=data.draw(st.integers(1, 9))) == state_of(bodies)
