"""A person who can no longer act loses the assignment of an alert."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from services.alerts.absences import Absences
from services.alerts.acts import assignees
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.config import AlertsSettings
from services.alerts.models import DisabledAccount
from services.alerts.queries import plans as plan_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import ReceiverKind
from services.alerts.rosters.rosters import Roster
from shared.auth import revocation_snapshots
from shared.auth.revocations import Revocations
from shared.events import CredentialKind, CredentialRevoked
from shared.events.vocabulary import Status
from shared.places import Places
from tests.alerts.factories import ALAI, mudflow, rules
from tests.alerts.night import OPERATOR, Night
from tests.alerts.test_assignments import BERMET, DASTAN, act
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


def revoked(account: UUID, **changed: object) -> CredentialRevoked:
    now = datetime.now(UTC)
    return CredentialRevoked.model_validate(
        {"credential_id": account, "kind": CredentialKind.ACCOUNT, "revoked_at": now, **changed}
    )


def access_of(settings: AlertsSettings, *changes: CredentialRevoked) -> Revocations:
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), changes)
    return Revocations(settings)


async def staffed(night: Night, **changed: object) -> None:
    await night.only(("duty", 0))
    await night.receiver("head", 9, is_duty_head=True)
    for person in (BERMET, DASTAN):
        await night.receiver(person.name, 9, kind=ReceiverKind.PERSON, account_id=person.account, **changed)


async def given_back(night: Night, access: Revocations) -> int:
    return await Absences(night.sessions, rules(), Places.load(), access, clock=night.clock).give_back()


async def deeds(night: Night) -> list[str]:
    async with night.sessions.begin() as session:
        return list(await session.scalars(text("SELECT concat_ws(' ', deed, name, text) FROM acts ORDER BY act_id")))


async def test_work_of_a_disabled_account_is_given_back_loudly_and_the_duty_head_is_told(
    night: Night, settings: AlertsSettings
) -> None:
    await staffed(night)
    await night.report(mudflow())
    await act(night, "progress", BERMET, None)
    now = datetime.now(UTC)
    new_password = revoked(BERMET.account, issued_before=now + timedelta(seconds=1))
    assert await given_back(night, access_of(settings, new_password)) == 0, "the account still acts"
    access = access_of(settings, revoked(BERMET.account))

    async def stored() -> set[UUID]:
        async with night.sessions.begin() as session:
            return set(await session.scalars(select(DisabledAccount.account_id)))

    async with asyncio.TaskGroup() as group, night.sessions.begin() as session:
        await session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        await session.execute(text("SELECT FROM alerts FOR UPDATE"))
        first = group.create_task(given_back(night, access))
        assert await wait_for(stored) == {BERMET.account}, "the account is stored before the alert is given back"
    assert (first.result(), await given_back(night, access)) == (1, 0)
    alert = await night.alert()
    assert (alert.work, alert.demand, alert.progressed_by) == ("acknowledged", "action", None)
    assert alert.escalates_at is not None
    assert (await night.causes("head"), (await night.causes("duty"))[-1]) == (["absent"], "absent")
    assert await deeds(night) == ["progressed bermet", "given_back bermet"]


async def test_an_assignment_to_a_disabled_account_ends_and_the_alert_escalates_as_before(
    night: Night, settings: AlertsSettings
) -> None:
    await staffed(night)
    await night.report(mudflow())
    due = (await night.alert()).escalates_at
    await act(night, "assign", OPERATOR, BERMET.account)
    access = access_of(settings, revoked(BERMET.account))
    async with night.sessions.begin() as session:
        plan = await plan_queries.plan(session, night.now)
    offered = assignees.in_order(await night.alert(), plan, Places.load(), access, night.now, besides=None)
    assert [each.name for each in offered] == ["dastan"]
    assert await given_back(night, access) == 1
    alert = await night.alert()
    assert (alert.assigned_to, alert.demand, alert.escalates_at) == (None, "acknowledgement", due)
    assert await night.causes("head") == ["absent"]


@pytest.mark.parametrize("leaves", ["receivers", "roster"])
async def test_an_assignee_who_left_has_the_alert_no_more(night: Night, settings: AlertsSettings, leaves: str) -> None:
    layer = {"name": "nights", "people": ["bermet", "dastan"], "start": "2026-06-01", "handover": "08:00"}
    await staffed(night, roster="centre")
    await with_roster(night, layer)
    await night.report(mudflow())
    await act(night, "assign", OPERATOR, BERMET.account)
    access = access_of(settings)
    assert await given_back(night, access) == 0
    if leaves == "roster":
        await with_roster(night, {**layer, "people": ["dastan"]})
    else:
        async with night.sessions.begin() as session:
            await session.execute(text("DELETE FROM receivers WHERE label = 'bermet'"))
    assert await given_back(night, access) == 1
    assert (await night.alert()).assigned_to is None
    assert await night.causes("head") == ["absent"]


async def test_a_person_whose_account_is_disabled_does_not_count_as_on_duty(
    night: Night, settings: AlertsSettings
) -> None:
    await staffed(night)
    await night.receiver("desk", 0, roster="centre")
    await with_roster(night, {"name": "nights", "people": ["bermet"] * 31 + ["dastan"], "start": "2026-06-01"})
    await night.report(mudflow())
    assert await night.causes("bermet") == ["raised"]
    assert await given_back(night, access_of(settings, revoked(BERMET.account))) == 0
    await night.report(mudflow())
    assert (len(await night.causes("bermet")), await night.causes("dastan")) == (1, ["raised"])
    async with night.sessions.begin() as session:
        assert await roster_queries.able_people(session) == {"dastan"}
    await given_back(night, access_of(settings, revoked(BERMET.account), revoked(DASTAN.account)))
    await night.report(mudflow())
    assert (await night.causes("bermet"), await night.causes("dastan")) == (["raised"] * 2, ["raised"] * 2)
    await given_back(night, access_of(settings))
    await night.report(mudflow())
    assert (await night.causes("bermet"), await night.causes("dastan")) == (["raised"] * 3, ["raised"] * 2)


async def test_a_head_of_shift_whose_account_is_disabled_does_not_stand_in_for_the_others_but_a_post_does(
    night: Night, settings: AlertsSettings
) -> None:
    await staffed(night, is_duty_head=True)
    await night.receiver("head", 9, is_duty_head=True, account_id=OPERATOR.account)
    await given_back(night, access_of(settings, revoked(BERMET.account), revoked(OPERATOR.account)))
    await night.report(mudflow())
    for _ in range(2):
        assert await night.passes(timedelta(minutes=10)) == 1
    assert (await night.causes("bermet"), await night.causes("dastan")) == (["escalated"], ["escalated"] * 2)
    assert await night.causes("head") == ["escalated"] * 2, "other people read the messages of the post"
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE receivers SET is_duty_head = label = 'head'"))
        assert await subscriptions.has_duty_head(session, Status.ACTUAL)
        await session.execute(text("UPDATE receivers SET is_duty_head = label = 'bermet'"))
        assert not await subscriptions.has_duty_head(session, Status.ACTUAL)
        await session.execute(text("DELETE FROM receivers WHERE label <> 'bermet'"))
        await session.execute(text("UPDATE receivers SET areas = ARRAY[:alai]"), {"alai": ALAI})
    await night.report(mudflow())
    assert await night.causes("bermet") == ["raised", "escalated"], "the alert concerns nobody else"


async def with_roster(night: Night, layer: Mapping[str, object]) -> None:
    roster = Roster.model_validate({"name": "centre", "layers": [{**layer, "shift_days": 1}]})
    async with night.sessions.begin() as session:
        await roster_queries.save(session, roster)


async def test_nobody_assigns_an_alert_to_a_person_whose_rights_were_changed_since(
    night: Night, settings: AlertsSettings
) -> None:
    await staffed(night)
    await night.report(mudflow())
    changed = revoked(BERMET.account, issued_before=night.now + timedelta(seconds=1))
    alert, access = await night.alert(), access_of(settings, changed)
    async with night.sessions.begin() as session:
        answers = Answers(session, rules(), Places.load(), access, night.now)
        with pytest.raises(AnswerRefused, match="assignee-not-permitted"):
            await answers.assign(alert.alert_id, OPERATOR, BERMET.account)
        assert (await answers.assign(alert.alert_id, OPERATOR, DASTAN.account)).assigned_to == DASTAN.account
