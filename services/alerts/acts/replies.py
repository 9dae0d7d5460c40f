"""Acts on alerts for people who answer messages, and tells each person the result in a sentence.

The checks, events, timeline entry and notifications are the same as for an action on the board.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import behalf
from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.acts.bindings import BoundPerson
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.delivery.texts import LOCALES
from services.alerts.queries import alerts as alert_queries
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.ruleset import Ruleset
from shared.auth.access import CMC
from shared.events import CredentialKind
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.terms import N_, term
from shared.places import Places

SNOOZE = timedelta(minutes=15)


class Access(Protocol):
    """The revocations of credentials, as `shared.auth.revocations` reads them."""

    @property
    def is_known(self) -> bool: ...

    def ends(self, names: Sequence[tuple[CredentialKind, UUID]], began_at: int) -> bool: ...


class ReplyResult(StrEnum):
    """The result of a person's answer."""

    ACKNOWLEDGED = "acknowledged"
    PARTLY_ACKNOWLEDGED = "partly_acknowledged"
    ACKNOWLEDGED_BY_OTHER = "acknowledged_by_other"
    TAKEN_OVER = "taken_over"
    SNOOZED = "snoozed"
    SNOOZED_BY_OTHER = "snoozed_by_other"
    COMMENTED = "commented"
    TEXT_MISSING = "text_missing"
    CLOSED = "closed"
    NOT_FOUND = "not_found"
    WRONG_CODE = "wrong_code"
    NO_ACCOUNT = "no_account"
    NOT_BOUND = "not_bound"
    NOT_PERMITTED = "not_permitted"
    ACCESS_ENDED = "access_ended"
    ACCESS_UNKNOWN = "access_unknown"


