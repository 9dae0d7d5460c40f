"""Tests receipts that the gateway pushes. The server that stands in for the gateway runs on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.app import create_app
from services.alerts.channels.sms import SmsChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery import listings
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.delivery.texts import Texts
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver
from services.alerts.sms.calls import NotReadable
from services.alerts.sms.gateway import SmsReceiptState, gateway_of
from services.alerts.sms.profiles import BadProfile, BodyFormat, GatewayProfile, GatewayReceipts, PushedReceipts
from services.alerts.sms.receipts import PushedReceipt, SmsReceipts
from services.alerts.sms.routes import GatewayLimits
from services.alerts.sms.sms_texts import SmsTexts
from shared.auth import revocation_snapshots
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from shared.postgres import notify
from shared.web.rates import RateLimit
from tests.alerts.conftest import CHANGED
from tests.alerts.sms_gateways import EXAMPLES, Gateways, serving
from tests.alerts.town import Town, attempts
from tests.installation import Installation
from tests.tables import emptied
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

SECRET = "secret-of-the-gateway-that-calls-us"
NUMBER = "+996700123456"
DELIVERED, READ, FAILED = SmsReceiptState.DELIVERED, SmsReceiptState.READ, SmsReceiptState.FAILED
JSON_RECEIPTS = """
[receipts]
field = "/state"
delivered = ["delivered"]
read = ["seen"]
failed = ["expired", "undeliverable"]
[receipts.pushed]
body = "json"
id = "/message/id"
secret_header = "Authorization"
secret_prefix = "Bearer "
"""


@dataclass
class Gate:
    town: Town
    gateways: Gateways
    client: httpx.AsyncClient
    limits: GatewayLimits

    async def push(self, state: str, id: str, secret: str = SECRET) -> int:
        headers, content = {"authorization": f"Bearer {secret}"}, {"message": {"id": id}, "state": state}
        return (await self.client.post("/v1/sms/receipts", json=content, headers=headers)).status_code

    async def push_part(self, state: str, id: str, part: int) -> int:
        headers = {"authorization": f"Bearer {SECRET}"}
        content = {"message": {"id": id}, "state": state, "part": part}
        return (await self.client.post("/v1/sms/receipts", json=content, headers=headers)).status_code

    async def push_form(self, **fields: str) -> int:
        return (await self.client.post("/v1/sms/receipts", data=fields)).status_code

    async def counted(self) -> dict[str, int]:
        lines = [line for line in await self.metrics() if line.startswith("alerts_sms_receipts_total{")]
        counts = {line.split('"')[1]: int(float(line.split()[-1])) for line in lines}
        return {result: count for result, count in counts.items() if count}

    async def metrics(self) -> list[str]:
        return (await self.client.get("/metrics")).text.splitlines()

    async def officer(self) -> None:
        receiver = Receiver("officer", DeliveryChannel.SMS, f"sms:{NUMBER}")
        mail = Contact(DeliveryChannel.EMAIL, "officer@centre.example")
        async with self.town.sessions.begin() as session:
            await subscriptions.put(session, receiver, self.town.box, further=[mail])

    async def execute(self, statement: str) -> None:
        async with self.town.sessions.begin() as session:
            await session.execute(text(statement))

    async def state(self) -> str | None:
        async with self.town.sessions.begin() as session:
            state: str | None = await session.scalar(text("SELECT state FROM sms_messages"))
            return state

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        settings, woken = self.town.settings, asyncio.Event()
        async with Outbound(settings, seconds=5) as outbound, asyncio.TaskGroup() as group:
            texts = SmsTexts.of_installation(Texts.of_installation(Places.load(), settings), settings)
            channel = SmsChannel(settings, gateway_of(settings, outbound), texts, self.town.sessions)
            deliveries = Deliveries(settings, self.town.engine, {DeliveryChannel.SMS: channel}, woken)
            running = (notify.listen(self.town.engine, "alerts_deliveries", woken), deliveries.run())
            tasks = [group.create_task(each) for each in running]
            yield
            for task in tasks:
                task.cancel()

    async def is_sent(self) -> bool:
        return await attempts(self.town, "awaits_receipt")


@asynccontextmanager
async def opened(
    installation: Installation, settings: AlertsSettings, engine: AsyncEngine, folder: Path, name: str
) -> AsyncIterator[Gate]:
    await emptied(engine, CHANGED)
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), [])
    secret = folder / "inbound-secret"
    secret.write_text(SECRET)
    async with serving(folder) as gateways:
        if name == "form":
            profile = gateways.whole_profile("form")
        else:
            profile = gateways.profile("json")
            of_parts = 'part = "/part"\n' if name == "json with parts" else ""
            profile.write_text(profile.read_text() + JSON_RECEIPTS + of_parts)
        changed: dict[str, Any] = {
            "alerts_sms_profile": profile,
            "alerts_sms_secret_file": str(gateways.secret_file),
            "alerts_sms_inbound_secret_file": str(secret),
            "outbound_allow": (f"127.0.0.1:{gateways.port}",),
        }
        settings = settings.model_copy(update=changed)
        app = create_app(settings)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            yield Gate(Town(settings, engine), gateways, client, app.state.sms_limits)


@pytest.fixture
async def gate(
    shared_installation: Installation, settings: AlertsSettings, engine: AsyncEngine, tmp_path: Path
) -> AsyncIterator[Gate]:
    async with opened(shared_installation, settings, engine, tmp_path, "json") as made:
        yield made


async def test_a_pushed_receipt_settles_the_delivery_and_repeated_ones_are_counted(gate: Gate) -> None:
    await gate.officer()
    await gate.town.alert()
    async with gate.sending():
        await wait_for(gate.is_sent)
        await gate.execute("UPDATE deliveries SET attempts = 3, created_at = created_at - interval '2 minutes'")
        assert 'alerts_failing_deliveries{channel="sms"} 0.0' in await gate.metrics()
        assert await gate.push("on_its_way", "m-1") == 200
        assert await gate.push("delivered", "m-1") == 200
        (row,) = await gate.town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (True, "sms_delivered")
    for state in ("delivered", "expired", "seen", "seen"):
        assert await gate.push(state, "m-1") == 200
    assert await gate.push("delivered", "of-another-system") == 200
    assert await gate.state() == "read"
    async with gate.town.sessions() as session:
        (shown,) = await listings.deliveries(session)
    assert shown["state"] == "read"
    assert await gate.counted() == {"not_final": 1, "delivered": 1, "read": 1, "repeated": 3, "unknown": 1}
    assert len(gate.gateways.messages) == 1
    assert not any("700123456" in line or "m-1" in line for line in await gate.metrics())


@pytest.mark.parametrize(("state", "reason"), [("undeliverable", "sms_undelivered"), (None, "no_receipt")])
async def test_without_a_receipt_in_time_the_next_contact_is_notified(
    gate: Gate, state: str | None, reason: str
) -> None:
    """The gateway accepts the message with 202, but the message does not reach the telephone."""
    await gate.officer()
    await gate.town.alert()
    async with gate.sending():
        await wait_for(gate.is_sent)
        if state is None:
            await gate.execute("UPDATE sms_messages SET accepted_at = accepted_at - interval '1 hour'")
            await gate.execute("UPDATE deliveries SET due_at = now() WHERE lease IS NULL")
        else:
            assert await gate.push(state, "m-1") == 200
        (row,) = await gate.town.settled(1)
        assert (row["is_delivered"], row["reason"]) == (False, reason)
        await NextContacts(gate.town.sessions, Places.load(), lambda: datetime.now(UTC) + timedelta(seconds=1)).notify()
    assert {(row["channel"], row["follows"]) for row in await gate.town.rows()} == {("sms", None), ("email", "failed")}
    assert await gate.push("delivered", "m-1") == 200
    assert await gate.state() == "delivered", "the message came late"


async def test_a_receipt_in_a_form_may_come_before_the_message_is_stored(
    shared_installation: Installation, settings: AlertsSettings, engine: AsyncEngine, tmp_path: Path
) -> None:
    async with opened(shared_installation, settings, engine, tmp_path, "form") as gate:
        await gate.officer()
        await gate.town.alert()
        (row,) = await gate.town.rows()
        receipt = {"uid": str(row["delivery_id"]), "password": SECRET}
        for status in ("UNDELIV", "DELIVRD"):
            assert await gate.push_form(**receipt, status=status) == 200
        async with gate.sending():
            (row,) = await gate.town.settled(1)
        assert (row["reason"], row["attempts"], await gate.state()) == ("sms_delivered", 1, "delivered")
        assert gate.gateways.messages[0]["uid"] == str(row["delivery_id"])
        assert await gate.push_form(uid="7", status="DELIVRD", password="another") == 403


async def test_only_the_gateway_may_push_receipts_and_guesses_are_limited(gate: Gate) -> None:
    statuses = [await gate.push("delivered", "m-1", secret=f"guess-{number}") for number in range(12)]
    assert statuses == [403] * 10 + [429] * 2
    assert await gate.push("delivered", "m-1") == 200, "the gateway has the same address, and the right secret"
    headers = {"authorization": f"Bearer {SECRET}"}
    lacking = await gate.client.post("/v1/sms/receipts", json={"state": "delivered"}, headers=headers)
    assert lacking.status_code == 422
    assert "with /message/id and /state" in lacking.json()["title"]
    large = await gate.client.post("/v1/sms/receipts", content=b" " * 70_000, headers=headers)
    assert large.status_code == 413
    gate.limits.calls = RateLimit(per_second=0.001, burst=2)
    assert [await gate.push("delivered", "m-1") for _ in range(3)] == [200, 200, 429]


def test_a_request_may_have_several_receipts() -> None:
    pushed = PushedReceipts(body=BodyFormat.JSON, id="/messageId", each="/results", secret_header="Authorization")
    profile = GatewayReceipts(pushed=pushed, field="/status/groupId", delivered=(3,), read=("seen",), failed=(2, 4, 5))
    receipts = SmsReceipts(profile, pushed, CollectorRegistry())
    several = [
        {"messageId": "m-2", "status": {"groupId": 3}},
        {"messageId": "m-1", "status": {"groupId": 5}},
        {"status": {"groupId": 3}},
        {"messageId": "m-3", "status": {"groupId": 1}},
    ]
    assert receipts.receipts_of({"results": several}) == [
        PushedReceipt("m-1", SmsReceiptState.FAILED),
        PushedReceipt("m-2", SmsReceiptState.DELIVERED),
        PushedReceipt("m-3", None),
    ]
    wrong: tuple[Any, ...] = ({}, {"results": []}, {"results": "m-1"}, [], None)
    for unreadable in wrong:
        with pytest.raises(NotReadable):
            receipts.receipts_of(unreadable)
    assert "in each member of the list /results" in receipts.expected


def test_a_key_may_use_its_burst_at_once_and_then_its_rate() -> None:
    now = 0.0
    limit = RateLimit(per_second=2, burst=3, clock=lambda: now)
    assert [limit.permits("gateway") for _ in range(4)] == [True, True, True, False]
    assert limit.permits("another")
    now = 0.5
    assert [limit.permits("gateway") for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [
        ("", "either `pushed`, or `url` and `fields`"),
        ('url = "https://sms.example"\nfields = { id = "{message_id}" }', "only without `pushed`"),
        ('parts = "/parts"', "`parts` is expected only without `pushed`"),
    ],
)
def test_a_gateway_either_pushes_receipts_or_is_asked(tmp_path: Path, receipts: str, expected: str) -> None:
    pushed = '[receipts.pushed]\nbody = "form"\nid = "/id"\nsecret_field = "/secret"\n' if receipts else ""
    profile = tmp_path / "profile.toml"
    common = f'\n[receipts]\nfield = "/status"\ndelivered = ["DELIVRD"]\n{receipts}\n{pushed}'
    profile.write_text((EXAMPLES / "form.toml").read_text() + common)
    with pytest.raises(BadProfile, match=expected):
        GatewayProfile.load(profile)
