"""Tests which messages belong to one thread: messages about one type of hazard at the same places in one night."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.alerts.delivery.notices import Content
from services.alerts.delivery.threads import place_thread_of
from services.alerts.receivers.receivers import Receiver
from shared.country import TIME_ZONE
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from tests.alerts.bot_server import BotServer
from tests.alerts.bureau import Bureau
from tests.alerts.factories import KADAMJAI, LEILEK
from tests.alerts.jobs import job_to
from tests.alerts.mailbox import Box
from tests.alerts.test_digests import flood, mailing
from tests.alerts.town import Town

AREAS, IN_AREA = 20, 5


@pytest.mark.anyio
async def test_a_burst_in_twenty_areas_has_at_most_twenty_threads_and_each_alert_is_delivered(
    town: Town, port: int, box: Box
) -> None:
    """Each Extreme alert has its own mail. The first mail about an area never waits for mails about other areas."""
    areas = [district.pcode for district in Places.load().units(2)][:AREAS]
    hazards = [flood(severity="Extreme", area={"pcodes": [area]}) for area in areas for _ in range(IN_AREA)]
    async with mailing(town, port):
        await town.report(*hazards)
        rows = await town.settled(len(hazards))
    assert {(row["is_delivered"], row["attempts"]) for row in rows} == {(True, 1)}
    assert len({str(mail["Message-ID"]) for mail in box.mails}) == len(box.mails) == len(hazards)
    threads = Counter(str(mail["References"]).split()[0] for mail in box.mails)
    assert threads == dict.fromkeys(threads, IN_AREA)
    assert len(threads) == AREAS


@pytest.mark.anyio
async def test_a_telegram_message_replies_to_the_first_one_about_the_same_places(
    town: Town, bot: BotServer, tmp_path: Path
) -> None:
    bureau = Bureau(town, bot, tmp_path)
    await bureau.receiver()
    async with bureau.working():
        for count, place in enumerate((KADAMJAI, KADAMJAI, LEILEK), 1):
            await bureau.alert(severity="Extreme", area={"pcodes": [place]})
            await bot.message(count)
    first, second, third = bot.sent()
    assert [message.get("reply_parameters") for message in (first, third)] == [None, None]
    assert second["reply_parameters"]["message_id"] == first["message_id"]
    assert bot.called("editMessageText") == [], "the first message is about another alert"


def raised(at: datetime, **changed: Any) -> AlertRaised:
    content = Content.model_validate_json(
        job_to(Receiver("desk", DeliveryChannel.EMAIL, "desk@centre.example"), **changed).content
    )
    return content.data.model_copy(update={"raised_at": at})


def test_a_night_is_one_thread_and_the_next_day_another() -> None:
    midnight = datetime(2026, 6, 15, tzinfo=TIME_ZONE)
    evening, morning, afternoon = (raised(midnight + timedelta(hours=hours)) for hours in (-11, 11, 13))
    threads = [place_thread_of(alert, "desk") for alert in (evening, morning, afternoon)]
    assert threads[0] == threads[1] != threads[2]


def test_other_places_types_and_recipients_have_threads_of_their_own() -> None:
    at = datetime(2026, 6, 15, 22, tzinfo=TIME_ZONE)
    mudflow: dict[str, Any] = {"type": "mudflow", "severity": "Extreme", "magnitude": None, "depth_km": None}
    alerts = [
        raised(at, **mudflow, area={"pcodes": [KADAMJAI, LEILEK]}),
        raised(at, **mudflow, area={"pcodes": [LEILEK, KADAMJAI]}),
        raised(at, **mudflow, area={"pcodes": [LEILEK]}),
        raised(at, **mudflow | {"type": "river_flood"}, area={"pcodes": [KADAMJAI, LEILEK]}),
    ]
    threads = [place_thread_of(alert, "desk") for alert in alerts]
    assert threads[0] == threads[1]
    assert len({*threads, place_thread_of(alerts[0], "head")}) == 4
    assert place_thread_of(alerts[0].model_copy(update={"pcodes": ()}), "desk") is None
