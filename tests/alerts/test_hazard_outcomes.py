"""The outcome of a hazard is shown on the page where the hazard was entered."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.desk import Desk
from tests.alerts.factories import mudflow, received

pytestmark = pytest.mark.anyio
OSH_OBLAST, BATKEN_OBLAST = "KG06000000000", "KG05000000000"


FOUND_NOTHING = "полевая группа осмотрела место и ничего не нашла"


def called_in(**changed: Any) -> HazardReported:
    return mudflow(**{"severity": "Unknown", "channel": "console", "onset": datetime.now(UTC), **changed})


async def judged(desk: Desk, hazard: HazardReported) -> None:
    async with desk.sessions.begin() as session:
        await desk.watch([received(hazard)], session)


def path(hazard: HazardReported) -> str:
    return f"/v1/hazards/{hazard.hazard_id}/outcome?report_id={hazard.report_id}"


async def test_the_outcome_lists_the_alert_and_the_notified_receivers(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(
            session, Receiver("duty-desk", DeliveryChannel.WEBHOOK, "https://hook.example")
        )
    hazard = called_in()
    async with desk.caller() as caller:
        before = (await caller.get(path(hazard))).json()
        await judged(desk, hazard)
        after = (await caller.get(path(hazard))).json()
    assert before["is_judged"] is False
    (alert,) = after["alerts"]
    assert (after["is_judged"], alert["severity"], alert["reason"]) == (True, "Severe", "severity_unjudged")
    assert alert["recipients"] == ["duty-desk"]


@pytest.mark.parametrize(
    ("changed", "reason", "text"),
    [
        ({"severity": "Minor"}, "below_threshold", "ниже порога правил оповещения"),
        ({"onset": datetime.now(UTC) - timedelta(days=3)}, "too_old", "сообщено слишком поздно"),
        (
            {"source": "field", "certainty": "Unlikely"},
            "nothing_found",
            "полевая группа осмотрела место и ничего не нашла",
        ),
        ({"area": {"point": {"lat": 35.7, "lon": 139.7}}}, "out_of_area", "вне зоны наблюдения"),
    ],
)
async def test_the_outcome_gives_the_reason_if_there_is_no_alert(
    desk: Desk, changed: dict[str, Any], reason: str, text: str
) -> None:
    hazard = called_in(**changed)
    await judged(desk, hazard)
    async with desk.caller() as caller:
        answer = (await caller.get(path(hazard), params={"lang": "ru", "report_id": str(hazard.report_id)})).json()
    assert (answer["is_judged"], answer["alerts"], answer["reason"], answer["text"]) == (True, [], reason, text)


async def test_a_newer_report_of_the_hazard_is_not_judged_yet(desk: Desk) -> None:
    hazard = called_in()
    await judged(desk, hazard)
    async with desk.caller() as caller:
        answer = await caller.get(f"/v1/hazards/{hazard.hazard_id}/outcome", params={"report_id": str(uuid4())})
    assert answer.json()["is_judged"] is False


async def test_a_hazard_of_another_area_is_hidden_except_from_its_author(desk: Desk) -> None:
    hazard = called_in()
    await judged(desk, hazard)
    async with desk.caller(areas=[OSH_OBLAST]) as other, desk.caller(areas=[BATKEN_OBLAST]) as own:
        assert ((await other.get(path(hazard))).status_code, (await own.get(path(hazard))).status_code) == (404, 200)
    async with desk.caller(areas=[OSH_OBLAST], account=hazard.author) as author:
        assert (await author.get(path(hazard))).status_code == 200
