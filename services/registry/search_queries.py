"""Queries that find households by search keys and clear fields. Routes log each search."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, RowMapping, Select, TextClause, and_, exists, func, null, or_, select, text, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.registry import duplicates
from services.registry.duplicates import OpenedHousehold
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.models import Episode, Household, HouseholdKey, HouseholdSearchKeys, Member, Site
from services.registry.queries import LISTED, opened_member, seen
from services.registry.reports import birth_year
from services.registry.search_keys import Field, KeysOfRoot, SearchKeys, Term, terms
from services.registry.visibility import HERE, Visibility
from shared.places.conditions import is_within

OpenedMembers = dict[UUID, list[dict[str, Any]]]

COUNT = "found_count"
MOST_LIKE = 100
KEYS = HouseholdSearchKeys.keys
NEWEST = (Household.changed_at.desc(), Household.household_id.desc())
ROOTS = select(func.min(Household.search_root_id), func.max(Household.search_root_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A household matches if it has all of `terms`, one of `alternatives` (if there are any), and the clear fields."""

    visibility: Visibility
    limit: int
    terms: Sequence[Term] = ()
    alternatives: Sequence[Term] = ()
    within: Sequence[str] | None = None
    origin_within: Sequence[str] | None = None
    birth_year: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of households, the latest change first.

    `count` is the number of households on this page and all later pages; None if counting would take too long.
    `is_complete` is false while the search keys of some households have not been made yet.
    """

    rows: Sequence[RowMapping]
    count: int | None
    is_complete: bool


async def find(session: AsyncSession, search: SearchKeys, query: SearchQuery) -> SearchPage:
    roots, is_complete = await roots_in_use(session, search)
    by_keys = query.terms or query.alternatives
    if by_keys and not roots:
        return SearchPage((), 0, is_complete)
    matched = _matched(query, roots) if by_keys else None
    rows = (await session.execute(_page(query, matched))).mappings().all()
    count = (rows[0][COUNT] if rows else 0) if by_keys else None
    return SearchPage(rows, count, is_complete)


async def roots_in_use(session: AsyncSession, search: SearchKeys) -> tuple[list[KeysOfRoot], bool]:
    """The roots of the stored search keys, and whether each household has search keys. Raises UnknownKey."""
    oldest, newest = (await session.execute(ROOTS)).one()
    return search.between(oldest, newest) if newest else [], oldest != ""


def has_one_of(terms: Sequence[Term], roots: Sequence[KeysOfRoot]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = KEYS.overlap([root.key(term) for root in roots for term in terms])
    return condition


def _matched(query: SearchQuery, roots: Sequence[KeysOfRoot]) -> CTE:
    """The households whose search keys match the query."""
    has_all = (
        or_(*(KEYS.contains([root.key(term) for term in query.terms]) for root in roots)) if query.terms else true()
    )
    has_one = has_one_of(query.alternatives, roots) if query.alternatives else true()
    return _with_keys(and_(has_all, has_one))


def _with_keys(condition: ColumnElement[bool]) -> CTE:
    """A CTE, because PostgreSQL overestimates how many households have the keys.

    Without the CTE, PostgreSQL would read all households by `changed_at`.
    """
    wanted = select(HouseholdSearchKeys.household_id).where(condition)
    return wanted.cte("matched").prefix_with("MATERIALIZED", dialect="postgresql")


def _page(query: SearchQuery, matched: CTE | None) -> Select[Any]:
    """The rows of one page.

    The rows are chosen before their other columns are read, because many households may match.
    """
    count = func.count().over().label(COUNT) if matched is not None else null().label(COUNT)
    chosen = select(Household.household_id, count).where(query.visibility.covers(HERE), _fits(query))
    if query.since is not None or query.until is not None:
        chosen = chosen.join(Episode, Episode.report_id == Household.report_id)
    if matched is not None:
        chosen = chosen.join(matched, matched.c.household_id == Household.household_id)
    page = chosen.order_by(*NEWEST).limit(query.limit).subquery("page")
    rows = seen(select(*LISTED, page.c[COUNT]), query.visibility)
    return rows.join(page, page.c.household_id == Household.household_id).order_by(*NEWEST)


def _fits(query: SearchQuery) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool] | TextClause] = [true()]
    places = {"within": (HERE, query.within), "origin_within": ("households.origin_pcode", query.origin_within)}
    for name, (pcode, units) in places.items():
        if units is not None:
            known = query.visibility.known
            conditions.append(text(is_within(pcode, name)).bindparams(**{name: units, "known": known}))
    if query.birth_year is not None:
        is_member = Member.household_id == Household.household_id
        conditions.append(exists().where(is_member, Member.birth_year == query.birth_year))
    if query.since is not None:
        conditions.append(Episode.occurred_at >= query.since)
    if query.until is not None:
        conditions.append(Episode.occurred_at < query.until)
    if query.after is not None:
        conditions.append(tuple_(Household.changed_at, Household.household_id) < query.after)
    return and_(*conditions)


async def members(session: AsyncSession, encryption: EnvelopeEncryption, ids: Sequence[UUID]) -> OpenedMembers:
    """The decrypted members of each household, in their order."""
    keys = await session.execute(
        select(HouseholdKey.household_id, HouseholdKey.kek_id, HouseholdKey.wrapped).where(
            HouseholdKey.household_id.in_(ids)
        )
    )
    opened = {id: encryption.unwrap(kek_id, wrapped) for id, kek_id, wrapped in keys}
    result: OpenedMembers = {id: [] for id in ids}
    stored = select(Member).where(Member.household_id.in_(ids)).order_by(Member.household_id, Member.position)
    for member in await session.scalars(stored):
        result[member.household_id].append(opened_member(member, opened[member.household_id]))
    return result


async def like(
    session: AsyncSession, search: SearchKeys, household: OpenedHousehold, visibility: Visibility
) -> Sequence[UUID]:
    """Households that may be duplicates: with the same numbers, or with a person of the same name and birth year.

    Only the MOST_LIKE households with the latest changes are compared.
    """
    roots, _ = await roots_in_use(session, search)
    alike = [condition for root in roots for condition in _alike(household, root)]
    if not alike:
        return []
    matched = _with_keys(or_(*alike))
    wanted = seen(select(Household.household_id), visibility)
    wanted = wanted.join(matched, matched.c.household_id == Household.household_id)
    wanted = wanted.where(Household.household_id != household["household_id"])
    return (await session.scalars(wanted.order_by(Household.changed_at.desc()).limit(MOST_LIKE))).all()


def _alike(household: OpenedHousehold, root: KeysOfRoot) -> Iterator[ColumnElement[bool]]:
    members = household["members"]
    numbers = [Term(Field.PHONE, number) for number in duplicates.phones(household)]
    for member in members:
        numbers += terms(Field.PERSONAL_NUMBER, member.get("personal_number"))
        names, year = duplicates.full_name(member), birth_year(member)
        if names and year:
            has_names: ColumnElement[bool] = KEYS.contains([root.key(Term(Field.NAME, name)) for name in names])
            yield and_(has_names, _has_member_born(year))
    if numbers:
        yield has_one_of(numbers, [root])


def _has_member_born(year: int) -> ColumnElement[bool]:
    return exists().where(Member.household_id == HouseholdSearchKeys.household_id, Member.birth_year == year)


async def site_names(session: AsyncSession, site_id: UUID) -> list[str]:
    """The names by which reports may refer to the site. Empty if the site does not exist."""
    site = await session.get(Site, site_id)
    return [name for name in (site.name_ky, site.name_ru, site.name_en) if name] if site else []
