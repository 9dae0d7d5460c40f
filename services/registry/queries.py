"""Queries for households: a page, one opened household, its history. The routes write an audit entry for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.envelope_encryption import EnvelopeEncryption, Key, member_aad, report_aad, row_aad
from services.registry.visibility import IN_SIGHT, Visibility, is_within

LISTED = """
    households.household_id, households.status, households.report_id, households.version, households.sequence,
    households.author, households.team, households.persons, households.registered_at, households.changed_at,
    episodes.occurred_at, episodes.occurred_at_precision, episodes.mobility, episodes.displaced, episodes.reasons,
    episodes.hazard_type, episodes.hazard_id, households.origin_pcode, households.origin_country,
    households.destination_pcode, households.destination_country
"""
CURRENT = "households JOIN episodes USING (report_id)"
# A household stops being the author's own as soon as another author's report is its current version.
OWN = """households.author = :author AND EXISTS (
    SELECT FROM reports WHERE (reports.report_id, reports.version) = (households.report_id, households.version)
        AND kind = 'household' AND reports.author = :author AND reports.outcome = 'recorded'
)"""
SEEN = f"CASE WHEN CAST(:author AS uuid) IS NULL THEN {IN_SIGHT} ELSE {OWN} END"
PAGE = text(f"""
SELECT {LISTED} FROM {CURRENT} WHERE {SEEN}
    AND (CAST(:status AS text) IS NULL OR households.status = :status)
    AND {is_within("households.destination_pcode", "within")}
    AND (CAST(:changed_at AS timestamptz) IS NULL
        OR (households.changed_at, households.household_id) < (:changed_at, CAST(:household_id AS uuid)))
ORDER BY households.changed_at DESC, households.household_id DESC LIMIT :limit
""")  # noqa: S608 - put together from constants
ONE = text(f"""
SELECT {LISTED}, households.row_version, households.sealed, kek_id, wrapped
FROM {CURRENT} JOIN household_keys ON household_keys.household_id = households.household_id
WHERE {SEEN} AND households.household_id = :household_id
""")  # noqa: S608
MEMBERS = text("SELECT * FROM members WHERE household_id = :household_id ORDER BY position")
VERSIONS = text("""
SELECT reports.*, kek_id, wrapped FROM reports JOIN household_keys ON household_id = subject_id
WHERE subject_id = :household_id AND kind = 'household' AND (CAST(:author AS uuid) IS NULL OR author = :author)
ORDER BY received_at, version
""")


@dataclass(frozen=True, slots=True)
class HouseholdQuery:
    sight: Visibility
    limit: int
    status: str | None = None
    within: Sequence[str] | None = None
    after: tuple[datetime, UUID] | None = None


async def page(session: AsyncSession, asked: HouseholdQuery) -> Sequence[RowMapping]:
    """Clear fields of households, latest change first."""
    changed_at, household_id = asked.after or (None, None)
    found = await session.execute(
        PAGE,
        {
            **asked.sight.parameters(),
            "status": asked.status,
            "within": asked.within,
            "limit": asked.limit,
            "changed_at": changed_at,
            "household_id": household_id,
        },
    )
    return found.mappings().all()


async def household(
    session: AsyncSession, vault: EnvelopeEncryption, household_id: UUID, sight: Visibility
) -> dict[str, Any] | None:
    """The opened household with its members; None if the caller can see no such household."""
    asked = {"household_id": household_id, **sight.parameters()}
    row = (await session.execute(ONE, asked)).mappings().one_or_none()
    if row is None:
        return None
    key = vault.unwrap(row["kek_id"], row["wrapped"])
    sealed = from_json(key.open(row["sealed"], row_aad(str(household_id), row["row_version"])))
    members = (await session.execute(MEMBERS, asked)).mappings()
    return {**row, "sealed": sealed, "members": [opened_member(member, key) for member in members]}


def opened_member(row: RowMapping, key: Key) -> dict[str, Any]:
    aad = member_aad(str(row["household_id"]), str(row["member_id"]), row["row_version"])
    member: dict[str, Any] = from_json(key.open(row["sealed"], aad))
    return member


async def own_report(
    session: AsyncSession, vault: EnvelopeEncryption, household_id: UUID, author: UUID
) -> dict[str, Any] | None:
    """The author's own latest report on the household, in its highest version."""
    versions = await history(session, vault, household_id, author)
    last = [one for one in versions if one["report_id"] == versions[-1]["report_id"]]
    return max(last, key=lambda one: one["version"], default=None)


async def history(
    session: AsyncSession, vault: EnvelopeEncryption, household_id: UUID, author: UUID | None = None
) -> list[dict[str, Any]]:
    """All versions of all reports on a household, with content and outcome."""
    rows = (await session.execute(VERSIONS, {"household_id": household_id, "author": author})).mappings()
    return [opened_version(row, vault) for row in rows]


def opened_version(row: RowMapping, vault: EnvelopeEncryption) -> dict[str, Any]:
    aad = report_aad(str(row["subject_id"]), str(row["report_id"]), row["version"], str(row["author"]))
    plain = vault.unwrap(row["kek_id"], row["wrapped"]).open(row["sealed"], aad)
    return {**row, "report": {**from_json(row["clear"]), **from_json(plain)}}
