"""People read alerts and act on alerts over HTTP."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, Status
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, KADAMJAI, hazard, mudflow
from tests.alerts.post import Post

pytestmark = pytest.mark.anyio

OSH_OBLAST, BATKEN_OBLAST = "KG06000000000", "KG05000000000"


async def test_the_first_acknowledgement_counts_and_the_second_person_sees_who_and_when(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    path = f"/v1/alerts/{alert_id}/acknowledgement"
    async with desk.caller(name="Айбек") as aibek, desk.caller(name="Нургүл") as nurgul:
        first = await aibek.put(path)
        again = await aibek.put(path)
        second = await nurgul.put(path)
    assert (first.status_code, again.status_code, second.status_code) == (200, 200, 409)
    assert first.json()["state"] == "acknowledged" and again.json() == first.json()
    assert second.headers["content-type"] == "application/problem+json"
    problem = second.json()
    assert problem["type"] == "urn:dayar:problem:already-acknowledged"
    assert problem["acknowledged_name"] == "Айбек"
    assert problem["acknowledged_at"] == first.json()["acknowledged_at"].replace("Z", "+00:00")
    assert await desk.event_types() == ["raised", "acknowledged"]


async def test_of_many_concurrent_acknowledgements_one_wins_and_the_others_see_who(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    callers = [desk.caller(name=f"operator {number}") for number in range(5)]
    answers = await asyncio.gather(*(one.put(f"/v1/alerts/{alert_id}/acknowledgement") for one in callers))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    (winner,) = [answer.json()["acknowledged_name"] for answer in answers if answer.status_code == 200]
    assert {answer.json()["acknowledged_name"] for answer in answers} == {winner}
    assert await desk.event_types() == ["raised", "acknowledged"]


async def test_the_next_escalation_of_an_alert_is_told_until_it_is_acknowledged_and_comes_sooner_without_a_board(
    desk: Desk,
) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller(Role.VIEWER) as screen, desk.caller() as operator:
        unattended = (await screen.get("/v1/escalations")).json()["escalations"]
        board = {"board_id": str(uuid4()), "last_input_at": datetime.now(UTC).isoformat()}
        assert (await operator.put("/v1/presence", json=board)).status_code == 200
        attended = (await screen.get("/v1/escalations")).json()["escalations"]
        known = (await screen.get(f"/v1/alerts/{alert_id}")).json()
        await operator.put(f"/v1/alerts/{alert_id}/acknowledgement")
        acknowledged = (await screen.get("/v1/escalations")).json()["escalations"]
    raised, sooner, due = (
        datetime.fromisoformat(moment)
        for moment in (known["raised_at"], unattended[str(alert_id)], attended[str(alert_id)])
    )
    assert due == datetime.fromisoformat(known["escalates_at"])
    assert sooner - raised == (due - raised) / 2
    assert acknowledged == {}


async def test_a_wall_screen_sees_no_deliveries(desk: Desk, session: AsyncSession) -> None:
    await Post(session).receiver("duty")
    await session.commit()
    (alert_id,) = await desk.alerts(fresh())
    seen = {}
    for role in (Role.OPERATOR, Role.VIEWER):
        async with desk.caller(role) as caller:
            seen[role] = len((await caller.get(f"/v1/alerts/{alert_id}")).json()["deliveries"])
    assert seen[Role.OPERATOR] > 0
    assert seen[Role.VIEWER] == 0


async def test_the_first_verdict_stays(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    path = f"/v1/alerts/{alert_id}/resolution"
    async with desk.caller(Role.DUTY_HEAD, name="Айбек") as aibek, desk.caller(name="Нургүл") as nurgul:
        first = await aibek.put(path, json={"verdict": "confirmed", "note": "seen on site"})
        again = await aibek.put(path, json={"verdict": "confirmed", "note": "seen on site"})
        other_word = await aibek.put(path, json={"verdict": "false_alarm"})
        other_person = await nurgul.put(path, json={"verdict": "confirmed"})
        late = await nurgul.put(f"/v1/alerts/{alert_id}/acknowledgement")
    assert [answer.status_code for answer in (first, again, other_word, other_person, late)] == [
        200,
        200,
        409,
        409,
        409,
    ]
    assert (first.json()["state"], first.json()["nature"], first.json()["resolved_note"]) == (
        "resolved",
        "confirmed",
        "seen on site",
    )
    assert late.json()["verdict"] == "confirmed"
    assert await desk.event_types() == ["raised", "resolved"]


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "maybe"}, {"verdict": "confirmed", "by": "me"}, {"verdict": "confirmed", "note": "a\nb"}]
)
async def test_an_invalid_verdict_is_refused(desk: Desk, body: dict[str, Any]) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as caller:
        assert (await caller.put(f"/v1/alerts/{alert_id}/resolution", json=body)).status_code == 422


async def test_a_suppressed_alert_accepts_no_acts(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(hazard(onset=datetime(2016, 4, 1, tzinfo=UTC)))
    async with desk.caller() as caller:
        assert (await caller.get("/v1/alerts")).json()["alerts"] == []
        (listed,) = (await caller.get("/v1/alerts", params={"state": "suppressed"})).json()["alerts"]
        answer = await caller.put(f"/v1/alerts/{alert_id}/acknowledgement")
    assert (listed["alert_id"], listed["reason"]) == (str(alert_id), "too_old")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:dayar:problem:suppressed")


async def test_pages_have_no_gap_and_no_duplicate(desk: Desk) -> None:
    expected = await desk.alerts(*(fresh() for _ in range(25)))
    listed: list[str] = []
    cursor: str | None = None
    async with desk.caller() as caller:
        while True:
            params: dict[str, Any] = {"limit": 10, **({"cursor": cursor} if cursor else {})}
            page = (await caller.get("/v1/alerts", params=params)).json()
            listed += [alert["alert_id"] for alert in page["alerts"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert (await caller.get("/v1/alerts", params={"cursor": "nonsense"})).status_code == 422
    assert sorted(listed) == sorted(map(str, expected))


async def test_filters(desk: Desk) -> None:
    quake, strong, flood = fresh(), fresh(magnitude=6.6), mudflow(onset=datetime.now(UTC))
    ids = dict(zip(("quake", "strong", "flood"), await desk.alerts(quake, strong, flood), strict=True))
    async with desk.caller() as caller:
        await caller.put(f"/v1/alerts/{ids['flood']}/acknowledgement")

        async def names(**params: Any) -> set[str]:
            page = (await caller.get("/v1/alerts", params=params)).json()
            known = {str(id): name for name, id in ids.items()}
            return {known[alert["alert_id"]] for alert in page["alerts"]}

        assert await names() == {"quake", "strong", "flood"}
        assert await names(state="open") == {"quake", "strong"}
        assert await names(state=["acknowledged", "resolved"]) == {"flood"}
        assert await names(floor="Severe") == {"strong", "flood"}
        assert await names(area=OSH_OBLAST) == {"quake", "strong"}
        assert await names(area=KADAMJAI) == {"flood"}
        assert await names(hazard_id=str(quake.hazard_id)) == {"quake"}
        assert await names(status="Exercise") == set()


async def test_a_districts_list_includes_alerts_over_its_oblast(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh(area={"pcodes": [BATKEN_OBLAST]}))
    async with desk.caller() as caller:
        page = (await caller.get("/v1/alerts", params={"area": KADAMJAI})).json()
    assert [alert["alert_id"] for alert in page["alerts"]] == [str(alert_id)]


async def test_an_unknown_place_is_refused(desk: Desk) -> None:
    async with desk.caller() as caller:
        for area in ("\0", "Kadamjai"):
            assert (await caller.get("/v1/alerts", params={"area": area})).status_code == 422


async def test_an_invalid_id_is_refused_without_being_quoted(desk: Desk) -> None:
    async with desk.caller() as caller:
        for path in ("/v1/alerts/Үсөнов", "/v1/alerts?hazard_id=Үсөнов"):
            answer = await caller.get(path)
            assert [error["expected"] for error in answer.json()["errors"]] == ["a UUID"]
            assert answer.status_code == 422 and "Ү" not in answer.text


async def test_an_alert_of_another_area_is_not_found(desk: Desk) -> None:
    quake, flood = await desk.alerts(fresh(), mudflow(onset=datetime.now(UTC)))
    async with desk.caller(areas=[BATKEN_OBLAST]) as caller:
        listed = (await caller.get("/v1/alerts")).json()["alerts"]
        assert [alert["alert_id"] for alert in listed] == [str(flood)]
        for path in (f"/v1/alerts/{quake}", f"/v1/alerts/{uuid4()}"):
            assert (await caller.get(path)).status_code == 404
        assert (await caller.put(f"/v1/alerts/{quake}/acknowledgement")).status_code == 404
        assert (await caller.put(f"/v1/alerts/{flood}/acknowledgement")).status_code == 200


async def test_deliveries_of_another_area_are_not_listed(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(session, Receiver("duty", DeliveryChannel.EMAIL, "duty@centre.example"))
    quake, flood = await desk.alerts(fresh(), mudflow(onset=datetime.now(UTC)))
    async with desk.caller(areas=[BATKEN_OBLAST]) as caller:
        listed = (await caller.get("/v1/deliveries")).json()["deliveries"]
        assert [delivery["alert_id"] for delivery in listed] == [str(flood)]
        deliveries = (await caller.get("/v1/deliveries", params={"alert_id": str(quake)})).json()["deliveries"]
        assert deliveries == []
    async with desk.caller() as caller:
        assert len((await caller.get("/v1/deliveries")).json()["deliveries"]) == 2


async def test_one_alert_with_its_notified_receivers(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(
            session, Receiver("duty", DeliveryChannel.EMAIL, "duty@centre.example", language="ru")
        )
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as caller:
        (shown,) = (await caller.get(f"/v1/alerts/{alert_id}")).json()["deliveries"]
        (listed,) = (await caller.get("/v1/deliveries")).json()["deliveries"]
    assert (shown["recipient"], shown["step"], shown["cause"], shown["tried"]) == ("duty", 1, "raised", [])
    assert "Землетрясение" in shown["text"]["subject"]
    assert listed == shown


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Sent notifications", "New alert", "Queued", "Failed", "No connection", "Answer: 503")),
        (
            "ru",
            (
                "Отправленные оповещения",
                "Новое оповещение",
                "В очереди",
                "Не доставлено",
                "Нет соединения",
                "Ответ: 503",
            ),
        ),
        (
            "ky",
            (
                "Жөнөтүлгөн билдирмелер",
                "Жаңы кулактандыруу",
                "Кезекте",
                "Жеткирилбей калды",
                "Байланыш жок",
                "Жооп: 503",
            ),
        ),
    ],
)
async def test_the_page_of_sent_messages_shows_receiver_and_result(
    desk: Desk, language: str, words: tuple[str, ...]
) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(
            session, Receiver("duty", DeliveryChannel.EMAIL, "duty@centre.example", language="ru")
        )
        await receiver_queries.save_receiver(
            session, Receiver("hook", DeliveryChannel.WEBHOOK, "https://hook.example/")
        )
    older, _ = await desk.alerts(fresh()), await desk.alerts(mudflow(onset=datetime.now(UTC)))
    async with desk.sessions.begin() as session:
        await session.execute(
            text("""
            WITH ended AS (
                UPDATE deliveries SET settled_at = now(), is_delivered = false, attempts = 2, reason = 'http_503'
                WHERE alert_id = :alert_id AND recipient = 'hook' RETURNING delivery_id
            )
            INSERT INTO attempts SELECT delivery_id, number, now(), now(), reason
            FROM ended, (VALUES (1, 'unreachable'), (2, 'http_503')) AS tried (number, reason)
        """),
            {"alert_id": older[0]},
        )
    async with desk.caller() as caller:
        page = await caller.get("/deliveries", params={"lang": language})
    assert page.status_code == 200 and f'lang="{language}"' in page.text
    assert [word for word in words if word not in page.text] == []
    assert "Землетрясение магнитудой 4,7 на глубине" in page.text, "the mail as its receiver reads it"
    assert page.text.index("KG05258000000") < page.text.index("KG06207000000"), "newest first"
    assert f'href="/alerts/{older[0]}"' in page.text and f"/alerts/{older[0]}&#34;" in page.text, "also in the webhook"
    assert "duty@centre.example" not in page.text


async def test_the_page_too_shows_only_the_callers_area(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(
            session, Receiver("hook", DeliveryChannel.WEBHOOK, "https://hook.example/")
        )
    quake, flood = await desk.alerts(fresh(), mudflow(onset=datetime.now(UTC)))
    async with desk.caller(areas=[BATKEN_OBLAST]) as caller:
        page = (await caller.get("/deliveries")).text
    assert str(flood) in page and str(quake) not in page


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (Role.OPERATOR, (200, 200, 200)),
        (Role.DUTY_HEAD, (200, 200, 200)),
        (Role.ADMINISTRATOR, (200, 200, 403)),
        (Role.VIEWER, (200, 403, 403)),
        (Role.INTEGRATION, (403, 403, 403)),
        (Role.FIELD, (403, 403, 403)),
        (None, (403, 403, 403)),
    ],
)
async def test_each_role_may_see_and_act_as_the_table_says(
    desk: Desk, role: Role | None, statuses: tuple[int, int, int]
) -> None:
    (alert_id,) = await desk.alerts(fresh(area={"pcodes": [ALAI]}))
    async with desk.caller(role) as caller:
        answers = (
            await caller.get("/v1/alerts"),
            await caller.get("/v1/deliveries"),
            await caller.put(f"/v1/alerts/{alert_id}/acknowledgement"),
        )
    assert tuple(answer.status_code for answer in answers) == statuses


async def test_the_ledger_and_readiness_answer(desk: Desk) -> None:
    async with desk.caller() as caller:
        ledger = await caller.get("/v1/ledger")
        assert ledger.status_code == 200 and ledger.json()["consumer"] == "alerts"
        assert (await caller.get("/ready")).json()["dependencies"]["postgresql"] is True


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_an_administrator_is_told_while_no_receiver_is_the_centres_own(desk: Desk, language: str) -> None:
    """The first release of Dayar with internal receivers begins with external receivers only."""
    ways = (DeliveryChannel.EMAIL, "desk@example.org")
    external = Receiver("partner", *ways)
    trainer = Receiver("trainer", *ways, statuses=frozenset({Status.EXERCISE}), is_internal=True)
    async with desk.caller(Role.ADMINISTRATOR) as administrator:
        for receiver, is_lacking in (
            (external, True),
            (trainer, True),
            (Receiver("own", *ways, is_internal=True), False),
        ):
            async with desk.sessions.begin() as session:
                await receiver_queries.save_receiver(session, receiver)
            shown = await administrator.get("/notices", params={"lang": language})
            assert ("dayar receiver internal" in shown.text) is is_lacking
    async with desk.caller(Role.OPERATOR) as operator:
        assert (await operator.get("/notices")).status_code == 403
