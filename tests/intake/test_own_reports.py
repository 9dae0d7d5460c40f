"""At the desk, people get a list of their own reports with the results. Reports of other people are not listed."""

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth.tokens import Role
from shared.events.receipts import state_of
from shared.events.vocabulary import MovementReason, OutcomeKind, RefusalReason, SubmissionChannel
from tests.intake.conftest import BATCH, DISPLACEMENTS, HAZARDS, MOVEMENTS, Caller, RunningIntake
from tests.intake.factories import group, hazard, household, movement
from tests.intake.test_receipts import RECEIPTS, save, stored
from tests.intake.test_releases import entered, released
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


def desk(intake: RunningIntake, account: UUID, role: Role = Role.REGISTRAR, **claims: Any) -> Caller:
    return intake.caller(role, account=account, channel=SubmissionChannel.CONSOLE, **claims)


async def listed(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.get(f"{RECEIPTS}?{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["reports"])


async def sent(caller: Caller, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Sends the report, and waits until the list shows this version of the report.

    Returns the report's row of the list.
    """
    before = datetime.now(UTC)
    assert (await caller.post(path, body)).status_code == 202

    async def row() -> dict[str, Any] | None:
        rows = [row for row in await listed(caller) if row["report_id"] == body["report_id"]]
        return rows[0] if rows and datetime.fromisoformat(rows[0]["sent_at"]) >= before else None

    return await wait_for(row, timeout=30)


async def test_the_own_reports_are_listed_newest_first_and_page_by_page(intake: RunningIntake) -> None:
    account = uuid4()
    caller = desk(intake, account, Role.OPERATOR)
    bodies = {"household": household(), "group": group(), "household_movement": movement(), "hazard": hazard()}
    paths = {"household_movement": MOVEMENTS, "hazard": HAZARDS}
    for kind, body in bodies.items():
        row = await sent(caller, paths.get(kind, DISPLACEMENTS), body)
        assert (row["kind"], row["state"], row["channel"]) == (kind, "received", "console")
        assert (row["version"], row["is_alerted"], row["line"], row["record_id"]) == (None,) * 4
    newest_first = [body["report_id"] for body in reversed(bodies.values())]
    first = (await caller.get(f"{RECEIPTS}?limit=3")).json()
    second = (await caller.get(f"{RECEIPTS}?limit=3&cursor={first['next']}")).json()
    assert [row["report_id"] for row in first["reports"] + second["reports"]] == newest_first
    assert second["next"] is None
    for body, outcome in ((bodies["household"], "recorded"), (bodies["hazard"], "alerted")):
        await save(intake, stored(UUID(body["report_id"]), account, outcome=outcome, kind=body.get("kind", "hazard")))
    household_id = bodies["household"]["household_id"]
    by_filter = {
        "state=received": newest_first[1:3],
        "state=recorded": [newest_first[0], newest_first[3]],
        "kind=household": newest_first[3:],
        "state=recorded&kind=household": newest_first[3:],
        "channel=import": [],
        "state=refused": [],
    }
    for query, expected in by_filter.items():
        assert [row["report_id"] for row in await listed(caller, query)] == expected, query
    [recorded] = await listed(caller, "kind=household")
    assert (recorded["version"], recorded["is_alerted"], recorded["record_id"]) == (1, False, household_id)
    assert (await listed(caller, "kind=hazard"))[0]["is_alerted"] is True
    for query in ("state=seen", "kind=person", "channel=letter", "limit=201", "cursor=none"):
        assert (await caller.get(f"{RECEIPTS}?{query}")).status_code == 422
    assert await listed(desk(intake, uuid4())) == []


async def test_a_sent_correction_has_no_result_until_its_own_outcome_comes(intake: RunningIntake) -> None:
    account, body = uuid4(), group()
    caller, report_id = desk(intake, account), UUID(body["report_id"])
    await sent(caller, DISPLACEMENTS, body)
    await save(intake, stored(report_id, account, outcome="recorded", kind="group"))
    waiting = await sent(caller, DISPLACEMENTS, {**body, "version": 2, "persons": 130})
    assert (waiting["state"], waiting["record_id"]) == ("received", body["group_id"])
    refusal = stored(report_id, account, outcome="rejected", reason="wrong_number", kind="group")
    await save(intake, {**refusal, "version": 2})
    [refused] = await listed(caller)
    assert (refused["state"], refused["reason"], refused["version"]) == ("refused", "wrong_number", 2)
    assert refused["record_id"] == body["group_id"]


async def test_the_list_states_of_each_outcome_what_its_receipt_states(intake: RunningIntake) -> None:
    """Nobody sent the listed reports to intake. Only the outcomes of the listed reports are stored.

    Some outcomes name a reason that their author must not read.
    """
    account = uuid4()
    reasons = (*RefusalReason, *MovementReason, "not_author", None)
    kinds = {uuid4(): {"outcome": outcome, "reason": reason} for outcome, reason in product(OutcomeKind, reasons)}
    await save(intake, *(stored(report_id, account, **kind) for report_id, kind in kinds.items()))
    outcomes = {str(report_id): state_of(**kind) for report_id, kind in kinds.items()}
    caller = desk(intake, account)
    rows = {row["report_id"]: row for row in await listed(caller, "limit=200")}
    assert {report_id: row["state"] for report_id, row in rows.items()} == outcomes
    for state in set(outcomes.values()):
        chosen = {row["report_id"] for row in await listed(caller, f"limit=200&state={state}")}
        assert chosen == {report_id for report_id, known in outcomes.items() if known == state}
    ids = list(outcomes)[:100]
    for receipt in (await caller.post(RECEIPTS, {"report_ids": ids})).json()["receipts"]:
        assert rows[receipt["report_id"]].items() >= receipt.items()
    assert {(row["channel"], row["record_id"]) for row in rows.values()} == {(None, None)}


async def test_a_waiting_movement_leads_to_its_household_unless_the_household_is_unknown(intake: RunningIntake) -> None:
    account = uuid4()
    caller = desk(intake, account)
    for reason in ("before_departure", "household_unknown"):
        body = movement()
        await sent(caller, MOVEMENTS, body)
        await save(intake, stored(UUID(body["report_id"]), account, outcome="held", reason=reason))
        [row] = [row for row in await listed(caller) if row["report_id"] == body["report_id"]]
        assert (row["state"], row["reason"]) == ("under_review", reason)
        assert row["record_id"] == (body["household_id"] if reason == "before_departure" else None)


async def test_a_household_outside_the_authors_areas_has_no_link_to_its_record(intake: RunningIntake) -> None:
    account, body = uuid4(), household()
    caller = desk(intake, account, areas=["KG06000000000"])
    await sent(caller, DISPLACEMENTS, body)
    await save(intake, stored(UUID(body["report_id"]), account, outcome="recorded", kind="household"))
    [row] = await listed(caller)
    assert (row["state"], row["record_id"]) == ("recorded", None)


async def test_only_reports_of_the_desk_are_noted_and_a_release_is_not_listed(intake: RunningIntake) -> None:
    """The outcome of a publication names the centre as its author. No person could read this outcome."""
    account, event, batch = uuid4(), entered(), [household(), household()]
    centre, phone = desk(intake, account, Role.DUTY_HEAD), intake.caller(account=account)
    await phone.post(DISPLACEMENTS, household())
    await sent(centre, HAZARDS, event)
    assert (await centre.post(HAZARDS, released(event))).status_code == 202
    assert (await centre.post(BATCH, batch)).status_code == 200

    async def are_three() -> list[dict[str, Any]] | None:
        rows = await listed(centre)
        return rows if len(rows) >= 3 else None

    rows = await wait_for(are_three, timeout=30)
    assert {row["report_id"] for row in rows} == {event["report_id"], *(body["report_id"] for body in batch)}
    assert (await phone.get(RECEIPTS)).status_code == 403
