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

from services.alerts import transitions
from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered
from services.alerts.channels.sms import ACCEPTED, DELIVERED, SmsChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.deliveries import Deliveries, DeliveryAttempt
from services.alerts.delivery.messages import Messages
from services.alerts.delivery.notices import Cause, Content
from services.alerts.delivery.state_lines import NAMING
from services.alerts.delivery.texts import Texts
from services.alerts.delivery.words import HazardWords
from services.alerts.receivers.checks import contact_of, is_address
from services.alerts.receivers.receivers import Receiver
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.profiles import BadProfile, GatewayProfile
from services.alerts.sms.segments import Encoding, segments_of
from services.alerts.sms.sms_texts import SmsTexts
from shared.events.vocabulary import DeliveryChannel, Scope
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.factories import ALAI, NOW, hazard, rules
from tests.alerts.jobs import WATCHED, job_to
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


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_a_message_has_at_most_two_parts_and_every_fact_but_the_last_places(language: str) -> None:
    """If the message is too long, the link is left out first, then the last places.

    Severity, cause and time always stay.
    """
    settings, places = AlertsSettings(public_url=SITE), Places.load()
    texts = Texts.of_installation(places, settings)
    finding = decide(hazard(**MUDFLOW), rules(), WATCHED, NOW)
    assert isinstance(finding, Finding)
    acknowledged = {"acknowledged_at": NOW, "acknowledged_name": "Мамытбекова Айсулуу Токтогуловна"}
    state = transitions.replaced(transitions.raised(finding, None, NOW), **acknowledged)
    short, long = ([ALAI], [district.pcode for district in places.units(2)][:3])
    for pcodes in (short, long):
        job = job_to(OFFICER, **MUDFLOW, area={"pcodes": pcodes})
        content = Content.model_validate_json(job.content)
        for cause in Cause:
            words = HazardWords(scope=Scope.RESTRICTED)
            segments = SmsTexts.of_installation(texts, settings).of(content.data, cause, language, words, state=state)
            assert ("Мамытбекова Айсулуу, " in segments.text) == (cause in NAMING)
            assert len(segments.texts) <= 2 and "11:40" in segments.text
            first_place = texts.subject(content.data, Cause.RAISED, language).split(",")[1]
            assert first_place.rstrip(" 0123456789") in segments.text


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_a_digest_has_at_most_two_parts_and_as_many_titles_as_fit(language: str) -> None:
    settings, places = AlertsSettings(public_url=SITE), Places.load()
    whole = Texts.of_installation(places, settings)
    texts, answering = (SmsTexts(whole, Alphabet.KEPT, takes_replies=takes_replies) for takes_replies in (False, True))
    alert = Content.model_validate_json(job_to(OFFICER, **MUDFLOW, area={"pcodes": [ALAI]}).content).data
    for count in (2, 12, 900):
        segments = texts.digest([(alert, Cause.RAISED)] * count, language)
        assert len(segments.texts) <= 2
        assert str(count) in segments.text.partition(".")[0]
        assert texts.of(alert, Cause.RAISED, language).text.partition(".")[0] in segments.text
        assert f"{SITE}/" in segments.text
        coded = answering.digest([(alert, Cause.RAISED)] * count, language, "4711")
        assert len(coded.texts) <= 2 and "1 4711." in coded.text, "the code is never left out"
    assert "1 ****." in answering.digest([(alert, Cause.RAISED)] * 2, language).text
    answered = alert.model_copy(update={"acknowledged_at": NOW, "sequence": alert.sequence + 1})
    mentions = [(answered, Cause.ACKNOWLEDGED), (alert, Cause.RAISED)]
    assert "1 4711" not in answering.digest(mentions, language, "4711").text, "the newest mention counts"


def test_a_digest_without_room_for_a_title_still_says_that_it_is_an_exercise() -> None:
    settings, places = AlertsSettings(public_url=f"https://{'alerts.' * 9}example.kg"), Places.load()
    whole = Texts.of_installation(places, settings)
    texts = SmsTexts.of_installation(whole, settings)
    area = {"pcodes": [district.pcode for district in places.units(2)][:3]}
    actual, drill = (
        Content.model_validate_json(job_to(OFFICER, **(MUDFLOW | {"area": area, "status": status})).content).data
        for status in ("Actual", "Exercise")
    )
    exercise = texts.digest([(drill, Cause.RAISED)] * 3, "ru").text
    mixed = texts.digest([(drill, Cause.RAISED), (actual, Cause.RAISED)], "ru").text
    banner = whole.banner(drill, "ru")
    assert banner
    assert (exercise.partition("3.")[0], mixed.partition("2.")[0]) == (f"{banner}Оповещений: ", "Оповещений: ")


async def test_combined_messages_are_one_sms_with_one_receipt(gateways: Gateways, town: Town) -> None:
    """The receipt settles all deliveries of the message, and each delivery is sent once."""
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
    """While the first message waits for its receipt, a later alert is due; both deliveries are then in one job."""
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


def test_the_page_shows_the_message_as_a_telephone_does() -> None:
    settings = AlertsSettings(public_url=SITE)
    texts = Texts.of_installation(Places.load(), settings)
    job = job_to(OFFICER, **MUDFLOW)
    content = Content.model_validate_json(job.content)
    delivery = {"channel": "sms", "cause": "raised", "language": "ru", "delivery_id": job.delivery_id}
    message = Messages(texts, SmsTexts.of_installation(texts, settings)).of(delivery, content)
    assert message.segments is not None and len(message.segments.texts) == 2
    assert message.text.body == f"{SENTENCE}\n{SITE}/alerts/{content.data.alert_id}"


@pytest.mark.parametrize(
    ("content", "encoding", "units", "count"),
    [
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("€" * 80, Encoding.GSM7, 160, 1),
        ("a" * 152 + "€" * 5, Encoding.GSM7, 162, 2),
        ("ө" * 70, Encoding.UCS2, 70, 1),
        ("ө" * 71, Encoding.UCS2, 71, 2),
        ("ө" * 134, Encoding.UCS2, 134, 2),
        ("ө" * 135, Encoding.UCS2, 135, 3),
        ("ө" * 66 + "😀" * 3, Encoding.UCS2, 72, 2),
    ],
)
def test_parts_are_counted_as_networks_count_them(content: str, encoding: Encoding, units: int, count: int) -> None:
    segments = segments_of(content)
    assert (segments.encoding, segments.units, len(segments.texts)) == (encoding, units, count)
    assert segments.text == content


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
    """The message is sent once; each later attempt only asks for the message's receipt."""
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
    """Sessions of a PostgreSQL that becomes unavailable as soon as the gateway has a message."""

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
