"""A team sent reports after its sign-ins had expired. A duty head accepts these reports."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from services.registry.held import queries as held
from services.registry.models import HeldDecision
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.registry.conftest import TEAM, Office
from tests.registry.factories import BATKEN, LEILEK, NOON, OSH, household, movement
from tests.registry.test_routes import BATKEN_OBLAST

pytestmark = pytest.mark.anyio


# Copies each held report, and gives the copies new ids.
COPIES = """
INSERT INTO reports
SELECT (jsonb_populate_record(
    one, jsonb_build_object('report_id', gen_random_uuid(), 'outcome_id', gen_random_uuid())
)).*
FROM reports AS one, generate_series(1, :count) WHERE outcome = 'held'
"""


async def test_a_duty_head_accepts_reports_that_a_team_sent_after_its_sign_ins_had_ended(office: Office) -> None:
    """The duty head accepts only reports in the duty head's areas. Reports with another reason stay held."""
    other, elsewhere = uuid4(), household(origin={"pcode": OSH}, destination={"pcode": OSH})
    await office.file(household(), household(), elsewhere, flags=(Flag.EXPIRED_TOKEN,))
    await office.file(household(), team=other, flags=(Flag.EXPIRED_TOKEN,))
    await office.file(household(version=2))
    head: dict[str, Any] = {"role": Role.DUTY_HEAD, "areas": (BATKEN_OBLAST,)}
    path = f"/v1/teams/{TEAM}/held"
    assert (await office.get(path, **head)).json() == {"count": 2}
    account = uuid4()
    assert (await office.post(f"{path}:accept", **head, account=account)).json() == {"count": 2}
    assert (await office.get(path, **head)).json() == {"count": 0}, "decided, and about to be carried out"
    async with office.app.state.sessions.begin() as session:
        query = text("SELECT is_accepted, is_expiry_only, account, reason FROM held_decisions")
        decided = (await session.execute(query)).all()
    assert decided == [(True, True, account, "the team was re-admitted")] * 2


async def test_a_readmitted_team_changes_no_household_of_another_team(office: Office) -> None:
    """A readmission accepts a report although its sign-in had expired.

    A readmission does not change the rules about who may change a household.
    """
    theirs, own = household(), household(destination={"pcode": BATKEN})
    await office.file(theirs, author=uuid4(), team=uuid4())
    moved = household(household_id=theirs["household_id"], destination={"pcode": OSH})
    await office.file(own, moved, {**theirs, "version": 2, "destination": {"pcode": OSH}}, flags=(Flag.EXPIRED_TOKEN,))
    head: dict[str, Any] = {"role": Role.DUTY_HEAD}
    path = f"/v1/teams/{TEAM}/held"
    assert (await office.post(f"{path}:accept", **head)).json() == {"count": 3}
    assert sorted(await carry_out(office)) == ["held", "held", "recorded"]
    async with office.app.state.sessions.begin() as session:
        reasons = await session.execute(text("SELECT report_id, reason FROM reports WHERE outcome = 'held'"))
        households = await session.execute(text("SELECT household_id, destination_pcode, persons FROM households"))
        episodes = await session.scalar(text("SELECT count(*) FROM episodes"))
    assert set(reasons.all()) == {(UUID(each["report_id"]), "not_author") for each in (theirs, moved)}
    assert set(households.all()) == {
        (UUID(theirs["household_id"]), LEILEK, 5),
        (UUID(own["household_id"]), BATKEN, 5),
    }
    assert episodes == 2
    assert (await office.get(path, **head)).json() == {"count": 0}, "a registrar decides them one by one"


async def carry_out(office: Office) -> list[str]:
    async with office.app.state.sessions.begin() as session:
        decided = await session.scalars(select(HeldDecision).order_by(HeldDecision.decided_at))
        return [await office.registrar.settle_held(decision, session) for decision in decided]


async def test_a_held_movement_without_a_place_is_in_the_area_of_its_household(office: Office) -> None:
    team, body = uuid4(), household(destination={"pcode": LEILEK})
    await office.file(body)
    await office.file(movement(body, "returned"), team=team, flags=(Flag.EXPIRED_TOKEN,))
    path = f"/v1/teams/{team}/held"
    counts = [(await office.get(path, role=Role.DUTY_HEAD, areas=(area,))).json()["count"] for area in (LEILEK, OSH)]
    assert counts == [1, 0]


async def test_accepting_held_reports_is_in_the_security_log(office: Office) -> None:
    await office.file(household(), household(), team=(team := uuid4()), flags=(Flag.EXPIRED_TOKEN,))
    account = uuid4()
    await office.post(f"/v1/teams/{team}/held:accept", role=Role.DUTY_HEAD, account=account)
    async with office.app.state.sessions.begin() as session:
        query = text("SELECT action, result, subject, objects, reason FROM audit WHERE account = :account")
        entries = (await session.execute(query, {"account": account})).all()
    route = "POST /registry/v1/teams/{team}/held:accept"
    assert entries == [("held_accepted", "done", route, [team], "count=2")]


async def test_many_held_reports_elsewhere_do_not_hide_those_of_the_callers_area(office: Office) -> None:
    """Another area has older held reports, as many as one request can accept.

    The other area's reports must not use up the limit of one request.
    """
    elsewhere = household(origin={"pcode": OSH}, destination={"pcode": OSH}, reported_at=NOON.isoformat())
    await office.file(elsewhere, flags=(Flag.EXPIRED_TOKEN,))
    async with office.app.state.sessions.begin() as session:
        await session.execute(text(COPIES), {"count": held.MOST})
    await office.file(household(), flags=(Flag.EXPIRED_TOKEN,))
    path = f"/v1/teams/{TEAM}/held"
    assert (await office.get(path, role=Role.DUTY_HEAD)).json() == {"count": held.MOST + 2}
    head: dict[str, Any] = {"role": Role.DUTY_HEAD, "areas": (BATKEN_OBLAST,)}
    assert (await office.get(path, **head)).json() == {"count": 1}
    assert (await office.post(f"{path}:accept", **head)).json() == {"count": 1}
    country: dict[str, Any] = {"role": Role.DUTY_HEAD}
    assert (await office.post(f"{path}:accept", **country)).json() == {"count": held.MOST}
    assert (await office.get(path, **country)).json() == {"count": 1}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DUTY_HEAD])
async def test_no_other_role_accepts_held_reports(office: Office, role: Role) -> None:
    path = f"/v1/teams/{TEAM}/held"
    statuses = [(await office.get(path, role=role)).status_code]
    statuses.append((await office.post(f"{path}:accept", role=role)).status_code)
    assert statuses == [403, 403]
