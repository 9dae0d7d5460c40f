"""Tests the page that the link in a mail opens.

The page's buttons work without a sign-in, but opening the link changes nothing.
"""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.acts import behalf
from services.alerts.acts.answer_links import AnswerLinks
from services.alerts.acts.wrong_tokens import MOST, WINDOW_S, WrongTokens
from services.alerts.app import create_app
from services.alerts.channels.email import EmailChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.texts import Texts
from services.alerts.message_templates.templates import EVERY, MessageTemplate
from services.alerts.models import Binding
from services.alerts.queries import message_templates as template_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth import revocation_snapshots
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.conftest import CHANGED
from tests.alerts.desk import Desk
from tests.alerts.factories import mudflow, received
from tests.alerts.jobs import job_to
from tests.installation import Installation
from tests.tables import emptied

pytestmark = pytest.mark.anyio


@dataclass
class Mailbox:
    """People who get mails about an alert, and the links in the mails."""

    desk: Desk
    settings: AlertsSettings
    accounts: dict[str, UUID] = field(default_factory=dict)

    async def person(self, name: str, *, is_bound: bool = True, **changed: Any) -> Receiver:
        account, now = uuid4(), datetime.now(UTC)
        self.accounts[name] = account
        usual = {"language": "en", "kind": ReceiverKind.PERSON, "account_id": account}
        receiver = Receiver(name, DeliveryChannel.EMAIL, f"{name}@centre.example", **{**usual, **changed})
        async with self.desk.sessions.begin() as session:
            await receiver_queries.save_receiver(session, receiver)
            if is_bound:
                rights = {"roles": [Role.OPERATOR], "areas": ["KG"], "issued_at": now, "bound_at": now}
                bound = {"channel": "telegram", "identity": name, "account_id": account, "name": name}
                await session.execute(insert(Binding).values(**bound, **rights))
        return receiver

    async def mails(self, *receivers: Receiver, **hazard: Any) -> dict[str, str]:
        """Raises an alert. Returns the text of each receiver's mail."""
        (alert_id,) = await self.desk.alerts(mudflow(onset=datetime.now(UTC), **hazard))
        async with self.desk.sessions.begin() as session:
            statement = text("SELECT * FROM deliveries WHERE alert_id = :alert")
            rows = {row.recipient: row for row in await session.execute(statement, {"alert": alert_id})}
        texts = Texts.of_installation(Places.load(), self.settings)
        links = AnswerLinks(WebhookSecrets(self.settings.alerts_key_file), self.settings.public_url)
        async with Outbound(self.settings) as outbound:
            channel = EmailChannel(self.settings, outbound, texts, links)
            jobs = {
                each: replace(job_to(each), delivery_id=rows[each.label].delivery_id, content=rows[each.label].content)
                for each in receivers
            }
            return {each.label: (await channel.message(job, each)).get_content() for each, job in jobs.items()}

    async def mail_about(self, cause: str, receiver: Receiver) -> str:
        """The text of the receiver's mail with this cause."""
        async with self.desk.sessions.begin() as session:
            statement = text("SELECT * FROM deliveries WHERE cause = :cause AND recipient = :label")
            row = (await session.execute(statement, {"cause": cause, "label": receiver.label})).one()
        texts = Texts.of_installation(Places.load(), self.settings)
        job = replace(job_to(receiver), alert_id=row.alert_id, content=row.content, cause=cause)
        async with Outbound(self.settings) as outbound:
            channel = EmailChannel(self.settings, outbound, texts, sessions=self.desk.sessions)
            return str((await channel.message(job, receiver)).get_content())

    async def post(self, token: str, shown: httpx.Response | None = None, **fields: str) -> httpx.Response:
        """Sends a form of the page `shown`, or a form as an earlier release of Dayar makes it, without a sequence."""
        if shown is not None:
            fields["sequence"] = re.findall(r'name="sequence" value="(\d+)"', shown.text)[0]
        async with httpx.AsyncClient(transport=self.desk.transport, base_url="http://127.0.0.1") as client:
            return await client.post("/answer", params={"lang": "en"}, data={"token": token, **fields})

    async def press(self, token: str, shown: httpx.Response, act: str, **typed: str) -> httpx.Response:
        """Presses a button of the page `shown`. The button's form must have the typed fields."""
        forms = re.findall(r"<form .*?</form>", shown.text, re.DOTALL)
        (form,) = (form for form in forms if f'name="act" value="{act}"' in form)
        assert set(re.findall(r' name="(\w+)"', form)) == {"token", "sequence", "act", *typed}
        return await self.post(token, shown, act=act, **typed)

    async def acts(self) -> list[str]:
        async with self.desk.sessions.begin() as session:
            statement = text("SELECT concat_ws(' ', deed, name, text, channel) FROM acts ORDER BY act_id")
            return list(await session.scalars(statement))

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.desk.sessions.begin() as session:
            await session.execute(text(statement), values)


