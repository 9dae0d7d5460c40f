"""The page that the link in a mail opens. On this page, the receiver of the mail acts on the alert without signing in.

Opening the link changes nothing, because programs also open the links of mails. The first page has no content: its
script reads the token from the address. A second request shows what the mail said. Only a button acts.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.alerts.acts import answer_links, bindings
from services.alerts.acts.answer_links import MOST_ACTS, AnsweredDelivery, AnswerLinks
from services.alerts.acts.replies import Replies, comment_of
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.acts.wrong_tokens import WrongTokens
from services.alerts.delivery.texts import Text
from services.alerts.queries import alerts as alert_queries
from shared import log
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.postgres.database import Session
from shared.web.concurrency import address_of

HOW_TO_BIND = N_("Sign in and open the page “Telegram”.")
NOT_VALID = N_("This link is not valid: it is older than 48 hours, incomplete, or no longer yours.")
TOO_MANY = N_("Too many requests. Wait 15 minutes, or sign in.")
NO_TEXT = N_("Not done: write a comment of at most 1,000 characters.")
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
    act = typed.get("act", "")
    pages: Pages = request.app.state.pages
    if not act:
        return shown(request, delivery, token=typed["token"])
    if await answer_links.acts_of_last_hour(session, delivery.account, now) >= MOST_ACTS:
        return shown(request, delivery, status=429, token=typed["token"], failure=TOO_MANY, text=typed.get("text", ""))
    reply = await done(request.app.state.mail_replies, session, delivery, act, typed.get("text", ""), now)
    if reply is None:
        return shown(request, delivery, status=422, token=typed["token"], failure=NO_TEXT, text=typed.get("text", ""))
    language = language_of(request)
    text = sentence(reply, language)
    if reply.result is ReplyResult.NOT_BOUND:
        text = f"{text} {pages.gettext(language, HOW_TO_BIND)}"
    kept = "" if reply.is_done else typed.get("text", "")
    return shown(request, delivery, token=typed["token"], result=text, is_done=reply.is_done, text=kept)


async def done(
    replies: Replies, session: AsyncSession, delivery: AnsweredDelivery, act: str, typed: str, now: datetime
) -> Reply | None:
    """Acts as the person of the link, with the rights of the account's newest binding. None if a comment is empty."""
    alert_id, person = delivery.alert_id, await bindings.newest_of(session, delivery.account)
    if act == "acknowledge":
        return await replies.acknowledge(session, alert_id, person, now)
    if act == "take-over":
        return await replies.take_over(session, alert_id, person, now)
    text = comment_of(typed)
    if text is None:
        return None
    await alert_queries.locked_alert(session, alert_id)  # the same form may be sent twice at the same time
    if await answer_links.has_commented(session, alert_id, delivery.account, text, now):
        return Reply(ReplyResult.COMMENTED)
    return await replies.comment(session, alert_id, person, now, text)


def shown(
    request: Request, delivery: AnsweredDelivery | None = None, *, status: int = 200, failure: str = "", **more: Any
) -> Response:
    """The page. A typed comment is shown again if it was not recorded."""
    state, language = request.app.state, language_of(request)
    pages: Pages = state.pages
    usual: dict[str, Any] = {"token": "", "result": "", "is_done": False, "text": ""}
    text: Text | None = None
    if delivery is not None:
        text = state.texts.of(delivery.content.data, delivery.cause, language, delivery.content.hazard)
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
