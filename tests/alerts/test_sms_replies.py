"""A person acknowledges an alert by replying to its SMS. A real server plays the gateway."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts import alerts
from services.alerts.acts.reply_results import Reply, ReplyResult
from services.alerts.app import create_app
from services.alerts.channels import Job
from services.alerts.channels.sms import SmsChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import Cause, Content
from services.alerts.delivery.texts import LOCALES, Texts
from services.alerts.models import Binding
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rules.findings import Finding
from services.alerts.rules.hazard import decide
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.answering import answer_of
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.inbound import SmsAct, TypedReply, typed_reply
from services.alerts.sms.profiles import BadProfile, GatewayProfile
from services.alerts.sms.sms_texts import SmsTexts
from shared.auth import revocation_snapshots
from shared.auth.tokens import Role
from shared.events import CredentialKind, CredentialRevoked
from shared.events.vocabulary import DeliveryChannel, Severity
from shared.outbound import Outbound
from shared.pages.catalogs import translations
from shared.pages.terms import term
from shared.places import Places
from tests.alerts.conftest import CHANGED
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import NOW, rules
from tests.alerts.jobs import WATCHED, job_to
from tests.alerts.sms_gateways import EXAMPLES, Gateways, serving
from tests.installation import Installation
from tests.tables import emptied

pytestmark = pytest.mark.anyio

SECRET = "secret-of-the-gateway-that-calls-us"
MUDFLOW: dict[str, Any] = {"type": "mudflow", "magnitude": None, "depth_km": None, "severity": "Severe"}
AIBEK, BERMET, STRANGER = "996700123456", "996555765432", "996777000111"
EXAMPLE = EXAMPLES / "form.toml"


@dataclass
class Phones:
    """People whose telephones get alerts by SMS, and who reply to these messages."""

    desk: Desk
    gateways: Gateways
    settings: AlertsSettings
    accounts: dict[str, UUID] = field(default_factory=dict)
    ids: int = 0

    async def person(self, name: str, digits: str, *, is_bound: bool = True) -> None:
        account, now = uuid4(), datetime.now(UTC)
        self.accounts[name] = account
        receiver = Receiver(
            name, DeliveryChannel.SMS, f"sms:+{digits}", language="en", kind=ReceiverKind.PERSON, account_id=account
        )
        rights = {"roles": [Role.OPERATOR], "areas": ["KG"], "issued_at": now, "bound_at": now}
        async with self.desk.sessions.begin() as session:
            await receiver_queries.save_receiver(session, receiver)
            if is_bound:
                bound = {"channel": "telegram", "identity": name, "account_id": account, "name": name}
                await session.execute(insert(Binding).values(**bound, **rights))

    async def raised(self) -> tuple[UUID, dict[str, str]]:
        """Raises an alert and sends its messages.

        Returns the alert, and a mapping from the digits of numbers to codes.
        """
        (alert,) = await self.desk.alerts(fresh(**MUDFLOW))
        return alert, await self.codes(alert, Cause.RAISED)

    async def codes(self, alert: UUID, cause: Cause) -> dict[str, str]:
        """Sends the alert's messages with this cause. Returns a mapping from the digits of numbers to codes."""
        statement = text("SELECT * FROM deliveries WHERE alert_id = :alert AND cause = :cause ORDER BY recipient")
        async with self.desk.sessions.begin() as session:
            rows = (await session.execute(statement, {"alert": alert, "cause": cause})).mappings().all()
            known = {receiver.label: receiver for receiver in await receiver_queries.receivers(session)}
        self.gateways.messages.clear()
        for row in rows:
            job = replace(job_to(known[row["recipient"]]), delivery_id=row["delivery_id"], alert_id=alert)
            await self.send(replace(job, content=row["content"], cause=row["cause"]))
        codes = {sent["to"]: re.findall(r"reply: 1 (\d{4})", sent["text"])[0] for sent in self.gateways.messages}
        self.gateways.messages.clear()
        return codes

    async def send(self, job: Job) -> None:
        texts = SmsTexts.of_installation(Texts.of_installation(Places.load(), self.settings), self.settings)
        async with Outbound(self.settings, seconds=5) as outbound:
            channel = SmsChannel(self.settings, gateway_of(self.settings, outbound), texts, self.desk.sessions)
            assert job.receiver is not None
            await channel.send(job, job.receiver)

    async def post(self, content: Any, secret: str = SECRET) -> httpx.Response:
        headers = {"authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(transport=self.desk.transport, base_url="http://127.0.0.1") as client:
            return await client.post("/v1/sms/inbound", json=content, headers=headers)

    async def reply(self, digits: str, typed: str, id: str | None = None) -> str | None:
        """The answer that the telephone gets, or None."""
        self.ids += 1
        taken = await self.post({"from": digits, "text": typed, "id": id or f"in-{self.ids}"})
        assert taken.status_code == 200
        answers = [self.gateways.messages.pop() for _ in self.gateways.messages[:]]
        assert all(answer["to"] == digits for answer in answers)
        return answers[0]["text"] if answers else None

    async def fetch(self, statement: str) -> list[Any]:
        async with self.desk.sessions.begin() as session:
            return list((await session.execute(text(statement))).scalars())


@pytest.fixture
async def phones(
    shared_installation: Installation, settings: AlertsSettings, engine: AsyncEngine, tmp_path: Path
) -> AsyncIterator[Phones]:
    await emptied(engine, CHANGED)
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), [])
    inbound_secret = tmp_path / "inbound-secret"
    inbound_secret.write_text(SECRET)
    async with serving(tmp_path) as gateways:
        profile = gateways.profile("json")
        usual, inbound = profile.read_text().split("#[inbound]")
        profile.write_text(usual + "[inbound]" + inbound.replace("\n#", "\n"))
        changed = {
            "alerts_sms_profile": profile,
            "alerts_sms_secret_file": str(gateways.secret_file),
            "alerts_sms_inbound_secret_file": str(inbound_secret),
            "outbound_allow": (f"127.0.0.1:{gateways.port}",),
        }
        settings = settings.model_copy(update=changed)
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            yield Phones(Desk(shared_installation, engine, httpx.ASGITransport(app)), gateways, settings)


