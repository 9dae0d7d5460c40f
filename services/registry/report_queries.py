"""Queries for the versions of reports: decrypted, or only with the unencrypted fields.

The routes that call these queries write each read to the security log.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import ColumnElement, cast, select
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.aads import report_aad
from services.registry.decisions import SITE
from services.registry.households.timelines import VersionKey
from services.registry.models import GroupKey, HouseholdKey, Report, SiteReportKey
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import ReportKind
from shared.postgres.models import table

KEYS: Mapping[str, tuple[type[HouseholdKey | GroupKey | SiteReportKey], ColumnElement[UUID]]] = {
    ReportKind.HOUSEHOLD: (HouseholdKey, HouseholdKey.household_id.expression),
    ReportKind.GROUP: (GroupKey, GroupKey.group_id.expression),
    SITE: (SiteReportKey, SiteReportKey.site_id.expression),
}
KEY = tuple(getattr(Report, field) for field in VersionKey._fields)
CLEAR = cast(Report.clear, JSON)
Versions = list[dict[str, Any]]


async def versions(
    session: AsyncSession,
    encryption: EnvelopeEncryption,
    subject: str,
    *conditions: ColumnElement[bool],
    kinds: Collection[ReportKind],
) -> Versions:
    """The oldest version comes first.

    All reports must be about one kind of subject: households, groups or sites.
    """
    key, subject_id = KEYS[subject]
    statement = (
        select(*table(Report).columns, key.kek_id, key.wrapped)
        .join(key, subject_id == Report.subject_id)
        .where(Report.kind.in_(kinds), *conditions)
        .order_by(*KEY)
    )
    rows = (await session.execute(statement)).mappings().all()
    return [opened_version(row, encryption) for row in rows]


async def clear_versions(session: AsyncSession, *conditions: ColumnElement[bool]) -> Versions:
    """The oldest version comes first. The result has no sealed fields."""
    statement = select(*table(Report).columns).where(*conditions)
    rows = (await session.execute(statement.order_by(*KEY))).mappings().all()
    return [{**row, "report": from_json(row["clear"])} for row in rows]


async def keys(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[VersionKey]:
    """The keys are returned in no certain order."""
    return [VersionKey(*row) for row in await session.execute(select(*KEY).where(*conditions))]


def in_order(versions: Iterable[dict[str, Any]]) -> Versions:
    """Sort versions by the time of receipt."""
    return sorted(versions, key=VersionKey.of)


def opened_version(row: Mapping[Any, Any], encryption: EnvelopeEncryption) -> dict[str, Any]:
    aad = report_aad(str(row["subject_id"]), str(row["report_id"]), row["version"], str(row["author"]))
    plain = encryption.unwrap(row["kek_id"], row["wrapped"]).open(row["sealed"], aad)
    return {**row, "report": {**from_json(row["clear"]), **from_json(plain)}}
