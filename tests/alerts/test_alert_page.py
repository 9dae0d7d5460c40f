"""The page of an alert shows the full text of the report, who acted, and who was notified."""

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts import hazard_pages
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from shared.places.points import unit_points
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import KADAMJAI, group, mudflow, received, site

pytestmark = pytest.mark.anyio

OSH_OBLAST, NARYN = "KG06000000000", "KG04000000000"
LONG = "Первая строка донесения.\n" + "Вода идёт по улице. " * 100 + "Последнее слово."
BEHALF = {"on_behalf_of": {"name": "Касымов Таалай", "by": "radio"}}


async def raised(desk: Desk) -> UUID:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(
            session, Receiver("duty-desk", DeliveryChannel.WEBHOOK, "https://hook.example")
        )
    first = mudflow(
        onset=datetime.now(UTC),
        channel="console",
        severity="Moderate",
        area={"pcodes": [KADAMJAI], "description": "село Пульгон"},
        text={"en": {"headline": "Mudflow at Pulgon"}, "ru": {"headline": "Сель", "description": "Первое донесение"}},
    )
    second = mudflow(
        hazard_id=first.hazard_id,
        revision=2,
        msg_type="Update",
        onset=first.onset,
        channel="console",
        area={"pcodes": [KADAMJAI], "description": "село Пульгон"},
        text={"ru": {"headline": "Сель усилился", "description": LONG, "instruction": "Уйти на высокое место"}},
    )
    (alert_id,) = await desk.alerts(first)
    async with desk.sessions.begin() as session:
        await desk.watch([received(second)], session)
    return alert_id


