"""The page of an alert shows the full text of the report, who acted, and who was notified."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts import hazard_pages
from services.alerts.config import AlertsSettings
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.escalation import Escalation
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, Severity, Status
from shared.places import Places
from shared.places.points import unit_points
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import BATKEN, KADAMJAI, group, mudflow, received, rules, site

pytestmark = pytest.mark.anyio

OSH_OBLAST, NARYN = "KG06000000000", "KG04000000000"
LONG = "Первая строка донесения.\n" + "Вода идёт по улице. " * 100 + "Последнее слово."
BEHALF = {"on_behalf_of": {"name": "Касымов Таалай", "by": "radio"}}


async def raised(desk: Desk) -> UUID:
    """Adds a webhook, reports an operator's hazard in two revisions, and returns the id of the hazard's alert."""
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


async def add_receivers(desk: Desk) -> None:
    """Adds five receivers.

    A Moderate alert in Alai notifies the first receiver, and leaves out four other receivers.
    """
    left_out: dict[str, dict[str, Any]] = {
        "duty-desk": {},
        "head-of-shift": {"step": 1},
        "minister": {"floor": Severity.EXTREME},
        "batken-post": {"areas": (BATKEN,)},
        "trainer": {"statuses": frozenset({Status.EXERCISE})},
    }
    async with desk.sessions.begin() as session:
        for label, fields in left_out.items():
            receiver = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", **fields)
            await receiver_queries.save_receiver(session, receiver)


async def escalate(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET escalates_at = now()"))
    await Escalation(desk.sessions, rules(), Places.load()).escalate()


async def omitted(desk: Desk, alert_id: UUID, language: str = "en") -> dict[str, str]:
    """Reads the page's table of omitted recipients. Maps each recipient to the reason why it was not notified."""
    async with desk.caller() as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": language})).text
    _, _, section = page.partition('class="panel omitted"')
    return dict(re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td>", section.partition("</section>")[0]))


async def test_the_page_shows_who_was_not_notified_and_why(desk: Desk) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    assert await omitted(desk, alert_id) == {
        "head-of-shift": "Notified only if nobody acknowledges in time",
        "minister": "Gets only more severe alerts",
        "batken-post": "The alert is outside the recipient's area",
        "trainer": "Not on the list for alerts of this status",
    }
    async with desk.sessions.begin() as session:
        await session.execute(
            text("""UPDATE notification_omissions SET reasons = '{"minister": "of_a_later_release"}'""")
        )
    assert await omitted(desk, alert_id) == {"minister": "Another reason"}


async def test_the_page_shows_the_contacts_of_a_receiver_and_whose_the_answer_was(desk: Desk) -> None:
    account = uuid4()
    officer = Receiver("officer", DeliveryChannel.EMAIL, "officer@centre.example", account_id=account)
    hook = Contact(DeliveryChannel.WEBHOOK, "https://hook.example")
    async with desk.sessions.begin() as session:
        box = WebhookSecrets(desk.installation.settings(AlertsSettings).alerts_key_file)
        await subscriptions.put(session, officer, box, further=[hook])
    (alert_id,) = await desk.alerts(fresh())
    assert await omitted(desk, alert_id) == {
        "officer, webhook": "Only if the contact before fails or is not answered in time"
    }
    async with desk.sessions.begin() as session:
        await session.execute(
            text("UPDATE deliveries SET settled_at = now(), is_delivered = true, reason = 'smtp_250'")
        )
        await session.execute(text("UPDATE receivers SET kind = 'person'"))
    await NextContacts(desk.sessions, Places.load(), lambda: datetime.now(UTC) + timedelta(minutes=5)).notify()
    assert await omitted(desk, alert_id) == {}
    async with desk.caller(account=account) as caller:
        before = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
        assert (await caller.put(f"/v1/alerts/{alert_id}/acknowledgement")).status_code == 200
        after = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert re.findall(r"<td>(Sent|Queued, because[^<,]*)", before) == [
        "Queued, because the contact before was not answered in time",
        "Sent",
    ]
    assert "<td>Answered" in after
    async with desk.sessions.begin() as session:
        later = "UPDATE deliveries SET follows = 'of_a_later_release', channel = 'radio' WHERE follows IS NOT NULL"
        await session.execute(text(later))
    async with desk.caller() as caller:
        pages = [(await caller.get(path, params={"lang": "en"})).text for path in (f"/{alert_id}", "/deliveries")]
    assert all("after the contact before" in page and "of_a_later_release" not in page for page in pages)


async def test_a_receiver_notified_later_is_no_longer_among_those_not_notified(desk: Desk) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    async with desk.sessions.begin() as session:
        added = Receiver("newcomer", DeliveryChannel.WEBHOOK, "https://hook.example")
        await receiver_queries.save_receiver(session, added)
    await escalate(desk)
    reasons = await omitted(desk, alert_id)
    assert not {"duty-desk", "head-of-shift"} & reasons.keys()
    assert "newcomer" not in reasons, (
        "the escalation also notifies receivers of earlier steps who do not know the alert"
    )


async def test_a_receiver_added_later_is_not_said_to_have_been_notified(desk: Desk) -> None:
    """Two receivers for Osh are added after an alert was raised for Osh and Naryn. Later, the alert covers only Osh.

    The receiver that gets alerts only in certain hours is then notified, because the alert may have been raised outside
    these hours.
    """
    await add_receivers(desk)
    flood = mudflow(onset=datetime.now(UTC), area={"pcodes": [OSH_OBLAST, NARYN]})
    (alert_id,) = await desk.alerts(flood)
    async with desk.sessions.begin() as session:
        for label, hours in (("osh-post", ()), ("osh-office", ("Mon 08:00-17:00",))):
            added = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", areas=(OSH_OBLAST,), hours=hours)
            await receiver_queries.save_receiver(session, added)
    update = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "onset": flood.onset}
    await desk.alerts(mudflow(**update, area={"pcodes": [OSH_OBLAST]}))
    reasons = await omitted(desk, alert_id)
    assert "osh-office" not in reasons
    assert (
        reasons["osh-post"] == "Not notified before, because the list of recipients changed after the alert was raised"
    )


async def test_nobody_of_many_notified_receivers_is_among_those_not_notified(desk: Desk) -> None:
    """The page lists only the newest 200 deliveries, but the receivers of older deliveries also count as notified."""
    async with desk.sessions.begin() as session:
        for label in ("head-of-shift", *(f"post-{number:03}" for number in range(201))):
            step = 1 if label == "head-of-shift" else 0
            receiver = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", step=step)
            await receiver_queries.save_receiver(session, receiver)
    (alert_id,) = await desk.alerts(fresh())
    await escalate(desk)
    assert await omitted(desk, alert_id) == {}


@pytest.mark.parametrize("language", ["ky", "ru"])
async def test_the_reasons_are_in_the_readers_language(desk: Desk, language: str) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    reasons = await omitted(desk, alert_id, language)
    assert len(reasons) == 4
    assert all(re.fullmatch(r"[^A-Za-z]+", reason) for reason in reasons.values()), reasons


async def test_a_wall_screen_sees_neither_who_was_notified_nor_who_was_not(desk: Desk) -> None:
    await add_receivers(desk)
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller(Role.VIEWER) as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert "minister" not in page


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
