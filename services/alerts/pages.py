"""Serves the page of sent messages with their receivers, times and results.

In an exercise, no message leaves this page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.alerts.channels import OUTBOX_PAGE
from services.alerts.delivery import listings, shown_states
from services.alerts.delivery.combinations import combined
from services.alerts.delivery.messages import NOBODY_ACTED, Messages, ShownMessage
from services.alerts.delivery.notices import Content, Follows
from services.alerts.delivery.shown_states import ActedAlerts
from services.alerts.delivery.states import DeliveryState
from services.alerts.delivery.texts import cause_text
from services.alerts.message_templates.keeping import CurrentMessages
from services.alerts.message_templates.templates import is_usable
from services.alerts.queries import disabled_accounts as disabled_queries
from services.alerts.queries import message_templates as template_queries
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.receivers import subscriptions
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.vocabulary import DeliveryChannel, Severity, Status
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.postgres.database import Session

SHOWN = 200

OUTCOMES = {
    OUTBOX_PAGE: N_("Stays on this page: an exercise sends nothing outside"),
    "unreachable": N_("No connection"),
    "internal_error": N_("A fault of this system, which the log of the alerts describes"),
    "timed_out": N_("No answer in time"),
    "refused_address": N_("The address may not be called from here"),
    "unknown_channel": N_("This version of Dayar does not know the channel"),
    "receiver_removed": N_("The recipient was removed from the list"),
    "no_mail_server": N_("No mail server is set"),
    "not_mailable": N_("Invalid address of the sender or the recipient"),
    "no_bot_token": N_("No Telegram bot is set"),
    "bot_token_refused": N_("Telegram refuses the token of the bot: a new token is needed"),
    "telegram_unreadable": N_("The answer is not Telegram's, but for example the page of a proxy"),
    "telegram_409": N_("Another program uses the same Telegram bot"),
    "chat_not_found": N_("Telegram knows no such chat, or the bot is not in it"),
    "chat_closed": N_("The bot was blocked, or removed from the chat"),
    "chat_forbids": N_("The bot may not write in this chat"),
    "chat_limit": N_("Waits, because Telegram limits the messages to one chat"),
    "no_sms_gateway": N_("No SMS gateway is set"),
    "no_sms_secret": N_("The key of the SMS gateway is not available"),
    "no_mobile_number": N_("Invalid mobile number"),
    "sms_accepted": N_("The SMS gateway took the message"),
    "sms_delivered": N_("The message reached the telephone"),
    "sms_undelivered": N_("The message did not reach the telephone"),
    "awaits_receipt": N_("Waits until the SMS gateway confirms that the message reached the telephone"),
    "no_receipt": N_("The SMS gateway did not confirm in time that the message reached the telephone"),
    "sms_refused": N_("The SMS gateway refused the message"),
    "sms_unreadable": N_("The answer of the SMS gateway is not as its profile says"),
    "secret_unreadable": N_("The recipient's key is not available: a new one is needed"),
}
ANSWERED = N_("Answer: {code}")
FOLLOWS = {
    Follows.FAILED: N_("because the contact before failed"),
    Follows.NO_RESULT: N_("because the contact before had no result in time"),
    Follows.UNANSWERED: N_("because the contact before was not answered in time"),
}
OTHER_FOLLOWS = N_("after the contact before")  # The reason comes from a later release of Dayar.

# A delivery in one of these states has a message in the chat, or would have one outside an exercise.
SHOWN_IN_CHAT = (DeliveryState.SENT, DeliveryState.ANSWERED, DeliveryState.NOT_SENT)

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]


@dataclass(frozen=True, slots=True)
class Try:
    ended_at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class Sent:
    """`title` is in the language of the page, and `message` in the language of the receiver.

    `follows` says why the contact was notified after another contact. `suppressed_until` is the time at which `message`
    is sent within a combined message.
    """

    alert_id: UUID
    created_at: datetime
    state: DeliveryState
    recipient: str
    channel: str  # The value is a DeliveryChannel, or a channel that only a later release of Dayar knows.
    cause: str
    severity: Severity
    title: str
    message: ShownMessage
    tries: tuple[Try, ...]
    follows: str | None = None
    suppressed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentItem:
    """A combined message has several deliveries.

    `texts` has several texts if many alerts need several Telegram messages. `edited` shows the message after its last
    edit, or is None if the message was never edited.
    """

    deliveries: tuple[Sent, ...]
    texts: tuple[ShownMessage, ...]
    edited: ShownMessage | None = None

    @property
    def newest(self) -> Sent:
        return self.deliveries[-1]


@router.get("/deliveries")
async def deliveries_page(request: Request, session: Session, caller: Caller, messages: CurrentMessages) -> Response:
    state, language = request.app.state, language_of(request)
    pages: Pages = state.pages
    areas = listings.visible(caller, state.places)
    deliveries = await listings.deliveries(session, areas=areas, limit=SHOWN)
    acted = await shown_states.acted_alerts(session, deliveries)
    sent = [
        replace(
            message_of(delivery, messages, pages, language, acted), edited=edited(delivery, deliveries, messages, acted)
        )
        for delivery in combined(deliveries)
    ]
    return pages.render(request, "deliveries.html", sent=sent, most=SHOWN)


@router.get("/notices", include_in_schema=False)
async def notices(request: Request, session: Session) -> Response:
    """Shows administrators what they must repair.

    Examples: nobody gets the texts of Restricted hazards, Telegram does not work, a message template cannot be used, or
    recipients have disabled accounts.
    """
    settings, pages, language = request.app.state.settings, request.app.state.pages, language_of(request)
    status = settings.counted_status
    problem = await poll_queries.problem(session) if settings.alerts_telegram_token_file else None
    is_lacking = status is Status.ACTUAL and not await subscriptions.has_internal(session, status)
    templates = await template_queries.templates(session)
    shown: Response = pages.render(
        request,
        "notices.html",
        lacks_internal=is_lacking,
        disabled=len(await disabled_queries.receivers(session)),
        telegram=problem and outcome_of(problem, pages, language),
        unusable_templates=sum(not is_usable(template) for template in templates),
    )
    return shown


def message_of(
    deliveries: Sequence[Mapping[str, Any]], messages: Messages, pages: Pages, language: str, acted: ActedAlerts
) -> SentItem:
    sent = tuple(sent_of(delivery, messages, pages, language, acted) for delivery in deliveries)
    if len(sent) == 1:
        return SentItem(sent, (sent[0].message,))
    contents = [(delivery, Content.model_validate(delivery["content"])) for delivery in deliveries]
    return SentItem(sent, tuple(messages.together(contents, acted)))


def edited(
    message: Sequence[Mapping[str, Any]],
    deliveries: Sequence[Mapping[str, Any]],
    messages: Messages,
    acted: ActedAlerts,
) -> ShownMessage | None:
    """Returns the edited message if the message is the chat's first about the alert, and about this alert alone.

    `deliveries` must be sorted from the newest to the oldest.
    """
    first = message[0]
    is_editable = len(message) == 1 and first["channel"] == DeliveryChannel.TELEGRAM and first["is_first"]
    if not is_editable or first["state"] not in SHOWN_IN_CHAT:
        return None
    slot = ("alert_id", "recipient", "channel")
    of_slot = (delivery for delivery in deliveries if all(delivery[name] == first[name] for name in slot))
    newest = next((delivery for delivery in of_slot if delivery["tried"]), first)
    return messages.edited(first, newest, Content.model_validate(newest["content"]), acted)


def sent_of(
    delivery: Mapping[str, Any], messages: Messages, pages: Pages, language: str, acted: ActedAlerts = NOBODY_ACTED
) -> Sent:
    content = Content.model_validate(delivery["content"])
    return Sent(
        delivery["alert_id"],
        delivery["created_at"],
        delivery["state"],
        delivery["recipient"],
        delivery["channel"],
        pages.gettext(language, cause_text(delivery["cause"])),
        content.data.severity,
        messages.texts.subject(content.data, delivery["cause"], language),
        messages.of(delivery, content, acted),
        tuple(
            Try(datetime.fromisoformat(attempt["ended_at"]), outcome_of(attempt["reason"], pages, language))
            for attempt in delivery["tried"]
        ),
        delivery["follows"] and pages.gettext(language, FOLLOWS.get(delivery["follows"], OTHER_FOLLOWS)),
        delivery.get("suppressed_until"),
    )


def outcome_of(reason: str, pages: Pages, language: str) -> str:
    if reason in OUTCOMES:
        return pages.gettext(language, OUTCOMES[reason])
    return pages.gettext(language, ANSWERED).format(code=reason.rpartition("_")[2])