def token_of(mail: str) -> str:
    """The token in the link of a mail."""
    (token,) = re.findall(r"/alerts/answer\?lang=en#(\S+)", mail)
    return str(token)


@pytest.fixture
async def mailbox(
    shared_installation: Installation, settings: AlertsSettings, engine: AsyncEngine
) -> AsyncIterator[Mailbox]:
    await emptied(engine, CHANGED)
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), [])
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield Mailbox(Desk(shared_installation, engine, httpx.ASGITransport(app)), settings)


async def test_the_receiver_of_a_mail_acts_by_buttons_and_each_repeated_form_acts_once(mailbox: Mailbox) -> None:
    aibek, bermet = await mailbox.person("aibek"), await mailbox.person("bermet")
    mails = await mailbox.mails(aibek, bermet)
    token = token_of(mails["aibek"])
    opened = await mailbox.post(token)
    assert opened.status_code == 200 and "Mudflow" in opened.text and 'value="acknowledge"' in opened.text
    assert await mailbox.acts() == [], "opening the page changes nothing"
    forms = [mailbox.post(token, act="comment", text="дорога закрыта") for _ in range(2)]
    assert all("Your comment is recorded." in answer.text for answer in await asyncio.gather(*forms)), "a double tap"
    for _ in range(2):
        assert "Acknowledged by you, " in (await mailbox.post(token, act="acknowledge")).text
        assert "Your comment is recorded." in (await mailbox.post(token, act="comment", text="мост цел")).text
    assert "\nAcknowledged: aibek, " in await mailbox.mail_about("acknowledged", bermet)
    late = await mailbox.post(token_of(mails["bermet"]), act="acknowledge")
    assert "Already acknowledged by aibek" in late.text
    assert "Taken over by you, " in (await mailbox.post(token_of(mails["bermet"]), late, act="take-over")).text
    assert await mailbox.acts() == [
        "commented aibek дорога закрыта email",
        "acknowledged aibek email",
        "commented aibek мост цел email",
        "taken_over bermet email",
    ]
    long = await mailbox.post(token, act="comment", text="ы" * 1001)
    assert (long.status_code, "ы" * 1001 in long.text) == (422, True), "what was typed is shown again"


