"""When a silence or an inhibition begins, the waiting messages about its alerts are withdrawn.

When a silence ends, the receivers of its alerts are notified.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.receivers.receivers import Receiver
from services.alerts.silences.silences import Silence
from services.alerts.silences.withdrawals import Withdrawals
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from tests.alerts.factories import KADAMJAI, LEILEK, NOW, mudflow, rules
from tests.alerts.night import Night
from tests.alerts.test_silences import SILENCE

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
OF_KADAMJAI = replace(SILENCE, areas=(KADAMJAI,), begins_at=NOW + MINUTE, ends_at=NOW + 20 * MINUTE)


async def flood(night: Night, *pcodes: str, **changed: Any) -> UUID:
    hazard_id = uuid4()
    await night.report(mudflow(hazard_id=hazard_id, **{"severity": "Moderate", "area": {"pcodes": pcodes}, **changed}))
    async with night.sessions.begin() as session:
        found = text("SELECT alert_id FROM alerts WHERE hazard_id = :id")
        (alert_id,) = await session.scalars(found, {"id": hazard_id})
    return UUID(str(alert_id))


async def withdraw(night: Night, silence: Silence | None = None, *, after: timedelta = MINUTE) -> int:
    if silence is not None:
        async with night.sessions.begin() as session:
            await silence_queries.add(session, silence)
    night.now += after
    return await Withdrawals(night.sessions, rules(), Places.load(), clock=night.clock).withdraw()


async def planned(night: Night, alert_id: UUID) -> list[tuple[str, str]]:
    statement = text("SELECT recipient, cause FROM deliveries WHERE alert_id = :id ORDER BY step, recipient")
    async with night.sessions.begin() as session:
        return [(recipient, cause) for recipient, cause in await session.execute(statement, {"id": alert_id})]


async def omitted(night: Night, alert_id: UUID) -> Sequence[tuple[dict[str, str], UUID]]:
    statement = text("SELECT reasons, muted_by FROM notification_omissions WHERE alert_id = :id AND step > 1")
    async with night.sessions.begin() as session:
        return [(reasons, muted_by) for reasons, muted_by in await session.execute(statement, {"id": alert_id})]


async def attempt(night: Night, alert_id: UUID) -> None:
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE deliveries SET attempts = 1 WHERE alert_id = :id"), {"id": alert_id})


async def test_the_begin_of_a_silence_withdraws_waiting_messages_and_its_end_sends_them(night: Night) -> None:
    async with night.sessions.begin() as session:
        desk = Receiver("desk", DeliveryChannel.EMAIL, "desk@centre.example")
        await receiver_queries.save_receiver(session, desk)
    muted, elsewhere = await flood(night, KADAMJAI), await flood(night, LEILEK)
    assert await withdraw(night, OF_KADAMJAI, after=MINUTE / 2) == 0, "the silence has not begun"
    assert await withdraw(night, after=MINUTE / 2) == 1
    assert (await planned(night, muted), len(await planned(night, elsewhere))) == ([], 2)
    assert await omitted(night, muted) == [(dict.fromkeys(("desk", "duty"), "silenced"), OF_KADAMJAI.silence_id)]
    assert await withdraw(night) == 0, "nothing is recorded twice"
    night.now = OF_KADAMJAI.ends_at
    assert await night.passes(timedelta()) == 1
    assert await planned(night, muted) == [("desk", "raised"), ("duty", "raised")]


async def test_messages_that_were_attempted_or_say_who_acts_are_not_withdrawn(night: Night) -> None:
    sent, answered = await flood(night, KADAMJAI), await flood(night, KADAMJAI)
    await attempt(night, sent)
    await attempt(night, answered)
    await night.does("acknowledge", alert_id=answered)
    severe = await flood(night, KADAMJAI, severity="Severe")
    assert await withdraw(night, OF_KADAMJAI) == 0
    assert await planned(night, answered) == [("duty", "raised"), ("duty", "acknowledged")]
    assert len(await planned(night, sent)) == len(await planned(night, severe)) == 1


async def test_a_receiver_whose_message_about_a_ringing_alert_was_withdrawn_is_notified_at_the_end(
    night: Night,
) -> None:
    await night.only(("duty", 0))
    alert_id = await flood(night, KADAMJAI)
    await night.does("acknowledge")
    await attempt(night, alert_id)
    assert await night.passes(30 * MINUTE) == 1, "nobody acted further"
    silence = replace(OF_KADAMJAI, begins_at=night.now, ends_at=night.now + 5 * MINUTE)
    assert await withdraw(night, silence) == 1
    assert await night.causes("duty") == ["raised", "acknowledged"]
    assert await night.passes(4 * MINUTE) == 1
    assert (await night.causes("duty"))[-1] == "unsilenced"


async def test_an_extreme_alert_withdraws_the_waiting_messages_about_the_alerts_that_it_mutes(night: Night) -> None:
    mild = await flood(night, KADAMJAI, source="hydro-9")
    red = await flood(night, KADAMJAI, LEILEK, severity="Extreme")
    assert await withdraw(night) == 1
    assert await planned(night, mild) == []
    assert await omitted(night, mild) == [({"duty": "inhibited"}, red)]


async def test_at_the_end_of_a_silence_the_receivers_of_earlier_steps_get_the_withdrawn_message(night: Night) -> None:
    await night.only(("duty", 0), ("head", 1))
    alert_id = await flood(night, KADAMJAI)
    await attempt(night, alert_id)
    assert await night.passes(30 * MINUTE) == 1, "nobody acknowledged"
    await attempt(night, alert_id)
    hazard_id = (await night.alert()).hazard_id
    wider = {"revision": 2, "msg_type": "Update", "severity": "Moderate", "area": {"pcodes": [KADAMJAI, LEILEK]}}
    await night.report(mudflow(hazard_id=hazard_id, **wider))
    silence = replace(OF_KADAMJAI, areas=(KADAMJAI, LEILEK), begins_at=night.now, ends_at=night.now + 9 * MINUTE)
    assert await withdraw(night, silence) == 1
    assert (await night.causes("duty"), await night.causes("head")) == (["raised"], ["escalated"])
    assert await night.passes(8 * MINUTE) == 1
    assert await night.causes("duty") == ["raised", "unsilenced"]
    assert await night.causes("head") == ["escalated", "unsilenced"]
    await night.passes(60 * MINUTE)
    assert await night.causes("duty") == ["raised", "unsilenced"], "a missed change is sent once"


@pytest.mark.parametrize("is_muted_before", [False, True])
async def test_at_the_end_of_a_silence_everybody_is_told_that_an_alert_in_progress_is_in_force_again(
    night: Night, is_muted_before: bool
) -> None:
    await night.only(("duty", 0))
    alert_id = await flood(night, KADAMJAI, expires=NOW + 5 * MINUTE)
    hazard_id = (await night.alert()).hazard_id
    await night.does("progress", None)
    assert await night.expires_after(5 * MINUTE) == 1
    await attempt(night, alert_id)
    silence = replace(OF_KADAMJAI, begins_at=night.now, ends_at=night.now + 9 * MINUTE)
    longer = {"revision": 2, "msg_type": "Update", "severity": "Moderate", "expires": NOW + 600 * MINUTE}
    if is_muted_before:
        assert await withdraw(night, silence, after=MINUTE) == 0
        await night.report(mudflow(hazard_id=hazard_id, **longer))
    else:
        await night.report(mudflow(hazard_id=hazard_id, **longer))
        assert await withdraw(night, silence) == 1
    assert (await night.causes("duty"))[-1] == "lapsed"
    assert await night.passes(8 * MINUTE) == 1
    assert (await night.causes("duty"))[-1] == "unsilenced"


async def test_an_alert_is_judged_again_only_if_the_alert_or_what_mutes_alerts_has_changed(night: Night) -> None:
    moved, still = await flood(night, LEILEK), await flood(night, LEILEK)
    withdrawals = Withdrawals(night.sessions, rules(), Places.load(), clock=night.clock)

    async def silence(*areas: str) -> None:
        async with night.sessions.begin() as session:
            await silence_queries.add(session, replace(OF_KADAMJAI, silence_id=uuid4(), areas=areas))

    async def change(assignment: str) -> None:
        async with night.sessions.begin() as session:
            await session.execute(text(f"UPDATE alerts SET {assignment} WHERE alert_id = :id"), {"id": moved})

    await silence(KADAMJAI)
    night.now += MINUTE
    assert await withdrawals.withdraw() == 0
    await change(f"pcodes = '{{{KADAMJAI}}}'")
    assert await withdrawals.withdraw() == 0, "the alert has no new sequence, so it is not judged again"
    await change("sequence = sequence + 1")
    assert await withdrawals.withdraw() == 1
    await silence(LEILEK)
    assert await withdrawals.withdraw() == 1
    assert await planned(night, moved) == await planned(night, still) == []
