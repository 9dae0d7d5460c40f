"""The registry handles reports of every kind, in any order, on real PostgreSQL."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.registry.handlers import Registrar
from services.registry.models import HeldDecision
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.envelope import REVOKED_HEADER
from shared.events.vocabulary import Flag
from shared.failures import DependencyUnavailable
from shared.places import Places
from tests.registry.conftest import AUTHOR, TEAM, Filing
from tests.registry.factories import BATKEN, KADAMJAI, OSH, group, household, kek, search_keys

pytestmark = pytest.mark.anyio


async def test_a_first_report_makes_a_household_with_members_and_an_episode(file: Filing) -> None:
    body = household()
    assert await file(body) == ["recorded"]
    [row] = await file.rows("households")
    assert (str(row["household_id"]), row["author"], row["team"], row["persons"]) == (
        body["household_id"],
        AUTHOR,
        TEAM,
        5,
    )
    assert len(await file.rows("members")) == 5
    [episode] = await file.rows("episodes")
    assert episode["displaced"] == sum(episode["sex_age"]) == 5
    [registered] = await file.events("households")
    assert registered["sequence"] == 1
    [settled] = await file.events("outcomes")
    assert (settled["report_id"], settled["outcome"]) == (body["report_id"], "recorded")


async def test_no_personal_data_is_in_clear(file: Filing) -> None:
    await file(household(), group())
    for table in ("households", "members", "episodes", "groups", "counts", "reports", "outbox"):
        shown = b"\0".join(bytes_of(cell) for row in await file.rows(table) for cell in row.values())
        assert shown, table
        for name in ("Токтогул", "Айгүл", "+996", "мост"):
            assert name.encode() not in shown and json.dumps(name)[1:-1].encode() not in shown, table


def bytes_of(cell: Any) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode()


async def test_a_correction_supersedes_and_keeps_the_history(file: Filing) -> None:
    body = household()
    await file(body)
    corrected = {**body, "version": 2, "persons": 1, "members": body["members"][:1], "destination": {"pcode": OSH}}
    assert await file(corrected) == ["recorded"]
    [row] = await file.rows("households")
    assert (row["version"], row["sequence"], row["persons"], row["destination_pcode"]) == (2, 2, 1, OSH)
    assert len(await file.rows("members")) == 1
    assert len(await file.rows("reports")) == 2
    assert [event["persons"] for event in await file.events("households")] == [5, 1]


@pytest.mark.parametrize(
    "batches", [((3,), (2,), (1,)), ((3, 2, 1),), ((2,), (1,), (3,)), ((2, 1), (3,)), ((1, 3), (2,))]
)
async def test_the_highest_version_counts_in_any_order_of_arrival(
    file: Filing, batches: tuple[tuple[int, ...], ...]
) -> None:
    body = household()
    for batch in batches:
        await file(*({**body, "version": version, "notes": f"v{version}"} for version in batch))
    [row] = await file.rows("households")
    [episode] = await file.rows("episodes")
    assert (row["version"], episode["version"]) == (3, 3)
    assert {report["outcome"] for report in await file.rows("reports")} <= {"recorded", "merged"}


async def test_a_waiting_report_gets_a_new_outcome_that_names_the_old_one(file: Filing) -> None:
    body = household()
    assert await file({**body, "version": 2}) == ["waiting"]
    assert await file.rows("households") == []
    assert await file(body) == ["recorded"]
    held, first, second = await file.events("outcomes")
    assert (held["outcome"], first["outcome"], second["outcome"]) == ("held", "recorded", "recorded")
    [was] = [row for row in await file.rows("reports") if row["version"] == 2]
    assert second["replaces"] is not None and second["version"] == 2 and str(was["outcome_id"]) != second["replaces"]


async def test_another_team_changes_nothing(file: Filing) -> None:
    body = household()
    await file(body)
    assert await file({**body, "version": 2, "persons": 1, "members": []}, author=uuid4(), team=uuid4()) == [
        "not_author"
    ]
    assert await file(household(household_id=body["household_id"]), author=uuid4(), team=None) == ["not_author"]
    [row] = await file.rows("households")
    assert (row["version"], row["persons"]) == (1, 5)


async def test_the_same_team_may_correct(file: Filing) -> None:
    body = household()
    await file(body)
    assert await file({**body, "version": 2}, author=uuid4()) == ["recorded"]


async def test_a_registrar_of_the_area_may_correct_a_household_and_a_group(file: Filing) -> None:
    for body in (household(), group()):
        await file(body)
        correction = {**body, "version": 2, "notes": "исправлено"}
        assert await file(correction, author=uuid4(), team=None, flags=[Flag.REGISTRAR_OF_DISTRICT]) == ["recorded"]
    [row] = await file.rows("households")
    assert (row["author"], row["team"], row["version"]) == (AUTHOR, TEAM, 2)


async def test_a_registrar_cannot_move_a_household_into_the_own_area(file: Filing) -> None:
    body = household()
    await file(body)
    moved = {**body, "version": 2, "destination": {"pcode": OSH}}
    stranger: dict[str, Any] = {"author": uuid4(), "team": None}
    assert await file(moved, **stranger, flags=[Flag.REGISTRAR_OF_OBLAST]) == ["not_author"]
    assert await file({**moved, "version": 3}, **stranger, flags=[Flag.REGISTRAR_OF_COUNTRY]) == ["recorded"]


async def test_a_registrars_early_correction_is_applied_after_the_version_that_it_corrects(file: Filing) -> None:
    body = household()
    flags = [Flag.REGISTRAR_OF_OBLAST]
    assert await file({**body, "version": 2}, author=uuid4(), team=None, flags=flags) == ["waiting"]
    assert await file(body) == ["recorded"]
    [row] = await file.rows("households")
    assert (row["author"], row["version"]) == (AUTHOR, 2)


async def test_the_same_report_by_another_author_is_a_repeat_or_held(file: Filing) -> None:
    body = household()
    await file(body)
    assert await file(body, author=uuid4(), team=None) == ["repeat"]
    assert await file({**body, "notes": "другое"}, author=uuid4(), team=None) == ["not_author"]
    assert await file({**body, "notes": "другое"}, author=uuid4()) == ["other_content"]


async def test_a_report_id_belongs_to_one_household(file: Filing) -> None:
    body = household()
    await file(body)
    assert await file({**body, "household_id": str(uuid4()), "version": 2}) == ["other_household"]
    assert len(await file.rows("households")) == 1


async def test_a_later_report_of_a_known_household_is_a_new_episode(file: Filing) -> None:
    body = household()
    await file(body)
    again = household(
        household_id=body["household_id"], occurred_at="2026-08-01T00:00:00Z", destination={"pcode": BATKEN}
    )
    assert await file(again) == ["recorded"]
    assert len(await file.rows("episodes")) == 2
    [row] = await file.rows("households")
    assert (str(row["report_id"]), row["destination_pcode"], row["sequence"]) == (again["report_id"], BATKEN, 2)


async def test_an_earlier_displacement_reported_later_does_not_move_the_household(file: Filing) -> None:
    body = household()
    await file(body)
    earlier = household(
        household_id=body["household_id"], occurred_at="2025-01-01T00:00:00Z", destination={"pcode": BATKEN}
    )
    await file(earlier)
    [row] = await file.rows("households")
    assert str(row["report_id"]) == body["report_id"]
    await file({**body, "version": 2, "occurred_at": "2024-01-01T00:00:00Z"})
    [row] = await file.rows("households")
    assert row["destination_pcode"] == BATKEN


async def test_an_earlier_displacement_is_published_beside_the_current_one(
    file: Filing,
) -> None:
    body = household()
    earlier = household(
        household_id=body["household_id"], occurred_at="2026-06-14T00:00:00Z", origin={"pcode": "KG05258610010"}
    )
    await file(body, earlier, {**body, "version": 2, "status": "Exercise"})
    first, *later = await file.events("households")
    assert "displacement" not in first
    assert [event["report_id"] for event in later] == [body["report_id"], earlier["report_id"]]
    assert [event["displacement"] for event in later] == [
        {
            "report_id": earlier["report_id"],
            "status": "Actual",
            "occurred_on": "2026-06-14",
            "occurred_on_precision": "day",
            "mobility": "displacement",
            "origin": {"pcode": KADAMJAI},
            "reported_on": "2026-06-15",
        },
        {
            "report_id": body["report_id"],
            "status": "Exercise",
            "occurred_on": "2026-06-15",
            "occurred_on_precision": "day",
            "mobility": "displacement",
            "origin": {"pcode": KADAMJAI},
            "reported_on": "2026-06-15",
        },
    ]
    headers = [row["headers"] for row in await file.rows("outbox ORDER BY id") if row["topic"] == "households"]
    types = [dict(json.loads(each))["ce_type"] for each in headers]
    assert types == ["dayar.household.registered.v1", *["dayar.household.corrected.v1"] * 2]


async def test_a_household_trapped_at_its_destination_is_published_as_displaced_there_and_trapped(file: Filing) -> None:
    fled = household()
    trapped = household(
        household_id=fled["household_id"],
        mobility="unable_to_move",
        occurred_at="2026-06-20T00:00:00Z",
        origin=fled["destination"],
        is_urgent=True,
    )
    await file(fled, trapped, {**fled, "version": 2, "hazard_type": "landslide"})
    first, *later = await file.events("households")
    assert "latest_mobility" not in first
    assert [(event["mobility"], event["latest_mobility"], event["is_urgent"]) for event in later] == [
        ("displacement", "unable_to_move", True)
    ] * 2


async def test_a_household_whose_key_is_missing_waits(file: Filing, tmp_path: Path) -> None:
    body = household()
    await file(body)
    file.registrar = Registrar(EnvelopeEncryption(kek(tmp_path)), search_keys(tmp_path), Places.load())
    with pytest.raises(DependencyUnavailable):
        await file({**body, "version": 2})


async def test_an_expired_token_is_held(file: Filing) -> None:
    body = household()
    assert await file(body, flags=(Flag.EXPIRED_TOKEN,)) == ["expired_token"]
    assert await file.rows("households") == []
    assert await file(household(household_id=body["household_id"])) == ["recorded"]


async def test_a_report_of_an_already_revoked_credential_is_held(file: Filing) -> None:
    assert await file(household(), headers=((REVOKED_HEADER, b"1"),)) == ["revoked_credential"]
    assert await file.rows("households") == []


async def test_a_group_is_counted_and_recounted(file: Filing) -> None:
    body = group()
    assert await file(body) == ["recorded"]
    assert await file({**body, "version": 2, "persons": 130}) == ["recorded"]
    assert await file(group(group_id=body["group_id"], occurred_at="2026-07-01T00:00:00Z", persons=90)) == ["recorded"]
    assert sorted(row["persons"] for row in await file.rows("counts")) == [90, 130]
    assert len(await file.rows("groups")) == 1
    assert await file.events("households") == []
    assert len(await file.events("outcomes")) == 3


async def test_a_group_with_a_households_id_changes_no_household(file: Filing) -> None:
    body = household()
    await file(body)
    await file(group(group_id=body["household_id"], report_id=body["report_id"], version=2), author=uuid4(), team=None)
    [row] = await file.rows("households")
    assert row["version"] == 1


async def test_an_accepted_correction_with_an_ended_sign_in_waits_for_its_first_version(file: Filing) -> None:
    body = household()
    corrected = {**body, "version": 2, "destination": {"pcode": OSH}}
    assert await file(corrected, flags=(Flag.EXPIRED_TOKEN,)) == ["expired_token"]
    [waiting] = await file.rows("reports")
    decision = HeldDecision(outcome_id=waiting["outcome_id"], is_accepted=True, is_expiry_only=True)
    assert await file.registrar.settle_held(decision, file.session) == "held"
    assert [row["reason"] for row in await file.rows("reports")] == ["waiting"]
    assert await file(body) == ["recorded"]
    [row] = await file.rows("households")
    assert (row["version"], row["destination_pcode"]) == (2, OSH)
