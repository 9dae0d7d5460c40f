"""Acts on alerts for people who answer messages.

The actions have the same checks and stored records as on the board.
"""

from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import acting_accounts, assignees, behalf
from services.alerts.acts.acts import ActChannel, Actor
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.acts.assignees import Access
from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.reply_results import Reply, ReplyResult
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import plans as plan_queries
from services.alerts.queries.alerts import AlertUnreadable
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.ruleset import Ruleset
from services.alerts.views import Assignee
from shared.auth.role_groups import CMC
from shared.events import CredentialKind
from shared.events.vocabulary import Verdict
from shared.pages.terms import N_
from shared.places import Places

SNOOZE = timedelta(minutes=15)
SNOOZE_REASONS = (
    N_("I am verifying the report"),
    N_("I am waiting for a call"),
    N_("A team is on its way"),
    N_("I am busy with a more severe alert"),
)
MOST_NAMED = 5
BY_OTHER = {
    "already-acknowledged": ReplyResult.ACKNOWLEDGED_BY_OTHER,
    "already-in-progress": ReplyResult.IN_PROGRESS_BY_OTHER,
    "already-snoozed": ReplyResult.SNOOZED_BY_OTHER,
    "assignee-not-found": ReplyResult.ASSIGNEE_NOT_FOUND,
    "assignee-not-permitted": ReplyResult.ASSIGNEE_NOT_PERMITTED,
    "changed-meanwhile": ReplyResult.CHANGED_MEANWHILE,
}


