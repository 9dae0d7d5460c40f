"""Acts on alerts for people who answer messages, and tells each person the result in a sentence.

The checks, events, timeline entry and notifications are the same as for an action on the board.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import behalf
from services.alerts.acts.acts import ActChannel, Actor
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.acts.bindings import BoundPerson
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.delivery.texts import LOCALES
from services.alerts.queries import alerts as alert_queries
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.ruleset import Ruleset
from services.alerts.views import Comment, OnBehalf
from shared.auth.access import CMC
from shared.events import CredentialKind
from shared.events.vocabulary import Verdict
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
    STARTED = "started"
    IN_PROGRESS_BY_OTHER = "in_progress_by_other"
    TAKEN_OVER = "taken_over"
    SNOOZED = "snoozed"
    SNOOZED_BY_OTHER = "snoozed_by_other"
    COMMENTED = "commented"
    TEXT_MISSING = "text_missing"
    NAME_TOO_LONG = "name_too_long"
    CLOSED_BY_SELF = "closed_by_self"
    OUTCOME_MISSING = "outcome_missing"
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
    ReplyResult.STARTED: N_("In progress: you work on it, {time}."),
    ReplyResult.IN_PROGRESS_BY_OTHER: N_("Not done: {name} works on it since {time}. You can take the alert over."),
    ReplyResult.TAKEN_OVER: N_("Taken over by you, {time}."),
    ReplyResult.SNOOZED: N_("Snoozed by you until {time}. The alert then rings again."),
    ReplyResult.SNOOZED_BY_OTHER: N_("Already snoozed by {name} until {time}."),
    ReplyResult.COMMENTED: N_("Your comment is recorded."),
    ReplyResult.TEXT_MISSING: N_("Not done: write your reason, comment or name after the code, like: {example}"),
    ReplyResult.NAME_TOO_LONG: N_("Not done: write the name only, in at most 150 characters."),
    ReplyResult.CLOSED_BY_SELF: N_("Closed by you, {time}: {verdict}."),
    ReplyResult.OUTCOME_MISSING: N_("Not closed. Write {example} and the number of the outcome:"),
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
        ReplyResult.STARTED,
        ReplyResult.TAKEN_OVER,
        ReplyResult.SNOOZED,
        ReplyResult.COMMENTED,
        ReplyResult.CLOSED_BY_SELF,
    }
)
# Maps each kind of refusal to the reply that names the person who acted first.
BY_OTHER = {
    "already-acknowledged": ReplyResult.ACKNOWLEDGED_BY_OTHER,
    "already-in-progress": ReplyResult.IN_PROGRESS_BY_OTHER,
    "already-snoozed": ReplyResult.SNOOZED_BY_OTHER,
}
# Maps each reply with a name and a time to the prefix of the alert's fields that contain both.
DEEDS = {
    ReplyResult.STARTED: "progressed",
    ReplyResult.IN_PROGRESS_BY_OTHER: "progressed",
    ReplyResult.TAKEN_OVER: "progressed",
    ReplyResult.SNOOZED: "snoozed",
    ReplyResult.SNOOZED_BY_OTHER: "snoozed",
    ReplyResult.CLOSED_BY_SELF: "resolved",
    ReplyResult.CLOSED: "resolved",
}


class Replies:
    """Acts on alerts in the caller's transaction; the caller commits. The timeline names the `channel`."""

    def __init__(
        self, rules: Ruleset, places: Places, box: WebhookSecrets, access: Access, channel: ActChannel
    ) -> None:
        self._rules, self._places, self._box, self._access, self._channel = rules, places, box, access, channel

    async def acknowledge(
        self,
        session: AsyncSession,
        alert_id: UUID,
        person: BoundPerson | None,
        now: datetime,
        *,
        on_behalf_of: str | None = None,
    ) -> Reply:
        """Acknowledges the alert. `on_behalf_of` says for whom the person acts; it is stored encrypted."""
        note = on_behalf_of and behalf.sealed(on_behalf_of, alert_id, self._box)

        def act(answers: Answers, actor: Actor) -> Awaitable[Alert]:
            return answers.acknowledge(alert_id, replace(actor, note=note))

        reply = await self._act(session, alert_id, person, now, ReplyResult.ACKNOWLEDGED, act)
        is_partly = reply.is_done and reply.alert is not None and reply.alert.acknowledged_at is None
        return replace(reply, result=ReplyResult.PARTLY_ACKNOWLEDGED) if is_partly else reply

    async def start(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, text: str | None = None
    ) -> Reply:
        """The person starts work on the alert. This is refused if somebody else is working on it."""
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
        """The person starts work on the alert, even if somebody else is working on it."""
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
            lambda answers, actor: answers.resolve(alert_id, verdict, replace(actor, note=note)),
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
            return Reply(result, await act(answers, Actor(person.account, person.name, channel=self._channel)))
        except AnswerRefused as refused:
            is_closed = refused.alert.resolved_at is not None
            return Reply(ReplyResult.CLOSED if is_closed else BY_OTHER[refused.kind], refused.alert)

    async def hindrance(
        self, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, now: datetime, result: ReplyResult
    ) -> Reply | None:
        """The reply that says why the person cannot do the action with this `result` now; None if the person can."""
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


def note_of(typed: str, *, by: str) -> str | None:
    """The note about the person with this name, or None if the text is no name. `by` is the channel."""
    try:
        return OnBehalf(name=typed, by=by).note if typed.strip() else None
    except ValidationError:
        return None


def comment_of(typed: str) -> str | None:
    """The comment, or None if the text is empty or too long."""
    try:
        return Comment(text=typed).text
    except ValidationError:
        return None


def sentence(reply: Reply, language: str) -> str:
    """The answer to the person, in their language."""
    _, clock = translations(language, LOCALES).gettext, filters(language)["short_moment"]
    text = _(SENTENCES[reply.result])
    alert = reply.alert
    if alert is None:
        return text
    deed = DEEDS.get(reply.result, "acknowledged")
    at = alert.snoozed_until if deed == "snoozed" else getattr(alert, f"{deed}_at")
    verdict = term("verdict", alert.verdict, _) if alert.verdict else ""
    return text.format(name=getattr(alert, f"{deed}_name"), time=clock(at or datetime.now(UTC)), verdict=verdict)
