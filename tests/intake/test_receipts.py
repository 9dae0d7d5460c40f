"""Only the author of a report can read its receipt."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake import receipt_queries
from services.intake.config import IntakeSettings
from services.intake.models import StoredReceipt
from services.intake.receipts import receipt_of
from shared.auth.tokens import Role
from shared.crypto import keyring
from shared.events.vocabulary import MovementReason, RefusalReason
from shared.postgres import database
from tests.installation import Installation
from tests.intake.conftest import DISPLACEMENTS, HAZARDS, MOVEMENTS, RunningIntake, opened
from tests.intake.factories import MOMENT, group, hazard, household, movement
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio
RECEIPTS = "/v1/receipts"
LEILEK, BATKEN, OSH = "KG05236000000", "KG05214000000", "KG06000000000"
ALERTED_FIELDS = {"status", "report_id", "state", "version", "reason", "is_alerted", "settled_at"}
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
BEHIND = NOON - timedelta(seconds=2)


@pytest.fixture(scope="module")
async def working(shared_installation: Installation) -> AsyncIterator[RunningIntake]:
    workers = [
        shared_installation.start(service, "worker", env={"INTAKE_FEEDS": ""})
        for service in ("intake", "registry", "alerts")
    ]
    async with opened(shared_installation) as made:
        yield made
    for worker in workers:
        worker.stop()


async def receipt(intake: RunningIntake, account: Any, report_id: str) -> dict[str, Any]:
    answer = await intake.caller(account=account).get(f"{RECEIPTS}/{report_id}")
    return {"status": answer.status_code, **answer.json()}


async def settled(intake: RunningIntake, account: Any, report_id: str, *states: str) -> dict[str, Any]:
    async def is_settled() -> dict[str, Any] | None:
        found = await receipt(intake, account, report_id)
        return found if found.get("state") in states else None

    return await wait_for(is_settled, timeout=60)


def stored(report_id: UUID, author: UUID, *, at: datetime = NOON, **outcome: Any) -> dict[str, Any]:
    ids = {"report_id": str(report_id), "author": str(author), "outcome_id": str(uuid4())}
    content = {"version": 1, "kind": "household_movement", "reason": None, "replaces": None, **outcome}
    return {**ids, **content, "settled_at": at.isoformat()}


async def save(intake: RunningIntake, *rows: dict[str, Any]) -> None:
    engine = database.engine(intake.installation.settings(IntakeSettings))
    async with database.sessions(engine).begin() as session:
        await receipt_queries.save(session, rows)
    await engine.dispose()


async def test_a_report_without_an_outcome_is_received_and_only_its_author_sees_it(intake: RunningIntake) -> None:
    """No worker runs, so the report gets no outcome."""
    author, body = uuid4(), household()
    assert (await intake.caller(account=author).post(DISPLACEMENTS, body)).status_code == 202
    own = await receipt(intake, author, body["report_id"])
    assert (own["state"], own["version"]) == ("received", None)
    other, unknown = [await receipt(intake, uuid4(), id) for id in (body["report_id"], str(uuid4()))]
    assert (other["status"], other) == (404, unknown)


async def test_a_report_is_received_also_after_a_rotation_of_the_key(
    shared_installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "FRESH_SECONDS", 0)
    folder, author, body = tmp_path / "memory-key", uuid4(), household()
    shutil.copytree(shared_installation.settings(IntakeSettings).memory_key_file, folder)
    async with opened(shared_installation, memory_key_file=folder) as intake:
        assert (await intake.caller(account=author).post(DISPLACEMENTS, body)).status_code == 202
        keyring.draw(folder)
        assert (await receipt(intake, author, body["report_id"]))["state"] == "received"


async def test_the_bulk_form_lists_the_own_reports_and_is_bounded(intake: RunningIntake) -> None:
    author, bodies = uuid4(), [household(), household()]
    caller = intake.caller(account=author)
    for body in bodies:
        await caller.post(DISPLACEMENTS, body)
    foreign = household()
    await intake.caller().post(DISPLACEMENTS, foreign)
    ids = [body["report_id"] for body in (*bodies, foreign)]
    answer = await caller.post(RECEIPTS, {"report_ids": ids})
    assert sorted(each["report_id"] for each in answer.json()["receipts"]) == sorted(ids[:2])
    assert (await caller.post(RECEIPTS, {"report_ids": [str(uuid4())] * 101})).status_code == 422
    assert (await caller.post(RECEIPTS, {"report_ids": []})).status_code == 422


async def test_an_author_reads_that_reports_are_recorded_under_review_and_alerted(working: RunningIntake) -> None:
    """A household is recorded. Later, a mudflow comes to the district where the household now lives."""
    author, body = uuid4(), household(destination={"pcode": BATKEN})
    caller = working.caller(account=author)
    await caller.post(DISPLACEMENTS, body)
    recorded = await settled(working, author, body["report_id"], "recorded")
    assert (recorded["version"], recorded["reason"], recorded["is_alerted"]) == (1, None, False)
    waiting = household(version=2)  # version 1 never arrives
    await caller.post(DISPLACEMENTS, waiting)
    await settled(working, author, waiting["report_id"], "under_review")
    centre = working.caller(Role.OPERATOR, account=author)
    now = datetime.now(UTC).isoformat()
    mudflow = hazard(source="cmc", severity="Extreme", onset=now, reported_at=now, area={"pcodes": [BATKEN]})
    assert (await centre.post(HAZARDS, mudflow)).status_code == 202
    assert (await settled(working, author, mudflow["report_id"], "recorded"))["is_alerted"] is True
    assert await alerted(working, author, body) == ALERTED_FIELDS


async def test_a_movement_that_contradicts_other_reports_has_the_reason_in_its_receipt(working: RunningIntake) -> None:
    author, family, dead = uuid4(), household(), household()
    caller = working.caller(account=author)
    for body in (family, dead):
        await caller.post(DISPLACEMENTS, body)
    ids, were_dead = {"household_id": family["household_id"]}, {"household_id": dead["household_id"]}
    await caller.post(MOVEMENTS, movement(**were_dead, movement="died", occurred_at=later(days=1)))
    expected = {
        "household_unknown": ("under_review", movement()),
        "before_departure": ("under_review", movement(**ids, occurred_at=later(days=-3))),
        "members_unknown": ("under_review", movement(**ids, member_ids=[str(uuid4())])),
        "after_death": ("under_review", movement(**were_dead, occurred_at=later(days=3))),
        "same_place": ("recorded", movement(**ids, movement="transferred", destination=family["destination"])),
    }
    for _, body in expected.values():
        assert (await caller.post(MOVEMENTS, body)).status_code == 202
    for reason, (state, body) in expected.items():
        has_reason = partial(reason_of, working, author, body["report_id"])
        assert await wait_for(has_reason, timeout=60) == (state, reason)
    corrected = {**expected["before_departure"][1], "version": 2, "occurred_at": later(days=2)}
    await caller.post(MOVEMENTS, corrected)
    recorded = await settled(working, author, corrected["report_id"], "recorded")
    assert (recorded["version"], recorded["reason"]) == (2, None)


def later(*, days: int) -> str:
    return (datetime.fromisoformat(MOMENT) + timedelta(days=days)).isoformat()


async def reason_of(intake: RunningIntake, author: UUID, report_id: str) -> tuple[str, str] | None:
    found = await receipt(intake, author, report_id)
    return (found["state"], found["reason"]) if found.get("reason") else None


async def test_the_authors_of_the_counted_reports_learn_that_an_alert_followed(working: RunningIntake) -> None:
    """The count of a group makes the number of displaced people large enough for an alert.

    Then a household joins the alert, and part of the group is displaced again.
    """
    author, other, now = uuid4(), uuid4(), datetime.now(UTC).isoformat()
    caller, at = working.caller(account=author), {"occurred_at": now, "reported_at": now}
    of_author = [household(**at), household(version=2, **at), household(status="Exercise", **at)]
    for body in of_author:
        await caller.post(DISPLACEMENTS, body)
    for body in of_author:
        found = await settled(working, author, body["report_id"], "recorded", "under_review")
        assert found["is_alerted"] is False
    crowd = group(destination={"pcode": OSH}, **at)
    await working.caller(account=other).post(DISPLACEMENTS, crowd)
    for account, body in ((other, crowd), (author, of_author[0]), (author, of_author[1])):
        assert await alerted(working, account, body) == ALERTED_FIELDS
    assert (await receipt(working, author, of_author[2]["report_id"]))["is_alerted"] is False
    assert (await receipt(working, author, crowd["report_id"]))["status"] == 404

    joined = household(**at)
    await caller.post(DISPLACEMENTS, joined)
    assert await alerted(working, author, joined) == ALERTED_FIELDS
    onward = {"movement": "displaced_again", "persons": 60, "destination": {"pcode": LEILEK}}
    ids = {"kind": "group_movement", "group_id": crowd["group_id"]}
    forced = {name: value for name, value in movement(**ids, **onward, **at).items() if name != "household_id"}
    assert (await working.caller(account=other).post(MOVEMENTS, forced)).status_code == 202
    assert await alerted(working, other, forced) == ALERTED_FIELDS


async def alerted(intake: RunningIntake, account: UUID, body: dict[str, Any]) -> set[str]:
    """Waits until an alert has followed the report. Returns the fields of the receipt."""

    async def is_alerted() -> dict[str, Any] | None:
        found = await receipt(intake, account, body["report_id"])
        return found if found.get("is_alerted") else None

    return set(await wait_for(is_alerted, timeout=60))


@pytest.mark.parametrize("is_first", [True, False])
async def test_an_alert_may_become_known_before_or_after_the_outcome_and_repeatedly(
    intake: RunningIntake, is_first: bool
) -> None:
    """The alert may come before the outcome. The receipt shows the alert when it shows the outcome."""
    author, body = uuid4(), household()
    await intake.caller(account=author).post(DISPLACEMENTS, body)
    outcome = stored(UUID(body["report_id"]), author, outcome="recorded")
    for is_alert in (is_first, not is_first, True):
        await (save_alerted(intake, body["report_id"]) if is_alert else save(intake, outcome))
        shown = await receipt(intake, author, body["report_id"])
        assert shown["is_alerted"] is (None if shown["state"] == "received" else is_alert or is_first)
    assert (shown["state"], shown["is_alerted"]) == ("recorded", True)
    assert (await receipt(intake, uuid4(), body["report_id"]))["status"] == 404


async def save_alerted(intake: RunningIntake, report_id: str) -> None:
    engine = database.engine(intake.installation.settings(IntakeSettings))
    async with database.sessions(engine).begin() as session:
        await receipt_queries.save_alerted(session, [{"report_id": report_id, "alerted_at": NOON.isoformat()}])
    await engine.dispose()


async def test_the_receipt_survives_a_restart_and_valkeys_loss(working: RunningIntake) -> None:
    author, body = uuid4(), household()
    await working.caller(account=author).post(DISPLACEMENTS, body)
    before = await settled(working, author, body["report_id"], "recorded")
    with working.installation.redis() as client:
        client.flushdb()
    async with opened(working.installation) as again:
        assert await receipt(again, author, body["report_id"]) == before


@pytest.mark.parametrize(
    ("outcome", "reason", "state", "shown"),
    [
        ("rejected", "wrong_place", "refused", RefusalReason.WRONG_PLACE),
        ("rejected", "a code of a later release", "refused", RefusalReason.UNSTATED),
        ("rejected", "duplicate", "recorded", None),
        ("repeat", None, "recorded", None),
        ("merged", "older_version", "recorded", None),
        ("held", "not_author", "under_review", None),
        ("held", "after_death", "under_review", MovementReason.AFTER_DEATH),
        ("noted", "same_place", "recorded", MovementReason.SAME_PLACE),
        ("noted", "already_known", "recorded", None),
        ("rejected", "not_displaced", "refused", RefusalReason.NOT_DISPLACED),
        ("set_aside", "seal_mismatch", "under_review", None),
    ],
)
def test_outcomes_as_their_author_reads_them(outcome: str, reason: str | None, state: str, shown: Any) -> None:
    now = datetime.now(UTC)
    row = StoredReceipt(
        report_id=uuid4(), author=uuid4(), version=1, kind="household", outcome=outcome, reason=reason, settled_at=now
    )
    made = receipt_of(row)
    assert (made.state, made.reason) == (state, shown)


async def test_a_later_outcome_replaces_the_earlier_one_at_an_equal_time_and_if_a_clock_is_behind(
    intake: RunningIntake,
) -> None:
    """The times of two outcomes do not show their order.

    Outcomes of one transaction have equal times, and the clocks of two workers differ.
    """
    author, report_id = uuid4(), uuid4()
    held = stored(report_id, author, outcome="held", reason="household_unknown")
    recorded = stored(report_id, author, outcome="recorded", replaces=held["outcome_id"])
    behind = stored(
        report_id, author, outcome="rejected", reason="practice", replaces=recorded["outcome_id"], at=BEHIND
    )
    for outcome, state in ((held, "under_review"), (recorded, "recorded"), (behind, "refused")):
        await save(intake, outcome)
        assert (await receipt(intake, author, str(report_id)))["state"] == state


async def test_old_receipts_are_deleted_except_of_reports_that_still_wait(intake: RunningIntake) -> None:
    author, recorded, held, recent = uuid4(), uuid4(), uuid4(), uuid4()
    await save(intake, stored(recorded, author, outcome="recorded"))
    await save(intake, stored(held, author, outcome="held", reason="not_author"))
    await save(intake, stored(recent, author, outcome="recorded", at=NOON + timedelta(seconds=2)))
    engine = database.engine(intake.installation.settings(IntakeSettings))
    async with database.sessions(engine).begin() as session:
        await receipt_queries.forget(session, NOON + timedelta(seconds=1))
        left = await receipt_queries.newest_of(session, author, [recorded, held, recent])
        assert {receipt.report_id for receipt in left} == {held, recent}
    await engine.dispose()


async def test_an_earlier_outcome_that_is_processed_again_does_not_come_back(intake: RunningIntake) -> None:
    author, report_id = uuid4(), uuid4()
    held = stored(report_id, author, outcome="held", reason="waiting", at=BEHIND)
    recorded = stored(report_id, author, outcome="recorded", replaces=held["outcome_id"])
    for outcome in (recorded, held):
        await save(intake, outcome)
        assert (await receipt(intake, author, str(report_id)))["state"] == "recorded"
