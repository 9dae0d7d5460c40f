"""Tests the page behind the link in a mail.

The page's buttons work without a sign-in. Opening the page changes nothing.
"""

import asyncio
import base64
import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts.acts import behalf
from services.alerts.acts.wrong_tokens import MOST, WINDOW_S, WrongTokens
from services.alerts.message_templates.templates import EVERY, MessageTemplate
from services.alerts.queries import message_templates as template_queries
from services.alerts.receivers.receivers import ReceiverKind
from services.alerts.receivers.secrets import WebhookSecrets
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.factories import mudflow, received
from tests.alerts.mail_links import Mailbox, token_of

pytestmark = pytest.mark.anyio


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
