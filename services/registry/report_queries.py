"""Queries for the versions of reports: decrypted, or with the clear fields only. Routes log each call."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.decisions import SITE
from services.registry.envelope_encryption import EnvelopeEncryption, report_aad
from services.registry.households.timelines import VersionKey
from services.registry.models import GroupKey, HouseholdKey, Report, SiteReportKey
from shared.events.vocabulary import ReportKind
from shared.postgres.models import table

# Maps a kind of subject to the table with the keys of the reports about this subject.
KEYS: Mapping[str, tuple[type[HouseholdKey | GroupKey | SiteReportKey], ColumnElement[UUID]]] = {
    ReportKind.HOUSEHOLD: (HouseholdKey, HouseholdKey.household_id.expression),
    ReportKind.GROUP: (GroupKey, GroupKey.group_id.expression),
    SITE: (SiteReportKey, SiteReportKey.site_id.expression),
}
KEY = tuple(getattr(Report, field) for field in VersionKey._fields)
Versions = list[dict[str, Any]]


async def versions(
    session: AsyncSession,
    encryption: EnvelopeEncryption,
    subject: str,
    *conditions: ColumnElement[bool],
    kinds: Collection[ReportKind],
) -> Versions:
    """All versions of reports of these kinds that meet the conditions, oldest first, with content and outcome.

    `subject` is the kind of subject that all these reports have: a household, a group or a site.
    """
    key, subject_id = KEYS[subject]
    found = (
        select(*table(Report).columns, key.kek_id, key.wrapped)
        .join(key, subject_id == Report.subject_id)
        .where(Report.kind.in_(kinds), *conditions)
        .order_by(*KEY)
    )
    rows = (await session.execute(found)).mappings().all()
    return [opened_version(row, encryption) for row in rows]


async def clear_versions(session: AsyncSession, *conditions: ColumnElement[bool]) -> Versions:
    """All versions of reports that meet the conditions, oldest first. Sealed fields are missing."""
    found = select(*table(Report).columns).where(*conditions)
    rows = (await session.execute(found.order_by(*KEY))).mappings().all()
    return [{**row, "report": from_json(row["clear"])} for row in rows]


async def keys(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[VersionKey]:
    """The keys of all versions of reports that meet the conditions, in no order."""
    return [VersionKey(*row) for row in await session.execute(select(*KEY).where(*conditions))]


def in_order(versions: Iterable[dict[str, Any]]) -> Versions:
    """The versions in the order in which they were received."""
    return sorted(versions, key=VersionKey.of)


def opened_version(row: Mapping[Any, Any], encryption: EnvelopeEncryption) -> dict[str, Any]:
    aad = report_aad(str(row["subject_id"]), str(row["report_id"]), row["version"], str(row["author"]))
    plain = encryption.unwrap(row["kek_id"], row["wrapped"]).open(row["sealed"], aad)
    return {**row, "report": {**from_json(row["clear"]), **from_json(plain)}}
