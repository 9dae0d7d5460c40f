"""Alerts are mailed to a real SMTP server."""

import asyncio
import email
import email.policy
import json
from dataclasses import replace
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest

from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered
from services.alerts.channels.email import EmailChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.jobs import folded
from services.alerts.delivery.texts import Texts
from services.alerts.receivers.receivers import Receiver
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK
from tests.alerts.jobs import job_to
from tests.alerts.mailbox import Box, settings_for

pytestmark = pytest.mark.anyio

DUTY = Receiver("duty", DeliveryChannel.EMAIL, "duty@centre.example", language="ky")


def job(**changed: Any) -> Job:
    return job_to(DUTY, **changed)


async def send(settings: AlertsSettings, job: Job, receiver: Receiver = DUTY, seconds: float = 5) -> str:
    texts = Texts.of_installation(Places.load(), settings)
    async with Outbound(settings, seconds=seconds) as outbound:
        return await EmailChannel(settings, outbound, texts).send(job, receiver)


async def test_a_mail_in_the_receivers_language(port: int, box: Box) -> None:
    sent = job()
    assert await send(settings_for("127.0.0.1", port), sent) == "smtp_250"
    (mail,) = box.mails
    assert (mail["To"], mail["Message-ID"]) == ("duty@centre.example", f"<{sent.delivery_id}@centre.example>")
    assert "alerts@centre.example" in mail["From"] and "борбору" in mail["From"]
    assert "Жер титирөө" in mail["Subject"]
    assert "Магнитудасы 4,7" in mail.get_content()


async def test_a_digests_message_id_depends_on_all_its_deliveries() -> None:
    """A retry of a digest may contain one more alert than the first attempt.

    With the same Message-ID, a mail server could drop this retry as a repeat.
    """
    first, two, three = job(), job(), job()
    settings = settings_for("127.0.0.1")
    async with Outbound(settings) as outbound:
        channel = EmailChannel(settings, outbound, Texts.of_installation(Places.load(), settings))
        digests = [(first, two), (two, first), (first, two, three)]
        ids = [
            (await channel.message(replace(first, companions=tuple(others)), DUTY))["Message-ID"]
            for first, *others in digests
        ]
        alone = (await channel.message(first, DUTY))["Message-ID"]
    assert ids[0] == ids[1]
    assert len({alone, *ids}) == 3


async def test_messages_are_combined_only_if_the_channel_of_the_receiver_combines_them() -> None:
    """The webhook channel sends only the first of several messages in a job.

    If webhooks were combined, the other messages would be recorded as sent, but never sent.
    """
    first, second = (replace(job(), is_foldable=True) for _ in range(2))
    assert folded([first, second]) == [replace(first, companions=(second,))]
    hook = Receiver(DUTY.label, DeliveryChannel.WEBHOOK, "https://hook.example/")
    moved = [replace(each, receiver=hook) for each in (first, second)]
    assert folded(moved) == moved


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_no_space_is_lost_where_a_long_header_is_folded(language: str) -> None:
    """The channel encodes the subject as in RFC 2047.

    Without the encoding of RFC 2047, Python's `email` drops a space at each line break.
    """
    settings, places = settings_for("127.0.0.1"), Places.load()
    texts = Texts.of_installation(places, settings)
    async with Outbound(settings) as outbound:
        channel = EmailChannel(settings, outbound, texts)
        for district in places.units(2):
            sent = job(area={"pcodes": [district.pcode, KADAMJAI, LEILEK, ALAI]})
            mail = email.message_from_bytes(bytes(await channel.message(sent, replace(DUTY, language=language))))
            alert = AlertRaised.model_validate(json.loads(sent.content)["data"])
            assert read(mail["Subject"]) == texts.of(alert, sent.cause, language).subject
            assert read(mail["From"]) == f"{texts.institution(language)} <alerts@centre.example>"
            assert max(map(len, str(mail["Subject"]).splitlines())) < 78


def read(header: str) -> str:
    return str(make_header(decode_header("".join(header.splitlines()))))


async def test_outside_text_stays_on_its_line(port: int, box: Box) -> None:
    sent = job()
    content = json.loads(sent.content)
    content["data"]["pcodes"] = ["X\r\nBcc: all@example.org"]
    content["data"]["reason"] = "own\r\nBcc: all@example.org\u202e"
    await send(settings_for("127.0.0.1", port), replace(sent, content=json.dumps(content)))
    (mail,) = box.mails
    assert mail["Bcc"] is None
    assert "\nBcc" not in mail.get_content()


