"""Teams may count the same people with different results.

Tests how a person chooses a count, and the effects of the choice.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from services.registry.models import CountDecision
from shared.auth.tokens import Role
from tests.registry.conftest import Filing, Office
from tests.registry.factories import movement
from tests.registry.test_headcounts import EVENING, OTHER_AUTHOR, OTHER_TEAM, counted, stocks
from tests.registry.test_place_decisions import displaced, in_effect
from tests.registry.test_waiting import OSH_OBLAST, rows, sent

pytestmark = pytest.mark.anyio

OPEN = select(CountDecision).where(CountDecision.carried_out_at.is_(None)).order_by(CountDecision.decided_at)
OTHER = {"author": OTHER_AUTHOR, "team": OTHER_TEAM}
DIFFERING = "/v1/counts:differing"


async def page(office: Office, **more: Any) -> dict[str, Any]:
    answer = await office.get(DIFFERING, role=Role.REGISTRAR, **more)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def differ(office: Office, *persons: int) -> list[str]:
    bodies = [counted(hours, number) for hours, number in enumerate(persons)]
    for body in bodies:
        await office.file(body, author=uuid4(), team=uuid4())
    return [body["report_id"] for body in bodies]


async def choose(office: Office, report_id: str, role: Role = Role.REGISTRAR, **more: Any) -> httpx.Response:
    [stock] = (await page(office))["stocks"]
    others = [count["report_id"] for count in stock["counts"] if count["report_id"] != report_id]
    body = {"stock_id": stock["stock_id"], "report_id": report_id, "other_ids": others, "reason": "asked"}
    return await sent(office, "/v1/counts:choose", body, role=role, **more)


async def reverse(office: Office) -> None:
    ids = [each["decision_id"] for each in (await page(office))["decided"]]
    body = {"decision_ids": ids, "reason": "mistake"}
    assert (await sent(office, "/v1/counts:reverse", body, role=Role.REGISTRAR)).json()["ids"] == ids
    await carried_out(office)


async def carried_out(office: Office) -> None:
    async with office.app.state.sessions.begin() as session:
        for decision in (await session.scalars(OPEN)).all():
            decision.result = await office.registrar.settle_counts(decision, session)
            decision.carried_out_at = datetime.now(UTC)


async def logged(office: Office, *reports: str) -> list[tuple[str, str, int]]:
    entries = await rows(office, "SELECT objects, reason, result FROM audit WHERE action = 'counts_chosen' ORDER BY id")
    own = [entry for entry in entries if {*reports} <= {*map(str, entry["objects"])}]
    return [(entry["reason"], entry["result"], len(entry["objects"])) for entry in own]


@pytest.mark.parametrize("chosen", [0, 1])
async def test_the_chosen_count_replaces_the_other_until_the_choice_is_reversed(office: Office, chosen: int) -> None:
    reports = await differ(office, 100, 60)
    assert await in_effect(office) == [60, 100]
    own: dict[str, Any] = {"account": uuid4(), "areas": (OSH_OBLAST,)}
    response = await choose(office, reports[chosen], account=own["account"])
    assert response.json()["ids"] == [reports[1 - chosen]]
    # the page asks no more, even before the worker has computed the counts
    assert (await page(office))["stocks"] == []
    await carried_out(office)
    right, wrong = ((100, 60), (60, 100))[chosen]
    assert await in_effect(office) == [right]
    figure = await office.get("/v1/statistics/stock?date=2022-05-06", role=Role.ANALYST)
    assert figure.json()["total"]["group_persons"] == right
    [decided] = (await page(office))["decided"]
    assert (decided["persons"], decided["other_persons"], decided["is_applied"]) == (right, wrong, True)
    for group_id, text in (
        (decided["other_group"], f"Not used any more: a person chose the count of {right} instead."),
        (decided["group_id"], f"A person chose this count instead of {wrong}."),
    ):
        html = await office.get(f"/groups/{group_id}?lang=en", role=Role.REGISTRAR, accept="text/html")
        assert text in html.text and "Replaced by the full recount" not in html.text
        assert f"account {str(own['account'])[:8]}" in html.text and "They or the teams were asked" in html.text
    # a person sees a choice only within the person's areas, even if it is the person's own choice
    assert (await page(office, **own))["decided"] == []
    body = {"decision_ids": [decided["decision_id"]], "reason": "mistake"}
    assert (await sent(office, "/v1/counts:reverse", body, role=Role.REGISTRAR, **own)).json()["ids"] == []
    await reverse(office)
    assert await in_effect(office) == [60, 100]
    assert len((await page(office))["stocks"]) == 1
    assert await logged(office, *reports) == [("asked", "done", 2), ("reversed/mistake", "done", 2)]


async def test_a_corrected_count_makes_the_choice_invalid(office: Office) -> None:
    first, second = counted(0, 100), counted(1, 60)
    await office.file(first)
    await office.file(second, **OTHER)
    await choose(office, first["report_id"])
    await carried_out(office)
    await office.file({**second, "version": 2, "persons": 70}, **OTHER)
    assert await in_effect(office) == [70, 100]
    current = await page(office)
    assert (len(current["stocks"]), current["decided"]) == (1, [])


async def test_a_later_recount_of_a_team_is_compared_with_the_chosen_count(office: Office) -> None:
    first = counted(0, 100)
    await office.file(first)
    await office.file(counted(1, 60), **OTHER)
    await choose(office, first["report_id"])
    await carried_out(office)
    await office.file(counted(2, 50), **OTHER)
    assert await in_effect(office) == [50, 100]
    [stock] = (await page(office))["stocks"]
    assert [count["persons"] for count in stock["counts"]] == [50, 100]


async def test_people_who_left_before_the_newest_count_are_shown_apart_from_the_reported_ones(office: Office) -> None:
    """The two counts are nearly equal, but half of the first count's people had left before the second count."""
    first, second = counted(0, 100), counted(2, 95)
    hours = {hour: (EVENING + timedelta(hours=hour)).isoformat() for hour in (1, 3)}
    await office.file(first)
    for hour, persons in ((1, 50), (3, 20)):
        at = {"occurred_at": hours[hour], "occurred_at_precision": "hour", "reported_at": hours[hour]}
        await office.file(movement(first, "returned", persons=persons, **at))
    await office.file(second, **OTHER)
    [stock] = (await page(office))["stocks"]
    assert [(count["persons"], count["persons_left"]) for count in stock["counts"]] == [(95, 95), (100, 50)]
    [_, first_count] = stock["counts"]
    of_second = stock["counts"][0]["group_id"]
    html = await office.get(f"/groups/{of_second}?lang=en", role=Role.REGISTRAR, accept="text/html")
    assert "another count of the same people: 100" in html.text and "still there: 30" in html.text
    assert first_count["group_id"] != of_second


