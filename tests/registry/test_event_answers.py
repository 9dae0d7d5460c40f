"""The desk is asked whether people left because of an event. Tests the question and the effects of an answer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from services.registry.event_links.queries import MOST_DEPARTURES
from services.registry.models import EventAnswer
from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import KADAMJAI, OSH, group, household, movement
from tests.registry.test_waiting import OSH_OBLAST, rows, sent

pytestmark = pytest.mark.anyio

OPEN = select(EventAnswer).where(EventAnswer.carried_out_at.is_(None)).order_by(EventAnswer.decided_at)
HAZARD = str(uuid4())
YES = {"answer": "yes", "hazard_id": HAZARD, "hazard_type": "mudflow", "reason": "fits"}
NO = {"answer": "no", "reason": "asked"}
EVENTS = "SELECT convert_from(value, 'UTF8')::json AS event FROM outbox WHERE topic = 'households' ORDER BY id"


def fled(**changed: Any) -> dict[str, Any]:
    left = datetime.now(UTC) - timedelta(days=1)
    moments = {"occurred_at": left.isoformat(), "reported_at": (left + timedelta(minutes=5)).isoformat()}
    return household(**{**moments, "occurred_at_precision": "hour", "hazard_type": None, **changed})


async def page(office: Office, **more: Any) -> dict[str, Any]:
    answer = await office.get("/v1/events:unanswered", role=Role.REGISTRAR, **more)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def answer(office: Office, given: dict[str, Any], role: Role = Role.REGISTRAR, **more: Any) -> httpx.Response:
    ids = [id for departure in (await page(office))["departures"] for id in departure["report_ids"]]
    response = await sent(office, "/v1/events:answer", {"report_ids": ids, **given}, role=role, **more)
    await carried_out(office)
    return response


async def reverse(office: Office) -> None:
    ids = [id for answered in (await page(office))["answered"] for id in answered["decision_ids"]]
    body = {"decision_ids": ids, "reason": "mistake"}
    assert (await sent(office, "/v1/events:reverse", body, role=Role.REGISTRAR)).json()["ids"] == ids
    await carried_out(office)


async def carried_out(office: Office) -> None:
    async with office.app.state.sessions.begin() as session:
        for given in (await session.scalars(OPEN)).all():
            given.result = await office.registrar.settle_event(given, session)
            given.carried_out_at = datetime.now(UTC)


async def hazards(office: Office) -> list[tuple[str | None, str | None]]:
    stored = await rows(office, "SELECT hazard_id::text, hazard_type FROM episodes ORDER BY reported_at")
    return [(row["hazard_id"], row["hazard_type"]) for row in stored]


async def test_the_event_is_added_to_the_household_until_the_answer_is_reversed(office: Office) -> None:
    body = fled()
    await office.file(body, fled(occurred_at=body["occurred_at"], persons=3, members=[]))
    [departure] = (await page(office))["departures"]
    assert (departure["pcode"], departure["persons"], len(departure["report_ids"])) == (KADAMJAI, 8, 2)
    assert len((await answer(office, YES)).json()["ids"]) == 2
    assert await hazards(office) == [(HAZARD, "mudflow")] * 2
    current = await page(office)
    [answered] = current["answered"]
    assert (current["departures"], answered["answer"], len(answered["decision_ids"])) == ([], "yes", 2)
    assert answered["is_applied"]
    *_, last = [row["event"] for row in await rows(office, EVENTS)]
    assert (last["hazard_id"], last["hazard_type"], last["sequence"], last["version"]) == (HAZARD, "mudflow", 2, 1)
    stored = await rows(office, "SELECT clear FROM reports")
    assert not any(HAZARD in row["clear"] for row in stored)  # the report is stored unchanged, as its author sent it
    await reverse(office)
    assert await hazards(office) == [(None, None)] * 2
    assert len((await page(office))["departures"]) == 1
    entries = await rows(office, "SELECT objects, reason FROM audit WHERE action = 'events_answered' ORDER BY id")
    own = [entry for entry in entries if body["household_id"] in map(str, entry["objects"])]
    assert [(entry["reason"], len(entry["objects"])) for entry in own] == [
        (f"yes/{HAZARD}/fits", 2),
        ("open/mistake", 2),
    ]


async def test_a_correction_and_a_movement_keep_the_event_unless_the_departure_is_another(office: Office) -> None:
    body = fled()
    await office.file(body)
    await answer(office, YES)
    left = datetime.fromisoformat(body["occurred_at"])
    await office.file({**body, "version": 2, "persons": 3, "members": []})
    await office.file(
        movement(body, "returned", occurred_at=(left + timedelta(hours=20)).isoformat(), reported_at=now())
    )
    assert await hazards(office) == [(HAZARD, "mudflow")]
    await office.file({**body, "version": 3, "occurred_at": (left - timedelta(days=3)).isoformat()})
    assert await hazards(office) == [(None, None)]
    current = await page(office)
    assert len(current["departures"]) == 1


def now() -> str:
    return datetime.now(UTC).isoformat()


async def test_another_reason_ends_the_question_and_changes_nothing(office: Office) -> None:
    await office.file(fled())
    before = len(await rows(office, EVENTS))
    await answer(office, NO)
    current = await page(office)
    assert (current["departures"], [answered["answer"] for answered in current["answered"]]) == ([], ["no"])
    assert await hazards(office) == [(None, None)]
    assert len(await rows(office, EVENTS)) == before


@pytest.mark.parametrize(
    "other",
    [
        {"hazard_id": HAZARD},
        {"mobility": "migration"},
        {"status": "Exercise"},
        {"reasons": ["conflict"]},
        {"occurred_at_precision": "month"},
        {"occurred_at": "2022-05-05T06:00:00+00:00"},
        {"origin": {"country": "TJ"}},
    ],
    ids="-".join,
)
async def test_households_that_left_because_of_no_recent_event_are_not_asked_about(
    office: Office, other: dict[str, Any]
) -> None:
    await office.file(fled(**other))
    assert (await page(office))["departures"] == []


async def test_only_deciders_of_the_area_answer_and_the_hazard_has_the_reported_type(office: Office) -> None:
    await office.file(fled(hazard_type="landslide"))
    assert (await answer(office, YES, role=Role.OPERATOR)).status_code == 403
    assert (await answer(office, YES, areas=(OSH_OBLAST,))).json()["ids"] == []
    # the report states another type of hazard, so the answer has no effect
    assert (await answer(office, YES)).json()["ids"] == []
    assert (await answer(office, {**YES, "hazard_id": None})).status_code == 422
    assert (await answer(office, {**NO, "hazard_id": HAZARD})).status_code == 422
    assert (await page(office, areas=(OSH_OBLAST,)))["departures"] == []
    assert await hazards(office) == [(None, "landslide")]
    account = uuid4()
    assert len((await answer(office, {**YES, "hazard_type": "landslide"}, account=account)).json()["ids"]) == 1
    assert await hazards(office) == [(HAZARD, "landslide")]
    [answered] = (await page(office))["answered"]
    own: dict[str, Any] = {"account": account, "areas": (OSH_OBLAST,)}
    # a person sees an answer only within the person's areas, even if it is the person's own answer
    assert (await page(office, **own))["answered"] == []
    body = {"decision_ids": answered["decision_ids"], "reason": "mistake"}
    assert (await sent(office, "/v1/events:reverse", body, role=Role.REGISTRAR, **own)).json()["ids"] == []


GROUP_EVENTS = "SELECT convert_from(value, 'UTF8')::json AS event FROM outbox WHERE topic = 'groups' ORDER BY id"


def counted(**changed: Any) -> dict[str, Any]:
    moments = {name: fled()[name] for name in ("occurred_at", "reported_at", "occurred_at_precision")}
    return group(**{**moments, "hazard_type": None, **changed})


async def test_the_event_is_added_to_a_counted_group_until_the_answer_is_reversed(office: Office) -> None:
    body = counted()
    household_of_day = fled(occurred_at=body["occurred_at"])
    await office.file(body, household_of_day)
    departures = {departure["kind"]: departure for departure in (await page(office))["departures"]}
    assert departures["group"]["persons"] == 120 and departures["group"]["household_ids"] == [body["group_id"]]
    assert departures["household"]["persons"] == 5  # the people of the count and the household are never added
    assert len((await answer(office, YES)).json()["ids"]) == 2
    stored = "SELECT hazard_id::text, hazard_type FROM counts"
    assert await rows(office, stored) == [{"hazard_id": HAZARD, "hazard_type": "mudflow"}]
    *_, last = [row["event"] for row in await rows(office, GROUP_EVENTS)]
    assert (last["hazard_id"], last["hazard_type"], last["persons"]) == (HAZARD, "mudflow", 120)
    answered = (await page(office))["answered"]
    assert [group_id for row in answered for group_id in row["group_ids"]] == [body["group_id"]]
    await office.file({**body, "version": 2, "persons": 90, "sex_age": []})
    assert await rows(office, stored) == [{"hazard_id": HAZARD, "hazard_type": "mudflow"}]
    await office.file(counted(destination={"pcode": OSH}))  # a count of other people
    await reverse(office)
    assert {row["hazard_id"] for row in await rows(office, stored)} == {None}
    *_, last = [row["event"] for row in await rows(office, GROUP_EVENTS)]
    assert last.get("hazard_id") is None


async def test_a_count_whose_people_fled_the_hazard_of_another_count_is_not_asked_about(office: Office) -> None:
    """The registry itself joins the two counts, or asks whether the people of both fled the same hazard."""
    named = {"is_full_recount": True, "destination_locality": "Тобей", "hazard_type": "mudflow", "hazard_id": HAZARD}
    body = counted(**named)
    await office.file(body, counted(**{**named, "hazard_id": None, "occurred_at": body["occurred_at"]}))
    await office.file(counted(measure="flow"))
    assert (await page(office))["departures"] == []


async def test_departures_are_listed_in_pages_and_assigned(office: Office) -> None:
    """For many departures, intake proposes no event. The questions about departures without an event stay open.

    Without pages, the open questions would hide all other questions.
    """
    left = datetime.now(UTC) - timedelta(days=20)
    hours = [(left + timedelta(hours=number)).isoformat() for number in range(MOST_DEPARTURES + 1)]
    for hour in hours:
        await office.file(fled(occurred_at=hour, members=[], persons=1))
    first = await page(office)
    second = await office.get(f"/v1/events:unanswered?cursor={first['next']}", role=Role.REGISTRAR)
    [departure] = second.json()["departures"]
    assert (len(first["departures"]), second.json()["next"], second.json()["answered"]) == (MOST_DEPARTURES, None, [])
    listed = [each["report_ids"] for each in (*first["departures"], departure)]
    assert len({report_id for [report_id] in listed}) == MOST_DEPARTURES + 1
    account, ids = str(uuid4()), departure["report_ids"]
    for given in (account, None):
        body = {"report_ids": [*ids, str(uuid4())], "account": given}
        assert (await sent(office, "/v1/events:assign", body, role=Role.OPERATOR)).json()["ids"] == ids
        again = await office.get(f"/v1/events:unanswered?cursor={first['next']}", role=Role.REGISTRAR)
        assert [each["assignee"] for each in again.json()["departures"]] == [given]
    elsewhere = await sent(office, "/v1/events:assign", body, role=Role.OPERATOR, areas=(OSH_OBLAST,))
    assert elsewhere.json()["ids"] == []
