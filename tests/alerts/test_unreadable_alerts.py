"""This release may be unable to read an alert or hazard. The consumers and notifications continue nevertheless.

An unreadable alert is raised anew when its situation recurs.
"""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.alerts.factories import group, hazard
from tests.alerts.night import Night
from tests.alerts.post import Post, revised

pytestmark = pytest.mark.anyio

DAMAGED = "UPDATE alerts SET severity = 'of a later release' WHERE kind = :kind"


async def damage(post: Post, kind: str) -> None:
    await post.session.execute(text(DAMAGED), {"kind": kind})


async def test_a_revision_of_the_hazard_raises_its_unreadable_alert_anew(post: Post) -> None:
    """The new alert continues the old alert's sequence.

    With an earlier sequence, readers and deliveries would drop the new alert as a repeat.
    """
    await post.receiver("desk")
    quake = hazard(magnitude=6.0)
    await post(quake)
    before = await post.alert()
    told = await post.deliveries()
    await damage(post, "hazard")
    (outcome,) = await post(revised(quake, 2))
    after = await post.alert()
    assert outcome.startswith("alerted")
    assert (after.alert_id, after.sequence) == (before.alert_id, before.sequence + 1)
    assert after.step == before.step + 1 and len(await post.deliveries()) == 2 * len(told) > 0
    assert (await post.event_types())[-1] == "raised"


async def test_the_end_of_the_hazard_leaves_its_unreadable_alert_as_it_is(post: Post) -> None:
    quake = hazard(magnitude=6.0)
    await post(quake)
    await damage(post, "hazard")
    (outcome,) = await post(revised(quake, 2, msg_type="Cancel"))
    assert outcome.startswith("noted")
    assert [row[0] for row in await post.fetch("SELECT severity FROM alerts")] == ["of a later release"]


async def test_a_late_revision_of_the_hazard_does_not_hide_its_unreadable_alert(post: Post) -> None:
    quake = hazard(magnitude=6.0)
    await post(quake)
    await damage(post, "hazard")
    post.now += timedelta(days=30)
    (outcome,) = await post(revised(quake, 2))
    assert outcome.startswith("suppressed")
    assert [row[0] for row in await post.fetch("SELECT severity FROM alerts")] == ["of a later release"]


async def test_further_people_who_left_the_district_raise_its_unreadable_alert_anew(post: Post) -> None:
    await post(group(persons=60))
    before = await post.alert()
    await damage(post, "displacement")
    assert await post(group(persons=70)) == ["alerted households_displaced"]
    alerts = await post.fetch("SELECT severity, sequence FROM alerts WHERE severity <> 'of a later release'")
    assert len(alerts) == 1 and alerts[0][1] in (1, before.sequence + 1)


async def test_an_unreadable_hazard_stops_no_notification_about_its_alert_and_is_logged_once(night: Night) -> None:
    """If a hazard cannot be read, messages about it omit its texts and are marked "not for publication"."""
    await night.report(hazard(magnitude=6.8, scope="Public", text={"ru": {"headline": "Сильные толчки"}}))
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE hazards SET report = '{}'"))
    with capture_logs() as logs:
        assert [await night.passes(timedelta(minutes=5)) for _ in range(2)] == [1, 1]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["hazard unreadable"]
    assert [step for step, _ in await night.notified()] == [1, 2, 3]
    async with night.sessions.begin() as session:
        contents = (await session.scalars(text("SELECT content FROM deliveries ORDER BY step"))).all()
    known, *unknown = [json.loads(content)["hazard"] for content in contents]
    assert known["scope"] == "Public"
    assert unknown == [{"scope": "Restricted", "texts": {}}] * 2