async def test_the_receiver_of_a_mail_closes_the_alert_step_by_step_by_the_forms_of_the_page(mailbox: Mailbox) -> None:
    token = token_of((await mailbox.mails(await mailbox.person("aibek")))["aibek"])
    opened = await mailbox.post(token)
    assert first_act(opened) == "acknowledge"
    acknowledged = await mailbox.press(token, opened, "on-behalf", name=" Касымов Таалай ")
    assert "Acknowledged by you, " in acknowledged.text and first_act(acknowledged) == "start"
    assert "Already acknowledged by aibek" in (await mailbox.press(token, opened, "on-behalf", name="Асанов")).text
    unfinished = await mailbox.press(token, acknowledged, "close", verdict="", note="мост цел")
    assert first_act(unfinished) == "start", "the page shows the state that the person saw"
    async with mailbox.desk.sessions.begin() as session:
        alert_id, note = (await session.execute(text("SELECT alert_id, acknowledged_note FROM alerts"))).one()
    box = WebhookSecrets(mailbox.settings.alerts_key_file)
    sealed = base64.b64decode(note.removeprefix(behalf.PREFIX))
    assert box.open(sealed, f"on behalf of/{alert_id}") == '{"name":"Касымов Таалай","by":"e-mail"}'
    started = await mailbox.press(token, acknowledged, "start")
    assert "In progress: you work on it" in started.text and first_act(started) == "comment"
    reason = "I am waiting for a call"
    assert f'value="{reason}"' in started.text
    snoozed = await mailbox.press(token, started, "snooze", reason=reason, own_reason=" ")
    again = await mailbox.press(token, snoozed, "snooze", reason=reason, own_reason="жду вертолёт")
    assert "Snoozed by you until " in snoozed.text and "Snoozed by you until " in again.text
    for _ in range(2):
        closed = await mailbox.press(token, again, "close", verdict="false_alarm", note="датчик сорвало")
        assert "Closed by you, " in closed.text and "False alarm" in closed.text
    assert re.findall(r'name="act" value="(.*?)"', closed.text) == ["comment"]
    assert await mailbox.acts() == [
        "acknowledged aibek email",
        "progressed aibek email",
        f"snoozed aibek {reason} email",
        "snoozed aibek жду вертолёт email",
        "resolved aibek датчик сорвало email",
    ]


async def test_a_form_with_a_missing_or_too_long_field_says_so_and_keeps_what_was_typed(mailbox: Mailbox) -> None:
    token = token_of((await mailbox.mails(await mailbox.person("aibek")))["aibek"])
    opened = await mailbox.post(token)
    assert "<details>" in opened.text
    for act, typed, expected in (
        ("on-behalf", {"name": " "}, "write the name only"),
        ("on-behalf", {"name": "ы" * 151}, "write the name only"),
        ("snooze", {"own_reason": ""}, "choose a reason"),
        ("snooze", {"reason": "A team is on its way", "own_reason": "ы" * 1001}, "choose a reason"),
        ("close", {"note": "мост цел"}, "choose the outcome"),
        ("close", {"verdict": "downgraded", "note": "мост цел"}, "choose the outcome"),
        ("close", {"verdict": "false_alarm", "note": "ы" * 151}, "write the note in at most 150"),
    ):
        refused = await mailbox.post(token, opened, act=act, **typed)
        assert (refused.status_code, "<details open>" in refused.text) == (422, True)
        assert expected in refused.text and 'aria-invalid="true"' in refused.text
        for kept in typed.values():
            assert kept == "downgraded" or re.search(
                f'value="{kept.strip()}"( checked|[^>]*aria-| maxlength)', refused.text
            )
    assert await mailbox.acts() == []


def first_act(shown: httpx.Response) -> str:
    """The action that the page offers first; the others are behind "Other actions"."""
    before, _, _ = shown.text.partition("<details")
    (act,) = re.findall(r'name="act" value="(.*?)"', before)
    return str(act)


async def test_a_form_that_is_sent_again_after_other_people_acted_changes_nothing(mailbox: Mailbox) -> None:
    aibek, bermet = await mailbox.person("aibek"), await mailbox.person("bermet")
    mails = await mailbox.mails(aibek, bermet)
    first, second = token_of(mails["aibek"]), token_of(mails["bermet"])
    opened = await mailbox.post(first)
    taken = await mailbox.post(first, opened, act="take-over")
    assert "Taken over by you, " in taken.text
    mail = await mailbox.post(second)
    stale = await mailbox.post(second, mail, act="take-over")
    assert "somebody has acted meanwhile" in stale.text and "In progress: aibek" in stale.text
    assert "Taken over by you, " in (await mailbox.post(second, stale, act="take-over")).text
    again = await mailbox.post(first, opened, act="take-over")
    assert "somebody has acted meanwhile" in again.text and "In progress: bermet" in again.text
    assert await mailbox.acts() == ["taken_over aibek email", "taken_over bermet email"]


