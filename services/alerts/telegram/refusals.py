"""Why Telegram refused a call, and whether a delivery is then retried."""

from http import HTTPStatus

from services.alerts.channels import Undelivered
from services.alerts.telegram.bot_api import BotApiError

# Phrases of Telegram's refusals, in lower case, because the API has no codes for them.
NO_CHAT = ("chat not found", "peer_id_invalid", "user not found")
NO_TOPIC = ("message thread not found", "topic_deleted", "topic_id_invalid")
NO_RIGHTS = ("not enough rights", "have no rights", "topic_closed", "chat_write_forbidden")
BAD_LINK = ("button", "url")


def refusal(error: BotApiError) -> Undelivered:
    """A refusal that concerns only this chat is final.

    A refusal of our token is not final, because every delivery would be lost until somebody replaces the token.
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