async def test_the_people_who_are_left_until_now_are_shown(office: Office) -> None:
    """50 people returned after the first count, and nobody has moved since."""
    first, second, hour = counted(0, 100), counted(2, 95), (EVENING + timedelta(hours=1)).isoformat()
    at = {"occurred_at": hour, "occurred_at_precision": "hour", "reported_at": hour}
    await office.file(first)
    await office.file(movement(first, "returned", persons=50, **at))
    await office.file(second, **OTHER)
    [stock] = (await page(office))["stocks"]
    assert [(count["persons"], count["persons_left"]) for count in stock["counts"]] == [(95, 95), (100, 50)]


async def test_movements_follow_the_choice(office: Office) -> None:
    first, second = counted(0, 100), counted(1, 60)
    await office.file(first)
    await office.file(second, **OTHER)
    moved = {"occurred_at": "2022-05-07T06:00:00Z", "reported_at": "2022-05-07T07:00:00Z", "persons": 30}
    await office.file(movement(second, "returned", **moved))
    assert await displaced(office) == [30, 70]
    await choose(office, first["report_id"])
    await carried_out(office)
    assert await displaced(office) == [70]
    await reverse(office)
    assert await displaced(office) == [30, 70]


async def test_nothing_changes_if_a_further_count_arrives_before_the_choice(office: Office) -> None:
    first, second = await differ(office, 100, 60)
    [stock] = (await page(office))["stocks"]
    await office.file(counted(3, 30), author=uuid4(), team=uuid4())
    body = {"stock_id": stock["stock_id"], "report_id": first, "other_ids": [second], "reason": "asked"}
    assert (await sent(office, "/v1/counts:choose", body, role=Role.REGISTRAR)).json()["ids"] == []
    assert await in_effect(office) == [30, 60, 100]
    assert len((await choose(office, first)).json()["ids"]) == 2
    await carried_out(office)
    assert await in_effect(office) == [100]


