"""The command `dayar telegram` generates codes, lists and unbinds people, and says whether the bot works."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from cli import telegram
from cli.transactions import within
from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson, CodeRefusal
from services.alerts.config import AlertsSettings
from services.alerts.receivers.secrets import WebhookSecrets
from services.console.queries import accounts as account_queries
from services.console.sign_in import accounts
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from tests.installation import Installation, in_thread


@pytest.fixture
def installation(shared_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    for name, value in shared_installation.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(telegram.console, "width", 200)
    return shared_installation


def dayar(*words: str) -> Result:
    return CliRunner().invoke(telegram.app, words)


def account(role: Role) -> str:
    name = f"aida-{uuid4()}"
    made = accounts.new(name, frozenset({role}), datetime.now(UTC))
    in_thread(within("console", lambda session: account_queries.add(session, made)))
    return name


def bind(settings: AlertsSettings, code: str) -> BoundPerson | CodeRefusal:
    async def do(session: AsyncSession) -> BoundPerson | CodeRefusal:
        box = WebhookSecrets(settings.alerts_key_file)
        return await bindings.bind(session, box, DeliveryChannel.TELEGRAM, "42", code, datetime.now(UTC))

    return in_thread(within("alerts", do))


def test_a_code_binds_an_operator_until_the_operator_is_unbound(
    installation: Installation, settings: AlertsSettings
) -> None:
    name = account(Role.OPERATOR)
    code = re.search(r"/start (\S+)", dayar("code", name).output)
    assert code is not None
    bound = bind(settings, code[1])
    assert isinstance(bound, BoundPerson) and bound.name == name
    assert name in dayar("list").output
    assert dayar("unbind", name).exit_code == 0
    assert name not in dayar("list").output
    assert dayar("unbind", name).exit_code == 1


def test_a_code_is_only_for_those_who_may_acknowledge(installation: Installation) -> None:
    assert "operator or duty head" in dayar("code", account(Role.ANALYST)).output
    assert "no account of this name" in dayar("code", "nobody").output


def test_the_status_names_the_missing_token(installation: Installation) -> None:
    missing = dayar("status")
    assert missing.exit_code == 1 and "ALERTS_TELEGRAM_TOKEN_FILE" in missing.output
