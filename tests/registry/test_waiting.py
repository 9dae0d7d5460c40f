"""Tests the routes of the page of held reports: who sees which reports, and the effects of a decision."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, text

from services.registry.held import queries as held_queries
from services.registry.models import HeldDecision
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.registry.conftest import AUTHOR, TEAM, Office
from tests.registry.factories import NOON, OSH, group, household, movement
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio
HELD = "/v1/held"
EXPIRED = (Flag.EXPIRED_TOKEN,)
OSH_OBLAST = "KG06000000000"
OPEN = select(HeldDecision).where(HeldDecision.carried_out_at.is_(None)).order_by(HeldDecision.decided_at)


async def listed(office: Office, role: Role = Role.REGISTRAR, path: str = HELD, **more: Any) -> dict[str, Any]:
    answer = await office.get(path, role=role, **more)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def decide(
    office: Office, ids: list[str], *, role: Role = Role.REGISTRAR, areas: tuple[str, ...] = ("KG",), **body: Any
) -> httpx.Response:
    return await sent(office, f"{HELD}:decide", {"outcome_ids": ids, **body}, role=role, areas=areas)


async def sent(office: Office, path: str, body: dict[str, Any], **claims: Any) -> httpx.Response:
    token = office.installation.token(roles=[claims.pop("role")], **claims)
    return await office.client.post(path, json=body, headers={"authorization": f"Bearer {token}"})


async def carried_out(office: Office) -> list[str]:
    results = []
    async with office.app.state.sessions.begin() as session:
        for decision in (await session.scalars(OPEN)).all():
            decision.result = await office.registrar.settle_held(decision, session)
            decision.carried_out_at = datetime.now(UTC)
            results.append(decision.result)
    return results


async def rows(office: Office, statement: str) -> list[dict[str, Any]]:
    async with office.app.state.sessions.begin() as session:
        return [dict(row) for row in (await session.execute(text(statement))).mappings()]


async def test_held_reports_are_listed_oldest_first_by_reason_and_area_without_personal_data(office: Office) -> None:
    await office.file(household(), flags=EXPIRED)
    await office.file(household(destination={"pcode": OSH}), flags=EXPIRED)
    await office.file(household(version=2))
    page = await listed(office)
    assert {each["reason"]: each["reports"] for each in page["reasons"]} == {"expired_token": 2, "waiting": 1}
    received = [each["received_at"] for each in page["reports"]]
    assert len(received) == 3 and received == sorted(received)
    assert page["reports"][0]["clear"]["persons"] == 5
    for personal in ("Токтогул", "Айгүл", "+996", "мост"):
        assert personal not in str(page)
    [waiting] = (await listed(office, path=f"{HELD}?reason=waiting"))["reports"]
    assert (waiting["reason"], waiting["version"], waiting["is_acceptable"]) == ("waiting", 2, True)
    osh = await listed(office, areas=(OSH_OBLAST,))
    assert [each["clear"]["destination"] for each in osh["reports"]] == [{"pcode": OSH}]


async def test_urgent_reports_come_first_and_a_page_continues_where_the_last_one_ended(office: Office) -> None:
    await office.file(*(household() for _ in range(2)), flags=EXPIRED)
    await office.file(household(is_urgent=True), flags=EXPIRED)
    first = await listed(office, path=f"{HELD}?limit=2")
    second = await listed(office, path=f"{HELD}?limit=2&cursor={first['next']}")
    assert [each["clear"].get("is_urgent") for each in first["reports"]] == [True, None]
    ids = [each["outcome_id"] for page in (first, second) for each in page["reports"]]
    assert (len(ids), len(set(ids)), second["next"]) == (3, 3, None)


async def test_a_held_report_is_opened_with_a_purpose_and_the_opening_is_recorded(office: Office) -> None:
    body = household()
    await office.file(body, flags=EXPIRED)
    [held] = (await listed(office))["reports"]
    account, path = uuid4(), f"{HELD}/{held['outcome_id']}"
    opened = await listed(office, path=path, account=account)
    assert opened["report"]["notes"] == "мост снесло"
    assert [member["given_name"] for member in opened["report"]["members"]][:2] == ["Асан", "Айгүл"]
    [read] = await office.reads(account)
    assert (read["objects"], read["subject"]) == ([UUID(body["household_id"])], "GET /registry/v1/held/{outcome_id}")
    without = await office.get(path, role=Role.DUTY_HEAD, purpose=None)
    assert without.json()["type"].endswith("purpose-needed")
    elsewhere = await office.get(path, role=Role.REGISTRAR, areas=(OSH_OBLAST,))
    assert elsewhere.status_code == 404


async def test_the_list_says_that_a_movement_is_reversed_and_that_a_count_is_a_full_recount(office: Office) -> None:
    """Before a decision, a person must see the effect of the decision.

    A reversal cancels a death, and a full recount replaces other counts.
    """
    body = household()
    await office.file(movement(body, "died", version=2, is_reversed=True), group(is_full_recount=True), flags=EXPIRED)
    shown = {each["kind"]: each["clear"] for each in (await listed(office))["reports"]}
    assert shown["household_movement"]["is_reversed"] is shown["group"]["is_full_recount"] is True


async def test_several_reports_are_accepted_together_and_take_effect(office: Office) -> None:
    await office.file(household(), household(), flags=EXPIRED)
    ids = [each["outcome_id"] for each in (await listed(office))["reports"]]
    answer = await decide(office, [*ids, str(uuid4())], is_accepted=True)
    assert sorted(answer.json()["outcome_ids"]) == sorted(ids)
    assert (await listed(office))["reports"] == []
    assert await carried_out(office) == ["recorded", "recorded"]
    assert await rows(office, "SELECT count(*) FROM households") == [{"count": 2}]


async def test_a_refusal_has_a_reason_for_the_author_and_no_text_that_could_name_people(office: Office) -> None:
    await office.file(household(), flags=EXPIRED)
    [held] = (await listed(office))["reports"]
    unreasoned = await decide(office, [held["outcome_id"]], is_accepted=False)
    assert unreasoned.status_code == 422
    with_text: dict[str, Any] = {"refusal": "wrong_place", "note": "called the village head"}
    assert (await decide(office, [held["outcome_id"]], is_accepted=False, **with_text)).status_code == 422
    refused = await decide(office, [held["outcome_id"]], is_accepted=False, refusal="wrong_place")
    assert refused.status_code == 200
    assert await carried_out(office) == ["rejected"]
    assert await rows(office, "SELECT outcome, reason FROM reports") == [
        {"outcome": "rejected", "reason": "wrong_place"}
    ]
    [decision] = await rows(office, "SELECT reason, refusal FROM held_decisions")
    assert decision == {"reason": "wrong_place", "refusal": "wrong_place"}
    [event] = await rows(
        office,
        "SELECT convert_from(value, 'UTF8') AS value FROM outbox WHERE topic = 'outcomes' ORDER BY id DESC LIMIT 1",
    )
    assert '"wrong_place"' in event["value"]


async def test_an_author_reads_a_duplicate_as_recorded_also_in_the_registry(office: Office) -> None:
    """The author must not learn of another report about the household."""
    body = household()
    await office.file(body, flags=EXPIRED)
    paths = [f"/v1/households/{body['household_id']}{suffix}" for suffix in ("", "/history")]

    async def results() -> list[tuple[str, str | None]]:
        own, history = [await listed(office, Role.FIELD, path, account=AUTHOR) for path in paths]
        return [(report["outcome"], report["reason"]) for report in (own, *history["versions"])]

    assert await results() == [("held", None)] * 2
    [held] = (await listed(office))["reports"]
    await decide(office, [held["outcome_id"]], is_accepted=False, refusal="duplicate")
    await carried_out(office)
    assert await results() == [("recorded", None)] * 2


async def test_of_two_decisions_about_a_report_the_first_counts(office: Office) -> None:
    await office.file(household(), flags=EXPIRED)
    [held] = (await listed(office))["reports"]
    first = await decide(office, [held["outcome_id"]], is_accepted=True)
    second = await decide(office, [held["outcome_id"]], is_accepted=False, refusal="practice")
    assert [len(answer.json()["outcome_ids"]) for answer in (first, second)] == [1, 0]


@pytest.mark.parametrize("is_of_team", [False, True], ids=["two people on the page", "page and readmitted team"])
async def test_of_two_decisions_at_the_same_time_one_is_stored_and_the_other_person_is_told(
    office: Office, is_of_team: bool
) -> None:
    """The second decision comes before the commit of the first decision."""
    await office.file(household(), flags=EXPIRED)
    [report] = (await listed(office))["reports"]
    async with office.app.state.sessions.begin() as session:
        refused = {"reason": "practice", "is_accepted": False, "refusal": "practice"}
        await held_queries.decide(session, [UUID(report["outcome_id"])], account=uuid4(), **refused)
        path = f"/v1/teams/{TEAM}/held:accept"
        other = asyncio.create_task(
            office.post(path, role=Role.DUTY_HEAD)
            if is_of_team
            else decide(office, [report["outcome_id"]], is_accepted=True)
        )
        await wait_for(lambda: waits_for_a_lock(office))
    expected: dict[str, Any] = {"count": 0} if is_of_team else {"outcome_ids": []}
    assert (await other).json() == expected
    assert await rows(office, "SELECT is_accepted FROM held_decisions") == [{"is_accepted": False}]


async def waits_for_a_lock(office: Office) -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await rows(office, waiting))


async def test_a_contradicting_report_can_only_be_refused(office: Office) -> None:
    body = household()
    await office.file(body)
    # another author, with the same report id and version
    await office.file({**body, "persons": 4, "members": []}, author=uuid4())
    [held] = (await listed(office))["reports"]
    assert (held["reason"], held["is_acceptable"]) == ("other_content", False)
    assert (await decide(office, [held["outcome_id"]], is_accepted=True)).json() == {"outcome_ids": []}
    refused = await decide(office, [held["outcome_id"]], is_accepted=False, refusal="duplicate")
    assert refused.json() == {"outcome_ids": [held["outcome_id"]]}


async def test_a_report_that_waits_for_another_is_not_refused_together_with_others(office: Office) -> None:
    """A movement may arrive before its household's first report.

    The early movement takes effect later, so it must not be refused.
    """
    early = household()
    await office.file(movement(early, "returned"))
    await office.file(household(), household(), flags=EXPIRED)
    reports = (await listed(office))["reports"]
    assert {each["reason"]: (each["is_acceptable"], each["waits"]) for each in reports} == {
        "household_unknown": (False, True),
        "expired_token": (True, False),
    }
    [waiting] = [each["outcome_id"] for each in reports if each["waits"]]
    refused = await decide(office, [each["outcome_id"] for each in reports], is_accepted=False, refusal="practice")
    assert len(refused.json()["outcome_ids"]) == 2 and waiting not in refused.json()["outcome_ids"]
    alone = await decide(office, [waiting], is_accepted=False, refusal="practice")
    assert alone.json()["outcome_ids"] == [waiting]


async def test_counts_of_two_teams_that_differ_are_listed_and_equal_ones_are_not(office: Office) -> None:
    for locality, first, second in (("Тобей мечити", 100, 60), ("Мектеп", 100, 95)):
        for persons in (first, second):
            count = group(
                persons=persons, is_full_recount=True, destination_locality=locality, counted_at=NOON.isoformat()
            )
            await office.file(count, author=uuid4(), team=uuid4())
    [stock] = (await listed(office, path="/v1/counts:differing"))["stocks"]
    assert stock["clear"]["destination_locality"] == "Тобей мечити"
    assert sorted(count["persons"] for count in stock["counts"]) == [60, 100]
    assert (await listed(office, path="/v1/counts:differing", areas=(OSH_OBLAST,)))["stocks"] == []
