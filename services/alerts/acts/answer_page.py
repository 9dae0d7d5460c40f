"""Serves the page that the link in a mail opens, where the person acts on the alert without signing in.

Mail programs also open links, so opening the link changes nothing. The first page, which the link opens, is empty. A
script on the first page reads the token from the page's address, and posts the token. The second page has the text of
the mail and the buttons.
"""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.alerts.acts import answer_forms, answer_links, bindings
from services.alerts.acts.answer_forms import AnswerForm, FieldNotAccepted
from services.alerts.acts.answer_links import MOST_ACTS, AnsweredDelivery, AnswerLinks
from services.alerts.acts.replies import SNOOZE_REASONS, Replies
from services.alerts.acts.reply_results import ReplyResult, sentence
from services.alerts.acts.wrong_tokens import WrongTokens
from services.alerts.alerts import Alert
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import Text, Texts
from services.alerts.message_templates.keeping import current_messages
from services.alerts.views import VERDICTS
from shared import log
from shared.events import AlertRaised
from shared.pages import Pages, language_of
from shared.pages.terms import N_
from shared.pages.typed_forms import typed_of
from shared.postgres.database import Session
from shared.web.concurrency import address_of

HOW_TO_BIND = N_("Sign in and open the page “Telegram”.")
NOT_VALID = N_("This link is not valid: it is older than 48 hours, incomplete, or no longer yours.")
TOO_MANY = N_("Too many requests. Wait 15 minutes, or sign in.")
ENDING = 3  # A mail ends with this number of lines: the link to the alert, and the centre's name.

EMPTY = AnswerForm({})

router = APIRouter(include_in_schema=False)


@router.get("/answer")
async def empty_page(request: Request) -> Response:
    """An empty page, whose script sends the token from the link.

    The token comes in a form that the page's script sends, so that no GET request contains the token.
    """
    return shown(request)


@router.post("/answer")
async def answer(request: Request, session: Session) -> Response:
    """Does the action of the pressed button, if any, and shows the text of the mail."""
    form, now = AnswerForm(typed_of(await request.form())), datetime.now(UTC)
    wrong: WrongTokens = request.app.state.wrong_tokens
    address = address_of(request.scope)
    links: AnswerLinks = request.app.state.answer_links
    delivery = await links.delivery_of(session, form.value("token"), now)
    if delivery is None:
        if wrong.are_too_many(address):
            return shown(request, status=429, failure=TOO_MANY)
        wrong.add(address)
        log.get().info("answer link refused")
        return shown(request, status=404, failure=NOT_VALID)
    return await answered(request, session, delivery, form, now)


async def answered(
    request: Request, session: AsyncSession, delivery: AnsweredDelivery, form: AnswerForm, now: datetime
) -> Response:
    """The person acts with the rights of the account's newest binding."""
    seen = delivery.content.data.sequence if form.sequence is None else form.sequence
    again: dict[str, Any] = {"sequence": seen, "form": form}
    replies: Replies = request.app.state.mail_replies.to(seen)
    person = await bindings.newest_of(session, delivery.account)
    again["texts"] = (await current_messages(request, session)).texts
    again["assignees"] = await replies.assignees(session, delivery.alert_id, person, now)
    if not form.act:
        return shown(request, delivery, **again)
    alert = await replies.seen_alert(session, delivery.alert_id, person)
    if await answer_links.acts_of_last_hour(session, delivery.account, now) >= MOST_ACTS:
        return shown(request, delivery, alert, status=429, failure=TOO_MANY, **again)
    pages: Pages = request.app.state.pages
    language = language_of(request)
    try:
        reply = await answer_forms.act(replies, session, delivery.alert_id, person, form, now)
    except FieldNotAccepted as refused:
        wrong = {refused.name: pages.gettext(language, refused.expected)}
        return shown(request, delivery, alert, status=422, wrong=wrong, **again)
    result = sentence(reply, language)
    if reply.result is ReplyResult.NOT_BOUND:
        result = f"{result} {pages.gettext(language, HOW_TO_BIND)}"
    if reply.alert is not None:
        again["sequence"] = reply.alert.sequence
    return shown(request, delivery, reply.alert, result=result, is_done=reply.is_done, **again)


def shown(
    request: Request,
    delivery: AnsweredDelivery | None = None,
    alert: Alert | None = None,
    *,
    texts: Texts | None = None,
    form: AnswerForm = EMPTY,
    status: int = 200,
    failure: str = "",
    is_done: bool = False,
    **more: Any,
) -> Response:
    """Until the person acts, the page shows only what the mail said.

    If the action is refused, the page keeps the typed fields.

    `texts` has the newest message templates, which mails use as well.
    """
    pages: Pages = request.app.state.pages
    language = language_of(request)
    usual: dict[str, Any] = {"sequence": 0, "assignees": (), "result": "", "wrong": {}}
    text: Text | None = None
    data: AlertRaised | None = None
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
        reader=delivery and delivery.account,
        alert=data,
        title=text and text.subject,
        lines=text.body.splitlines()[:-ENDING] if text else [],
        failure=failure and pages.gettext(language, failure),
        token=form.value("token"),
        form=EMPTY if is_done else form,
        is_done=is_done,
        reasons=[pages.gettext(language, reason) for reason in SNOOZE_REASONS],
        verdicts=VERDICTS,
        **(usual | more),
    )