SENTENCES = {
    ReplyResult.ACKNOWLEDGED: N_("Acknowledged by you, {time}."),
    ReplyResult.PARTLY_ACKNOWLEDGED: N_("Your acknowledgement is recorded. More people must acknowledge this alert."),
    ReplyResult.ACKNOWLEDGED_BY_OTHER: N_("Already acknowledged by {name}, {time}."),
    ReplyResult.TAKEN_OVER: N_("Taken over by you, {time}."),
    ReplyResult.SNOOZED: N_("Snoozed by you until {time}. The alert then rings again."),
    ReplyResult.SNOOZED_BY_OTHER: N_("Already snoozed by {name} until {time}."),
    ReplyResult.COMMENTED: N_("Your comment is recorded."),
    ReplyResult.TEXT_MISSING: N_("Not done: write your reason or comment after the code, like: {example}"),
    ReplyResult.CLOSED: N_("This alert is closed since {time}: {verdict}."),
    ReplyResult.NOT_FOUND: N_("There is no such alert in your areas."),
    ReplyResult.WRONG_CODE: N_("Wrong code. Reply 1 and the four digits of the message about the alert, like: 1 4711."),
    ReplyResult.NO_ACCOUNT: N_("Not done: no account belongs to this number. Use the board or the telephone."),
    ReplyResult.NOT_BOUND: N_("Not done: bind your account first."),
    ReplyResult.NOT_PERMITTED: N_("Not done: your account may not act on alerts."),
    ReplyResult.ACCESS_ENDED: N_(
        "Not done: the rights or the password of your account changed. Bind your account again."
    ),
    ReplyResult.ACCESS_UNKNOWN: N_("Not done: your account cannot be checked now. Use the board or the telephone."),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """`alert` is the alert after the answer, or None if the person may not see the alert."""

    result: ReplyResult
    alert: Alert | None = None

    @property
    def is_done(self) -> bool:
        return self.result in DONE


DONE = frozenset(
    {
        ReplyResult.ACKNOWLEDGED,
        ReplyResult.PARTLY_ACKNOWLEDGED,
        ReplyResult.TAKEN_OVER,
        ReplyResult.SNOOZED,
        ReplyResult.COMMENTED,
    }
)


class Replies:
    """Acts in the transaction of the caller, who commits."""

    def __init__(self, rules: Ruleset, places: Places, box: WebhookSecrets, access: Access) -> None:
        self._rules, self._places, self._box, self._access = rules, places, box, access

    async def acknowledge(
        self,
        session: AsyncSession,
        alert_id: UUID,
        person: BoundPerson | None,
        now: datetime,
        *,
        on_behalf_of: str | None = None,
        channel: str | None = None,
    ) -> Reply:
        """Acknowledges the alert.

        `on_behalf_of` is the note that says for whom the person acts. The note is stored encrypted. `channel` is the
        channel's name, which the timeline shows.
        """
        note = on_behalf_of and behalf.sealed(on_behalf_of, alert_id, self._box)

        def act(answers: Answers, actor: Actor) -> Awaitable[Alert]:
            return answers.acknowledge(alert_id, replace(actor, note=note), channel=channel)

        reply = await self._act(session, alert_id, person, now, ReplyResult.ACKNOWLEDGED, act)
        is_partly = reply.is_done and reply.alert is not None and reply.alert.acknowledged_at is None
        return replace(reply, result=ReplyResult.PARTLY_ACKNOWLEDGED) if is_partly else reply

    async def take_over(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, text: str | None = None
    ) -> Reply:
        """The person starts work on the alert, also if somebody else is at work on it."""
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
        """Silences the alert for 15 minutes. After that, it rings and escalates again."""
        return await self._act(
            session,
            alert_id,
            person,
            now,
            ReplyResult.SNOOZED,
            lambda answers, actor: answers.snooze(alert_id, actor, SNOOZE, reason),
        )

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
            answers = Answers(session, self._rules, self._places, now)
            return Reply(result, await act(answers, Actor(person.account, person.name)))
        except AnswerRefused as refused:
            if refused.alert.resolved_at is not None:
                return Reply(ReplyResult.CLOSED, refused.alert)
            is_snoozed = refused.kind == "already-snoozed"
            by_other = ReplyResult.SNOOZED_BY_OTHER if is_snoozed else ReplyResult.ACKNOWLEDGED_BY_OTHER
            return Reply(by_other, refused.alert)

    async def hindrance(self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None) -> Reply | None:
        """The reply to a person who cannot acknowledge the alert now; None if the person can."""
        if person is None:
            return Reply(ReplyResult.NOT_BOUND)
        if refusal := await self._refusal_of(session, alert_id, person):
            return Reply(refusal)
        alert = await alert_queries.alert(session, alert_id)
        if alert is None or not alert.is_answered:
            return None
        is_closed = alert.resolved_at is not None
        return Reply(ReplyResult.CLOSED if is_closed else ReplyResult.ACKNOWLEDGED_BY_OTHER, alert)

    async def snooze_hindrance(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime
    ) -> Reply | None:
        """The reply to a person who cannot snooze the alert now; None if the person can."""
        if person is None:
            return Reply(ReplyResult.NOT_BOUND)
        if refusal := await self._refusal_of(session, alert_id, person):
            return Reply(refusal)
        alert = await alert_queries.alert(session, alert_id)
        if alert is None or alert.resolved_at is not None:
            return Reply(ReplyResult.CLOSED if alert else ReplyResult.NOT_FOUND, alert)
        is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > now
        is_of_other = is_snoozed and alert.snoozed_by != person.account
        return Reply(ReplyResult.SNOOZED_BY_OTHER, alert) if is_of_other else None

    def refusal(self, person: BoundPerson) -> ReplyResult | None:
        """Why the person may not act; None if the person may. While the revocations are unknown, nobody may act."""
        if not self._access.is_known:
            return ReplyResult.ACCESS_UNKNOWN
        if self._access.ends([(CredentialKind.ACCOUNT, person.account)], int(person.issued_at.timestamp())):
            return ReplyResult.ACCESS_ENDED
        return ReplyResult.NOT_PERMITTED if person.roles.isdisjoint(CMC) else None

    async def _refusal_of(self, session: AsyncSession, alert_id: UUID, person: BoundPerson) -> ReplyResult | None:
        """Why the person may not act on this alert.

        The alert must not be suppressed, and it must concern the person's areas.
        """
        alert = await alert_queries.alert(session, alert_id)
        areas = self._places.around(person.areas)
        is_visible = alert is not None and not alert.is_suppressed and listings.is_within(alert, areas)
        return self.refusal(person) or (None if is_visible else ReplyResult.NOT_FOUND)


def sentence(reply: Reply, language: str) -> str:
    """The answer to the person, in their language."""
    _, clock = translations(language, LOCALES).gettext, filters(language)["short_moment"]
    text = _(SENTENCES[reply.result])
    alert = reply.alert
    if alert is None:
        return text
    verdict = term("verdict", alert.verdict, _) if alert.verdict else ""
    is_snoozed = reply.result is ReplyResult.SNOOZED_BY_OTHER
    name = alert.snoozed_name if is_snoozed else alert.acknowledged_name
    return text.format(name=name, time=clock(moment_of(reply.result, alert) or datetime.now(UTC)), verdict=verdict)


def moment_of(result: ReplyResult, alert: Alert) -> datetime | None:
    """The time that the sentence names."""
    match result:
        case ReplyResult.CLOSED:
            return alert.resolved_at
        case ReplyResult.TAKEN_OVER:
            return alert.progressed_at
        case ReplyResult.SNOOZED | ReplyResult.SNOOZED_BY_OTHER:
            return alert.snoozed_until
        case _:
            return alert.acknowledged_at
