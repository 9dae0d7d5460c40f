"""Answers people who reply to an alert's SMS."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence, summary
from services.alerts.channels import Undelivered
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import LOCALES
from services.alerts.queries import sms_codes as code_queries
from services.alerts.queries.sms_codes import CodedDelivery, Holder
from services.alerts.sms import combined_replies, typed_acts
from services.alerts.sms.combined_replies import CombinedReply
from services.alerts.sms.gateway import ShortMessage, SmsGateway
from services.alerts.sms.inbound import OUTCOMES, InboundMessage, SmsAct, TypedReply, typed_reply
from services.alerts.sms.sms_texts import SmsTexts
from shared import audit, log
from shared.audit import Action, Entry, Result
from shared.failures import outage_logged
from shared.outbound_errors import OutboundError
from shared.pages.catalogs import translations
from shared.pages.terms import N_, term

# Each answer costs money, so a number gets at most this many answers to wrong codes in an hour.
MOST_ANSWERS = 3
MOST_WRONG = 10  # A code has only four digits, so a number may send at most this many wrong codes in an hour.
HOW_TO_BIND = N_("Sign in and open the page “Telegram”.")
WHAT_NEXT = N_("With {code}: 2 take over, 3 snooze, 4 comment, 5 start work, 6 close, 7 on behalf of, 8 assign.")
# A long answer is cut off at its end, so the state comes last.
NEWEST_CODE = N_("Not done: the alert has changed. Read the new SMS and reply with its code: {example}. Now: {state}.")
NO_CODE = N_("Not done: the alert has changed. Use the newest message or the board. Now: {state}.")
SEND_AGAIN = N_("Not done: somebody has acted meanwhile. To do it nevertheless, send your SMS again. Now: {state}.")
# After one of these results, the person knows the newest state, which comes from the person's own reply.
MADE_BY_PERSON = frozenset(
    {
        ReplyResult.STARTED,
        ReplyResult.TAKEN_OVER,
        ReplyResult.SNOOZED,
        ReplyResult.ASSIGNED,
        ReplyResult.CLOSED_BY_SELF,
    }
)


@dataclass(frozen=True, slots=True)
class SmsAnswer:
    number: str
    drafts: Sequence[str]
    language: str
    shown: tuple[UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class SmsAnswering:
    """Without a `gateway`, replies have effect, but get no answers."""

    replies: Replies
    texts: SmsTexts
    gateway: SmsGateway | None

    async def handle(
        self, session: AsyncSession, message: InboundMessage, now: datetime
    ) -> SmsAnswer | CombinedReply | None:
        """Acts on the alert in the transaction of the caller. Send the returned answer after the commit.

        A permitted reply to a combined SMS changes nothing here. The caller passes the returned reply to `acknowledge`.
        A message from a number that no receiver has is neither stored nor answered.
        """
        if message.number is None:
            return None
        await code_queries.lock(session, message.number)
        holders = await code_queries.holders(session, message.number)
        if not holders or await code_queries.is_known(session, message.id, now):
            return None
        before = await code_queries.last_hour(session, message.number, now)
        if before.wrong >= MOST_WRONG:
            await code_queries.store(session, message.id, message.number, now)
            return None
        typed = typed_reply(message.text)
        deliveries = [] if typed is None else await self._deliveries(session, message.number, typed.code, holders, now)
        language = language_of(holders, deliveries)
        is_wrong = typed is None or not deliveries
        if typed is None or not deliveries:
            drafts, shown = [sentence(Reply(ReplyResult.WRONG_CODE), language)], None
        else:
            acted = await self._acted(session, message, message.number, deliveries, typed, holders, now)
            if isinstance(acted, CombinedReply):
                return acted
            drafts, shown = acted
        is_silenced = is_wrong and before.wrong + 1 >= MOST_WRONG
        if is_silenced:
            reason = "too_many_wrong_codes"
            await audit.add(
                session, Entry(action=Action.SMS_IGNORED, result=Result.REFUSED, subject="sms", reason=reason)
            )
        is_answered = not is_wrong or (not is_silenced and before.answered < MOST_ANSWERS)
        await code_queries.store(session, message.id, message.number, now, is_wrong=is_wrong, is_answered=is_answered)
        return SmsAnswer(message.number, drafts, language, shown) if is_answered else None

    async def acknowledge(
        self, reply: CombinedReply, sessions: async_sessionmaker[AsyncSession], now: datetime
    ) -> SmsAnswer | None:
        """Returns None if the reply was already stored, because the gateway repeated it.

        Stores the reply last. If the process ends before the reply is stored, the gateway repeats the reply, and the
        remaining alerts are acknowledged.
        """
        results = await combined_replies.acknowledge(self.replies, sessions, reply, now)
        async with sessions.begin() as session:
            is_new = await code_queries.store(session, reply.message_id, reply.number, now, is_answered=True)
        drafts = combined_replies.drafts(results, self.texts, reply.language)
        return SmsAnswer(reply.number, drafts, reply.language) if is_new else None

    async def send(self, answer: SmsAnswer, sessions: async_sessionmaker[AsyncSession]) -> None:
        """The person's action is already stored, so a failure is only logged.

        Once the answer is sent, a reply with this code acts on the state in the answer.
        """
        if self.gateway is None:
            return
        with outage_logged("sms answer not sent"):
            text = self.texts.answer(answer.drafts, answer.language)
            try:
                await self.gateway.send(ShortMessage(uuid4(), answer.number, text))
            except (OutboundError, Undelivered) as error:
                log.get().warning("sms answer not sent", reason=error.reason)
                return
            if answer.shown is not None:
                async with sessions.begin() as session:
                    await code_queries.show(session, *answer.shown)

    async def _deliveries(
        self, session: AsyncSession, number: str, code: str, holders: Sequence[Holder], now: datetime
    ) -> list[CodedDelivery]:
        """Leaves out deliveries to receivers who do not have this number any more."""
        labels = {holder.label for holder in holders}
        deliveries = await code_queries.deliveries_of(session, number, code, now)
        return [delivery for delivery in deliveries if delivery.recipient in labels]

    async def _acted(
        self,
        session: AsyncSession,
        message: InboundMessage,
        number: str,
        deliveries: Sequence[CodedDelivery],
        typed: TypedReply,
        holders: Sequence[Holder],
        now: datetime,
    ) -> CombinedReply | tuple[list[str], tuple[UUID, int] | None]:
        """Returns the drafts of the answer, and the alert's state in it."""
        first, language = deliveries[0], language_of(holders, deliveries)
        account = account_of(holders, first)
        if account is None:
            return [sentence(Reply(ReplyResult.NO_ACCOUNT), language)], None
        person = await bindings.newest_of(session, account)
        if not first.is_combined:
            reply = await self._reply(session, number, first, typed, person, now)
            return [answer_of(reply, typed, language)], shown_by(reply, first)
        refusal = ReplyResult.NOT_BOUND if person is None else self.replies.refusal(person)
        if refusal is None and typed.act is not SmsAct.ACKNOWLEDGE:
            refusal = ReplyResult.ONLY_ACKNOWLEDGES
        if refusal is not None:
            return [answer_of(Reply(refusal), typed, language)], None
        return CombinedReply(message.id, number, language, person, deliveries)

    async def _reply(
        self,
        session: AsyncSession,
        number: str,
        delivery: CodedDelivery,
        typed: TypedReply,
        person: BoundPerson | None,
        now: datetime,
    ) -> Reply:
        reply = await typed_acts.act(self.replies.to(delivery.sequence), session, delivery.alert_id, typed, person, now)
        if reply.result is not ReplyResult.CHANGED_MEANWHILE or reply.alert is None:
            return reply
        others = await code_queries.deliveries_about(session, delivery.alert_id, number, now)
        return replace(reply, newest_code=newest_code(delivery, reply.alert.demanded_sequence, others))


