"""Acts on alerts for people who answer messages, and tells each person the result in a sentence.

The checks, events, timeline entry and notifications are the same as for an acknowledgement on the board.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
    ReplyResult.CLOSED: N_("This alert is closed since {time}: {verdict}."),
    ReplyResult.NOT_FOUND: N_("There is no such alert in your areas."),
    ReplyResult.WRONG_CODE: N_("Wrong code. Reply 1 and the four digits of the message about the alert, like: 1 4711."),
    ReplyResult.NO_ACCOUNT: N_("Not acknowledged: no account belongs to this number. Use the board or the telephone."),
    ReplyResult.NOT_BOUND: N_("Not acknowledged: bind your account first."),
    ReplyResult.NOT_PERMITTED: N_("Not acknowledged: your account may not acknowledge alerts."),
    ReplyResult.ACCESS_ENDED: N_(
        "Not acknowledged: the rights or the password of your account changed. Bind your account again."
    ),
    ReplyResult.ACCESS_UNKNOWN: N_(
        "Not acknowledged: your account cannot be checked now. Use the board or the telephone."
    ),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """`alert` is the alert after the answer, or None if the person may not see the alert."""

    result: ReplyResult
    alert: Alert | None = None

    @property
    def is_done(self) -> bool:
        return self.result in (ReplyResult.ACKNOWLEDGED, ReplyResult.PARTLY_ACKNOWLEDGED)


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
        if person is None:
            return Reply(ReplyResult.NOT_BOUND)
        if refusal := await self._refusal_of(session, alert_id, person):
            return Reply(refusal)
        note = on_behalf_of and behalf.sealed(on_behalf_of, alert_id, self._box)
        actor = Actor(person.account, person.name, note)
        try:
            answers = Answers(session, self._rules, self._places, now)
            alert = await answers.acknowledge(alert_id, actor, channel=channel)
            is_enough = alert.acknowledged_at is not None
            return Reply(ReplyResult.ACKNOWLEDGED if is_enough else ReplyResult.PARTLY_ACKNOWLEDGED, alert)
        except AnswerRefused as refused:
            is_closed = refused.alert.resolved_at is not None
            return Reply(ReplyResult.CLOSED if is_closed else ReplyResult.ACKNOWLEDGED_BY_OTHER, refused.alert)

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
    is_closed = reply.result is ReplyResult.CLOSED
    at = alert.resolved_at if is_closed else alert.acknowledged_at
    verdict = term("verdict", alert.verdict, _) if alert.verdict else ""
    return text.format(name=alert.acknowledged_name, time=clock(at or datetime.now(UTC)), verdict=verdict)
