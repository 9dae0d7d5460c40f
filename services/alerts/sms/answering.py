"""Answers the people who reply to the short message of an alert."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies, note_of
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence, summary
from services.alerts.alerts import Alert
from services.alerts.channels import Undelivered
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import LOCALES
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import sms_codes as code_queries
from services.alerts.queries.sms_codes import CodedDelivery, Holder
from services.alerts.sms.gateway import ShortMessage, SmsGateway
from services.alerts.sms.inbound import OUTCOMES, InboundMessage, SmsAct, TypedReply, typed_reply
from services.alerts.sms.sms_texts import SmsTexts
from shared import audit, log
from shared.audit import Action, Entry, Result
from shared.failures import outage_logged
from shared.outbound import OutboundError
from shared.pages.catalogs import translations
from shared.pages.terms import N_, term

MOST_ANSWERS = 3  # a number gets at most this many answers to wrong codes in an hour, because each answer costs money
MOST_WRONG = 10  # a number may send this many wrong codes in an hour, because a code has only four digits
HOW_TO_BIND = N_("Sign in and open the page “Telegram”.")
WHAT_NEXT = N_("With {code}: 2 take over, 3 snooze, 4 comment, 5 start work, 6 close, 7 on behalf of, 8 assign.")
# The state comes last, because a long answer is cut off at its end.
NEWEST_CODE = N_("Not done: the alert has changed. Read the new SMS and reply with its code: {example}. Now: {state}.")
NO_CODE = N_("Not done: the alert has changed. Use the newest message or the board. Now: {state}.")
LONGEST_NOTE = 150


@dataclass(frozen=True, slots=True)
class SmsAnswering:
    """Without a `gateway` people get no answers, but their replies count."""

    replies: Replies
    texts: SmsTexts
    gateway: SmsGateway | None

    async def handle(self, session: AsyncSession, message: InboundMessage, now: datetime) -> ShortMessage | None:
        """Acts in the caller's transaction. The returned answer is sent after the commit.

        If no receiver has the number, the message gets no answer, and nothing of the message is stored.
        """
        if message.number is None:
            return None
        await code_queries.lock(session, message.number)
        holders = await code_queries.holders(session, message.number)
        if not holders or not await code_queries.is_new(session, message.id, message.number, now):
            return None
        before = await code_queries.last_hour(session, message.number, now)
        if before.wrong >= MOST_WRONG:
            return None
        typed = typed_reply(message.text)
        delivery = None if typed is None else await self._delivery(session, message.number, typed.code, holders, now)
        reply = await self._reply(session, delivery, typed, holders, now)
        is_wrong = reply.result is ReplyResult.WRONG_CODE
        is_silenced = is_wrong and before.wrong + 1 >= MOST_WRONG
        if is_silenced:
            reason = "too_many_wrong_codes"
            await audit.add(
                session, Entry(action=Action.SMS_IGNORED, result=Result.REFUSED, subject="sms", reason=reason)
            )
        is_answered = not is_wrong or (not is_silenced and before.answered < MOST_ANSWERS)
        await code_queries.settle(session, message.id, is_wrong=is_wrong, is_answered=is_answered)
        if not is_answered:
            return None
        language = language_of(holders, delivery)
        return ShortMessage(uuid4(), message.number, self.texts.answer(answer_of(reply, typed, language), language))

    async def send(self, answer: ShortMessage) -> None:
        """Sends the answer once. A failure is only logged, because the person's action is stored already."""
        if self.gateway is None:
            return
        with outage_logged("sms answer not sent"):
            try:
                await self.gateway.send(answer)
            except (OutboundError, Undelivered) as error:
                log.get().warning("sms answer not sent", reason=error.reason)

    async def _delivery(
        self, session: AsyncSession, number: str, code: str, holders: Sequence[Holder], now: datetime
    ) -> CodedDelivery | None:
        """The delivery with the code, if its receiver still has the number."""
        delivery = await code_queries.delivery_of(session, number, code, now)
        return delivery if delivery and delivery.recipient in {holder.label for holder in holders} else None

    async def _reply(
        self,
        session: AsyncSession,
        delivery: CodedDelivery | None,
        typed: TypedReply | None,
        holders: Sequence[Holder],
        now: datetime,
    ) -> Reply:
        if delivery is None or typed is None:
            return Reply(ReplyResult.WRONG_CODE)
        account = account_of(holders, delivery)
        if account is None:
            return Reply(ReplyResult.NO_ACCOUNT)
        person = await bindings.newest_of(session, account)
        deliveries = await code_queries.deliveries_about(session, delivery.alert_id, delivery.number, now)
        replies = self.replies.to(await seen_in(session, delivery, deliveries))
        reply = await act(replies, session, delivery.alert_id, typed, person, now)
        is_outdated = reply.result is ReplyResult.CHANGED_MEANWHILE
        return replace(reply, newest_code=newest_code(reply.alert, deliveries)) if is_outdated else reply


