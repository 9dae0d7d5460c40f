"""Calls Telegram's Bot API (https://core.telegram.org/bots/api), only through `shared.outbound`."""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from services.alerts.config import AlertsSettings
from shared.config import secret
from shared.outbound import Outbound
from shared.outbound_errors import OutboundError

# This limit in bytes is higher than for a webhook's answer, because one answer may hold many updates.
ANSWER_LIMIT = 1024 * 1024
JSON = {"Content-Type": "application/json"}
TOKEN = re.compile(r"[1-9]\d{0,17}:[\w-]{1,100}", re.ASCII)


class NoToken(OutboundError):
    """ALERTS_TELEGRAM_TOKEN_FILE names no file with a token."""

    reason = "no_bot_token"


class UnreadableAnswer(OutboundError):
    """The answer is not from the Bot API, but for example the page of a proxy.

    An answer of a proxy says nothing about the chat.
    """

    reason = "telegram_unreadable"


class BotApiError(Exception):
    """Telegram refused the call. `description` is Telegram's English text, and never has our token."""

    def __init__(self, code: int, description: str = "", retry_after: int = 0, migrated_to: int | None = None) -> None:
        super().__init__(code)
        self.code, self.description = code, description
        self.retry_after, self.migrated_to = retry_after, migrated_to

    @property
    def is_token_refused(self) -> bool:
        """For an invalid or revoked token, Telegram answers 401. For a text that is no token, Telegram answers 404."""
        return self.code in (401, 404)

    def says(self, *phrases: str) -> bool:
        return any(phrase in self.description.lower() for phrase in phrases)


class Parameters(msgspec.Struct):
    retry_after: int = 0
    migrate_to_chat_id: int | None = None


class ApiAnswer(msgspec.Struct):
    ok: bool
    result: Any = None
    error_code: int = 0
    description: str = ""
    parameters: Parameters = msgspec.field(default_factory=Parameters)


class BotApi:
    """The token is read for each call, so that a new token needs no restart."""

    def __init__(self, settings: AlertsSettings, outbound: Outbound) -> None:
        self._settings, self._outbound = settings, outbound

    @property
    def is_outside_exercise(self) -> bool:
        """True if this installation is an exercise that must not call the API.

        An exercise may call only servers on its own machine that OUTBOUND_ALLOW lists.
        """
        return self._outbound.gate.is_outside_exercise(self._settings.alerts_telegram_api)

    async def call(self, method: str, **fields: Any) -> Any:
        """A field with the value None is not sent. Raises BotApiError or OutboundError."""
        url = f"{self._settings.alerts_telegram_api.rstrip('/')}/bot{self._token}/{method}"
        body = msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
        response = await self._outbound.call(url, body, JSON, limit=ANSWER_LIMIT)
        try:
            answer = msgspec.json.decode(response.body, type=ApiAnswer)
        except msgspec.DecodeError as error:
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise BotApiError(response.status) from error
            raise UnreadableAnswer from error
        if not answer.ok:
            more = answer.parameters
            code = answer.error_code or response.status
            raise BotApiError(code, answer.description, more.retry_after, more.migrate_to_chat_id)
        return answer.result

    @property
    def has_token(self) -> bool:
        try:
            return bool(self._token)
        except NoToken:
            return False

    @property
    def bot_id(self) -> int:
        """A bot's token begins with the id of the bot. Raises NoToken."""
        return int(self._token.partition(":")[0])

    @property
    def _token(self) -> str:
        try:
            token = secret(self._settings.alerts_telegram_token_file) or ""
        except OSError as error:
            raise NoToken from error
        if not TOKEN.fullmatch(token):
            raise NoToken
        return token
