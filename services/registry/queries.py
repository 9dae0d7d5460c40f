"""Queries for a page of households, one decrypted household, and its history.

The routes that call these queries write each read to the security log.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import RowMapping, Select, and_, case, exists, func, literal_column, not_, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from services.registry import report_queries
from services.registry.aads import code_aad, member_aad, row_aad
from services.registry.households.timelines import HouseholdCourse
from services.registry.models import (
    DuplicatePair,
    DuplicateReview,
    Episode,
    Household,
    HouseholdKey,
    HouseholdPassage,
    HouseholdStay,
    Member,
    Report,
)
from services.registry.reports import NEVER
from services.registry.visibility import HERE, NOW, NOW_IN, Visibility, here
from shared.confirmations import CONFIRMED_FOR, CONFIRMED_FOR_OTHERWISE
from shared.country import TIME_ZONE
from shared.crypto.envelope_encryption import EnvelopeEncryption, Key
from shared.events.vocabulary import DISPLACED, ReportKind, Status, SubStock
from shared.places.conditions import is_within
from shared.postgres.models import table

UNLISTED = (
    "row_version",
    "current_pcode",
    "current_country",
    "search_root_id",
    "search_folding",
    "site_root_id",
    "site_rows",
    "sealed",
    "is_urgent",
)
IS_DISPLACED = or_(
    Episode.superseded_at == NEVER,
    exists().where(
        HouseholdStay.household_id == Household.household_id,
        HouseholdStay.sub_stock == SubStock.IN_DISPLACEMENT,
        HouseholdStay.superseded_at == NEVER,
    ),
)
# A household is urgent only while it is displaced: after a return, nobody needs help at the place of displacement.
IS_URGENT = and_(Household.is_urgent, IS_DISPLACED)
# Each displaced part has a time of last confirmation, and the earliest of these times is used. If no movement followed,
# the report of the displacement is the confirmation.
CONFIRMED_AT = case(
    (Episode.displaced == 0, None),
    (Episode.superseded_at == NEVER, Episode.reported_at),
    else_=select(func.min(HouseholdStay.confirmed_at))
    .where(
        HouseholdStay.household_id == Household.household_id,
        HouseholdStay.status == Household.status,
        HouseholdStay.sub_stock == SubStock.IN_DISPLACEMENT,
        HouseholdStay.superseded_at == NEVER,
        HouseholdStay.displaced > 0,
    )
    .scalar_subquery(),
)
IS_UNCONFIRMED = and_(
    Episode.mobility.in_(DISPLACED),
    func.now() - case(CONFIRMED_FOR, value=Episode.mobility, else_=CONFIRMED_FOR_OTHERWISE) > CONFIRMED_AT,
)
# True if the evacuation was lifted, and if nobody has confirmed the place of the people since then.
IS_RETURN_PRESUMED = exists().where(
    HouseholdStay.household_id == Household.household_id,
    HouseholdStay.status == Household.status,
    HouseholdStay.sub_stock == SubStock.IN_DISPLACEMENT,
    HouseholdStay.superseded_at == NEVER,
    HouseholdStay.displaced > 0,
    HouseholdStay.is_return_presumed,
)
LISTED = (
    *(column for column in table(Household).columns if column.name not in UNLISTED),
    literal_column(NOW).label("current_pcode"),
    literal_column(NOW_IN).label("current_country"),
    Episode.occurred_at,
    Episode.occurred_at_precision,
    Episode.mobility,
    Episode.displaced,
    Episode.reasons,
    Episode.hazard_type,
    Episode.hazard_id,
    IS_URGENT.label("is_urgent"),
    case((IS_UNCONFIRMED, CONFIRMED_AT)).label("unconfirmed_since"),
    IS_RETURN_PRESUMED.label("is_return_presumed"),
)
OF_HOUSEHOLD = (ReportKind.HOUSEHOLD, ReportKind.HOUSEHOLD_MOVEMENT)
KEY = (HouseholdKey.kek_id, HouseholdKey.wrapped, HouseholdKey.sealed_code)


@dataclass(frozen=True, slots=True)
class HouseholdQuery:
    visibility: Visibility
    limit: int
    status: str | None = None
    within: Sequence[str] | None = None
    is_urgent: bool | None = None
    after: tuple[datetime, UUID] | None = None


async def page(session: AsyncSession, query: HouseholdQuery) -> Sequence[RowMapping]:
    """The latest change comes first."""
    wanted = seen(select(*LISTED), query.visibility)
    if query.status is not None:
        wanted = wanted.where(Household.status == query.status)
    if query.within is not None:
        within = text(is_within(NOW, "within"))
        wanted = wanted.where(within.bindparams(within=query.within, known=query.visibility.known))
    if query.is_urgent is not None:
        wanted = wanted.where(IS_URGENT if query.is_urgent else not_(IS_URGENT))
    if query.after is not None:
        wanted = wanted.where(tuple_(Household.changed_at, Household.household_id) < query.after)
    latest = wanted.order_by(Household.changed_at.desc(), Household.household_id.desc()).limit(query.limit)
    rows: Sequence[RowMapping] = (await session.execute(latest)).mappings().all()
    return rows


def seen(wanted: Select[Any], visibility: Visibility) -> Select[Any]:
    """Each household is joined with its current displacement."""
    current = wanted.join(Episode, Episode.report_id == Household.report_id)
    return current.where(visibility.covers(HERE))


async def of_hazard(session: AsyncSession, hazard_id: UUID, status: Status, visibility: Visibility) -> RowMapping:
    counts: Any = select(
        func.count().label("households"),
        func.coalesce(func.sum(Episode.displaced), 0).label("persons"),
        func.count().filter(IS_DISPLACED).label("still_displaced"),
    ).select_from(Household)
    counted = seen(counts, visibility).where(last_left_because_of(hazard_id, status))
    row: RowMapping = (await session.execute(counted)).mappings().one()
    return row


def last_left_because_of(hazard_id: UUID, status: Status) -> ColumnElement[bool]:
    return and_(Episode.hazard_id == hazard_id, Episode.displaced > 0, Household.status == status)


async def household(
    session: AsyncSession, encryption: EnvelopeEncryption, household_id: UUID, visibility: Visibility
) -> dict[str, Any] | None:
    """Return None if the household does not exist, or if the caller may not see the household."""
    return next(iter(await households(session, encryption, [household_id], visibility)), None)


async def households(
    session: AsyncSession, encryption: EnvelopeEncryption, ids: Sequence[UUID], visibility: Visibility
) -> list[dict[str, Any]]:
    """Households are left out if they do not exist, or if the caller may not see them."""
    wanted = seen(select(*LISTED, Household.row_version, Household.sealed, *KEY), visibility)
    with_key = wanted.join(HouseholdKey, HouseholdKey.household_id == Household.household_id)
    rows = (await session.execute(with_key.where(Household.household_id.in_(ids)))).mappings().all()
    members = await sealed_members(session, ids)
    return [opened_household(row, members[row["household_id"]], encryption) for row in rows]


async def sealed_members(session: AsyncSession, ids: Sequence[UUID]) -> defaultdict[UUID, list[Member]]:
    """Members are in the order of the report."""
    members = defaultdict[UUID, list[Member]](list)
    for member in await session.scalars(select(Member).where(Member.household_id.in_(ids)).order_by(Member.position)):
        members[member.household_id].append(member)
    return members


def opened_household(row: RowMapping, members: Sequence[Member], encryption: EnvelopeEncryption) -> dict[str, Any]:
    key = encryption.unwrap(row["kek_id"], row["wrapped"])
    household_id = str(row["household_id"])
    sealed = from_json(key.open(row["sealed"], row_aad(household_id, row["row_version"])))
    if row["sealed_code"]:
        sealed.setdefault("short_code", key.open(row["sealed_code"], code_aad(household_id)).decode())
    return {**row, "sealed": sealed, "members": [opened_member(member, key) for member in members]}


def opened_member(row: Member, key: Key) -> dict[str, Any]:
    aad = member_aad(str(row.household_id), str(row.member_id), row.row_version)
    member: dict[str, Any] = from_json(key.open(row.sealed, aad))
    return member


async def own_report(
    session: AsyncSession, encryption: EnvelopeEncryption, household_id: UUID, author: UUID
) -> dict[str, Any] | None:
    reports = await history(session, encryption, household_id, author)
    versions = [version for version in reports if version["kind"] == ReportKind.HOUSEHOLD]
    last = [version for version in versions if version["report_id"] == versions[-1]["report_id"]]
    return max(last, key=lambda version: version["version"], default=None)


async def history(
    session: AsyncSession, encryption: EnvelopeEncryption, household_id: UUID, author: UUID | None = None
) -> list[dict[str, Any]]:
    by_author = (Report.author == author,) if author is not None else ()
    about = (Report.subject_id == household_id, *by_author)
    return await report_queries.versions(session, encryption, ReportKind.HOUSEHOLD, *about, kinds=OF_HOUSEHOLD)


# A pair with an answer waits again if a new reason was found after the answer.
IS_UNANSWERED = ~exists().where(
    DuplicateReview.household_id == DuplicatePair.household_id,
    DuplicateReview.other_id == DuplicatePair.other_id,
    DuplicateReview.reasons.op("@>", is_comparison=True)(DuplicatePair.reasons),
)


async def duplicate_pairs(
    session: AsyncSession, visibility: Visibility, limit: int, after: tuple[datetime, UUID] | None = None
) -> Sequence[DuplicatePair]:
    """The caller may see both households of each pair. The newest pair comes first."""
    newest = (
        select(DuplicatePair)
        .where(IS_UNANSWERED)
        .order_by(DuplicatePair.found_at.desc(), DuplicatePair.household_id.desc())
    )
    for name, household_id in (("one", DuplicatePair.household_id), ("another", DuplicatePair.other_id)):
        household = aliased(Household, name=name)
        is_visible = visibility.covers(here(name))
        newest = newest.join(household, household.household_id == household_id).where(is_visible)
    if after is not None:
        newest = newest.where(tuple_(DuplicatePair.found_at, DuplicatePair.household_id) < after)
    return (await session.scalars(newest.limit(limit))).all()


async def course(session: AsyncSession, household_id: UUID) -> HouseholdCourse:
    episodes = (await session.scalars(select(Episode).filter_by(household_id=household_id))).all()
    moves = select(HouseholdPassage).filter_by(household_id=household_id).order_by(HouseholdPassage.occurred_at)
    passages = (await session.scalars(moves)).all()
    # A movement takes effect at the beginning of its day, as in figures about today. A movement without an hour has the
    # time 12:00, so a row that ends later today is no longer current.
    midnight = datetime.combine(datetime.now(TIME_ZONE).date() + timedelta(days=1), time(), TIME_ZONE)
    current: list[Episode | HouseholdStay] = []
    for model in (Episode, HouseholdStay):
        is_current = or_(model.superseded_at.is_(None), model.superseded_at >= midnight)
        current += await session.scalars(select(model).filter_by(household_id=household_id).where(is_current))
    return HouseholdCourse(episodes, passages, current)
