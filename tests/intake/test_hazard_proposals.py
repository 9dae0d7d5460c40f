"""Intake proposes hazards that may have made people leave. Tests to whom, for which departures, and in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.intake.hazard_proposals import StatedDeparture, has_other_cause, latest_onset
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.intake.conftest import BATCH, RunningIntake
from tests.intake.factories import hazard
from tests.waiting import wait_for

PROPOSALS = "/v1/hazards:proposals"
KADAMJAI, ALAI, BATKEN_OBLAST, OSH_OBLAST = "KG05258000000", "KG06207000000", "KG05000000000", "KG06000000000"
ONSET = datetime(2026, 11, 26, 8, 5, tzinfo=UTC)  # 14:05 in Bishkek


def departure(**changed: Any) -> dict[str, Any]:
    return {"pcode": KADAMJAI, "occurred_at": ONSET.isoformat(), "occurred_at_precision": "hour", **changed}


@pytest.mark.parametrize(
    ("left", "precision", "latest"),
    [
        ("2026-11-26T08:05:00Z", "hour", "2026-11-26T09:05:00Z"),
        # the day ends at 18:00 UTC; people may have left up to an hour before the onset
        ("2026-11-26T06:00:00Z", "day", "2026-11-26T18:59:59.999999Z"),
        ("2026-11-26T18:30:00Z", "day", "2026-11-27T18:59:59.999999Z"),
        ("2026-11-26T06:00:00Z", "week", None),
        ("2026-11-26T06:00:00Z", "year", None),
    ],
)
def test_a_hazard_begins_at_most_an_hour_after_the_departure(left: str, precision: str, latest: str | None) -> None:
    stated = StatedDeparture.model_validate(departure(occurred_at=left, occurred_at_precision=precision))
    assert latest_onset(stated) == (latest and datetime.fromisoformat(latest))


@pytest.mark.parametrize(
    ("stated", "is_other"),
    [
        ({}, False),
        ({"reasons": []}, False),
        ({"reasons": ["economic", "natural_disaster"]}, False),
        ({"reasons": ["economic"]}, True),
        ({"reasons": ["economic"], "hazard_type": "mudflow"}, False),
    ],
)
def test_a_departure_for_another_cause_has_no_hazard(stated: dict[str, Any], is_other: bool) -> None:
    assert has_other_cause(StatedDeparture.model_validate(departure(**stated))) is is_other


class Asking:
    def __init__(self, intake: RunningIntake, hazards: dict[str, str]) -> None:
        self.intake, self.names = intake, {hazard_id: name for name, hazard_id in hazards.items()}

    async def __call__(self, *roles: Role, areas: tuple[str, ...] = (KADAMJAI,), **changed: Any) -> list[str]:
        answer = await self.intake.caller(*roles, areas=areas).post(PROPOSALS, departure(**changed))
        assert answer.status_code == 200, answer.text
        proposed = answer.json()["hazards"]
        assert len(proposed) <= 5
        return [self.names[each["hazard_id"]] for each in proposed if each["hazard_id"] in self.names]


def content(**changed: Any) -> dict[str, Any]:
    return hazard(**{"scope": "Public", "status": "Test", "onset": ONSET.isoformat(), **changed})


async def sent(intake: RunningIntake, **bodies: dict[str, Any]) -> dict[str, str]:
    source = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, sources=["hydromet"])
    answer = await source.post(BATCH, [{"kind": "hazard", **body} for body in bodies.values()])
    results = answer.json()["results"]
    return {name: result["hazard_id"] for name, result in zip(bodies, results, strict=True)}


async def test_those_hazards_are_proposed_that_people_fled_and_the_account_may_see(intake: RunningIntake) -> None:
    later = {"onset": (ONSET + timedelta(hours=1, minutes=1)).isoformat()}
    earlier = {"onset": (ONSET - timedelta(days=1)).isoformat()}
    asking = Asking(
        intake,
        await sent(
            intake,
            minor=content(severity="Minor", onset=(ONSET + timedelta(minutes=30)).isoformat()),
            restricted=content(scope="Restricted"),
            private=content(scope="Private", severity="Moderate"),
            flood=content(type="river_flood", severity="Extreme", area={"pcodes": [BATKEN_OBLAST]}, **earlier),
            later=content(**later),
            elsewhere=content(area={"pcodes": [ALAI]}),
            actual=content(status="Exercise"),
        ),
    )
    seen = ["restricted", "minor", "flood"]
    await wait_for(lambda: asking(status="Test"))
    assert await asking(status="Test") == seen
    assert await asking(status="Test", areas=("KG",)) == seen
    assert await asking(status="Test", areas=(OSH_OBLAST,)) == []
    of_staff = await asking(Role.REGISTRAR, status="Test", areas=(OSH_OBLAST,))
    assert of_staff == ["restricted", "private", "minor", "flood"]
    assert await asking(status="Exercise") == ["actual"]
    assert await asking(status="Test", hazard_type="river_flood") == ["flood"]
    of_many = {"departures": [departure(status=status) for status in ("Test", "Exercise", "System")]}
    answer = await intake.caller(Role.OPERATOR).post(f"{PROPOSALS}-of-many", of_many)
    listed = [{each["hazard_id"] for each in proposed["hazards"]} for proposed in answer.json()["proposals"]]
    ids = {name: hazard_id for hazard_id, name in asking.names.items()}
    assert ids["flood"] in listed[0] and ids["actual"] in listed[1] and listed[2].isdisjoint(asking.names)
    assert (await intake.caller(Role.FIELD).post(f"{PROPOSALS}-of-many", of_many)).status_code == 403
    assert await asking(status="Test", reasons=["economic"]) == []
    assert await asking(status="Test", pcode=BATKEN_OBLAST) == ["flood"]
    assert "later" in await asking(status="Test", occurred_at_precision="day")
    answer = await intake.caller(areas=[KADAMJAI]).post(PROPOSALS, departure(status="Test", hazard_type="river_flood"))
    [flood] = answer.json()["hazards"]
    assert (flood["type"], flood["severity"], flood["pcode"]) == ("river_flood", "Extreme", KADAMJAI)
    assert datetime.fromisoformat(flood["onset"]) == ONSET - timedelta(days=1)


async def test_a_cancelled_or_corrected_hazard_is_proposed_as_it_is_now(intake: RunningIntake) -> None:
    cancelled, moved = (content(area={"pcodes": [ALAI]}, source_id=f"warning {uuid4()}") for _ in range(2))
    asking = Asking(intake, await sent(intake, cancelled=cancelled, moved=moved))

    async def are(expected: list[str]) -> bool:
        return sorted(await asking(areas=("KG",), status="Test", pcode=ALAI)) == expected

    await wait_for(lambda: are(["cancelled", "moved"]))
    changed = {"report_id": str(uuid4()), "revision": 3}
    await sent(
        intake,
        cancelled=cancelled | changed | {"msg_type": "Cancel"},
        moved=moved | changed | {"report_id": str(uuid4()), "msg_type": "Update", "area": {"pcodes": [KADAMJAI]}},
    )
    await wait_for(lambda: are([]))
    await sent(intake, cancelled=cancelled | {"report_id": str(uuid4()), "revision": 2, "msg_type": "Update"})
    last = await sent(intake, last=content(area={"pcodes": [ALAI]}))
    asking.names |= {hazard_id: name for name, hazard_id in last.items()}
    await wait_for(lambda: are(["last"]))


async def test_other_systems_ask_nothing_and_a_wrong_field_is_named(intake: RunningIntake) -> None:
    integration = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, areas=["KG"])
    assert (await integration.post(PROPOSALS, departure())).status_code == 403
    answer = await intake.caller().post(PROPOSALS, departure(pcode="Kadamjai"))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/pcode"]
