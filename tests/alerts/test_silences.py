"""While a silence mutes an alert, nobody is notified of the alert.

When the silence ends, the receivers of the alert are notified.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts import transitions
from services.alerts.alerts import Alert
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.rules.findings import QUAKE_UNJUDGED, UNJUDGED_RULE
from services.alerts.silences.forms import MOST_SILENCES
from services.alerts.silences.silences import Silence
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events import HazardReported
from shared.events.vocabulary import HazardType, Severity
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, NOW, hazard, mudflow
from tests.alerts.night import OPERATOR, Night
from tests.alerts.test_notifications import mild, receiver

pytestmark = pytest.mark.anyio

HOUR, OSH = timedelta(hours=1), "KG06000000000"
PLACES = Places.load()
SILENCE = Silence(
    silence_id=uuid4(),
    areas=(BATKEN,),
    hazards=(HazardType.MUDFLOW,),
    is_severe_too=False,
    account_id=OPERATOR.account,
    name=OPERATOR.name,
    reason="the sensor is being repaired",
    created_at=NOW,
    begins_at=NOW,
    ends_at=NOW + 2 * HOUR,
)
OF_OSH = replace(SILENCE, areas=(OSH,), hazards=())
OF_BATKEN = replace(SILENCE, ends_at=NOW + timedelta(minutes=20))
MILD = mild(KADAMJAI)
IN_FUTURE = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("silence", "alert", "is_muted"),
    [
        (SILENCE, MILD, True),
        (SILENCE, mild(KADAMJAI, LEILEK), True),
        (SILENCE, mild(KADAMJAI, ALAI), False),
        (SILENCE, transitions.replaced(MILD, pcodes=()), False),
        (SILENCE, transitions.replaced(MILD, hazard_type=None), False),
        (replace(SILENCE, hazards=()), transitions.replaced(MILD, hazard_type=None), True),
        (replace(SILENCE, hazards=(HazardType.EARTHQUAKE,)), MILD, False),
        (replace(SILENCE, begins_at=NOW + HOUR), MILD, False),
        (replace(SILENCE, ends_at=NOW), MILD, False),
        (SILENCE, transitions.replaced(MILD, severity=Severity.SEVERE), False),
        (SILENCE, transitions.replaced(MILD, severity=Severity.UNKNOWN), False),
        (SILENCE, transitions.replaced(MILD, rule=UNJUDGED_RULE), False),
        (SILENCE, transitions.replaced(MILD, reason=QUAKE_UNJUDGED), False),
        (replace(SILENCE, sources=("sensor-9",)), transitions.replaced(MILD, figures={"source": "sensor-9"}), True),
        (replace(SILENCE, sources=("sensor-9",)), transitions.replaced(MILD, figures={"source": "sensor-8"}), False),
        (replace(SILENCE, sources=("sensor-9",)), transitions.replaced(MILD, figures={}), False),
        (replace(SILENCE, is_severe_too=True), transitions.replaced(MILD, severity=Severity.EXTREME), True),
    ],
)
def test_a_silence_mutes_only_what_matches_all_its_conditions(silence: Silence, alert: Alert, is_muted: bool) -> None:
    assert silence.mutes(alert, PLACES, NOW) is is_muted


async def add(night: Night, silence: Silence) -> None:
    async with night.sessions.begin() as session:
        await silence_queries.add(session, silence)


async def test_a_silenced_alert_is_raised_and_its_receivers_are_notified_when_the_silence_ends(night: Night) -> None:
    await add(night, OF_OSH)
    await night.boards_are_closed()
    await night.touched(NOW - HOUR)
    await night.report(hazard())
    assert await night.passes(2 * HOUR - timedelta(seconds=1)) == 0, "unattended boards do not halve the wait"
    assert await night.notified() == []
    async with night.sessions.begin() as session:
        (reasons,) = await session.scalars(text("SELECT reasons FROM notification_omissions"))
    assert reasons == dict.fromkeys(("duty", "head", "minister"), "silenced")
    assert await night.passes(timedelta(seconds=1)) == 1
    assert (await night.alert()).first_due_at is None, "the statistics do not count the silenced alert as late"
    assert await night.passes(timedelta(minutes=15)) == 1
    assert await night.notified() == [(2, "duty"), (3, "head")]
    assert (await night.causes("duty"), await night.causes("head")) == (["raised"], ["escalated"])


async def test_a_silence_that_begins_later_pauses_the_escalation_and_its_end_repeats_the_step(night: Night) -> None:
    await night.report(hazard())
    await night.passes(timedelta(minutes=30))
    await add(night, replace(OF_OSH, begins_at=night.now))
    assert await night.passes(timedelta(minutes=30)) == 1, "the escalation waits for the end"
    assert await night.passes(HOUR - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1
    assert await night.notified() == [(1, "duty"), (2, "head"), (4, "head")], "the paused step is recorded, too"
    assert await night.causes("head") == ["escalated", "unsilenced"]


async def test_an_alert_whose_snooze_ends_in_a_silence_demands_an_action_when_the_silence_ends(night: Night) -> None:
    await night.report(hazard())
    await night.does("snooze", timedelta(minutes=30), "waiting for the post's report")
    await add(night, OF_OSH)
    assert await night.passes(timedelta(minutes=30)) == 1
    assert (await night.alert()).demand is None
    assert await night.passes(timedelta(minutes=90)) == 1
    alert = await night.alert()
    assert (alert.demand, alert.snoozed_until, alert.level) == ("action", None, 0)
    assert await night.causes("duty") == ["raised", "acknowledged", "unsilenced"]


async def test_an_alert_that_becomes_severe_breaks_the_silence_and_its_end_does_not_repeat_it(night: Night) -> None:
    await add(night, replace(OF_OSH, ends_at=NOW + timedelta(minutes=1)))
    quake = hazard()
    await night.report(quake)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.9, msg_type="Update"))
    assert await night.notified() == [(2, "duty")]
    assert await night.passes(timedelta(minutes=5)) == 1
    assert await night.notified() == [(2, "duty"), (3, "head")]


def moved(hazard_id: UUID, *pcodes: str) -> HazardReported:
    area = {"pcodes": pcodes}
    return mudflow(hazard_id=hazard_id, revision=2, msg_type="Update", severity="Moderate", area=area)


async def test_an_alert_that_reaches_beyond_the_silence_is_sent_at_once(night: Night) -> None:
    await add(night, SILENCE)
    flow = uuid4()
    await night.report(mudflow(hazard_id=flow, severity="Moderate"))
    assert await night.notified() == []
    await night.report(moved(flow, KADAMJAI, ALAI))
    assert await night.notified() == [(2, "duty")]
    assert await night.passes(timedelta(minutes=30)) == 1
    assert (await night.causes("duty"), await night.causes("head")) == (["raised"], ["escalated"])


@pytest.mark.parametrize(("act", "pcodes"), [(("progress", None), [LEILEK]), (("acknowledge",), [KADAMJAI, LEILEK])])
async def test_receivers_whom_an_answered_alert_reaches_during_a_silence_are_notified_at_its_end(
    night: Night, act: tuple[Any, ...], pcodes: list[str]
) -> None:
    await night.receiver("leilek", 0, areas=(LEILEK,))
    flow = uuid4()
    await night.report(mudflow(hazard_id=flow, severity="Moderate"))
    await night.does(*act)
    await add(night, OF_BATKEN)
    await night.report(moved(flow, *pcodes))
    assert await night.causes("leilek") == []
    assert await night.passes(timedelta(minutes=20)) == 1
    assert await night.causes("leilek") == ["raised"]
    assert (await night.causes("duty"))[-1] == "unsilenced"
    assert (await night.alert()).demand == "acknowledgement"


@pytest.mark.parametrize(("act", "rings"), [(("progress", None), 0), (("acknowledge",), 1)])
async def test_receivers_whom_an_alert_reaches_during_a_silence_are_notified_although_somebody_answered_it(
    night: Night, act: tuple[Any, ...], rings: int
) -> None:
    await night.receiver("leilek", 0, areas=(LEILEK,))
    flow = uuid4()
    await night.report(mudflow(hazard_id=flow, severity="Moderate"))
    await add(night, OF_BATKEN)
    await night.report(moved(flow, LEILEK))
    assert await night.passes(timedelta(minutes=10)) == 0
    await night.does(*act)
    assert await night.passes(timedelta(minutes=10)) == 1
    assert await night.causes("leilek") == ["raised"]
    assert (await night.alert()).demand is None, "the person who answered ten minutes ago is still at work"
    assert await night.passes(timedelta(minutes=5)) == rings
    assert (await night.alert()).demand == ("action" if rings else None)


async def test_the_end_of_a_silence_notifies_nobody_of_an_answered_alert_that_all_know(night: Night) -> None:
    await night.report(hazard())
    await add(night, OF_OSH)
    assert await night.passes(timedelta(minutes=30)) == 1
    night.now += timedelta(minutes=80)
    await night.does("acknowledge")
    assert await night.passes(timedelta(minutes=10)) == 1
    assert (await night.causes("duty"), (await night.alert()).demand) == (["raised", "acknowledged"], None)


async def test_the_first_step_is_notified_although_an_undone_acknowledgement_outlasted_the_silence(
    night: Night,
) -> None:
    await add(night, OF_BATKEN)
    await night.report(mudflow(severity="Moderate"))
    for act in ("acknowledge", "take_back"):
        await night.does(act)
    assert await night.passes(timedelta(minutes=30)) == 1
    assert await night.passes(timedelta(minutes=30)) == 1
    assert (await night.causes("duty"), await night.causes("head")) == (["raised"], ["escalated"])


async def test_an_alert_that_was_silenced_while_a_person_ended_the_silence_is_sent(night: Night) -> None:
    await add(night, OF_OSH)
    await night.report(hazard())
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE silences SET ends_at = :now"), {"now": night.now})
    assert await night.passes(timedelta()) == 1
    assert await night.notified() == [(2, "duty")]


async def test_a_silence_that_is_ended_early_notifies_unless_another_one_still_holds(night: Night) -> None:
    longer = replace(OF_OSH, silence_id=uuid4(), ends_at=NOW + 3 * HOUR)
    await add(night, OF_OSH)
    await add(night, longer)
    await night.report(hazard())
    night.now += HOUR
    for silence, notified in ((OF_OSH, []), (longer, [(3, "duty")])):
        async with night.sessions.begin() as session:
            await silence_queries.end(session, silence.silence_id, night.now)
        assert await night.passes(timedelta()) == 1
        assert await night.notified() == notified


async def test_the_page_of_a_silenced_alert_leads_to_the_silence_and_its_reason(desk: Desk) -> None:
    silence = replace(OF_OSH, silence_id=uuid4(), begins_at=datetime.now(UTC), ends_at=IN_FUTURE)
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(session, receiver("duty-desk"))
        await silence_queries.add(session, silence)
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller(Role.OPERATOR) as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
        (path,) = re.findall(r'href="/alerts(/silences/[^"]+)"', page)
        assert path == f"/silences/{silence.silence_id}"
        assert silence.reason in (await caller.get(path)).text
        assert (await caller.get(f"/silences/{uuid4()}")).status_code == 404


async def post(caller: httpx.AsyncClient, path: str, fields: Mapping[str, Sequence[str]]) -> httpx.Response:
    return await caller.post(path, data=dict(fields), headers={"accept": "text/html"})


async def test_an_operator_silences_alerts_of_the_own_area_and_the_board_says_so(desk: Desk) -> None:
    account = uuid4()
    typed: dict[str, Any] = {"areas": [BATKEN], "hours": ["3"], "reason": ["a <test> of sensors"], "sources": ["usgs"]}
    await desk.alerts(fresh())
    async with desk.caller(Role.OPERATOR, account=account, areas=[BATKEN]) as operator:
        assert 'name="sources" value="usgs">USGS' in (await operator.get("/silences")).text
        assert (await post(operator, "/silences", typed)).status_code == 303
        for changed, field in (
            ({"areas": [], "hazards": ["mudflow"]}, "areas"),
            ({"sources": ["A sensor"]}, "sources"),
            ({"areas": [ALAI]}, "areas"),
            ({"is_severe_too": ["on"]}, "is_severe_too"),
            ({"reason": [""]}, "reason"),
            ({"hours": ["25"]}, "hours"),
            ({"begins": ["2020-01-01T08:00"]}, "begins"),
            ({"begins": [f"{datetime.now(TIME_ZONE) + timedelta(days=1):%d.%m.%Y}"]}, "begins"),
        ):
            refused = await post(operator, "/silences?lang=en", typed | changed)
            assert refused.status_code == 422
            assert re.findall(r'id="wrong-([^"]+)"', refused.text) == [field]
        board = (await operator.get("/duty", params={"lang": "en"})).text
        assert "Silenced from" in board and "a &lt;test&gt; of sensors" in board and "Moderate and below" in board
        assert "only these sources: USGS;" in board
        async with desk.sessions.begin() as session:
            for _ in range(MOST_SILENCES - 1):
                await silence_queries.add(session, replace(SILENCE, silence_id=uuid4(), ends_at=IN_FUTURE))
        full = await post(operator, "/silences?lang=en", typed)
        assert full.status_code == 422 and "There are 100 silences already" in full.text
        async with desk.sessions.begin() as session:
            await session.execute(text("DELETE FROM silences WHERE ends_at = :at"), {"at": IN_FUTURE})
        page = (await operator.get("/silences", params={"lang": "en"})).text
        (path,) = re.findall(r'action="/alerts(/silences/[^"]+/end)"', page)
    async with desk.caller(Role.OPERATOR, areas=[ALAI]) as elsewhere, desk.caller(Role.ADMINISTRATOR) as administrator:
        refused = await elsewhere.post(f"{path}?lang=en", headers={"accept": "text/html"})
        assert refused.status_code == 403 and "it also mutes alerts outside your areas" in refused.text
        assert f'action="/alerts{path}"' not in refused.text and "Not saved" not in refused.text
        assert "Silenced from" in (await elsewhere.get("/duty", params={"lang": "en"})).text, "not the own area"
        assert (await administrator.post(path)).status_code == 403
    async with desk.caller(Role.DUTY_HEAD, account=account) as duty_head:
        assert (await post(duty_head, "/silences", typed | {"is_severe_too": ["on"]})).status_code == 303
        assert (await duty_head.post(path)).status_code == 303
        board = (await duty_head.get("/duty", params={"lang": "en"})).text
        assert board.count("Silenced from") == 1 and "every severity" in board
    async with desk.caller(Role.VIEWER) as wall:
        shown = (await wall.get("/duty", params={"lang": "en"})).text
        assert "Silenced from" in shown and "of sensors" not in shown, "a wall screen names nobody"
    async with desk.sessions.begin() as session:
        entries = await session.execute(
            text("SELECT action, reason FROM audit WHERE account = :account ORDER BY id"), {"account": account}
        )
        assert [tuple(entry) for entry in entries] == [
            ("silence_changed", reason) for reason in ("added", "added", "ended")
        ]