async def seen_in(session: AsyncSession, delivery: CodedDelivery, deliveries: Sequence[CodedDelivery]) -> int:
    """The sequence of the alert on which a reply to the delivery acts.

    If the alert has become graver since, or if a later SMS says that it was reopened, this is the sequence in the SMS,
    so that the reply is refused. Other actions of people do not end a code, because the SMS about them have no code.
    """
    alert = await alert_queries.readable_alert(session, delivery.alert_id)
    reopened = [later.sequence for later in deliveries if later.cause == Cause.REOPENED]
    if alert is None or max([alert.demanded_sequence, *reopened]) > delivery.sequence:
        return delivery.sequence
    return alert.sequence


def newest_code(alert: Alert | None, deliveries: Sequence[CodedDelivery]) -> str | None:
    """The code of the newest of these deliveries. None if the alert has become graver since this delivery."""
    if alert is None or not deliveries or alert.demanded_sequence > deliveries[0].sequence:
        return None
    return deliveries[0].code


async def act(
    replies: Replies,
    session: AsyncSession,
    alert_id: UUID,
    typed: TypedReply,
    person: BoundPerson | None,
    now: datetime,
) -> Reply:
    match typed.act:
        case SmsAct.ACKNOWLEDGE:
            return await replies.acknowledge(session, alert_id, person, now)
        case SmsAct.TAKE_OVER:
            return await replies.take_over(session, alert_id, person, now, typed.text or None)
        case SmsAct.START:
            return await replies.start(session, alert_id, person, now, typed.text or None)
        case SmsAct.CLOSE:
            return await close(replies, session, alert_id, typed, person, now)
        case SmsAct.ASSIGN:
            return await replies.assign_by_name(session, alert_id, person, now, typed.text)
    if not typed.text:
        return Reply(ReplyResult.TEXT_MISSING)
    if typed.act is SmsAct.ON_BEHALF:
        note = note_of(typed.text, by="SMS")
        if note is None:
            return Reply(ReplyResult.NAME_TOO_LONG)
        return await replies.acknowledge(session, alert_id, person, now, on_behalf_of=note)
    add_text = replies.snooze if typed.act is SmsAct.SNOOZE else replies.comment
    return await add_text(session, alert_id, person, now, typed.text)


async def close(
    replies: Replies,
    session: AsyncSession,
    alert_id: UUID,
    typed: TypedReply,
    person: BoundPerson | None,
    now: datetime,
) -> Reply:
    """Closes the alert.

    If the note is longer than the board permits, it is stored as a comment, so that nothing is lost.
    """
    if typed.outcome is None:
        return Reply(ReplyResult.OUTCOME_MISSING)
    verdict, note = typed.outcome
    if len(note) <= LONGEST_NOTE:
        return await replies.close(session, alert_id, person, now, verdict, note or None)
    reply = await replies.close(session, alert_id, person, now, verdict)
    if reply.is_done:
        await replies.comment(session, alert_id, person, now, note)
    return reply


def answer_of(reply: Reply, typed: TypedReply | None, language: str) -> str:
    """The sentence about the result, and what the person can type next."""
    _, text = translations(language, LOCALES).gettext, sentence(reply, language)
    code = typed.code if typed else ""
    match reply.result:
        case ReplyResult.NOT_BOUND:
            return f"{text} {_(HOW_TO_BIND)}"
        case ReplyResult.TEXT_MISSING:
            return text.format(example=f"{typed.act if typed else SmsAct.SNOOZE} {code} …")
        case ReplyResult.OUTCOME_MISSING:
            outcomes = ", ".join(f"{digit} {term('verdict', verdict, _)}" for digit, verdict in OUTCOMES.items())
            return f"{text.format(example=f'{SmsAct.CLOSE} {code}')} {outcomes}."
        case ReplyResult.ASSIGNEE_MISSING:
            return f"{text.format(example=f'{SmsAct.ASSIGN} {code}')} {', '.join(reply.names)}."
        case ReplyResult.CHANGED_MEANWHILE if reply.alert is not None:
            example = f"{typed.act if typed else SmsAct.ACKNOWLEDGE} {reply.newest_code}"
            changed = _(NEWEST_CODE if reply.newest_code else NO_CODE)
            return changed.format(example=example, state=summary(reply.alert, language))
        case ReplyResult.ACKNOWLEDGED:
            return f"{text} {_(WHAT_NEXT).format(code=code)}"
        case _:
            return text


def account_of(holders: Sequence[Holder], delivery: CodedDelivery) -> UUID | None:
    """The account of the delivery's receiver.

    If this receiver has no account, but all receivers with the number together have exactly one account, that account
    is used.
    """
    own = next(holder.account_id for holder in holders if holder.label == delivery.recipient)
    accounts = {holder.account_id for holder in holders if holder.account_id}
    return own or (accounts.pop() if len(accounts) == 1 else None)


def language_of(holders: Sequence[Holder], delivery: CodedDelivery | None) -> str:
    own = (holder.language for holder in holders if delivery and holder.label == delivery.recipient)
    return next(own, holders[0].language)
