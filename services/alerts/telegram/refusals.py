"""Says why Telegram refused a call, and whether the delivery is retried."""

from http import HTTPStatus

from services.alerts.channels import Undelivered
from services.alerts.telegram.bot_api import BotApiError

# Telegram's refusals have no codes, so they are recognised by these phrases in lower case.
NO_CHAT = ("chat not found", "peer_id_invalid", "user not found")
NO_TOPIC = ("message thread not found", "topic_deleted", "topic_id_invalid")
NO_RIGHTS = ("not enough rights", "have no rights", "topic_closed", "chat_write_forbidden")
BAD_LINK = ("button", "url")


def refusal(error: BotApiError) -> Undelivered:
    """A refusal that concerns only this chat is final.

    If Telegram refuses the token, the refusal is not final, because every delivery would be lost until somebody
    replaces the token.
    """
    if error.is_token_refused:
        return Undelivered("bot_token_refused")
    if error.code == HTTPStatus.FORBIDDEN:
        return Undelivered("chat_closed", is_final=True)
    if error.code == HTTPStatus.BAD_REQUEST and error.says(*NO_RIGHTS):
        return Undelivered("chat_forbids")
    if error.code == HTTPStatus.BAD_REQUEST and error.says(*NO_CHAT):
        return Undelivered("chat_not_found", is_final=True)
    is_final = error.code == HTTPStatus.BAD_REQUEST
    return Undelivered(f"telegram_{error.code}", is_final=is_final, retry_after=error.retry_after or None)
