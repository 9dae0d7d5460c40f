"""Keeps a Private hazard Private.

By default, a later revision that states no scope would make the hazard Restricted.
"""

import asyncio
from collections.abc import Iterable

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.drafts import Draft, HazardDraft
from services.intake.models import PrivateHazard
from shared import log
from shared.events import HazardReported
from shared.events.vocabulary import MsgType, Scope
from shared.failures import is_postgresql_unavailable
from shared.postgres.upsert import upsert

WAIT_SECONDS = 2.0  # a hazard waits at most this long for PostgreSQL


class HazardScopes:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def settle(self, drafts: Iterable[Draft]) -> None:
        """Make a revision without a scope Private if its hazard is stored as Private, or if PostgreSQL is unavailable.

        Even without PostgreSQL, the hazard is published after WAIT_SECONDS, because a hazard may raise an alert.
        """
        hazards = [draft for draft in drafts if isinstance(draft, HazardDraft) and is_concerned(draft.event)]
        if not hazards:
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS), self._sessions.begin() as session:
                # prevents deadlocks
                for draft in sorted(hazards, key=lambda draft: draft.event.hazard_id):
                    await decide(session, draft)
        except Exception as error:
            if not is_postgresql_unavailable(error):
                raise
            log.get().error("scopes of hazards are not known", **log.described(error))
            for draft in hazards:
                if not draft.states_scope:
                    make_private(draft)


def is_concerned(event: HazardReported) -> bool:
    """True if the scope must be stored or looked up.

    The scope of a Private hazard is stored. For revisions after the first, the stored scope is looked up.
    """
    is_later = event.revision > 1 or event.msg_type is not MsgType.ALERT
    return not event.is_release and (event.scope is Scope.PRIVATE or is_later)


async def decide(session: AsyncSession, draft: HazardDraft) -> None:
    event = draft.event
    known = PrivateHazard.hazard_id == event.hazard_id
    if event.scope is Scope.PRIVATE:
        row = {"hazard_id": str(event.hazard_id), "revision": event.revision}
        await upsert(session, PrivateHazard, [row], newer_by="revision")
    elif draft.states_scope:
        await session.execute(delete(PrivateHazard).where(known, PrivateHazard.revision <= event.revision))
    elif await session.scalar(select(exists().where(known))):
        make_private(draft)


def make_private(draft: HazardDraft) -> None:
    draft.event = draft.event.model_copy(update={"scope": Scope.PRIVATE})
