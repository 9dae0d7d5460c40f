"""Stores a person's actions on an alert. To order concurrent actions, each action locks the alert's row."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import timeline
from services.alerts.acts import acting_accounts, acts, snoozes
from services.alerts.acts.acts import UNDONE_WITHIN, ActKind, Actor
from services.alerts.acts.assignees import Access, assignees
from services.alerts.alerts import Alert
from services.alerts.changes import AlertChanges
from services.alerts.checklists import calls
from services.alerts.checklists.calls import Call
from services.alerts.delivery.notices import Cause
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.queries import plans as plan_queries
from services.alerts.queries.quorums import quorum_of
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.ruleset import Ruleset
from shared.auth.tokens import Ancestry
from shared.events import (
    AlertAcknowledged,
    AlertAssigned,
    AlertCommented,
    AlertConfirmed,
    AlertProgressed,
    AlertRaised,
    AlertReopened,
    AlertResolved,
    AlertSnoozed,
    AlertUpdated,
)
from shared.events.vocabulary import Severity, Verdict
from shared.messaging import outbox

NOBODY: Mapping[Cause, Collection[UUID]] = MappingProxyType({})


class AnswerRefused(Exception):
    """Another person did the action first, or the alert's state forbids the action.

    `kind` is the reason, and `alert` is the unchanged alert.
    """

    def __init__(self, kind: str, alert: Alert) -> None:
        super().__init__(kind)
        self.kind, self.alert = kind, alert


class Answers:
    """Each method stores one action and returns the resulting alert. The caller commits.

    If the same person repeats an action, nothing changes. `seen` is the sequence of the alert that the person saw, for
    example in a message. If the alert has changed since, the action is refused. `is_one_of_many` means that the request
    acts on several alerts. A request about several alerts must not act on an Extreme alert, so the action is refused.
    """

    def __init__(
        self,
        session: AsyncSession,
        rules: Ruleset,
        places: Ancestry,
        access: Access,
        now: datetime,
        *,
        seen: int | None = None,
        is_one_of_many: bool = False,
    ) -> None:
        self._session, self._rules, self._places, self._access = session, rules, places, access
        self._now, self._seen, self._is_one_of_many = now, seen, is_one_of_many

    async def acknowledge(self, alert_id: UUID, person: Actor) -> Alert:
        """Raises AnswerRefused.

        If a policy's step demands several acknowledgements, the alert stays unacknowledged until enough people
        acknowledge.
        """
        alert = await alert_queries.locked_alert(self._session, alert_id)
        has_acknowledged = person.account in alert.partly_acknowledged_by
        if alert.acknowledged_at is not None:
            first = person.account if has_acknowledged else alert.acknowledged_by
            return await self._named(_own(alert, first, person, "already-acknowledged"), person)
        self._may_act(alert)
        quorum = await quorum_of(self._session, alert, self._places, self._now)
        if not quorum.is_reached({*alert.partly_acknowledged_by, person.account}):
            if has_acknowledged:
                return await self._named(alert, person)
            after = acts.partly_acknowledged(alert, person, self._now, quorum)
            return await self._keep(after, AlertUpdated, ActKind.ACKNOWLEDGED, person)
        after = acts.acknowledged(alert, person, self._now, self._idle(alert))
        return await self._keep(
            after, AlertAcknowledged, ActKind.ACKNOWLEDGED, person, cause=Cause.ACKNOWLEDGED, due_in=UNDONE_WITHIN
        )

    async def _named(self, alert: Alert, person: Actor) -> Alert:
        if person.note is None or person.note == await timeline.last_note(self._session, alert, person.account):
            return alert
        _is_open(alert)
        return await self._keep(acts.named(alert, person, self._now), AlertUpdated, ActKind.ACKNOWLEDGED, person)

    async def take_back(self, alert_id: UUID, person: Actor) -> Alert:
        """An acknowledgement can be withdrawn for ten seconds.

        Deletes messages about the acknowledgement, if no attempt to send them was made yet.
        """
        alert = await alert_queries.locked_alert(self._session, alert_id)
        _is_open(alert)
        quorum = await quorum_of(self._session, alert, self._places, self._now)
        if alert.acknowledged_at is None:
            if person.account not in alert.partly_acknowledged_by:
                return alert
            after = acts.unacknowledged(alert, person, self._now, self._idle(alert), quorum)
            return await self._keep(after, AlertUpdated, ActKind.UNACKNOWLEDGED, person)
        _own(alert, alert.acknowledged_by, person, "already-acknowledged")
        if alert.is_worked_on or self._now > alert.acknowledged_at + UNDONE_WITHIN:
            raise AnswerRefused("too-late", alert)
        is_known = await delivery_queries.retract_deliveries(self._session, alert_id, Cause.ACKNOWLEDGED)
        after = acts.unacknowledged(alert, person, self._now, await self._wait(alert), quorum)
        cause = Cause.REOPENED if is_known else None
        return await self._keep(after, AlertReopened, ActKind.UNACKNOWLEDGED, person, cause=cause)

    async def confirm(self, alert_id: UUID, person: Actor, text: str | None) -> Alert:
        alert = await self._open(alert_id)
        if alert.confirmed_at is not None:
            return _own(alert, alert.confirmed_by, person, "already-confirmed")
        after = acts.confirmed(alert, person, self._now, self._idle(alert))
        return await self._keep(after, AlertConfirmed, ActKind.CONFIRMED, person, text, cause=first_cause(alert))

    async def progress(self, alert_id: UUID, person: Actor, text: str | None) -> Alert:
        alert = await self._open(alert_id)
        if alert.progressed_at is not None:
            return _own(alert, alert.progressed_by, person, "already-in-progress")
        return await self._start(alert, person, text, ActKind.PROGRESSED)

    async def take_over(self, alert_id: UUID, person: Actor, text: str | None = None) -> Alert:
        """The person who had the alert in progress is notified."""
        alert = await self._open(alert_id)
        if alert.progressed_by == person.account:
            return alert
        return await self._start(alert, person, text, ActKind.TAKEN_OVER)

    async def assign(self, alert_id: UUID, person: Actor, to: UUID, text: str | None = None) -> Alert:
        """An assignment does not stop the escalation.

        Raises AnswerRefused if the account gets no alerts like this one, or is not known to have the right to act.
        """
        alert = await self._open(alert_id)
        if alert.assigned_to == to:
            return alert
        plan = await plan_queries.plan(self._session, self._now)
        people = assignees(alert, plan, self._places, self._access)
        name = next((assignee.label for assignee in people if assignee.account_id == to), None)
        if name is None:
            raise AnswerRefused("assignee-not-found", alert)
        if not await acting_accounts.may_act(self._session, to, self._access):
            raise AnswerRefused("assignee-not-permitted", alert)
        after = acts.assigned(alert, person, to, name, self._now, self._idle(alert))
        by_cause = {Cause.ASSIGNED: {to}, Cause.TAKEN_OVER: replaced_people(alert, person) - {to}}
        words = name if text is None else f"{name}: {text}"
        return await self._keep(after, AlertAssigned, ActKind.ASSIGNED, person, words, by_cause=by_cause)

    async def comment(self, alert_id: UUID, person: Actor, text: str) -> Alert:
        """A closed alert can be commented as well. A form that is sent twice adds one comment."""
        alert = await alert_queries.locked_alert(self._session, alert_id)
        if self._seen is not None and await timeline.has_commented(self._session, alert, self._seen, person, text):
            return alert
        after = acts.commented(alert, person, self._now, self._idle(alert))
        return await self._keep(after, AlertCommented, ActKind.COMMENTED, person, text)

    async def mark_step(self, alert_id: UUID, person: Actor, step: str, *, is_done: bool) -> Alert:
        alert = await self._open(alert_id)
        if (step in timeline.done_steps(await timeline.of(self._session, alert_id))) is is_done:
            return alert
        deed = ActKind.STEP_DONE if is_done else ActKind.STEP_UNDONE
        after = acts.commented(alert, person, self._now, self._idle(alert))
        return await self._keep(after, AlertUpdated, deed, person, step)

    async def log_call(self, alert_id: UUID, person: Actor, call: Call, box: WebhookSecrets) -> Alert:
        alert = await alert_queries.locked_alert(self._session, alert_id)
        after = acts.commented(alert, person, self._now, self._idle(alert))
        await calls.add(self._session, alert_id, after.sequence, call, box)
        return await self._keep(after, AlertUpdated, ActKind.CALLED, person)

    async def snooze(self, alert_id: UUID, person: Actor, wait: timedelta, reason: str) -> Alert:
        alert = await self._open(alert_id)
        if alert.snoozed_until is not None and alert.snoozed_until > self._now:
            _own(alert, alert.snoozed_by, person, "already-snoozed")
        if wait > snoozes.longest(alert, person.roles):
            raise AnswerRefused("snooze-too-long", alert)
        after = acts.snoozed(alert, person, self._now, self._now + wait)
        return await self._keep(after, AlertSnoozed, ActKind.SNOOZED, person, reason, cause=first_cause(alert))

    async def resolve(self, alert_id: UUID, person: Actor, verdict: Verdict) -> Alert:
        """If the person who closed the alert repeats the verdict, nothing changes.

        Raises AnswerRefused for a different verdict on a closed alert, and for the same verdict by another person.
        """
        alert = await alert_queries.locked_alert(self._session, alert_id)
        if alert.resolved_at is not None and alert.verdict is verdict:
            return _own(alert, alert.resolved_by, person, "already-resolved")
        self._may_act(alert)
        after = acts.resolved(alert, verdict, person, self._now)
        return await self._keep(after, AlertResolved, ActKind.RESOLVED, person, person.note, cause=Cause.RESOLVED)

    async def reopen(self, alert_id: UUID, person: Actor, reason: str | None) -> Alert:
        alert = await alert_queries.locked_alert(self._session, alert_id)
        if alert.resolved_at is None:
            return _own(alert, alert.reopened_by, person, "not-closed")
        after = acts.reopened(alert, person, self._now, await self._wait(alert))
        return await self._keep(after, AlertReopened, ActKind.REOPENED, person, reason, cause=Cause.REOPENED)

    async def _start(self, alert: Alert, person: Actor, text: str | None, deed: ActKind) -> Alert:
        after = acts.progressed(alert, person, self._now)
        by_cause = {Cause.TAKEN_OVER: replaced_people(alert, person)}
        return await self._keep(after, AlertProgressed, deed, person, text, cause=first_cause(alert), by_cause=by_cause)

    def _idle(self, alert: Alert) -> timedelta:
        return self._rules.escalation.wait(alert, is_acknowledged=True)

    async def _wait(self, alert: Alert) -> timedelta:
        plan = await plan_queries.plan(self._session, self._now)
        return AlertChanges([alert], plan, {}, places=self._places, rules=self._rules, now=self._now).wait(alert)

    async def _open(self, alert_id: UUID) -> Alert:
        alert = await alert_queries.locked_alert(self._session, alert_id)
        self._may_act(alert)
        return alert

    def _may_act(self, alert: Alert) -> None:
        _is_open(alert)
        if self._is_one_of_many and alert.severity is Severity.EXTREME:
            raise AnswerRefused("one-by-one", alert)

    async def _keep(
        self,
        alert: Alert,
        event: type[AlertRaised],
        deed: ActKind,
        person: Actor,
        text: str | None = None,
        *,
        cause: Cause | None = None,
        due_in: timedelta = timedelta(),
        by_cause: Mapping[Cause, Collection[UUID]] = NOBODY,
    ) -> Alert:
        """If `cause` is given, everybody who was notified of the alert gets a message about the action.

        For a cause in `by_cause`, only the accounts in `by_cause` are notified.
        """
        await self._refuse_outdated(alert, deed, person)
        is_notified = cause is not None or any(by_cause.values())
        called = await delivery_queries.called(self._session, [alert.alert_id]) if is_notified else {}
        plan = await plan_queries.plan(self._session, self._now) if is_notified else NotificationPlan()
        alert_changes = AlertChanges([alert], plan, called, places=self._places, rules=self._rules, now=self._now)
        kept = alert_changes.act(alert, event, cause, due_in=due_in, by_cause=by_cause)
        await alert_queries.save_changes(self._session, alert_changes)
        await timeline.add(self._session, kept, deed, person, text, self._now)
        await outbox.add(self._session, *alert_changes.messages)
        return kept

    async def _refuse_outdated(self, after: Alert, deed: ActKind, person: Actor) -> None:
        if self._seen is None or deed in timeline.NOTES:
            return
        stored = await alert_queries.locked_alert(self._session, after.alert_id)
        if await timeline.is_outdated(self._session, stored, self._seen, deed, person):
            raise AnswerRefused("changed-meanwhile", stored)


def first_cause(alert: Alert) -> Cause | None:
    return Cause.ACKNOWLEDGED if alert.acknowledged_at is None else None


def replaced_people(alert: Alert, person: Actor) -> set[UUID]:
    return {account for account in (alert.progressed_by, alert.assigned_to) if account is not None} - {person.account}


def _is_open(alert: Alert) -> None:
    if alert.resolved_at is not None:
        raise AnswerRefused("already-resolved", alert)


def _own(alert: Alert, first: UUID | None, person: Actor, kind: str) -> Alert:
    if first != person.account:
        raise AnswerRefused(kind, alert)
    return alert