async def test_only_deciders_of_the_area_choose_and_every_counter_assigns(office: Office) -> None:
    first, _ = await differ(office, 100, 60)
    assert (await choose(office, first, role=Role.OPERATOR)).status_code == 403
    assert (await choose(office, first, areas=(OSH_OBLAST,))).json()["ids"] == []
    assert await in_effect(office) == [60, 100]
    [stock], account = (await page(office))["stocks"], str(uuid4())
    for assignee in (account, None):
        body = {"stock_ids": [stock["stock_id"]], "account": assignee}
        assigned = await sent(office, "/v1/counts:assign", body, role=Role.OPERATOR)
        assert assigned.json()["ids"] == [stock["stock_id"]]
        assert (await page(office))["stocks"][0]["assignee"] == assignee
    assert await logged(office, first) == [("not-found", "refused", 2)]


async def test_counts_corrections_movements_and_choices_in_any_order_give_the_same_counts(file: Filing) -> None:
    draw = Random(7)
    teams = [uuid4() for _ in range(4)]
    counts = [(counted(hours, draw.randrange(20, 200)), teams[hours % 4]) for hours in range(8)]
    bodies = [*counts, ({**counts[5][0], "version": 2, "persons": 90}, counts[5][1])]
    moved = {"occurred_at": "2022-05-07T06:00:00Z", "reported_at": "2022-05-07T07:00:00Z", "persons": 10}
    bodies.append((movement(counts[2][0], "returned", **moved), teams[2]))
    reports = [UUID(body["report_id"]) for body, _ in counts]
    choices = [
        decision(reports[4], reports[5], 1),
        decision(reports[5], reports[4], 2, version=2),
        decision(reports[6], reports[7], 3),
        decision(reports[7], reports[6], 4),
        decision(reports[6], reports[4], 5, is_reversed=True),
    ]
    seen = []
    for _ in range(4):
        draw.shuffle(bodies)
        moments = sorted(draw.choices(range(len(bodies) + 1), k=len(choices)))
        for number in range(len(bodies) + 1):
            for given in (each for each, moment in zip(choices, moments, strict=True) if moment == number):
                await settle(file, given)
            for body, team in bodies[number : number + 1]:
                await file(body, author=team, team=team)
        seen.append(await stocks(file))
        await file.session.rollback()
    assert seen[1:] == seen[:-1]
    assert seen[0] != [[]]


def decision(
    report_id: UUID, other_id: UUID, minute: int, *, version: int = 1, is_reversed: bool = False
) -> dict[str, Any]:
    return {
        "report_id": report_id,
        "version": version,
        "other_id": other_id,
        "other_version": 1,
        "is_reversed": is_reversed,
        "reason": "asked",
        "account": uuid4(),
        "decided_at": datetime(2026, 6, 15, 6, minute, tzinfo=UTC),
    }


async def settle(file: Filing, given: dict[str, Any]) -> None:
    made = CountDecision(**given)
    file.session.add(made)
    await file.session.flush()
    made.result = await file.registrar.settle_counts(made, file.session)