class Replies:
    """The caller commits. `channel` is the channel that the timeline shows."""

    def __init__(
        self, rules: Ruleset, places: Places, box: WebhookSecrets, access: Access, channel: ActChannel
    ) -> None:
        self._rules, self._places, self._box, self._access, self._channel = rules, places, box, access, channel
        self._seen: int | None = None

    def to(self, seen: int | None) -> "Replies":
        replies = copy(self)
        replies._seen = seen  # noqa: SLF001 - a copy of this object
        return replies

    async def acknowledge(
        self,
        session: AsyncSession,
        alert_id: UUID,
        person: BoundPerson | None,
        now: datetime,
        *,
        on_behalf_of: BehalfNote | None = None,
    ) -> Reply:
        """`on_behalf_of` is stored encrypted."""

        async def act(answers: Answers, actor: Actor) -> Alert:
            if on_behalf_of is not None:
                note = await behalf.sealed_once(session, on_behalf_of, alert_id, actor.account, self._box)
                actor = replace(actor, note=note)
            return await answers.acknowledge(alert_id, actor)

        reply = await self._act(session, alert_id, person, now, ReplyResult.ACKNOWLEDGED, act)
        is_partly = reply.is_done and reply.alert is not None and reply.alert.acknowledged_at is None
        return replace(reply, result=ReplyResult.PARTLY_ACKNOWLEDGED) if is_partly else reply

    async def start(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, text: str | None = None
    ) -> Reply:
        """A start is refused if somebody else is working on the alert."""
        return await self._act(
            session,
            alert_id,
            person,
            now,
            ReplyResult.STARTED,
            lambda answers, actor: answers.progress(alert_id, actor, text),
        )

    async def take_over(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, text: str | None = None
    ) -> Reply:
        return await self._act(
            session,
            alert_id,
            person,
            now,
            ReplyResult.TAKEN_OVER,
            lambda answers, actor: answers.take_over(alert_id, actor, text),
        )

    async def snooze(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, reason: str
    ) -> Reply:
        return await self._act(
            session,
            alert_id,
            person,
            now,
            ReplyResult.SNOOZED,
            lambda answers, actor: answers.snooze(alert_id, actor, SNOOZE, reason),
        )

    async def assignees(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime
    ) -> list[Assignee]:
        people = await self._possible_assignees(session, alert_id, person, now)
        return await acting_accounts.known_to_act(session, people, self._access)

    async def assign(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, to: UUID
    ) -> Reply:
        return await self._act(
            session,
            alert_id,
            person,
            now,
            ReplyResult.ASSIGNED,
            lambda answers, actor: answers.assign(alert_id, actor, to),
        )

    async def assign_by_name(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, typed: str
    ) -> Reply:
        """If the typed name fits no person or several people, the reply has the possible names."""
        hindrance = await self.hindrance(session, alert_id, person, now, ReplyResult.ASSIGNED)
        if hindrance is not None:
            return hindrance
        people = await self._possible_assignees(session, alert_id, person, now)
        acting = await acting_accounts.known_to_act(session, people, self._access)
        by_name = assignees.named(people, typed) if typed else []
        # For a person whose right to act is not known, the reply says how to make the right known.
        if len(by_name) == 1:
            return await self.assign(session, alert_id, person, now, by_name[0].account_id)
        if not acting:
            return Reply(ReplyResult.NO_ASSIGNEE)
        named = [person for person in acting if person in by_name]
        names = tuple(person.name for person in (named or acting)[:MOST_NAMED])
        return Reply(ReplyResult.ASSIGNEE_MISSING, names=names)

    async def _possible_assignees(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime
    ) -> list[Assignee]:
        """Includes people whose right to act is not known."""
        hindrance = await self.hindrance(session, alert_id, person, now, ReplyResult.ASSIGNED)
        alert = None if hindrance else await alert_queries.alert(session, alert_id)
        if alert is None or person is None:
            return []
        plan = await plan_queries.plan(session, now)
        return assignees.in_order(alert, plan, self._places, self._access, now, besides=person.account)

    async def comment(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, text: str
    ) -> Reply:
        return await self._act(
            session,
            alert_id,
            person,
            now,
            ReplyResult.COMMENTED,
            lambda answers, actor: answers.comment(alert_id, actor, text),
        )

    async def close(
        self,
        session: AsyncSession,
        alert_id: UUID,
        person: BoundPerson | None,
        now: datetime,
        verdict: Verdict,
        note: str | None = None,
    ) -> Reply:
        return await self._act(
            session,
            alert_id,
            person,
            now,
            ReplyResult.CLOSED_BY_SELF,
            lambda answers, actor: answers.resolve(alert_id, replace(actor, note=note), verdict),
        )

    async def _act(
        self,
        session: AsyncSession,
        alert_id: UUID,
        person: BoundPerson | None,
        now: datetime,
        result: ReplyResult,
        act: Callable[[Answers, Actor], Awaitable[Alert]],
    ) -> Reply:
        if person is None:
            return Reply(ReplyResult.NOT_BOUND)
        if refusal := await self._refusal_of(session, alert_id, person):
            return Reply(refusal)
        try:
            answers = Answers(session, self._rules, self._places, self._access, now, seen=self._seen)
            return Reply(result, await act(answers, Actor(person.account, person.name, channel=self._channel)))
        except AnswerRefused as refused:
            is_closed = refused.alert.resolved_at is not None
            return Reply(ReplyResult.CLOSED if is_closed else BY_OTHER[refused.kind], refused.alert)

    async def hindrance(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, result: ReplyResult
    ) -> Reply | None:
        if person is None:
            return Reply(ReplyResult.NOT_BOUND)
        if refusal := await self._refusal_of(session, alert_id, person):
            return Reply(refusal)
        alert = await alert_queries.alert(session, alert_id)
        if alert is None or alert.resolved_at is not None:
            return Reply(ReplyResult.CLOSED if alert else ReplyResult.NOT_FOUND, alert)
        if result is ReplyResult.ACKNOWLEDGED and alert.acknowledged_at is not None:
            return Reply(ReplyResult.ACKNOWLEDGED_BY_OTHER, alert)
        is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > now
        if result is ReplyResult.SNOOZED and is_snoozed and alert.snoozed_by != person.account:
            return Reply(ReplyResult.SNOOZED_BY_OTHER, alert)
        return None

    async def seen_alert(self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None) -> Alert | None:
        """Return None if the person may not act on the alert, or saw an older state of the alert."""
        if person is None or await self._refusal_of(session, alert_id, person):
            return None
        alert = await alert_queries.alert(session, alert_id)
        return alert if alert is not None and alert.sequence == self._seen else None

    def refusal(self, person: BoundPerson) -> ReplyResult | None:
        """Nobody may act until the revocations have been read."""
        if not self._access.is_known:
            return ReplyResult.ACCESS_UNKNOWN
        if self._access.ends([(CredentialKind.ACCOUNT, person.account)], int(person.issued_at.timestamp())):
            return ReplyResult.ACCESS_ENDED
        return ReplyResult.NOT_PERMITTED if person.roles.isdisjoint(CMC) else None

    async def _refusal_of(self, session: AsyncSession, alert_id: UUID, person: BoundPerson) -> ReplyResult | None:
        """Nobody may act on suppressed alerts, or on alerts outside the person's areas."""
        try:
            alert = await alert_queries.alert(session, alert_id)
        except AlertUnreadable:
            return self.refusal(person) or ReplyResult.UNREADABLE
        areas = self._places.around(person.areas)
        is_visible = alert is not None and not alert.is_suppressed and listings.is_within(alert, areas)
        return self.refusal(person) or (None if is_visible else ReplyResult.NOT_FOUND)
