"""Escalation policies decide who is notified at which step, and how long each step waits.

Administrators edit policies on a page.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts import transitions
from services.alerts.alerts import Alert
from services.alerts.notifications import notifications
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.notifications.stages import Notification, Omission
from services.alerts.policies.forms import MOST_POLICIES, PolicyForm
from services.alerts.policies.policies import EscalationPolicy, PolicyStep, policy_id
from services.alerts.policies.staff import Staff
from services.alerts.queries import disabled_accounts
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rosters.rosters import Roster
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, HazardType, Severity
from shared.places import Places
from tests.alerts.desk import Desk
from tests.alerts.factories import BATKEN, KADAMJAI, LEILEK, NOW, hazard, mudflow
from tests.alerts.night import Night
from tests.alerts.test_notifications import alert, receiver

pytestmark = pytest.mark.anyio

PLACES = Places.load()
STEPS = (
    PolicyStep(10, ("officer",)),
    PolicyStep(5, ("officer", "head"), ("centre",)),
    PolicyStep(3, ("minister",)),
)
MUDFLOWS = EscalationPolicy("mudflows", STEPS, areas=(BATKEN,), hazards=(HazardType.MUDFLOW,), repeats=1)
WATCH = tuple(receiver(label, step=7) for label in ("officer", "head", "minister", "Aida"))


def notified(
    of: Alert, *receivers: Receiver, policies: Sequence[EscalationPolicy] = (MUDFLOWS,)
) -> tuple[list[str], Mapping[str, Omission]]:
    on_duty, called = {"centre": {"Aida"}}, [each.label for each in receivers]
    notification = Notification(of, receivers, PLACES, NOW, called, on_duty=on_duty, policies=policies)
    kept, omissions = notifications.notified(notification, notifications.ESCALATED)
    return [each.label for each in kept], omissions


def test_the_steps_of_a_policy_follow_each_other_are_repeated_and_end_at_the_last_one() -> None:
    reached = [notified(alert(KADAMJAI, level=level), *WATCH)[0] for level in range(8)]
    rounds = [["officer"], ["officer", "head", "Aida"], ["minister"]]
    assert reached == [*rounds, *rounds, ["minister"], ["minister"]]


def test_receivers_that_the_policy_does_not_name_are_notified_first_or_not_at_all() -> None:
    others = receiver("system"), receiver("second step", step=1)
    assert notified(alert(KADAMJAI), *WATCH[:2], *others) == (
        ["officer", "system"],
        {"head": Omission.LATER_STEP, "second step": Omission.OTHER_POLICY},
    )


def test_the_conditions_of_a_named_receiver_hold_and_a_step_without_a_receiver_is_skipped() -> None:
    busy = replace(WATCH[0], areas=(LEILEK,)), *WATCH[1:]
    assert notified(alert(KADAMJAI), *busy)[0] == ["head", "Aida"]


def test_a_policy_that_names_nobody_who_gets_the_alert_silences_nothing() -> None:
    assert notified(alert(KADAMJAI), receiver("duty", step=2), receiver("later", step=3))[0] == ["duty"]
    everybody = receiver("officer"), receiver("duty", step=2)
    notification = Notification(alert(KADAMJAI), everybody, PLACES, NOW, policies=(MUDFLOWS,), absent=("officer",))
    kept, _ = notifications.notified(notification, notifications.RAISED)
    assert [each.label for each in kept] == ["officer", "duty"], "the policy names only people who have left"


def test_a_roster_whose_people_have_all_left_delays_nobody() -> None:
    layer = {"name": "days", "people": ["who left"], "start": "2026-06-01", "shift_days": 1}
    roster = Roster.model_validate({"name": "centre", "layers": [layer]})
    on_duty = NotificationPlan(WATCH, {"centre": (roster, ())}).on_duty(NOW)
    policy = EscalationPolicy("night", (PolicyStep(10, (), ("centre",)), PolicyStep(5, ("head",))))
    notification = Notification(alert(KADAMJAI), WATCH, PLACES, NOW, on_duty=on_duty, policies=(policy,))
    kept, _ = notifications.notified(notification, notifications.RAISED)
    assert [each.label for each in kept] == ["head"], "the step of the roster is skipped"


@pytest.mark.parametrize(
    ("left", "reached"),
    [
        (("officer",), [["officer", "head", "Aida"], ["minister"]]),
        (("officer", "head", "Aida"), [["officer", "head", "minister", "Aida"]] * 2),
        (("minister",), [["officer"], ["officer", "head", "minister", "Aida"]]),
        (tuple(each.label for each in WATCH), [["officer"], ["officer", "head", "Aida"]]),
    ],
)
def test_a_step_whose_people_have_all_left_delays_nobody(left: tuple[str, ...], reached: list[list[str]]) -> None:
    on_duty, policies = {"centre": {"Aida"}}, (replace(MUDFLOWS, repeats=0),)
    notification = Notification(alert(KADAMJAI), WATCH, PLACES, NOW, on_duty=on_duty, policies=policies, absent=left)
    for level, labels in enumerate(reached):
        kept, _ = notifications.notified(
            replace(notification, alert=alert(KADAMJAI, level=level)), notifications.RAISED
        )
        assert [each.label for each in kept] == labels


@pytest.mark.parametrize(
    ("changed", "applies"),
    [
        ({}, True),
        ({"areas": (LEILEK,)}, False),
        ({"hazards": (HazardType.EARTHQUAKE,)}, False),
        ({"severities": (Severity.SEVERE, Severity.EXTREME)}, True),
        ({"severities": (Severity.MODERATE,)}, False),
    ],
)
def test_the_first_policy_whose_conditions_all_hold_decides(changed: dict[str, Any], applies: bool) -> None:
    first, general = replace(MUDFLOWS, **changed), EscalationPolicy("all", (PolicyStep(1, ("minister",)),))
    chosen = Notification(alert(KADAMJAI), (), PLACES, NOW, policies=(first, general)).policy
    assert chosen == (first if applies else general)


def test_an_alert_without_a_type_of_hazard_needs_a_policy_for_all_types() -> None:
    displacement = transitions.replaced(alert(KADAMJAI), hazard_type=None)
    assert not MUDFLOWS.applies_to(displacement, PLACES)
    assert replace(MUDFLOWS, hazards=()).applies_to(displacement, PLACES)


async def test_each_step_waits_as_long_as_its_policy_says(night: Night) -> None:
    policy = EscalationPolicy("mudflows", (PolicyStep(2, ("head",)), PolicyStep(4, ("minister",))), areas=(BATKEN,))
    async with night.sessions.begin() as session:
        await policy_queries.save(session, policy)
    await night.report(mudflow())
    for minutes in (2, 4, 4):
        assert await night.passes(timedelta(minutes=minutes, seconds=-1)) == 0
        assert await night.passes(timedelta(seconds=1)) == 1
    assert await night.notified() == [(1, "duty"), (1, "head"), (2, "minister"), (3, "minister"), (4, "minister")]
    await night.does("acknowledge")
    assert await night.passes(timedelta(minutes=14)) == 0, "the rules decide on the wait after an acknowledgement"


async def test_an_alert_to_be_judged_waits_no_longer_than_the_rules_say(night: Night) -> None:
    async with night.sessions.begin() as session:
        await policy_queries.save(session, EscalationPolicy("all", (PolicyStep(60, ("head",)),)))
    await night.report(hazard(type="landslide", severity="Unknown", source="gdacs"))
    assert await night.passes(timedelta(minutes=10)) == 1


async def test_policies_silences_rosters_and_hours_that_cannot_be_read_stop_no_alert(night: Night) -> None:
    await night.receiver("duty", 0, kind=ReceiverKind.PERSON, roster="broken", hours=("on weekdays",))
    async with night.sessions.begin() as session:
        for row in (
            "INTO rosters (name, layers) VALUES ('broken', '[]')",
            "INTO escalation_policies VALUES ('later release', 1, '{}', '{unknown}', '{}', 0, '[]')",
            "INTO silences VALUES (:id, '{}', '{unknown}', true, :id, '', '', now(), now(), '2099-01-01')",
        ):
            await session.execute(text(f"INSERT {row}"), {"id": uuid4()} if ":id" in row else {})
    await night.report(hazard())
    assert await night.notified() == [(1, "duty")]
    assert await night.passes(timedelta(minutes=30)) == 1


async def test_other_alerts_escalate_by_the_steps_of_the_receivers(night: Night) -> None:
    async with night.sessions.begin() as session:
        await policy_queries.save(session, replace(MUDFLOWS, steps=(PolicyStep(1, ("minister",)),)))
    await night.report(hazard())
    assert await night.passes(timedelta(minutes=29)) == 0
    assert await night.notified() == [(1, "duty")]


def test_a_step_demands_no_more_acknowledgements_than_its_people_can_give() -> None:
    account, aida, bakyt = (uuid4() for _ in range(3))
    heads = receiver("head", account_id=account), receiver("deputy", account_id=account)
    people = (
        *heads,
        receiver("siren", roster="days"),
        receiver("Aida", account_id=aida),
        receiver("B", account_id=bakyt),
    )
    step = PolicyStep(10, ("head", "deputy", "siren"), ("nights",), acknowledgements=3)
    form = PolicyForm.of(replace(MUDFLOWS, steps=(step,)), PLACES)
    nights, days = {"nights": ("Aida", "B")}, {"days": ("Aida",), "holidays": ("B",)}
    for rosters, disabled, most in (
        ({}, (), 1),
        (nights, (), 2),
        (nights | days, (), 3),
        (nights | days, (bakyt,), 3),
        (nights | days, (account,), 2),
        (nights | days, (aida,), 2),
        (nights | days, (aida, bakyt), 1),
    ):
        _, faults = form.parsed(PLACES, Staff(people, rosters, disabled))
        assert [fault.values["most"] for fault in faults] == ([most] if most < 3 else [])


async def post(caller: httpx.AsyncClient, path: str, fields: Mapping[str, Any]) -> httpx.Response:
    return await caller.post(path, data=dict(fields), headers={"accept": "text/html"})


async def stored(desk: Desk) -> list[EscalationPolicy]:
    async with desk.sessions.begin() as session:
        return await policy_queries.policies(session)


def typed(policy: EscalationPolicy, **changed: Sequence[str]) -> dict[str, Sequence[str]]:
    return {**PolicyForm.of(policy, PLACES)._typed, **changed}


async def test_an_administrator_adds_changes_and_removes_a_policy_and_each_act_is_logged(desk: Desk) -> None:
    account, policy = (
        uuid4(),
        replace(MUDFLOWS, steps=(PolicyStep(10, ("head",)), PolicyStep(5, ("minister",))), ends=True),
    )
    async with desk.sessions.begin() as session:
        for label in ("head", "minister"):
            person = Receiver(label, DeliveryChannel.EMAIL, f"{label}@mes.example")
            await receiver_queries.save_receiver(session, person)
    path = f"/policies/{policy_id(policy)}"
    async with desk.caller(Role.ADMINISTRATOR, account=account) as caller:
        assert (await post(caller, "/policies", typed(policy))).status_code == 303
        assert await stored(desk) == [policy]
        page = await caller.get(path, params={"lang": "en"})
        version = re.search(r'name="version" value="([^"]+)"', page.text)
        assert version
        moved = await post(caller, path, typed(policy, version=[version[1]], act=["down-0"]))
        assert re.findall(r'name="minutes-\d" type="number" min="1" max="240" value="(\d*)"', moved.text) == ["5", "10"]
        changed = typed(policy, version=[version[1]], severities=["Extreme"])
        assert (await post(caller, path, changed)).status_code == 303
        late = await post(caller, f"{path}?lang=en", changed)
        assert late.status_code == 422 and "Somebody else has changed this policy" in late.text
        assert (await post(caller, "/policies", typed(policy))).status_code == 422, "the name is taken"
        async with desk.sessions.begin() as session:
            await session.execute(text("DELETE FROM receivers WHERE label = 'minister'"))
        listed = (await caller.get("/policies", params={"lang": "en"})).text
        assert "No longer a recipient or roster: minister" in listed and "10 minutes" in listed
        async with desk.sessions.begin() as session:
            for position in range(MOST_POLICIES - 1):
                await policy_queries.save(session, replace(policy, name=f"policy {position}"))
        full = await post(caller, "/policies?lang=en", typed(policy, name=["one more"]))
        assert full.status_code == 422 and "There are 100 escalation policies already" in full.text
        async with desk.sessions.begin() as session:
            await session.execute(text("DELETE FROM escalation_policies WHERE name <> :name"), {"name": policy.name})
        assert (await post(caller, f"{path}/removal", {})).status_code == 303
        assert (await caller.get(path)).status_code == 404
    assert await stored(desk) == []
    async with desk.sessions.begin() as session:
        entries = await session.execute(
            text("SELECT action, reason FROM audit WHERE account = :account ORDER BY id"), {"account": account}
        )
        assert [tuple(entry) for entry in entries] == [
            ("policy_changed", reason) for reason in ("added", "changed", "removed")
        ]


async def test_wrong_fields_of_a_policy_are_named_and_only_administrators_keep_policies(desk: Desk) -> None:
    wrong = {
        "name": [""],
        "position": ["first"],
        "repeats": ["10"],
        "other-areas": ["Atlantis"],
        "steps": ["3"],
        "minutes-0": ["soon"],
        "minutes-1": [""],
        "acknowledgements-1": ["several"],
        "receivers-0": ["who left"],
        "minutes-2": ["5"],
        "acknowledgements-2": ["2"],
        "receivers-2": ["head", "deputy"],
    }
    disabled = uuid4()
    async with desk.sessions.begin() as session:
        for label, account in (("head", uuid4()), ("deputy", disabled)):
            person = receiver(label, kind=ReceiverKind.PERSON, account_id=account)
            await receiver_queries.save_receiver(session, person)
        await disabled_accounts.replace(session, {disabled})
    async with desk.caller(Role.ADMINISTRATOR) as caller:
        refused = await post(caller, "/policies?lang=en", wrong)
    assert refused.status_code == 422
    assert set(re.findall(r'id="wrong-([^"]+)"', refused.text)) == {
        *("name", "position", "repeats", "other-areas", "minutes-0", "minutes-1", "receivers-0", "receivers-1"),
        *("acknowledgements-1", "acknowledgements-2"),
    }
    for value in ("first", "10", "Atlantis", "soon", "several"):
        assert f'value="{value}"' in refused.text
    async with desk.caller(Role.DUTY_HEAD) as duty_head:
        assert (await duty_head.get("/policies")).status_code == 403
    assert await stored(desk) == []