async def test_an_alert_that_has_become_graver_is_not_acknowledged_by_the_form_of_the_milder_one(
    mailbox: Mailbox,
) -> None:
    token = token_of((await mailbox.mails(await mailbox.person("aibek"), severity="Severe"))["aibek"])
    opened = await mailbox.post(token)
    async with mailbox.desk.sessions.begin() as session:
        hazard_id = await session.scalar(text("SELECT hazard_id FROM alerts"))
        graver = mudflow(
            hazard_id=hazard_id, revision=2, msg_type="Update", severity="Extreme", onset=datetime.now(UTC)
        )
        await mailbox.desk.watch([received(graver)], session)
    stale = await mailbox.post(token, opened, act="acknowledge")
    assert "the alert is graver" in stale.text and "Extreme" in stale.text
    assert await mailbox.acts() == []
    assert "Acknowledged by you, " in (await mailbox.post(token, stale, act="acknowledge")).text


async def test_the_page_of_an_unreadable_alert_says_so(mailbox: Mailbox) -> None:
    token = token_of((await mailbox.mails(await mailbox.person("aibek")))["aibek"])
    await mailbox.execute("UPDATE alerts SET figures = '{'")
    for act in ("acknowledge", "comment"):
        assert "the data of this alert cannot be read" in (await mailbox.post(token, act=act, text="мост цел")).text


async def test_the_receiver_of_a_mail_assigns_the_alert_to_another_person(mailbox: Mailbox) -> None:
    aibek, _ = await mailbox.person("aibek"), await mailbox.person("bermet")
    unbound = await mailbox.person("unbound", is_bound=False)
    mails = await mailbox.mails(aibek, unbound)
    token, bermet = token_of(mails["aibek"]), str(mailbox.accounts["bermet"])
    opened = await mailbox.post(token)
    assert bermet in opened.text and str(mailbox.accounts["aibek"]) not in opened.text
    assert bermet not in (await mailbox.post(token_of(mails["unbound"]))).text
    for wrong in ("", "x", "é" * 9):
        assert (await mailbox.post(token, opened, act="assign", account_id=wrong)).status_code == 422
    stranger = await mailbox.post(token, opened, act="assign", account_id=str(uuid4()))
    assert "no longer gets alerts like this one" in stranger.text
    done = await mailbox.post(token, opened, act="assign", account_id=bermet)
    assert "Assigned by you to bermet, " in done.text
    assert await mailbox.acts() == ["assigned aibek bermet email"]


async def test_the_page_has_the_words_of_the_centres_template_as_the_mail_has(mailbox: Mailbox) -> None:
    aibek = await mailbox.person("aibek")
    token = token_of((await mailbox.mails(aibek))["aibek"])
    words = "Leave the river bed: {hazard} in {places}!"
    template = MessageTemplate("mudflow", EVERY, DeliveryChannel.EMAIL, "en", words, uuid4(), datetime.now(UTC))
    async with mailbox.desk.sessions.begin() as session:
        await template_queries.replace(session, "mudflow", EVERY, [template])
    opened = await mailbox.post(token)
    assert "Leave the river bed: Mudflow in Kadamjai rayon!" in opened.text
    assert "Severity: " not in opened.text, "the template replaces the facts"


async def test_only_a_person_with_an_account_gets_a_link(mailbox: Mailbox) -> None:
    desk = await mailbox.person("desk", kind=ReceiverKind.POST)
    guest = await mailbox.person("guest", account_id=None)
    mails = await mailbox.mails(desk, guest)
    assert all("/alerts/answer" not in mail for mail in mails.values())


