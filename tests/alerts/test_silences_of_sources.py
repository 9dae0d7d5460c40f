"""A silence of one source mutes the alerts of this source only, from the silence's begin to its end.

The tests raise the alerts by reporting hazards.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.alerts.queries import silences as silence_queries
from services.alerts.silences.silences import Silence
from tests.alerts.factories import KADAMJAI, NOW, mudflow
from tests.alerts.night import Night
from tests.alerts.test_silences import SILENCE
from tests.alerts.test_withdrawals import flood, planned, withdraw

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
SENSOR = "hydro-9"
OF_SENSOR = replace(SILENCE, areas=(), hazards=(), sources=(SENSOR,), begins_at=NOW + MINUTE, ends_at=NOW + 20 * MINUTE)


async def begins(night: Night, silence: Silence) -> int:
    return await withdraw(night, silence)


async def revise(night: Night, hazard_id: UUID, **changed: Any) -> None:
    await night.report(
        mudflow(
            **{
                "hazard_id": hazard_id,
                "revision": 2,
                "msg_type": "Update",
                "severity": "Moderate",
                "area": {"pcodes": [KADAMJAI]},
                "source": SENSOR,
                **changed,
            }
        )
    )


async def test_the_begin_mutes_the_alerts_of_the_sensor_and_the_end_sends_them(night: Night) -> None:
    waiting = await flood(night, KADAMJAI, source=SENSOR)
    assert await begins(night, OF_SENSOR) == 1
    later = await flood(night, KADAMJAI, source=SENSOR)
    others = [await flood(night, KADAMJAI, source=source) for source in ("hydro-8", "cmc")]
    assert await planned(night, waiting) == await planned(night, later) == []
    for other in others:
        assert await planned(night, other) == [("duty", "raised")]
    assert (await night.alert(later)).silenced_until == OF_SENSOR.ends_at
    night.now = OF_SENSOR.ends_at
    assert await night.passes(timedelta()) == 2
    for alert_id in (waiting, later):
        assert await planned(night, alert_id) == [("duty", "raised")]


@pytest.mark.parametrize("severity", ["Severe", "Extreme", "Unknown"])
async def test_grave_alerts_of_the_sensor_are_muted_only_if_a_duty_head_said_so(night: Night, severity: str) -> None:
    await begins(night, OF_SENSOR)
    grave = await flood(night, KADAMJAI, source=SENSOR, severity=severity)
    assert await planned(night, grave) == [("duty", "raised")]
    await begins(night, replace(OF_SENSOR, silence_id=uuid4(), is_severe_too=True))
    by_head = await flood(night, KADAMJAI, source=SENSOR, severity=severity)
    assert await planned(night, by_head) == []


@pytest.mark.parametrize("changed", [{"source": "cmc"}, {"severity": "Severe"}])
async def test_an_alert_that_the_silence_no_longer_matches_is_sent_at_once(
    night: Night, changed: dict[str, Any]
) -> None:
    await begins(night, OF_SENSOR)
    hazard_id = uuid4()
    await night.report(mudflow(hazard_id=hazard_id, severity="Moderate", source=SENSOR))
    assert await night.notified() == []
    await revise(night, hazard_id, **changed)
    assert [recipient for _, recipient in await night.notified()] == ["duty"]


async def test_a_silence_that_a_person_ends_early_sends_the_alerts_of_the_sensor(night: Night) -> None:
    await begins(night, OF_SENSOR)
    muted = await flood(night, KADAMJAI, source=SENSOR)
    async with night.sessions.begin() as session:
        await silence_queries.end(session, OF_SENSOR.silence_id, night.now)
    assert await night.passes(timedelta()) == 1
    assert await planned(night, muted) == [("duty", "raised")]
