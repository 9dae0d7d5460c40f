"""An alert's timeline has every action with its person and time, even actions that were undone later."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.acts import ActKind, Actor
from services.alerts.alerts import Alert
from services.alerts.models import Act

# These actions do not change what other people must do.
NOTES = (ActKind.COMMENTED, ActKind.STEP_DONE, ActKind.STEP_UNDONE, ActKind.CALLED)


async def add(
    session: AsyncSession, alert: Alert, deed: ActKind, person: Actor, text: str | None, now: datetime
) -> None:
    """The caller commits."""
    values: dict[str, object] = {
        "deed": deed.value,
        "text": text,
        "acted_at": now,
        "account_id": person.account,
        "name": person.name,
        "channel": person.channel,
        "behalf_note": person.note if deed is ActKind.ACKNOWLEDGED else None,
    }
    await session.execute(insert(Act).values(alert_id=alert.alert_id, sequence=alert.sequence, **values))


async def add_given_back(session: AsyncSession, alert: Alert, names: Sequence[str], now: datetime) -> None:
    """The caller commits."""
    values = {"deed": ActKind.GIVEN_BACK.value, "text": ", ".join(names), "acted_at": now}
    await session.execute(insert(Act).values(alert_id=alert.alert_id, sequence=alert.sequence, **values))


async def of(session: AsyncSession, alert_id: UUID) -> Sequence[Act]:
    return (await session.scalars(select(Act).where(Act.alert_id == alert_id).order_by(Act.act_id))).all()


async def of_each(session: AsyncSession, alert_ids: Collection[UUID]) -> dict[UUID, list[Act]]:
    """An alert without actions is missing. The actions of an alert are in the order of time."""
    acts = defaultdict[UUID, list[Act]](list)
    for act in await session.scalars(select(Act).where(Act.alert_id.in_(alert_ids)).order_by(Act.act_id)):
        acts[act.alert_id].append(act)
    return acts


async def is_outdated(session: AsyncSession, alert: Alert, seen: int, deed: ActKind, person: Actor) -> bool:
    """A person who saw the alert at the sequence `seen` has an outdated view if other people have acted since.

    The view is also outdated if the alert has since become graver or covered new districts. Own actions since `seen`
    make the view outdated only if the person repeats one of them. For an acknowledgement, the view is outdated only if
    somebody has since withdrawn an acknowledgement or reopened the alert.
    """
    if alert.demanded_sequence > seen:
        return True
    since = select(Act.act_id).where(Act.alert_id == alert.alert_id, Act.sequence > seen)
    if deed is ActKind.ACKNOWLEDGED:
        changes = since.where(Act.deed.in_((ActKind.UNACKNOWLEDGED, ActKind.REOPENED)))
    else:
        is_of_other = Act.account_id.is_distinct_from(person.account)
        changes = since.where(Act.deed.not_in(NOTES), or_(is_of_other, Act.deed == deed))
    return await session.scalar(select(changes.exists())) or False


async def last_note(session: AsyncSession, alert: Alert, account: UUID) -> str | None:
    """Returns the encrypted note that says on whose behalf the account acknowledged."""
    own = select(Act.behalf_note).where(Act.alert_id == alert.alert_id, Act.account_id == account)
    last = own.where(Act.deed == ActKind.ACKNOWLEDGED).order_by(Act.act_id.desc()).limit(1)
    of_alert = alert.acknowledged_note if alert.acknowledged_by == account else None
    return await session.scalar(last) or of_alert  # Actions stored by earlier releases of Dayar have no note.


async def has_commented(session: AsyncSession, alert: Alert, seen: int, person: Actor, text: str) -> bool:
    """A comment is a repetition if the person has added this text since the sequence `seen`."""
    own = select(Act.act_id).where(Act.alert_id == alert.alert_id, Act.sequence > seen, Act.text == text)
    same = own.where(Act.deed == ActKind.COMMENTED, Act.account_id == person.account)
    return await session.scalar(select(same.exists())) or False


def done_steps(acts: Sequence[Act]) -> dict[str, Act]:
    done = dict[str, Act]()
    for act in acts:
        if act.text is None:
            continue
        if act.deed == ActKind.STEP_DONE:
            done[act.text] = act
        elif act.deed == ActKind.STEP_UNDONE:
            done.pop(act.text, None)
    return done