async def test_the_page_shows_the_full_report_and_every_act(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    alert_id = await raised(desk)
    async with desk.caller(name="Айбек") as caller:
        await caller.put(f"/v1/alerts/{alert_id}/acknowledgement", json=BEHALF)
        await caller.post(f"/v1/alerts/{alert_id}/comments", json={"text": "Мост закрыт, едем через Халмион"})
        await caller.put(f"/v1/alerts/{alert_id}/resolution", json={"verdict": "confirmed", "note": "Вода ушла"})
        page = (await caller.get(f"/{alert_id}", params={"lang": "ru"})).text
        hazard_id = (await caller.get(f"/v1/alerts/{alert_id}")).json()["hazard_id"]
        monkeypatch.setattr(hazard_pages, "MOST_ALERTS", 1)
        course = (await caller.get(f"/hazards/{hazard_id}/course", params={"lang": "en"})).text
        draft = mudflow(status="Draft", onset=datetime.now(UTC))
        async with desk.sessions.begin() as session:
            await desk.watch([received(draft)], session)
        of_draft = (await caller.get(f"/hazards/{draft.hazard_id}/course", params={"lang": "en"})).text
    assert "First report" in course and "First report" not in of_draft
    assert all(words in course for words in ("at most 1 alerts", "duty-desk", "Мост закрыт, едем через Халмион"))
    for texts in (
        "Последнее слово.",
        "Уйти на высокое место",
        "село Пульгон",
        "Сель усилился",
        "Источник: ",
        "duty-desk",
        "Мост закрыт, едем через Халмион",
        "Вода ушла",
        "Айбек",
        "Касымов Таалай",
    ):
        assert texts in page, texts
    assert page.count('<td class="number" data-label="Редакция">') == 2, "both revisions"
    assert "Mudflow at Pulgon" not in page, "the revision has a text in the reader's language"


async def test_the_page_names_the_sites_to_readers_who_may_open_them(desk: Desk) -> None:
    school, now = site(pcode=KADAMJAI, name_en="School No. 5"), datetime.now(UTC)
    [unit] = [unit for unit in unit_points() if unit.pcode == KADAMJAI]
    around = {"circles": [{"lat": unit.lat, "lon": unit.lon, "radius_km": 1}]}
    flood, counted = mudflow(onset=now, severity="Unknown", area=around), group(site_id=school.site_id)
    async with desk.sessions.begin() as session:
        await desk.watch([received(one) for one in (school, counted, flood)], session)
        [alert_id] = await session.scalars(text("SELECT alert_id FROM alerts WHERE kind = 'exposure'"))
    pages = {}
    for role in (Role.OPERATOR, Role.VIEWER):
        async with desk.caller(role) as caller:
            pages[role] = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
            assert (await caller.get(f"/v1/alerts/{alert_id}")).json()["severity_is_derived"] is True
    assert all("Severe (computed by Dayar, not stated by the source)" in page for page in pages.values())
    sentence = "Sites with displaced people in the hazard&#39;s area, Kadamjai rayon: 1"
    assert all(sentence in page and "Displaced households" not in page for page in pages.values())
    assert all("The boundaries of the districts are not imported" in page for page in pages.values())
    link = f'<a href="/registry/sites/{school.site_id}">School No. 5</a>'
    assert {role for role, page in pages.items() if link in page} == {Role.OPERATOR}
    assert "School No. 5" not in pages[Role.VIEWER]

    valley = {"circles": [{"lat": unit.lat + 0.2, "lon": unit.lon, "radius_km": 3}]}
    [pointless] = await desk.alerts(mudflow(onset=now, area=valley))
    async with desk.caller() as caller:
        page = (await caller.get(f"/{pointless}", params={"lang": "en"})).text
    assert "Dayar cannot tell whether displaced people are in the hazard's area" in page
    assert "not by their boundaries: Kadamjai rayon (22 km), " in " ".join(page.split())


@pytest.mark.parametrize(
    ("role", "sees_deliveries", "acts", "sees_behalf"),
    [
        (Role.OPERATOR, True, True, True),
        (Role.DUTY_HEAD, True, True, True),
        (Role.ADMINISTRATOR, True, False, False),
        (Role.VIEWER, False, False, False),
        (Role.ANALYST, False, False, False),
        (Role.REGISTRAR, False, False, False),
    ],
)
async def test_each_role_sees_its_part_of_the_page(
    desk: Desk, role: Role, sees_deliveries: bool, acts: bool, sees_behalf: bool
) -> None:
    alert_id = await raised(desk)
    async with desk.caller() as operator, desk.caller(role) as caller:
        await operator.put(f"/v1/alerts/{alert_id}/acknowledgement", json=BEHALF)
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert ("duty-desk" in page, "Add the comment" in page, "Касымов" in page) == (sees_deliveries, acts, sees_behalf)
    assert "Последнее слово." in page


async def test_neither_mail_nor_webhook_says_on_whose_behalf(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(
            session, Receiver("mail", DeliveryChannel.EMAIL, "duty@centre.example", language="ru")
        )
    alert_id = await raised(desk)
    async with desk.caller() as caller:
        await caller.put(f"/v1/alerts/{alert_id}/acknowledgement", json=BEHALF)
        sent = (await caller.get("/v1/deliveries")).json()["deliveries"]
    assert {delivery["cause"] for delivery in sent} == {"raised", "updated", "acknowledged"}
    assert "Касымов" not in str(sent)


async def test_a_webhook_carries_the_first_thousand_characters_and_the_place(desk: Desk) -> None:
    await raised(desk)
    async with desk.caller() as caller:
        newest, _ = (await caller.get("/v1/deliveries")).json()["deliveries"]
    hazard = newest["content"]["hazard"]
    assert (hazard["locality"], hazard["texts"]["ru"]["description"]) == ("село Пульгон", LONG[:1000])


async def test_an_alert_of_another_area_or_none_has_no_page(desk: Desk) -> None:
    alert_id = await raised(desk)
    async with desk.caller(areas=[OSH_OBLAST]) as caller:
        for id in (alert_id, uuid4()):
            answer = await caller.get(f"/{id}", headers={"accept": "text/html"})
            assert answer.status_code == 404


async def test_an_alert_without_a_hazard_has_a_page_too(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET hazard_id = NULL"))
    async with desk.caller() as caller:
        assert (await caller.get(f"/{alert_id}")).status_code == 200


async def test_revisions_of_one_batch_and_a_late_revision_are_all_on_the_page(desk: Desk) -> None:
    first = mudflow(onset=datetime.now(UTC), revision=1)
    later = [
        mudflow(hazard_id=first.hazard_id, revision=revision, msg_type="Update", onset=first.onset)
        for revision in (2, 3, 5, 4)
    ]
    alert_id, *_ = await desk.alerts(first, *later[:3])
    await desk.alerts(later[3])
    async with desk.caller() as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert re.findall(r'<td class="number" data-label="Revision">(\d)</td>', page) == ["5", "4", "3", "2", "1"]


async def test_an_unreadable_alert_says_what_to_do_and_everything_else_works(desk: Desk) -> None:
    damaged, sound = await desk.alerts(fresh(), fresh(hazard_id=uuid4()))
    async with desk.sessions.begin() as session:
        statement = text("UPDATE alerts SET figures = '{' WHERE alert_id = :damaged")
        await session.execute(statement, {"damaged": damaged})
    path = f"/v1/alerts/{damaged}"
    async with desk.caller() as caller:
        page = await caller.get(f"/{damaged}", params={"lang": "ru"}, headers={"accept": "text/html"})
        acts = ("acknowledgement", "confirmation", "progress", "takeover", "reopening")
        answers = [await caller.put(f"{path}/{act}") for act in acts]
        answers += [await caller.get(path), await caller.post(f"{path}/comments", json={"text": "мост цел"})]
        both = await caller.post("/v1/alerts:takeover", json={"alert_ids": [str(damaged), str(sound)]})
        works = (f"/v1/deliveries?alert_id={damaged}", f"/{sound}", "/v1/alerts", "/deliveries")
        others = [(await caller.get(path)).status_code for path in works]
    assert page.status_code == 409 and "сообщите администратору" in page.text
    kinds = {(answer.status_code, answer.json()["type"]) for answer in answers}
    assert kinds == {(409, "urn:dayar:problem:alert-unreadable")}
    assert [each["alert_id"] for each in both.json()["taken_over"]] == [str(sound)]
    assert [each["reason"] for each in both.json()["refused"]] == ["alert-unreadable"]
    assert others == [200, 200, 200, 200]
