"""Intake accepts or refuses reports of movements. Intake seals the personal data in reports of movements."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.intake.conftest import BATCH, DISPLACEMENTS, MOVEMENTS, RunningIntake
from tests.intake.factories import household, movement
from tests.intake.records import records


async def test_a_movement_is_accepted_stamped_and_sealed(intake: RunningIntake) -> None:
    account, member = uuid4(), str(uuid4())
    body = movement(member_ids=[member], destination={"pcode": "KG05258000000"}, notes="үйүнө кайтты")
    answer = await intake.caller(account=account).post(MOVEMENTS, body)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    [received] = await records(intake.installation, "displacements", body["report_id"])
    data = received.event.data
    assert received.event.type == "dayar.displacement.movement_reported.v1"
    assert str(received.event.id) == answer.json()["event_id"]
    assert received.record.key.decode() == body["household_id"]
    assert (data.author, data.movement, data.destination.pcode) == (account, "returned", "KG05258000000")
    assert received.opened.sealed == {"member_ids": [member], "notes": "үйүнө кайтты"}
    assert member.encode() not in received.record.value
    assert "кайтты".encode() not in received.record.value


async def test_a_movement_by_short_code_has_the_key_of_its_report_and_the_code_is_sealed(intake: RunningIntake) -> None:
    body = {name: value for name, value in movement(household_code="7K3M9QXA7").items() if name != "household_id"}
    answer = await intake.caller().post(MOVEMENTS, body)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    [received] = await records(intake.installation, "displacements", body["report_id"])
    assert received.record.key.decode() == body["report_id"]
    assert received.opened.sealed == {"household_code": "7K3M9QXA7"}
    assert b"7K3M9QXA7" not in received.record.value


async def test_the_same_movement_again_is_a_duplicate_and_other_content_is_a_conflict(intake: RunningIntake) -> None:
    caller, body = intake.caller(), movement()
    answers = [await caller.post(MOVEMENTS, sent) for sent in (body, body, {**body, "notes": "other"})]
    assert [answer.status_code for answer in answers] == [202, 200, 409]
    reversal = await caller.post(MOVEMENTS, {**body, "version": 2, "is_reversed": True})
    assert reversal.status_code == 202
    stored = await records(intake.installation, "displacements", body["report_id"])
    assert [received.event.data.is_reversed for received in stored] == [False, True]


async def test_a_batch_may_contain_movements(intake: RunningIntake) -> None:
    body = household()
    returned = movement(household_id=body["household_id"])
    answer = await intake.caller().post(BATCH, [body, returned, {**returned, "movement": "flew"}])
    assert [result["status"] for result in answer.json()["results"]] == ["accepted", "accepted", 422]


@pytest.mark.parametrize(
    ("changed", "pointer", "expected"),
    [
        ({"movement": "flew"}, "/movement", "confirmed_here"),
        ({"movement": "transferred"}, "", "`destination` is expected"),
        ({"movement": "died", "destination": {"country": "KG"}}, "", "no `destination` is expected"),
        ({"movement": "left_country", "destination": {"pcode": "KG05258000000"}}, "", "in another country"),
        ({"movement": "entered_country", "destination": {"country": "UZ"}}, "", "in this country"),
        ({"movement": "transferred", "destination": {"country": "KZ"}}, "", "abroad it is `left_country`"),
        ({"movement": "displaced_again", "destination": {"country": "KZ"}}, "", "abroad it is `left_country`"),
        ({"movement": "relocated", "destination": {"country": "KZ"}}, "", "abroad it is `left_country`"),
        ({"movement": "settled_elsewhere", "destination": {"country": "KZ"}}, "", "abroad it is `left_country`"),
        ({"movement": "returned", "destination": {"country": "KZ"}}, "", "abroad it is `left_country`"),
        ({"movement": "died", "shelter": "tent"}, "", "no `shelter`"),
        ({"movement": "contact_lost", "destination_locality": "Тобей"}, "", "no `shelter`"),
        ({"movement": "died", "destination_point": {"lat": 40.1, "lon": 71.5}}, "", "no `shelter`"),
        ({"is_reversed": True}, "", "a `version` above 1 is expected"),
        ({"persons": 0}, "/persons", "1"),
        ({"persons": 3, "member_ids": [str(uuid4())]}, "", "`persons` is expected to equal"),
        ({"household_id": "x"}, "/household_id", "UUID"),
        ({"household_id": None}, "", "either `household_id` or `household_code`"),
        ({"household_code": "7K3M9QXA7"}, "", "either `household_id` or `household_code`"),
        ({"household_id": None, "household_code": "7K3M9QXB7"}, "", "mistyped"),
        ({"member_ids": [str(uuid4())] * 61}, "/member_ids", "60"),
        ({"name": "Асан"}, "/?", ""),
    ],
)
async def test_a_wrong_field_is_named(
    intake: RunningIntake, changed: dict[str, Any], pointer: str, expected: str
) -> None:
    answer = await intake.caller().post(MOVEMENTS, movement(**changed))
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert expected in error["expected"]
    assert "Асан" not in answer.text


async def test_a_displacement_is_refused_among_movements_and_a_movement_among_displacements(
    intake: RunningIntake,
) -> None:
    assert (await intake.caller().post(MOVEMENTS, household())).status_code == 422
    assert (await intake.caller().post(DISPLACEMENTS, movement())).status_code == 422


async def test_a_movement_in_the_future_is_refused_unless_the_authors_clock_is_ahead(intake: RunningIntake) -> None:
    caller, now = intake.caller(), datetime.now(UTC)
    tomorrow = (now + timedelta(days=2)).isoformat()
    wrong = await caller.post(MOVEMENTS, movement(occurred_at=tomorrow, reported_at=now.isoformat()))
    assert wrong.status_code == 422
    [error] = wrong.json()["errors"]
    assert error == {"pointer": "/occurred_at", "expected": "a day that is not in the future"}
    body = movement(occurred_at=tomorrow, reported_at=tomorrow)
    assert (await caller.post(MOVEMENTS, body)).status_code == 202
    [received] = await records(intake.installation, "displacements", body["report_id"])
    assert received.event.data.flags == ("clock_ahead",)
    assert received.event.data.occurred_at <= now + timedelta(minutes=1)
    assert (await caller.post(MOVEMENTS, body)).status_code == 200


def of(kind: str, **changed: Any) -> dict[str, Any]:
    body = {**movement(), "kind": f"{kind}_movement", f"{kind}_id": str(uuid4()), **changed}
    return {name: value for name, value in body.items() if name != "household_id"}


@pytest.mark.parametrize("kind", ["group", "site"])
async def test_a_movement_of_a_group_or_a_site_is_accepted_and_its_new_place_is_sealed(
    intake: RunningIntake, kind: str
) -> None:
    site_id = str(uuid4())
    place = {"destination": {"pcode": "KG05258000000"}, "destination_site_id": site_id, "shelter": "tent"}
    body = of(kind, movement="transferred", destination_locality="Тобей", **place)
    answer = await intake.caller().post(MOVEMENTS, body)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    [received] = await records(intake.installation, "displacements", body["report_id"])
    assert received.record.key.decode() == body[f"{kind}_id"]
    assert received.opened.subject == (kind, body[f"{kind}_id"])
    assert received.opened.sealed == {
        "destination_site_id": site_id,
        "destination_locality": "Тобей",
        "shelter": "tent",
    }
    assert site_id.encode() not in received.record.value


@pytest.mark.parametrize(
    ("body", "pointer", "expected"),
    [
        (of("group", movement="died"), "", "the number of people of the group who died"),
        (of("site", movement="died"), "", "a movement of counted people"),
        (of("group", member_ids=[str(uuid4())]), "/member_ids", ""),
        (of("group", persons=0), "/persons", "1"),
        (
            of("site", movement="entered_country", destination={"pcode": "KG05258000000"}),
            "",
            "a movement of counted people",
        ),
        (of("site", persons=3), "", "everybody at the site"),
        (of("site", movement="transferred"), "", "`destination` is expected"),
        (of("site", movement="contact_lost", destination_site_id=str(uuid4())), "", "no site, locality or point"),
        (of("family"), "/kind", "group_movement"),
    ],
)
async def test_what_a_group_or_a_site_does_not_do_is_refused(
    intake: RunningIntake, body: dict[str, Any], pointer: str, expected: str
) -> None:
    answer = await intake.caller().post(MOVEMENTS, body)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert expected in error["expected"]
