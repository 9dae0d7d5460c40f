"""An alert may be acknowledged on behalf of another person. The name of the other person is sealed.

Only some roles may read the sealed name.
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.alerts.acts import behalf
from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.config import AlertsSettings
from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import ReceiverKind
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.worker import reseal, seal_notes
from shared.auth.tokens import Role
from shared.crypto import keyring
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, KADAMJAI
from tests.alerts.test_notifications import receiver

pytestmark = pytest.mark.anyio


async def test_an_acknowledgement_on_behalf_of_somebody_on_the_telephone(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    body = {"on_behalf_of": {"name": "Касымов", "by": "telephone", "at": "2026-06-15T06:10:00+00:00"}}
    async with desk.caller(name="Айбек") as caller:
        answer = (await caller.put(f"/v1/alerts/{alert_id}/acknowledgement", json=body)).json()
        alert = (await caller.get(f"/v1/alerts/{alert_id}")).json()
    assert answer["acknowledged_name"] == "Айбек"
    assert alert["on_behalf_of"] == "by telephone, Касымов, 2026-06-15T06:10+00:00"
    note = BehalfNote(name="Касымов", by="telephone", at=datetime(2026, 6, 15, 6, 10, tzinfo=UTC))
    for stored in (note.stored, note.sentence):  # an earlier release of Dayar stored `note.sentence`
        assert BehalfNote.read(stored).worded("ru") == "Касымов, по телефону, 15.06.2026, 12:10"
    assert BehalfNote(name="Касымов, район", by="e-mail").worded("ky") == "Касымов, район", "the timeline names it"
    assert BehalfNote(name="Касымов", by="pigeon").worded("ru") == "Касымов, pigeon"
    async with desk.sessions() as session:
        assert "Касымов" not in str((await session.execute(text("SELECT * FROM alerts"))).all())
        assert "Касымов" not in str((await session.execute(text("SELECT * FROM acts"))).all())


async def test_each_of_several_acknowledgements_keeps_on_whose_behalf_it_was_given(
    desk: Desk, settings: AlertsSettings
) -> None:
    """The alert needs two acknowledgements.

    The first person acknowledges the alert, and later states twice on whose behalf. The repeated statement changes
    nothing, even after the alert was closed. A statement with a different name is refused.
    """
    officers = {"Айбек": uuid4(), "Бермет": uuid4()}
    async with desk.sessions.begin() as session:
        for label, account in officers.items():
            person = receiver(label, kind=ReceiverKind.PERSON, account_id=account)
            await receiver_queries.save_receiver(session, person)
        step = PolicyStep(10, tuple(officers), acknowledgements=2)
        await policy_queries.save(session, EscalationPolicy("watch", (step,)))
    (alert_id,) = await desk.alerts(fresh(area={"pcodes": [KADAMJAI]}, type="mudflow", severity="Severe"))
    path, works = f"/v1/alerts/{alert_id}/acknowledgement", []
    sent = [("Айбек", None), *[("Айбек", "Касымов")] * 2, *[("Бермет", "Асанов")] * 2]
    for officer, name in sent:
        async with desk.caller(name=officer, account=officers[officer]) as caller:
            answer = await caller.put(path, json={"on_behalf_of": {"name": name}} if name else {})
            works.append(answer.json()["work"])
    assert works == [*["unacknowledged"] * 3, *["acknowledged"] * 2]
    async with desk.caller(name="Бермет", account=officers["Бермет"]) as caller:
        await caller.put(f"/v1/alerts/{alert_id}/resolution", json={"verdict": "confirmed"})
        late = [await caller.put(path, json={"on_behalf_of": {"name": name}}) for name in ("Асанов", "Токтоев")]
    assert [answer.status_code for answer in late] == [200, 409]
    async with desk.sessions() as session:
        assert "Касымов" not in str((await session.execute(text("SELECT * FROM acts"))).all())
    old = keyring.draw(settings.alerts_key_file) and min(keyring.known(settings.alerts_key_file))
    async with desk.sessions.begin() as session:
        assert await behalf.sealed_by(session, old) == 3
        await behalf.reseal(session, WebhookSecrets(settings.alerts_key_file))
        assert await behalf.sealed_by(session, old) == 0
    async with desk.caller() as operator, desk.caller(Role.ADMINISTRATOR) as administrator:
        readers, language = (operator, administrator), {"lang": "ru"}
        page, hidden = [(await reader.get(f"/{alert_id}", params=language)).text for reader in readers]
    timeline = page.partition('<ol class="timeline">')[2]
    assert [timeline.count(f"{name}, по телефону") for name in ("Касымов", "Асанов")] == [1, 1]
    assert "Касымов" not in hidden and "Асанов" not in hidden


@pytest.mark.parametrize("path", ["/v1/alerts/{id}", "/{id}"])
async def test_reading_on_whose_behalf_is_logged_where_a_name_was_shown(desk: Desk, path: str) -> None:
    account, (noted, other) = uuid4(), await desk.alerts(fresh(), fresh())
    async with desk.caller(account=account) as caller, desk.caller(Role.ANALYST) as analyst:
        await caller.put(f"/v1/alerts/{noted}/acknowledgement", json={"on_behalf_of": {"name": "Касымов"}})
        for reader, id in ((caller, other), (analyst, noted)):
            assert (await reader.get(path.format(id=id))).status_code == 200
        # a request with `?again` is not logged if the log already has an entry of the same token
        for again in ("?again", "?again", ""):
            assert (await caller.get(path.format(id=noted) + again)).status_code == 200
        async with desk.caller(account=account) as same_account_elsewhere:
            assert (await same_account_elsewhere.get(path.format(id=noted) + "?again")).status_code == 200
    async with desk.sessions() as session:
        query = text("SELECT objects, reason, result FROM audit WHERE action = 'read' AND :id = ANY(objects)")
        rows = [tuple(row) for id in (noted, other) for row in await session.execute(query, {"id": id})]
    assert rows == [([noted], "on-behalf", "done")] * 3


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.REGISTRAR, Role.ADMINISTRATOR])
async def test_on_whose_behalf_is_visible_only_inside_the_centre(desk: Desk, role: Role) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as caller, desk.caller(role) as reader:
        await caller.put(f"/v1/alerts/{alert_id}/acknowledgement", json={"on_behalf_of": {"name": "Касымов"}})
        answers = [await reader.get(path) for path in (f"/v1/alerts/{alert_id}", "/v1/alerts")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any("Касымов" in answer.text or "sealed:" in answer.text for answer in answers)


async def test_on_whose_behalf_is_read_where_the_hazard_was_first_reported(desk: Desk) -> None:
    """Another account sends two updates, which move the alert to Kadamjai.

    One update has a lower revision than the report, and one has a higher revision. The first person withdraws the
    acknowledgement. A reader of Kadamjai then acknowledges the alert, and can read only the note of that
    acknowledgement.
    """
    now = datetime.now(UTC)
    first = fresh(revision=5, area={"pcodes": [ALAI]}, received_at=now)
    (alert_id,) = await desk.alerts(first)
    for revision in (1, 6):
        moved = fresh(
            hazard_id=first.hazard_id,
            revision=revision,
            msg_type="Update",
            author=uuid4(),
            area={"pcodes": [KADAMJAI]},
            received_at=now + timedelta(minutes=1),
        )
        await desk.alerts(moved)
    async with desk.caller() as caller:
        path = f"/v1/alerts/{alert_id}/acknowledgement"
        await caller.put(path, json={"on_behalf_of": {"name": "Касымов"}})
        async with desk.caller(areas=[KADAMJAI]) as elsewhere, desk.caller(areas=[ALAI, KADAMJAI]) as there:
            answers = [await reader.get(f"/v1/alerts/{alert_id}") for reader in (elsewhere, there)]
            page = await elsewhere.get(f"/{alert_id}")
            await caller.delete(path)
            await elsewhere.put(path, json={"on_behalf_of": {"name": "Асанов"}})
            own = await elsewhere.get(f"/{alert_id}")
    assert [answer.json()["on_behalf_of"] for answer in answers] == [None, "by telephone, Касымов"]
    assert (page.status_code, "Касымов" in page.text) == (200, False)
    assert ("Асанов" in own.text, "Касымов" in own.text) == (True, False)


async def test_on_whose_behalf_is_read_before_during_and_after_a_rotation(desk: Desk, settings: AlertsSettings) -> None:
    (alert_id,) = await desk.alerts(fresh())
    folder = settings.alerts_key_file
    async with desk.caller() as caller:
        path = f"/v1/alerts/{alert_id}"
        await caller.put(f"{path}/acknowledgement", json={"on_behalf_of": {"name": "Касымов"}})
        notes = [(await caller.get(path)).json()["on_behalf_of"]]
        old = keyring.draw(folder) and min(keyring.known(folder))
        notes.append((await caller.get(path)).json()["on_behalf_of"])
        assert await reseal(desk.sessions, WebhookSecrets(folder)) >= 1
        notes.append((await caller.get(path)).json()["on_behalf_of"])
        async with desk.sessions() as session:
            assert await behalf.sealed_by(session, old) == 0
        (folder / f"{old}.key").unlink()
        notes.append((await caller.get(path)).json()["on_behalf_of"])
    assert notes == ["by telephone, Касымов"] * 4


async def test_an_alert_with_a_note_of_a_lost_key_is_shown_and_acknowledged(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    path, body = f"/v1/alerts/{alert_id}", {"on_behalf_of": {"name": "Касымов"}}
    async with desk.caller(account=uuid4()) as caller:
        await caller.put(f"{path}/acknowledgement", json=body)
        async with desk.sessions.begin() as session:
            lost = "'sealed:' || encode(convert_to(repeat('x', 45), 'utf8'), 'base64')"
            await session.execute(text(f"UPDATE alerts SET acknowledged_note = {lost}"))
            await session.execute(text(f"UPDATE acts SET behalf_note = {lost} WHERE behalf_note IS NOT NULL"))
        alert, page = await caller.get(path), await caller.get(f"/{alert_id}?lang=en")
        again = await caller.put(f"{path}/acknowledgement", json=body)
    assert (alert.status_code, page.status_code, again.status_code) == (200, 200, 200)
    assert alert.json()["on_behalf_of"] is None and "cannot be decrypted. Tell an administrator" in page.text


async def test_notes_that_an_earlier_release_wrote_in_clear_are_sealed(desk: Desk, settings: AlertsSettings) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET acknowledged_note = 'by telephone, Касымов'"))
    await seal_notes(desk.sessions, WebhookSecrets(settings.alerts_key_file))
    async with desk.sessions() as session:
        assert "Касымов" not in str((await session.execute(text("SELECT * FROM alerts"))).all())
    async with desk.caller() as caller:
        assert (await caller.get(f"/v1/alerts/{alert_id}")).json()["on_behalf_of"] == "by telephone, Касымов"