async def test_the_first_reply_acknowledges_and_a_code_of_another_number_does_not(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    alert, codes = await phones.raised()
    # both numbers may have got the same code by chance, so the test sets a code
    async with phones.desk.sessions.begin() as session:
        await session.execute(text("UPDATE sms_codes SET code = '0999' WHERE number LIKE '%765432'"))
    codes[BERMET] = "0999"
    answer = await phones.reply(AIBEK, f"1 {codes[BERMET]}")
    assert answer is not None and answer.startswith("Wrong code. Reply 1 and the four digits")
    assert await phones.fetch("SELECT acknowledged_at FROM alerts") == [None]

    answer = await phones.reply(AIBEK, f" 1  {codes[AIBEK]}", id="once")
    assert answer is not None and answer.startswith("Acknowledged by you, ")
    assert await phones.fetch("SELECT acknowledged_by FROM alerts") == [phones.accounts["aibek"]]
    assert await phones.reply(AIBEK, f"1 {codes[AIBEK]}", id="once") is None, "the gateway repeated the message"
    answer = await phones.reply(BERMET, f"1-{codes[BERMET]}")
    assert answer is not None and answer.startswith("Already acknowledged by aibek, ")

    assert (await phones.desk.event_types())[-1] == "acknowledged"
    informed = "SELECT recipient FROM deliveries WHERE cause = 'acknowledged' ORDER BY recipient"
    assert await phones.fetch(informed) == ["aibek", "bermet"]
    async with phones.desk.caller() as operator:
        assert "by SMS" in (await operator.get(f"/{alert}", params={"lang": "en"})).text
        deliveries = (await operator.get(f"/v1/alerts/{alert}")).json()["deliveries"]
    raised = {each["recipient"]: each["state"] for each in deliveries if each["cause"] == "raised"}
    assert raised == {"aibek": "answered", "bermet": "queued"}, "only the first answer counts"
    answers = [await phones.reply(AIBEK, f"1 {codes[AIBEK]}") for _ in range(3)]
    assert all(answers), "a person always learns whether the reply counted"
    answers = [await phones.reply(AIBEK, f"1 {codes[BERMET]}") for _ in range(3)]
    assert [answer is not None for answer in answers] == [True, True, False], "three answers to wrong codes an hour"
    assert await phones.reply(AIBEK, f"1 {codes[AIBEK]}") is not None


async def test_a_person_takes_over_snoozes_and_comments_by_the_same_code(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    _, codes = await phones.raised()
    answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and f"With {codes[AIBEK]}: 2 take over" in answer
    answer = await phones.reply(BERMET, f"3 {codes[BERMET]}")
    assert answer is not None and f"like: 3 {codes[BERMET]}" in answer, "a reason is missing"
    answer = await phones.reply(BERMET, f"3 {codes[BERMET]} жду звонка")
    assert answer is not None and answer.startswith("Snoozed by you until ")
    answer = await phones.reply(AIBEK, f"3 {codes[AIBEK]} еду")
    assert answer is not None and answer.startswith("Already snoozed by bermet until ")
    answer = await phones.reply(BERMET, f"беру {codes[BERMET]} еду")
    assert answer is not None and answer.startswith("Taken over by you, ")
    answer = await phones.reply(AIBEK, f"4 {codes[AIBEK]} мост цел")
    assert answer is not None and answer.startswith("Your comment is recorded")
    deeds = await phones.fetch("SELECT concat_ws(' ', deed, name, text, channel) FROM acts ORDER BY act_id")
    assert deeds == [
        "acknowledged aibek sms",
        "snoozed bermet жду звонка sms",
        "taken_over bermet еду sms",
        "commented aibek мост цел sms",
    ]
    assert await phones.fetch("SELECT progressed_name FROM alerts") == ["bermet"]


async def test_a_person_acknowledges_on_behalf_of_another_starts_work_and_closes_by_sms(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    _, codes = await phones.raised()
    answer = await phones.reply(AIBEK, f"7 {codes[AIBEK]} Касымов")
    assert answer is not None and answer.startswith("Acknowledged by you, ")
    (note,) = await phones.fetch("SELECT acknowledged_note FROM alerts")
    assert "Касымов" not in note, "who acts for another stores the name encrypted"
    answer = await phones.reply(BERMET, f"5 {codes[BERMET]}")
    assert answer is not None and answer.startswith("In progress: you work on it, ")
    answer = await phones.reply(AIBEK, f"start {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Not done: bermet works on it since ")
    answer = await phones.reply(BERMET, f"6 {codes[BERMET]} I think it is false")
    assert answer is not None and "1 Confirmed, 2 False alarm, 3 Duplicate" in answer
    answer = await phones.reply(BERMET, f"6 {codes[BERMET]} 2 учения")
    assert answer is not None and answer.endswith(": False alarm.")
    assert await phones.fetch("SELECT concat_ws(' ', verdict, resolved_note) FROM alerts") == ["false_alarm учения"]


async def test_a_person_assigns_by_a_name_in_the_reply(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("Бермет Асанова", BERMET)
    _, codes = await phones.raised()
    for typed in (f"8 {codes[AIBEK]}", f"8 {codes[AIBEK]} Кубат"):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and answer.startswith(f"Not assigned. Write 8 {codes[AIBEK]} and one")
        assert answer.endswith("Бермет Асанова.")
    answer = await phones.reply(AIBEK, f"поручить {codes[AIBEK]} асанова")
    assert answer is not None and answer.startswith("Assigned by you to Бермет Асанова, ")
    assert await phones.fetch("SELECT assigned_to FROM alerts") == [phones.accounts["Бермет Асанова"]]
    assert await phones.fetch("SELECT concat_ws(' ', deed, text, channel) FROM acts") == ["assigned Бермет Асанова sms"]
    assert await phones.fetch("SELECT recipient FROM deliveries WHERE cause = 'assigned'") == ["Бермет Асанова"]


async def test_the_code_of_a_milder_state_neither_acknowledges_nor_closes_the_graver_alert(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    milder = fresh(**MUDFLOW)
    (alert,) = await phones.desk.alerts(milder)
    old = (await phones.codes(alert, Cause.RAISED))[AIBEK]
    graver = {**MUDFLOW, "severity": "Extreme", "hazard_id": milder.hazard_id, "revision": 2, "msg_type": "Update"}
    await phones.desk.alerts(fresh(**graver))
    answer = await phones.reply(AIBEK, f"1 {old}")
    assert answer is not None and "Use the newest message or the board. Now: Extreme; " in answer, "no new SMS yet"
    new = (await phones.codes(alert, Cause.UPDATED))[AIBEK]
    for typed in (f"1 {old}", f"6 {old} 2", f"7 {old} Касымов", f"5 {old}", f"8 {old} bermet", f"1 {old}"):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and f"reply with its code: {typed[0]} {new}. Now: Extreme; " in answer
    assert await phones.fetch("SELECT deed FROM acts") == []
    for typed, expected in (
        (f"4 {old} мост цел", "Your comment is recorded"),
        (f"1 {new}", "Acknowledged by you, "),
        (f"6 {old} 2", "Not done: the alert has changed. "),
        (f"6 {new} 2", "Closed by you, "),
    ):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and answer.startswith(expected)


async def test_the_code_of_a_closed_alert_does_not_acknowledge_the_reopened_alert(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    alert, codes = await phones.raised()
    answer = await phones.reply(AIBEK, f"6 {codes[AIBEK]} 2")
    assert answer is not None and answer.startswith("Closed by you, ")
    async with phones.desk.caller() as operator:
        assert (await operator.put(f"/v1/alerts/{alert}/reopening", json={"note": "true"})).status_code == 200
    new = (await phones.codes(alert, Cause.REOPENED))[AIBEK]
    for typed in (f"1 {codes[AIBEK]}", f"6 {codes[AIBEK]} 2"):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and f"reply with its code: {typed[0]} {new}. " in answer
    answer = await phones.reply(AIBEK, f"1 {new}")
    assert answer is not None and answer.startswith("Acknowledged by you, ")


async def test_who_cannot_acknowledge_learns_what_to_do_and_a_stranger_learns_nothing(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET, is_bound=False)
    _, codes = await phones.raised()
    answer = await phones.reply(BERMET, f"1 {codes[BERMET]}")
    assert answer is not None and answer.endswith('Sign in and open the page "Telegram".')
    for path, expected in (("sms", "Acknowledged by you, "), ("end", "Not done: bind")):
        async with phones.desk.caller(account=phones.accounts["bermet"], name="bermet") as operator:
            assert (await operator.post(f"/telegram/{path}")).status_code == 303
            page = (await operator.get("/telegram", params={"lang": "en"})).text
        assert ("Replies by SMS count since" in page) is (path == "sms")
        answer = await phones.reply(BERMET, f"1 {codes[BERMET]}")
        assert answer is not None and answer.startswith(expected)
    assert await phones.reply(STRANGER, f"1 {codes[AIBEK]}") is None
    assert await phones.fetch(f"SELECT message_id FROM sms_replies WHERE number LIKE '%{STRANGER}'") == []

    async with phones.desk.sessions.begin() as session:
        await session.execute(text("UPDATE sms_codes SET drawn_at = drawn_at - interval '49 hours'"))
    answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Wrong code.")


async def test_after_ten_wrong_codes_a_number_is_ignored_for_an_hour(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    _, codes = await phones.raised()
    answers = [await phones.reply(AIBEK, "1 0000") for _ in range(10)]
    assert [answer is not None for answer in answers] == [True] * 3 + [False] * 7
    assert await phones.reply(AIBEK, f"1 {codes[AIBEK]}") is None
    assert await phones.fetch("SELECT acknowledged_at FROM alerts") == [None]
    assert await phones.fetch("SELECT reason FROM audit WHERE action = 'sms_ignored'") == ["too_many_wrong_codes"]
    async with phones.desk.sessions.begin() as session:
        await session.execute(text("UPDATE sms_replies SET received_at = received_at - interval '1 hour'"))
    answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Acknowledged by you, ")


async def test_only_the_gateway_may_hand_over_messages(phones: Phones) -> None:
    message = {"from": AIBEK, "text": "1 4711", "id": "7"}
    assert (await phones.post(message, secret="another")).status_code == 403
    assert (await phones.post([])).status_code == 422
    assert (await phones.post(message | {"text": "x" * 70_000})).status_code == 413
    lacking = await phones.post({"from": AIBEK, "text": "1 4711"})
    assert lacking.status_code == 422 and "/from, /text and /id" in lacking.json()["title"]
    Path(str(phones.settings.alerts_sms_inbound_secret_file)).write_text("")
    assert (await phones.post(message)).status_code == 404


async def test_a_revoked_account_acknowledges_nothing(phones: Phones) -> None:
    """The app reads the revocations from the stored snapshot when it starts."""
    await phones.person("aibek", AIBEK)
    _, codes = await phones.raised()
    now = datetime.now(UTC)
    revoked = CredentialRevoked(
        credential_id=phones.accounts["aibek"],
        kind=CredentialKind.ACCOUNT,
        revoked_at=now,
        issued_before=now + timedelta(seconds=1),
    )
    revocation_snapshots.save(revocation_snapshots.file_of(phones.settings), now, [revoked])
    app = create_app(phones.settings)
    async with app.router.lifespan_context(app):
        phones.desk.transport = httpx.ASGITransport(app)
        answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Not done: the rights or the password")


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_code_is_never_left_out(language: str) -> None:
    places = Places.load()
    texts = SmsTexts(
        Texts.of_installation(places, AlertsSettings()), GatewayProfile.load(EXAMPLE).alphabet, takes_replies=True
    )
    pcodes = [district.pcode for district in places.units(2)][:3]
    receiver = Receiver("officer", DeliveryChannel.SMS, f"sms:+{AIBEK}")
    content = Content.model_validate_json(job_to(receiver, **MUDFLOW, area={"pcodes": pcodes}).content)
    for cause in Cause:
        segments = texts.of(content.data, cause, language, code="4711")
        has_code = cause not in (Cause.ACKNOWLEDGED, Cause.TAKEN_OVER, Cause.RESOLVED)
        digit = SmsAct.START if cause is Cause.ASSIGNED else SmsAct.ACKNOWLEDGE
        assert len(segments.texts) <= 2 and (f"{digit} 4711" in segments.text) is has_code
    assert "1 ****" in texts.of(content.data, Cause.RAISED, language).text


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_answer_to_an_old_code_has_the_new_code_and_the_severity(language: str) -> None:
    finding = decide(fresh(**{**MUDFLOW, "severity": "Extreme"}), rules(), WATCHED, NOW)
    assert isinstance(finding, Finding)
    reply = Reply(ReplyResult.CHANGED_MEANWHILE, alerts.raised(finding, None, NOW), newest_code="5822")
    texts = SmsTexts(Texts.of_installation(Places.load(), AlertsSettings()), Alphabet.KEPT, takes_replies=True)
    answer = texts.answer(answer_of(reply, TypedReply(SmsAct.CLOSE, "4711"), language), language)
    severity = term("severity", Severity.EXTREME, translations(language, LOCALES).gettext)
    assert len(answer.texts) <= 2 and "6 5822" in answer.text and severity in answer.text


@pytest.mark.parametrize("typed", ["1 4711", " 1  4711", "1-4711", "1/4711.", "14711", "“1 4711”", "І 4711", "l 4711"])
def test_how_people_type_a_code(typed: str) -> None:
    assert typed_reply(typed) == TypedReply(SmsAct.ACKNOWLEDGE, "4711")


@pytest.mark.parametrize(
    ("typed", "act", "words"),
    [
        ("2 4711", SmsAct.TAKE_OVER, ""),
        ("Беру 4711, еду", SmsAct.TAKE_OVER, "еду"),
        ("3 4711 Жду звонка в З часа", SmsAct.SNOOZE, "Жду звонка в З часа"),
        ("кийин 47I1 - топ жолдо", SmsAct.SNOOZE, "топ жолдо"),
        ("4-4711: мост цел", SmsAct.COMMENT, "мост цел"),
        ("4 4711\x00", SmsAct.COMMENT, ""),
        ("Принял 4711", SmsAct.ACKNOWLEDGE, ""),
        ("баштадым 4711", SmsAct.START, ""),
        ("6 4711 2", SmsAct.CLOSE, "2"),
        ("За 4711 Касымов", SmsAct.ON_BEHALF, "Касымов"),
    ],
)
def test_an_action_is_a_digit_or_a_word_and_its_text_stays_as_typed(typed: str, act: SmsAct, words: str) -> None:
    assert typed_reply(typed) == TypedReply(act, "4711", words)


@pytest.mark.parametrize(
    "typed", ["4711", "9 4711", "завтра 4711", "беру час", "1 4711 еду", "1 471", "1 47110", "1 4711 1 4712", "жок", ""]
)
def test_what_is_no_code(typed: str) -> None:
    assert typed_reply(typed) is None


def test_a_profile_without_a_secret_takes_no_messages(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    inbound = '\n[inbound]\nbody = "form"\nnumber = "/from"\ntext = "/text"\nid = "/id"\n'
    profile.write_text(EXAMPLE.read_text() + inbound)
    with pytest.raises(BadProfile, match="either `secret_header` or `secret_field` is expected"):
        GatewayProfile.load(profile)