def newest_code(delivery: CodedDelivery, demanded_sequence: int, deliveries: Sequence[CodedDelivery]) -> str | None:
    """Returns the code for a new reply about the newest state.

    If only other people's actions have changed the alert, returns the delivery's own code, because the answer shows the
    newest state. If the alert became graver, or a newer SMS says that it was reopened, returns the code of the newest
    delivery. Returns None if no single SMS with a code was sent about the graver or reopened alert.
    """
    reopened = [other.sequence for other in deliveries if other.cause == Cause.REOPENED]
    if max([demanded_sequence, *reopened]) <= delivery.sequence:
        return delivery.code
    newest = deliveries[0]
    return None if newest.is_combined or demanded_sequence > newest.sequence else newest.code


def shown_by(reply: Reply, delivery: CodedDelivery) -> tuple[UUID, int] | None:
    """Returns None if the person does not know the newest state after the answer."""
    is_own_code = reply.result is ReplyResult.CHANGED_MEANWHILE and reply.newest_code == delivery.code
    is_known = is_own_code or reply.result in MADE_BY_PERSON
    return (delivery.delivery_id, reply.alert.sequence) if is_known and reply.alert is not None else None


def answer_of(reply: Reply, typed: TypedReply, language: str) -> str:
    _, text = translations(language, LOCALES).gettext, sentence(reply, language)
    code = typed.code
    match reply.result:
        case ReplyResult.NOT_BOUND:
            return f"{text} {_(HOW_TO_BIND)}"
        case ReplyResult.TEXT_MISSING:
            return text.format(example=f"{typed.act} {code} …")
        case ReplyResult.OUTCOME_MISSING:
            outcomes = ", ".join(f"{digit} {term('verdict', verdict, _)}" for digit, verdict in OUTCOMES.items())
            return f"{text.format(example=f'{SmsAct.CLOSE} {code}')} {outcomes}."
        case ReplyResult.ASSIGNEE_MISSING:
            return f"{text.format(example=f'{SmsAct.ASSIGN} {code}')} {', '.join(reply.names)}."
        case ReplyResult.CHANGED_MEANWHILE if reply.alert is not None:
            example = f"{typed.act} {reply.newest_code}"
            changed = NEWEST_CODE if reply.newest_code else NO_CODE
            changed = SEND_AGAIN if reply.newest_code == typed.code else changed
            return _(changed).format(example=example, state=summary(reply.alert, language))
        case ReplyResult.ONLY_ACKNOWLEDGES:
            return text.format(example=f"{SmsAct.ACKNOWLEDGE} {typed.code}")
        case ReplyResult.ACKNOWLEDGED:
            return f"{text} {_(WHAT_NEXT).format(code=code)}"
        case _:
            return text


def account_of(holders: Sequence[Holder], delivery: CodedDelivery) -> UUID | None:
    """Receivers with and without accounts may share a number.

    If the receivers of a number have only one account together, the account counts for all of them.
    """
    own = next(holder.account_id for holder in holders if holder.label == delivery.recipient)
    accounts = {holder.account_id for holder in holders if holder.account_id}
    return own or (accounts.pop() if len(accounts) == 1 else None)


def language_of(holders: Sequence[Holder], deliveries: Sequence[CodedDelivery]) -> str:
    own = (holder.language for holder in holders for delivery in deliveries[:1] if holder.label == delivery.recipient)
    return next(own, holders[0].language)
