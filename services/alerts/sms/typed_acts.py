"""Does what a person's SMS says about an alert."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import Reply, ReplyResult
from services.alerts.acts.typed_texts import note_of
from services.alerts.sms.inbound import SmsAct, TypedReply

LONGEST_NOTE = 150


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
    """If the board would refuse the note as too long, it is stored as a comment, so that nothing is lost."""
    if typed.outcome is None:
        return Reply(ReplyResult.OUTCOME_MISSING)
    verdict, note = typed.outcome
    if len(note) <= LONGEST_NOTE:
        return await replies.close(session, alert_id, person, now, verdict, note or None)
    reply = await replies.close(session, alert_id, person, now, verdict)
    if reply.is_done:
        await replies.comment(session, alert_id, person, now, note)
    return reply
