"""The page that the link in a mail opens. On this page, the receiver of the mail acts on the alert without signing in.

Opening the link changes nothing, because programs also open the links of mails. The first page has no content: its
script reads the token from the address. A second request shows what the mail said. Only a button acts.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.alerts.acts import answer_links, bindings
from services.alerts.acts.answer_links import MOST_ACTS, AnsweredDelivery, AnswerLinks
from services.alerts.acts.replies import Replies, comment_of
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.acts.wrong_tokens import WrongTokens
from services.alerts.alerts import Alert
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import Text, Texts
from services.alerts.message_templates.keeping import current_messages
from shared import log
from shared.events import AlertRaised
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.postgres.database import Session
from shared.web.concurrency import address_of

HOW_TO_BIND = N_("Sign in and open the page “Telegram”.")
NOT_VALID = N_("This link is not valid: it is older than 48 hours, incomplete, or no longer yours.")
TOO_MANY = N_("Too many requests. Wait 15 minutes, or sign in.")
NO_PERSON = N_("Not done: choose the person to whom you assign the alert.")
NO_TEXT = N_("Not done: write a comment of at most 1,000 characters.")
SEQUENCE = re.compile(r"[0-9]{1,9}")
ENDING = 3  # a mail ends with this many lines that contain the link to the alert and the centre's name

router = APIRouter(include_in_schema=False)


@router.get("/answer")
async def empty_page(request: Request) -> Response:
    """The page without content. Its script sends the token in a form, because no GET request contains the token."""
    return shown(request)


@router.post("/answer")
async def answer(request: Request, session: Session) -> Response:
    """Shows what the mail said. If a button was pressed, first does what the button says."""
    form, now = await request.form(), datetime.now(UTC)
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    wrong: WrongTokens = request.app.state.wrong_tokens
    address = address_of(request.scope)
    links: AnswerLinks = request.app.state.answer_links
    delivery = await links.delivery_of(session, typed.get("token", ""), now)
    if delivery is None:
        if wrong.are_too_many(address):
            return shown(request, status=429, failure=TOO_MANY)
        wrong.add(address)
        log.get().info("answer link refused")
        return shown(request, status=404, failure=NOT_VALID)
    return await answered(request, session, delivery, typed, now)


async def answered(
    request: Request, session: AsyncSession, delivery: AnsweredDelivery, typed: Mapping[str, str], now: datetime
) -> Response:
    act, seen = typed.get("act", ""), seen_by(typed, delivery)
    again: dict[str, Any] = {"token": typed["token"], "sequence": seen, "text": typed.get("text", "")}
    replies: Replies = request.app.state.mail_replies
    person = await bindings.newest_of(session, delivery.account)
    again["texts"] = (await current_messages(request, session)).texts
    again["assignees"] = await replies.assignees(session, delivery.alert_id, person, now)
    if not act:
        return shown(request, delivery, **again)
    if await answer_links.acts_of_last_hour(session, delivery.account, now) >= MOST_ACTS:
        return shown(request, delivery, status=429, failure=TOO_MANY, **again)
    reply = await done(replies.to(seen), session, delivery, typed, now)
    if reply is None:
        failure = NO_PERSON if act == "assign" else NO_TEXT
        return shown(request, delivery, status=422, failure=failure, **again)
    pages: Pages = request.app.state.pages
    language = language_of(request)
    result = sentence(reply, language)
    if reply.result is ReplyResult.NOT_BOUND:
        result = f"{result} {pages.gettext(language, HOW_TO_BIND)}"
    if reply.is_done:
        again["text"] = ""
    if reply.alert is not None:
        again["sequence"] = reply.alert.sequence
    return shown(request, delivery, reply.alert, result=result, is_done=reply.is_done, **again)


def seen_by(typed: Mapping[str, str], delivery: AnsweredDelivery) -> int:
    """The sequence of the alert that the form shows. The form of an earlier release shows what the mail said."""
    sequence = typed.get("sequence", "")
    return int(sequence) if SEQUENCE.fullmatch(sequence) else delivery.content.data.sequence


async def done(
    replies: Replies, session: AsyncSession, delivery: AnsweredDelivery, typed: Mapping[str, str], now: datetime
) -> Reply | None:
    """Acts as the person of the link, with the rights of the account's newest binding.

    None if a comment is empty, or if nobody is chosen to whom the alert is assigned.
    """
    alert_id, person = delivery.alert_id, await bindings.newest_of(session, delivery.account)
    match typed["act"]:
        case "acknowledge":
            return await replies.acknowledge(session, alert_id, person, now)
        case "take-over":
            return await replies.take_over(session, alert_id, person, now)
        case "assign":
            to = account_of(typed.get("account_id", ""))
            return None if to is None else await replies.assign(session, alert_id, person, now, to)
    text = comment_of(typed.get("text", ""))
    return None if text is None else await replies.comment(session, alert_id, person, now, text)


def account_of(typed: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(typed)
    return None


def shown(
    request: Request,
    delivery: AnsweredDelivery | None = None,
    alert: Alert | None = None,
    *,
    texts: Texts | None = None,
    status: int = 200,
    failure: str = "",
    **more: Any,
) -> Response:
    """The page. It shows the `alert` after the person's action, and before that only what the mail said.

    `texts` have the newest message templates, because the mail has their words, too. A typed comment is shown again if
    it was not recorded.
    """
    pages: Pages = request.app.state.pages
    language = language_of(request)
    usual: dict[str, Any] = {"token": "", "sequence": 0, "assignees": (), "result": "", "is_done": False, "text": ""}
    text: Text | None = None
    if delivery is not None and texts is not None:
        data = delivery.content.data if alert is None else AlertRaised.model_validate(alert, from_attributes=True)
        deeds = "" if alert is None else state_line(alert, language)
        text = texts.of(data, delivery.cause, language, delivery.content.hazard, deeds=deeds)
    return pages.render(
        request,
        "answer.html",
        status=status,
        is_shown_once=True,
        alert_id=delivery and delivery.alert_id,
        title=text and text.subject,
        lines=text.body.splitlines()[:-ENDING] if text else [],
        failure=failure and pages.gettext(language, failure),
        **(usual | more),
    )
