"""The state of a notification claims no more than the channel knows about the delivery."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from cli import alert as alert_command
from cli.transactions import within
from services.alerts.delivery.states import state_of, with_state
from services.alerts.notifications.stages import Omission
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events.vocabulary import DeliveryChannel, Severity
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import NOW, received, rules
from tests.alerts.handling import Handling
from tests.installation import Installation, in_thread

EMAIL, WEBHOOK = DeliveryChannel.EMAIL, DeliveryChannel.WEBHOOK
NEW = dict.fromkeys(("settled_at", "is_delivered", "reason", "planned_at", "receipt")) | {"is_answered": False}
TAKEN = {"settled_at": NOW, "is_delivered": True}


@pytest.mark.parametrize(
    ("channel", "fields", "expected"),
    [
        ("email", {}, "queued"),
        ("email", {"planned_at": NOW + timedelta(minutes=1)}, "suppressed"),
        ("email", {"planned_at": NOW}, "queued"),
        ("email", {"reason": "smtp_451"}, "retrying"),
        ("email", TAKEN | {"reason": "smtp_250"}, "sent"),
        ("telegram", TAKEN | {"reason": "telegram_200"}, "sent"),
        ("webhook", TAKEN | {"reason": "http_204"}, "delivered"),
        ("webhook", {"settled_at": NOW, "is_delivered": False, "reason": "http_410"}, "failed"),
        ("sms", TAKEN | {"reason": "sms_accepted"}, "sent"),
        ("sms", {"reason": "awaits_receipt"}, "sent"),
        ("sms", TAKEN | {"reason": "sms_delivered", "receipt": "delivered"}, "delivered"),
        ("sms", TAKEN | {"reason": "sms_delivered", "receipt": "read"}, "read"),
        (
            "sms",
            {"settled_at": NOW, "is_delivered": False, "reason": "no_receipt", "receipt": "delivered"},
            "delivered",
        ),
        ("sms", {"settled_at": NOW, "is_delivered": False, "reason": "no_receipt"}, "failed"),
        ("telegram", TAKEN | {"reason": "telegram_200", "is_answered": True}, "answered"),
        ("email", TAKEN | {"reason": "outbox_page"}, "not_sent"),
    ],
)
def test_the_state_of_a_delivery(channel: str, fields: dict[str, Any], expected: str) -> None:
    assert state_of(NEW | {"channel": channel} | fields, NOW) == expected


def test_a_message_that_waits_for_a_digest_says_until_when() -> None:
    until = NOW + timedelta(minutes=1)
    shown = with_state(NEW | {"channel": "email", "planned_at": until}, NOW)
    assert (shown["state"], shown["suppressed_by"], shown["suppressed_until"]) == ("suppressed", "digest", until)
    assert shown.keys().isdisjoint({"receipt", "planned_at", "is_answered"})


async def left_out(desk: Desk) -> UUID:
    tomorrow = datetime.now(TIME_ZONE) + timedelta(days=1)
    async with desk.sessions.begin() as session:
        hours: dict[str, dict[str, Any]] = {"desk": {}, "officer": {"hours": (f"{tomorrow:%a} 08:00-09:00",)}}
        for label, fields in hours.items():
            receiver = Receiver(label, EMAIL, f"{label}@centre.example", **fields)
            await receiver_queries.save_receiver(session, receiver)
        strict = Receiver("minister", EMAIL, "minister@centre.example", floor=Severity.EXTREME)
        await receiver_queries.save_receiver(session, strict)
    _, second = await desk.alerts(fresh(), fresh())
    return second


@pytest.mark.anyio
async def test_the_api_states_who_was_not_notified_and_by_which_rule(desk: Desk) -> None:
    alert_id, silence_id = await left_out(desk), uuid4()
    async with desk.caller() as caller:
        shown = (await caller.get(f"/v1/alerts/{alert_id}")).json()
        listed = (await caller.get("/v1/deliveries", params={"alert_id": str(alert_id)})).json()
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert listed == {"deliveries": shown["deliveries"], "not_notified": shown["not_notified"]}
    (delivery,) = shown["deliveries"]
    assert (delivery["recipient"], delivery["state"], delivery["suppressed_by"]) == ("desk", "suppressed", "digest")
    states = {
        each["recipient"]: (each["state"], each["suppressed_by"], each["reason"]) for each in shown["not_notified"]
    }
    assert states == {
        "officer": ("suppressed", "quiet_hours", Omission.OTHER_HOURS),
        "minister": ("not_sent", None, Omission.BELOW_FLOOR),
    }
    async with desk.caller(Role.DUTY_HEAD) as caller:
        recipients = (await caller.get("/receivers", params={"lang": "en"})).text
    assert all("Waits for the next combined message, " in each for each in (page, recipients))
    assert "<td>Held back</td>" in page
    assert "<td>Not sent</td>" in page
    later = """INSERT INTO notification_omissions (alert_id, step, reasons, muted_by)
               VALUES (:alert, 2, '{"desk": "silenced"}', :silence)"""
    async with desk.sessions.begin() as session:
        await session.execute(text(later), {"alert": alert_id, "silence": silence_id})
    async with desk.caller() as caller:
        held_back = (await caller.get(f"/v1/alerts/{alert_id}")).json()["not_notified"][0]
    assert (held_back["recipient"], held_back["suppressed_by"]) == ("desk", "silence"), "its update was held back"
    assert held_back["muted_by"] == str(silence_id)


def test_the_command_shows_each_recipient_with_the_state_and_the_reason(
    shared_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shared_installation.env().items():
        monkeypatch.setenv(name, value)
    label, reported = f"desk-{uuid4().hex[:6]}", fresh()

    async def raised(session: AsyncSession) -> UUID:
        receivers = {label: Severity.MINOR, f"{label}-2": Severity.EXTREME}
        for name, floor in receivers.items():
            receiver = Receiver(name, WEBHOOK, "https://hook.example", floor=floor)
            await receiver_queries.save_receiver(session, receiver)
        await Handling(rules(), Places.load())([received(reported)], session)
        of_hazard = text("SELECT alert_id FROM alerts WHERE hazard_id = :id")
        alert_id: UUID = (await session.execute(of_hazard, {"id": reported.hazard_id})).scalar_one()
        return alert_id

    alert_id = in_thread(within("alerts", raised))
    rows = [line.split() for line in dayar("notified", alert_id).output.splitlines()]
    own = {row[4]: row[5:] for row in rows if len(row) > 4 and row[4].startswith(label)}
    assert {name: [word for word in words if word != "│"] for name, words in own.items()} == {
        label: ["webhook", "queued"],
        f"{label}-2": ["not_sent", "below_floor"],
    }
    unknown = dayar("notified", uuid4())
    assert (unknown.exit_code, unknown.output) == (1, "There is no such alert.\n")


def dayar(*words: object) -> Result:
    return CliRunner().invoke(alert_command.app, [str(word) for word in words])