@pytest.mark.parametrize("command", ["answer", "answer_to_recipient"])
@pytest.mark.parametrize(("answer", "is_final"), [("451 try later", False), ("554 no such user", True)])
async def test_the_servers_reply_decides_whether_to_retry(
    port: int, box: Box, command: str, answer: str, is_final: bool
) -> None:
    setattr(box, command, answer)
    with pytest.raises(Undelivered) as caught:
        await send(settings_for("127.0.0.1", port), job())
    assert (caught.value.reason, caught.value.is_final) == (f"smtp_{answer[:3]}", is_final)


@pytest.mark.parametrize("command", ["answer_to_helo", "answer_to_sender"])
async def test_a_refusal_of_our_own_login_or_sender_is_retried(port: int, box: Box, command: str) -> None:
    setattr(box, command, "550 not from you")
    with pytest.raises(Undelivered, match="smtp_550") as caught:
        await send(settings_for("127.0.0.1", port), job())
    assert not caught.value.is_final


@pytest.mark.parametrize("command", ["answer", "answer_to_recipient"])
@pytest.mark.parametrize(
    "answer",
    ["530 Authentication required", "554 5.7.1 Relay access denied", "550 5.1.8 Sender address rejected"],
)
async def test_a_refusal_of_our_server_after_rcpt_is_retried(port: int, box: Box, command: str, answer: str) -> None:
    setattr(box, command, answer)
    with pytest.raises(Undelivered, match=f"smtp_{answer[:3]}") as caught:
        await send(settings_for("127.0.0.1", port), job())
    assert not caught.value.is_final


async def test_a_wrong_password_is_retried_until_somebody_corrects_it(port: int, box: Box, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    settings = settings_for("127.0.0.1", port).model_copy(
        update={"alerts_smtp_username": "dayar", "alerts_smtp_password_file": str(password)}
    )
    with pytest.raises(Undelivered, match="smtp_535") as caught:
        await send(settings, job())
    assert not caught.value.is_final
    password.write_text("right")
    assert await send(settings, job()) == "smtp_250"


async def test_a_server_that_refuses_the_greeting_is_retried() -> None:
    closed = await asyncio.start_server(turn_away, "127.0.0.1", 0)
    async with closed:
        with pytest.raises(Undelivered, match="smtp_554") as caught:
            await send(settings_for("127.0.0.1", closed.sockets[0].getsockname()[1]), job())
    assert not caught.value.is_final


async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"554 no service here\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("goodbye", ["421 too busy", ""], ids=["refused", "never said"])
async def test_an_accepted_mail_is_delivered_even_if_quit_fails(port: int, box: Box, goodbye: str) -> None:
    box.goodbye = goodbye
    assert await send(settings_for("127.0.0.1", port), job(), seconds=0.5) == "smtp_250"
    assert len(box.mails) == 1


@pytest.mark.parametrize("sender", ["", "desk", "desk@", "@", "Desk <desk@centre.example>", "дежурный@centre.example"])
async def test_an_invalid_sender_ends_only_this_delivery(port: int, sender: str) -> None:
    with pytest.raises(Undelivered, match="not_mailable") as caught:
        await send(settings_for("127.0.0.1", port, sender=sender), job())
    assert not caught.value.is_final


async def test_a_local_server_that_is_not_allowed_is_not_called(port: int) -> None:
    with pytest.raises(Undelivered, match="refused_address"):
        await send(settings_for("127.0.0.1", port, allow=False), job())


async def test_a_server_that_is_away_or_silent_is_retried(box: Box) -> None:
    with pytest.raises(Undelivered, match="unreachable"):
        await send(settings_for("127.0.0.1", 9), job())
    silent = await asyncio.start_server(silence, "127.0.0.1", 0)
    async with silent:
        with pytest.raises(Undelivered, match="timed_out"):
            await send(settings_for("127.0.0.1", silent.sockets[0].getsockname()[1]), job(), seconds=0.3)


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_an_exercise_mails_only_on_this_machine(port: int, box: Box) -> None:
    assert await send(settings_for(None, exercise=True), job()) == OUTBOX_PAGE
    for host in ("93.184.215.14", "mail.invalid"):  # the second host has no address
        for allow in (True, False):
            assert await send(settings_for(host, allow=allow, exercise=True), job()) == OUTBOX_PAGE
    assert await send(settings_for("127.0.0.1", port, exercise=True), job()) == "smtp_250"
    assert len(box.mails) == 1


async def test_without_a_mail_server_a_delivery_is_retried() -> None:
    with pytest.raises(Undelivered, match="no_mail_server") as caught:
        await send(settings_for(None), job())
    assert not caught.value.is_final
