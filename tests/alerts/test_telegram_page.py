"""The pages show the reader's code for Telegram, and sent messages with their buttons.

If Telegram refuses the bot, the pages show a warning.
"""

import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson
from services.alerts.config import AlertsSettings
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.desk import Desk, fresh

pytestmark = pytest.mark.anyio

TELEGRAM = DeliveryChannel.TELEGRAM
RUSSIAN = {"lang": "ru"}


async def test_an_operator_draws_a_code_on_the_own_page(desk: Desk, settings: AlertsSettings) -> None:
    async with desk.sessions.begin() as session:
        await poll_queries.store_username(session, 7001, "dayar_test_bot", datetime.now(UTC))
    async with desk.caller(name="aibek") as operator:
        assert "Ваша учётная запись привязана" not in (await operator.get("/telegram", params=RUSSIAN)).text
        drawn = await operator.post("/telegram", params=RUSSIAN)
        code = re.search(r"/start ([0-9A-Z-]+)", drawn.text)
        assert code is not None and f"https://t.me/dayar_test_bot?start={code[1]}" in drawn.text
        async with desk.sessions.begin() as session:
            box = WebhookSecrets(settings.alerts_key_file)
            person = await bindings.bind(session, box, TELEGRAM, "42", code[1], datetime.now(UTC))
        assert isinstance(person, BoundPerson) and person.name == "aibek"
        assert "Ваша учётная запись привязана" in (await operator.get("/telegram", params=RUSSIAN)).text
        assert (await operator.post("/telegram/end")).status_code == 303
        assert "Ваша учётная запись привязана" not in (await operator.get("/telegram", params=RUSSIAN)).text
    async with desk.caller(Role.ANALYST) as analyst:
        assert (await analyst.post("/telegram")).status_code == 403


async def test_the_outbox_shows_the_telegram_message_with_its_buttons(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(session, Receiver("group", TELEGRAM, "telegram:-100", language="ru"))
    await desk.alerts(fresh())
    async with desk.caller() as operator:
        (delivery,) = (await operator.get("/v1/deliveries")).json()["deliveries"]
        page = (await operator.get("/deliveries", params={"lang": "en"})).text
    assert delivery["buttons"][:2] == ["Принять", "От имени…"]
    assert "Поручить…" not in delivery["buttons"], "the receiver is not internal"
    assert "Землетрясение" in delivery["text"]["subject"]
    assert '<span class="tag">Принять</span>' in page and "Землетрясение" in page


async def test_administrators_are_told_that_telegram_refuses_the_bot(
    desk: Desk, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_token = app.state.settings.model_copy(update={"alerts_telegram_token_file": "/given/bot-token"})
    monkeypatch.setattr(app.state, "settings", with_token)
    async with desk.caller(Role.ADMINISTRATOR) as administrator:
        for problem in ("bot_token_refused", None):
            async with desk.sessions.begin() as session:
                await poll_queries.store(session, 7001, datetime.now(UTC), problem)
            shown = (await administrator.get("/notices", params=RUSSIAN)).text
            assert ("Telegram не принимает токен бота" in shown) is (problem is not None)
