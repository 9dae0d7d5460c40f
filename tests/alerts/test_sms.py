"""Short messages are handed to a real HTTP server, which plays two SMS gateways."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered
from services.alerts.channels.sms import ACCEPTED, DELIVERED, SmsChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.deliveries import Deliveries, DeliveryAttempt
from services.alerts.delivery.notices import Cause, Content
from services.alerts.delivery.texts import Texts
from services.alerts.receivers.checks import contact_of, is_address
from services.alerts.receivers.receivers import Receiver
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.profiles import BadProfile, GatewayProfile
from services.alerts.sms.segments import Encoding, segments_of
from services.alerts.sms.sms_texts import SmsTexts
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.factories import NOW
from tests.alerts.jobs import job_to
from tests.alerts.sms_gateways import EXAMPLES, Gateways, serving
from tests.alerts.town import Sessions, Town

pytestmark = pytest.mark.anyio

OFFICER = Receiver("officer", DeliveryChannel.SMS, "sms:+996700123456", language="ru")
MUDFLOW: dict[str, Any] = {"type": "mudflow", "magnitude": None, "depth_km": None, "severity": "Severe"}
SITE = "https://dayar.example"
SENTENCE = "Опасно: Сель, Алайский район. Начало: 15.06, 11:40. Не проверено."


@pytest.fixture
async def gateways(tmp_path: Path) -> AsyncIterator[Gateways]:
    async with serving(tmp_path) as server:
        yield server


def settings_for(gateways: Gateways, profile: Path | None, **changed: Any) -> AlertsSettings:
    settings = AlertsSettings(
        alerts_sms_profile=profile,
        alerts_sms_secret_file=str(gateways.secret_file),
        outbound_allow=(f"127.0.0.1:{gateways.port}",),
        public_url=SITE,
    )
    return settings.model_copy(update=changed)


async def send(
    settings: AlertsSettings, job: Job, receiver: Receiver = OFFICER, sessions: Sessions | None = None
) -> str:
    texts = SmsTexts.of_installation(Texts.of_installation(Places.load(), settings), settings)
    async with Outbound(settings, seconds=5) as outbound:
        channel = SmsChannel(settings, gateway_of(settings, outbound), texts, sessions or Sessions())
        return await channel.send(job, receiver)


async def test_a_gateway_that_takes_json_gets_the_message_with_the_same_id_in_every_attempt(gateways: Gateways) -> None:
    job, settings = job_to(OFFICER, **MUDFLOW), settings_for(gateways, gateways.profile("json"))
    for _ in range(2):
        assert await send(settings, job) == ACCEPTED
    first, second = gateways.messages
    assert first == second
    assert first.pop("text").startswith(SENTENCE)
    assert first == {"to": "996700123456", "from": "CMC", "client_id": str(job.delivery_id), "coding": "8"}


async def test_a_gateway_that_takes_forms_gets_latin_letters_in_one_part(gateways: Gateways) -> None:
    assert await send(settings_for(gateways, gateways.profile("form")), job_to(OFFICER, **MUDFLOW)) == ACCEPTED
    (message,) = gateways.messages
    assert message["message"].startswith("Opasno: Sel, Alayskiy rayon. Nachalo: 15.06, 11:40. Ne provereno.")
    assert segments_of(message["message"]).encoding is Encoding.GSM7


@pytest.mark.parametrize(
    ("name", "answer", "reason", "is_final", "retry_after"),
    [
        ("json", web.json_response({"status": "no_funds"}), "sms_refused_no-funds", False, None),
        ("json", web.json_response({"status": "invalid_number"}), "sms_refused_invalid-number", True, None),
        ("json", web.json_response({"status": "+996700123456"}), "sms_refused", False, None),
        ("json", web.Response(text="<html>"), "sms_unreadable", False, None),
        ("json", web.Response(status=429, headers={"Retry-After": "7"}), "sms_429", False, 7),
        ("json", web.Response(status=500), "sms_500", False, None),
        ("json", web.Response(body=b" " * 70_000), "answer_too_big", False, None),
        ("form", web.Response(text="ERROR 12"), "sms_refused", False, None),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
async def test_the_answer_decides_whether_to_retry(
    gateways: Gateways, name: str, answer: web.Response, reason: str, is_final: bool, retry_after: float | None
) -> None:
    gateways.answers = [answer]
    with pytest.raises(Undelivered) as caught:
        await send(settings_for(gateways, gateways.profile(name)), job_to(OFFICER))
    assert (caught.value.reason, caught.value.is_final) == (reason, is_final)
    assert caught.value.retry_after == retry_after


async def test_a_missing_gateway_or_key_loses_no_alert(gateways: Gateways) -> None:
    profile = gateways.profile("json")
    for changed, reason in (
        ({"alerts_sms_profile": None}, "no_sms_gateway"),
        ({"alerts_sms_secret_file": str(profile) + ".none"}, "no_sms_secret"),
    ):
        with pytest.raises(Undelivered) as caught:
            await send(settings_for(gateways, profile, **changed), job_to(OFFICER))
        assert (caught.value.reason, caught.value.is_final) == (reason, False)
    assert gateways.messages == []


async def test_an_exercise_sends_nothing_outside(gateways: Gateways, town: Town) -> None:
    settings = settings_for(gateways, gateways.profile("json"), exercise=True)
    assert await send(settings.model_copy(update={"outbound_allow": ()}), job_to(OFFICER)) == OUTBOX_PAGE
    assert await send(settings.model_copy(update={"alerts_sms_profile": None}), job_to(OFFICER)) == OUTBOX_PAGE
    elsewhere = gateways.whole_profile("json", url="https://93.184.215.14:8443/messages")
    allowed = settings_for(gateways, elsewhere, exercise=True, outbound_allow=("93.184.215.14:8443",))
    assert await send(allowed, job_to(OFFICER), sessions=town.sessions) == OUTBOX_PAGE, "the gateway gives receipts"
    assert gateways.messages == []


async def test_combined_messages_are_one_sms_with_one_receipt(gateways: Gateways, town: Town) -> None:
    """One receipt settles all deliveries of the message. Each delivery is sent once."""
    settings, job = settings_for(gateways, gateways.whole_profile("json")), job_to(OFFICER)
    combined = replace(job, companions=(job_to(OFFICER), job_to(OFFICER)))
    gateways.states = ["sent", "delivered"]
    for _ in range(2):
        with pytest.raises(Undelivered, match="awaits_receipt"):
            await send(settings, combined, sessions=town.sessions)
    assert await send(settings, combined, sessions=town.sessions) == DELIVERED
    (message,) = gateways.messages
    assert message["text"].startswith("Оповещений: 3. ")
    async with town.sessions() as session:
        states = await session.execute(text("SELECT message_id, state FROM sms_messages"))
    assert [tuple(row) for row in states] == [("m-1", "delivered")] * 3


async def test_each_delivery_of_a_retry_has_the_result_of_its_own_message(gateways: Gateways, town: Town) -> None:
    """The first message waits for its receipt when a later alert is due. One job then contains both deliveries."""
    settings, job, later = settings_for(gateways, gateways.whole_profile("json")), job_to(OFFICER), job_to(OFFICER)
    with pytest.raises(Undelivered, match="awaits_receipt"):
        await send(settings, job, sessions=town.sessions)
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE sms_messages SET state = 'delivered'"))
    gateways.answers = [web.Response(status=500)]
    loop = Deliveries(settings, town.engine, {}, asyncio.Event())
    recorded = list[list[tuple[str, bool, bool]]]()
    for _ in range(2):
        with pytest.raises(Undelivered) as caught:
            await send(settings, replace(job, companions=(later,)), sessions=town.sessions)
        attempt = DeliveryAttempt(NOW, NOW, "refused", is_delivered=False, is_final=True, results=caught.value.results)
        results = [loop.of(each, attempt) for each in (job, later)]
        recorded.append([(each.reason, each.is_delivered, each.is_failure) for each in results])
    delivered = (DELIVERED, True, False)
    assert recorded == [[delivered, ("sms_500", False, True)], [delivered, ("awaits_receipt", False, False)]]


@pytest.mark.parametrize(
    ("alphabet", "expected"),
    [("kept", "Жер титирөө"), ("russian", "Жер титироо"), ("latin", "Jer titiröö")],
)
async def test_kyrgyz_letters_are_kept_or_replaced(gateways: Gateways, alphabet: str, expected: str) -> None:
    settings = settings_for(gateways, gateways.profile("json", alphabet=alphabet))
    texts = SmsTexts.of_installation(Texts.of_installation(Places.load(), settings), settings)
    content = Content.model_validate_json(job_to(OFFICER).content)
    assert expected in texts.of(content.data, Cause.RAISED, "ky").text


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ('url = "https://sms.example/{number}"', "without placeholders"),
        ('body = "xml"', "'json' or 'form'"),
        ('sendr = "CMC"', "sendr: Extra inputs"),
        ('[fields]\ntext = "{txt}"', "not txt"),
        ('[fields]\ntext = "{text}"', "{text}, and {number} or {digits}"),
        ("url = 7\nurl = 8", "line 2"),
    ],
)
def test_an_error_in_a_profile_stops_the_start_and_says_what_is_expected(
    tmp_path: Path, changed: str, expected: str
) -> None:
    file = tmp_path / "profile.toml"
    usual = {"url": '"https://sms.example"', "body": '"json"'}
    kept = [f"{name} = {value}" for name, value in usual.items() if not changed.startswith(name)]
    fields = [] if "[fields]" in changed else ["[fields]", 'to = "{number}"', 'text = "{text}"']
    file.write_text("\n".join([changed, *kept, *fields] if "[" not in changed else [*kept, changed]))
    with pytest.raises(BadProfile) as caught:
        GatewayProfile.load(file)
    assert expected in str(caught.value)


def test_the_examples_are_valid_profiles() -> None:
    for name in ("json", "form"):
        assert GatewayProfile.load(EXAMPLES / f"{name}.toml").url.startswith("https://")


@pytest.mark.parametrize("typed", ["sms:+996 700 12-34-56", "sms:0700123456", "sms:+996700123456"])
def test_a_number_is_stored_in_one_spelling(typed: str) -> None:
    assert contact_of(typed).address == OFFICER.address


@pytest.mark.parametrize(
    "address", ["sms:", "sms:+99670012345", "sms:+996312123456", "sms:+996700123456 ext. 5", "sms:duty", f"sms:{7**99}"]
)
def test_what_is_no_mobile_number_is_refused_and_stays_as_typed(address: str) -> None:
    contact = contact_of(address)
    assert (contact.channel, contact.address) == (DeliveryChannel.SMS, address)
    assert not is_address(DeliveryChannel.SMS, address)


async def test_a_number_that_was_valid_once_ends_the_delivery(gateways: Gateways) -> None:
    receiver = replace(OFFICER, address="sms:+996312123456")
    with pytest.raises(Undelivered) as caught:
        await send(settings_for(gateways, gateways.profile("json")), job_to(OFFICER), receiver)
    assert (caught.value.reason, caught.value.is_final) == ("no_mobile_number", True)


@pytest.mark.parametrize(
    ("states", "result"),
    [(["sent", "delivered"], DELIVERED), (["expired"], "sms_undelivered"), (["sent", "sent"], "no_receipt")],
)
async def test_a_message_without_a_receipt_in_time_is_not_delivered(
    gateways: Gateways, town: Town, states: list[str], result: str
) -> None:
    """Only the first attempt sends the message; each later attempt asks for the receipt."""
    settings, job = settings_for(gateways, gateways.whole_profile("json")), job_to(OFFICER)
    results = list[str]()
    gateways.states = states.copy()
    for attempt in range(len(states) + 1):
        if attempt == 2:
            async with town.sessions.begin() as session:
                await session.execute(text("UPDATE sms_messages SET accepted_at = accepted_at - interval '1 hour'"))
        try:
            results.append(await send(settings, job, sessions=town.sessions))
        except Undelivered as error:
            results.append(error.reason if error.is_final or error.retry_after else "")
    assert results == ["awaits_receipt"] * len(states) + [result]
    assert len(gateways.messages) == 1


async def test_a_message_of_two_parts_is_delivered_if_the_gateway_says_so_of_both(
    gateways: Gateways, town: Town
) -> None:
    profile = gateways.whole_profile("json")
    profile.write_text(profile.read_text().replace("[receipts]\n", '[receipts]\nparts = "/parts"\n'))
    settings, job = settings_for(gateways, profile), job_to(OFFICER, **MUDFLOW)
    gateways.states = [["delivered"], ["delivered", "sent"], ["delivered", "delivered"]]
    for _ in range(3):
        with pytest.raises(Undelivered, match="awaits_receipt"):
            await send(settings, job, sessions=town.sessions)
    assert await send(settings, job, sessions=town.sessions) == DELIVERED
    (message,) = gateways.messages
    assert len(segments_of(message["text"]).texts) == 2


@dataclass
class LostPostgres:
    """Sessions of a PostgreSQL that fails as soon as the gateway has accepted a message."""

    usual: Sessions
    lost: Sessions
    gateways: Gateways

    def __call__(self) -> Any:
        return self.usual()

    def begin(self) -> Any:
        return (self.lost if self.gateways.messages else self.usual).begin()


async def test_a_message_is_not_sent_twice_if_postgresql_fails_after_the_gateway_has_it(
    gateways: Gateways, town: Town
) -> None:
    settings, job = settings_for(gateways, gateways.whole_profile("json")), job_to(OFFICER)
    closed = async_sessionmaker(create_async_engine("postgresql+asyncpg://127.0.0.1:9/none"))
    sessions: Any = LostPostgres(town.sessions, closed, gateways)
    assert await send(settings, job, sessions=sessions) == ACCEPTED
    assert len(gateways.messages) == 1
