"""The secrets of receivers are sealed in the database and replaced without an interruption."""

from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from services.alerts.acts import behalf
from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared.crypto import keyring
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.town import Town, attempts
from tests.hooks import Hook, listening
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_during_a_rotation_both_secrets_are_valid(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    old = hook.secret
    async with town.working(hook):
        async with town.sessions.begin() as session:
            new = await subscriptions.rotate(session, "duty", town.box)
        for number, secret in enumerate((old, new), start=1):
            hook.secret = secret
            await town.alert()
            await town.settled(number)
            assert hook.answered.total() == number
        async with town.sessions.begin() as session:
            await subscriptions.retire(session, "duty")
        hook.secret = new
        await town.alert()
        await town.settled(3)
    assert old != new


async def test_a_secret_is_sealed_at_rest_and_bound_to_its_receiver(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    async with town.sessions.begin() as session:
        sealed = await session.scalar(text("SELECT secret FROM receivers"))
    assert hook.secret is not None and hook.secret.encode() not in sealed
    assert town.box.open(sealed, "duty") == hook.secret
    with pytest.raises(InvalidTag):
        town.box.open(sealed, "other")


async def test_a_secret_that_the_key_cannot_open_delays_only_its_receiver(town: Town, hook: Hook) -> None:
    """After the key file was replaced, the key cannot open a receiver's secret.

    Deliveries to the receiver wait until somebody rotates the receiver's secret.
    """
    async with listening() as other:
        await town.receiver("sealed before", hook)
        await town.receiver("well", other)
        async with town.sessions.begin() as session:
            await session.execute(text("UPDATE receivers SET secret = sha256(secret) WHERE label = 'sealed before'"))
        async with town.working(hook, other):
            await town.alert()
            await wait_for(lambda: attempts(town, "secret_unreadable"))
            await wait_for(lambda: other.answered.total() == 1)
            async with town.sessions.begin() as session:
                hook.secret = await subscriptions.rotate(session, "sealed before", town.box)
                await subscriptions.retire(session, "sealed before")
            rows = await town.settled(2)
    assert all(row["is_delivered"] for row in rows)


async def test_a_webhook_keeps_its_secret_wherever_it_stands_among_the_contacts(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    mail, webhook = Contact(DeliveryChannel.EMAIL, "duty@centre.example"), Contact(DeliveryChannel.WEBHOOK, hook.url)
    async with town.sessions.begin() as session:
        by_mail = Receiver("duty", mail.channel, mail.address)
        assert await subscriptions.put(session, by_mail, town.box, further=[webhook]) is None
        assert await subscriptions.put(session, by_mail.at(webhook), town.box, further=[mail]) is None
        assert await subscriptions.put(session, by_mail, town.box, further=[webhook]) is None
        assert (await session.execute(text("SELECT secret FROM receivers"))).all() == [(None,)]
        sealed = await session.scalar(text("SELECT secret FROM contacts"))
        assert town.box.open(sealed, "duty") == hook.secret
        assert await subscriptions.rotate(session, "duty", town.box) != hook.secret
        former = await session.scalar(text("SELECT former_secret FROM contacts"))
        assert town.box.open(former, "duty") == hook.secret
        assert await subscriptions.put(session, by_mail, town.box, further=[]) is None
        assert await subscriptions.put(session, by_mail, town.box, further=[webhook]) not in (None, hook.secret)


async def test_secrets_are_resealed_under_the_newest_key(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    folder = town.settings.alerts_key_file
    old = max(keyring.known(folder))
    newest = keyring.draw(folder)
    box = WebhookSecrets(folder)
    async with town.sessions.begin() as session:
        alert_id = uuid4()
        note = behalf.sealed(BehalfNote(name="Айгүл"), alert_id, town.box)
        assert await subscriptions.sealed_by(session, old) == 1
        assert await subscriptions.reseal(session, box) == 1
        assert await subscriptions.reseal(session, box) == await subscriptions.sealed_by(session, old) == 0
        sealed = await session.scalar(text("SELECT secret FROM receivers"))
        assert await behalf.reseal(session, box) == 0
    assert sealed.startswith(newest.encode())
    assert box.open(sealed, "duty") == hook.secret
    assert note.startswith("sealed:")