async def test_a_link_is_valid_for_its_person_and_48_hours_only(mailbox: Mailbox) -> None:
    aibek, unbound = await mailbox.person("aibek"), await mailbox.person("unbound", is_bound=False)
    mails = await mailbox.mails(aibek, unbound)
    token = token_of(mails["aibek"])
    assert (
        "Not done: bind your account first." in (await mailbox.post(token_of(mails["unbound"]), act="acknowledge")).text
    )
    forged = token_of(mails["unbound"])[:22] + token[22:]
    for wrong in ("", "x", forged, token[:-1] + "!", "é" * 43):
        assert (await mailbox.post(wrong, act="acknowledge")).status_code == 404
    for change in (
        "UPDATE receivers SET account_id = gen_random_uuid()",
        "UPDATE receivers SET account_id = :account, address = 'other@centre.example'",
        "UPDATE receivers SET address = 'aibek@centre.example', kind = 'post'",
    ):
        await mailbox.execute(f"{change} WHERE label = 'aibek'", **values_of(change, mailbox))
        assert (await mailbox.post(token, act="acknowledge")).status_code == 404
    await mailbox.execute("UPDATE receivers SET kind = 'person' WHERE label = 'aibek'")
    assert (await mailbox.post(token)).status_code == 200
    await mailbox.execute("UPDATE deliveries SET created_at = created_at - interval '48 hours'")
    old = await mailbox.post(token, act="acknowledge")
    assert old.status_code == 404 and "older than 48 hours" in old.text
    assert await mailbox.acts() == []


def values_of(change: str, mailbox: Mailbox) -> dict[str, UUID]:
    return {"account": mailbox.accounts["aibek"]} if ":account" in change else {}


async def test_a_person_cannot_flood_the_timeline_by_a_link(mailbox: Mailbox) -> None:
    mails = await mailbox.mails(await mailbox.person("aibek"))
    token = token_of(mails["aibek"])
    await mailbox.execute(
        "INSERT INTO acts (alert_id, sequence, deed, account_id, channel, acted_at)"
        " SELECT gen_random_uuid(), 1, 'commented', :account, 'email', now() FROM generate_series(1, 30)",
        account=mailbox.accounts["aibek"],
    )
    answer = await mailbox.post(token, act="comment", text="мост цел")
    assert (answer.status_code, "мост цел" in answer.text) == (429, True)


async def test_wrong_tokens_of_others_behind_the_same_address_lock_nobody_out(mailbox: Mailbox) -> None:
    token = token_of((await mailbox.mails(await mailbox.person("aibek")))["aibek"])
    answers = [(await mailbox.post("x")).status_code for _ in range(MOST + 1)]
    assert (answers.count(404), answers[-1]) == (MOST, 429)
    assert "Acknowledged by you, " in (await mailbox.post(token, act="acknowledge")).text


async def test_a_receiver_that_is_no_longer_internal_reads_no_restricted_text(mailbox: Mailbox) -> None:
    words = {"scope": "Restricted", "text": {"en": {"headline": "The dam leaks"}}}
    mails = await mailbox.mails(await mailbox.person("aibek", is_internal=True), **words)
    token = token_of(mails["aibek"])
    assert "The dam leaks" in (await mailbox.post(token)).text
    await mailbox.execute("UPDATE receivers SET is_internal = false WHERE label = 'aibek'")
    opened = await mailbox.post(token)
    assert ("The dam leaks" in opened.text, "Not for publication." in opened.text) == (False, True)


def test_an_address_that_sends_many_wrong_tokens_waits() -> None:
    now = 0.0
    wrong = WrongTokens(lambda: now)
    for _ in range(MOST):
        assert not wrong.are_too_many("192.0.2.1")
        wrong.add("192.0.2.1")
    assert (wrong.are_too_many("192.0.2.1"), wrong.are_too_many("192.0.2.2")) == (True, False)
    now = WINDOW_S
    assert not wrong.are_too_many("192.0.2.1")
