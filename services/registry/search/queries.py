"""Queries that find households by search keys and unencrypted fields.

The routes that call these queries write each search to the security log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import (
    CTE,
    CompoundSelect,
    RowMapping,
    Select,
    TextClause,
    and_,
    false,
    func,
    intersect,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.registry.aads import row_aad
from services.registry.models import (
    CODE,
    Episode,
    Household,
    HouseholdKey,
    HouseholdSearchKeys,
    HouseholdSite,
    HouseholdSiteKey,
    Member,
    Report,
    Site,
)
from services.registry.places.typed_sites import TypedSites
from services.registry.queries import LISTED, OF_HOUSEHOLD, last_left_because_of, opened_member, sealed_members, seen
from services.registry.search.keys import Field, KeysOfRoot, KeyVersion, SearchKeys, Term, terms
from services.registry.visibility import HERE, NOW, Visibility, within
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import Status
from shared.places import Places
from shared.places.conditions import is_within

COUNT = "found_count"
COUNTED = 1_000  # a larger number of households is reported as 1,001
KEYS = HouseholdSearchKeys.keys
# raw SQL: SQLAlchemy has no SET. The timeout ends a search, and frees its connection, before the browser stops waiting.
TIMEOUT = text("SET LOCAL statement_timeout = '5s'")
NEWEST = (Household.changed_at.desc(), Household.household_id.desc())
# raw SQL: this statement reads one row of the index for each version. SELECT DISTINCT would read all rows of the index
KEY_VERSIONS = text("""
WITH RECURSIVE made AS (
    (SELECT search_root_id, search_folding FROM households ORDER BY 1, 2 LIMIT 1)
    UNION ALL
    SELECT later.* FROM made CROSS JOIN LATERAL (
        SELECT search_root_id, search_folding FROM households
        WHERE (search_root_id, search_folding) > (made.search_root_id, made.search_folding)
        ORDER BY 1, 2 LIMIT 1
    ) AS later
)
SELECT search_root_id, search_folding FROM made
""")


@dataclass(frozen=True, slots=True)
class SiteWanted:
    """A site that the caller searches for. `within` are the units in which the names mean the site."""

    site_id: UUID
    keys: Sequence[bytes]
    names: Sequence[Term]
    within: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A household matches if it has all `terms` and a report with the code, and meets all other criteria.

    `hazard` is the id of a hazard, with the status that a household must have.
    """

    visibility: Visibility
    limit: int
    terms: Sequence[Term] = ()
    code: str | None = None
    site: SiteWanted | None = None
    hazard: tuple[UUID, Status] | None = None
    within: Sequence[str] | None = None
    origin_within: Sequence[str] | None = None
    birth_year: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, UUID] | None = None

    @property
    def needs_keys(self) -> bool:
        return bool(self.terms) or self.site is not None or self.birth_year is not None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`count` is the number of households on this page and all later pages, at most COUNTED + 1.

    `count` is None if PostgreSQL would count for too long. `is_complete` is false if some households may be missing:
    they have no keys, or only keys of a missing root or of older rules.
    """

    rows: Sequence[RowMapping]
    count: int | None
    is_complete: bool


class OpenedPersons(NamedTuple):
    """`contact_names` are the names of the contact persons of households whose report lists no members."""

    members: Mapping[UUID, list[dict[str, Any]]]
    contact_names: Mapping[UUID, str | None]


async def find(session: AsyncSession, search: SearchKeys, query: SearchQuery) -> SearchPage:
    """Raises DBAPIError, which `is_too_slow` recognises, if the search takes too long."""
    await session.execute(TIMEOUT)
    versions = await key_versions(session) if query.needs_keys else []
    roots, is_complete = search.known(versions), all(map(search.can_find, versions))
    if query.terms and not roots:
        return SearchPage((), 0, is_complete)
    matched = _matched(query, roots)
    rows = (await session.execute(_page(query, matched, roots))).mappings().all()
    count = (min(rows[0][COUNT], COUNTED + 1) if rows else 0) if matched is not None else None
    return SearchPage(rows, count, is_complete)


async def key_versions(session: AsyncSession) -> list[KeyVersion]:
    return [KeyVersion(*row) for row in await session.execute(KEY_VERSIONS)]


def has_all(terms: Sequence[Term], root: KeysOfRoot) -> ColumnElement[bool]:
    return and_(*(has_one([term], root) for term in terms))


def has_one(terms: Sequence[Term], root: KeysOfRoot) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = KEYS.overlap([key for term in terms for key in root.keys(term)])
    return condition


def with_keys(condition: ColumnElement[bool]) -> CTE:
    return materialized(select(HouseholdSearchKeys.household_id).where(condition))


def materialized(households: Select[Any] | CompoundSelect[Any]) -> CTE:
    """Without a CTE, PostgreSQL expects too many matches, and reads all rows in the order of `changed_at`."""
    return households.cte("matched").prefix_with("MATERIALIZED", dialect="postgresql")


def _matched(query: SearchQuery, roots: Sequence[KeysOfRoot]) -> CTE | None:
    """Return None if the query has no term, no code, no site and no hazard.

    PostgreSQL finds the matching households by indexes.
    """
    selects: list[Select[Any]] = []
    if query.terms:
        has_terms = or_(*(has_all(query.terms, root) for root in roots))
        selects.append(select(HouseholdSearchKeys.household_id).where(has_terms))
    if query.code is not None:
        coded: Select[Any] = select(Report.subject_id.label("household_id")).distinct()
        selects.append(coded.where(has_code(query.code), Report.kind.in_(OF_HOUSEHOLD)))
    if query.site is not None:
        selects.append(_at_site(query.site, roots, query.visibility.known))
    if query.hazard is not None:
        of_hazard = select(Episode.household_id).join(Household, Household.report_id == Episode.report_id)
        selects.append(of_hazard.where(last_left_because_of(*query.hazard)))
    return materialized(intersect(*selects) if len(selects) > 1 else selects[0]) if selects else None


def has_code(code: str) -> ColumnElement[bool]:
    """Held reports have codes, too, so they are searched by code."""
    return CODE.in_([code.lower()])


def _at_site(site: SiteWanted, roots: Sequence[KeysOfRoot], known: list[str]) -> Select[Any]:
    """A report names a site by id, or in words as a locality."""
    by_id = select(HouseholdSiteKey.household_id).where(HouseholdSiteKey.site_key.in_(site.keys))
    of_previous_release = select(HouseholdSite.household_id).where(HouseholdSite.site_id == site.site_id)
    is_there = text(is_within(NOW, "there")).bindparams(there=list(site.within), known=known)
    is_named = or_(false(), *(has_one(site.names, root) for root in roots)) if site.names else false()
    in_words = (
        select(HouseholdSearchKeys.household_id)
        .join(Household, Household.household_id == HouseholdSearchKeys.household_id)
        .where(is_named, is_there)
    )
    return select(by_id.union(of_previous_release, in_words).subquery().c.household_id)


def _page(query: SearchQuery, matched: CTE | None, roots: Sequence[KeysOfRoot]) -> Select[Any]:
    """Many households may match: the query selects the ids of one page first, and then reads all columns."""
    count = func.count().over().label(COUNT) if matched is not None else null().label(COUNT)
    chosen = select(Household.household_id, count).where(query.visibility.covers(HERE), _fits(query, roots))
    if query.since is not None or query.until is not None:
        chosen = chosen.join(Episode, Episode.report_id == Household.report_id)
    if matched is not None:
        chosen = chosen.join(matched, matched.c.household_id == Household.household_id)
    page = chosen.order_by(*NEWEST).limit(query.limit).subquery("page")
    rows = seen(select(*LISTED, page.c[COUNT]), query.visibility)
    return rows.join(page, page.c.household_id == Household.household_id).order_by(*NEWEST)


def _fits(query: SearchQuery, roots: Sequence[KeysOfRoot]) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool] | TextClause] = [true()]
    places = {"within": (NOW, query.within), "origin_within": ("households.origin_pcode", query.origin_within)}
    for name, (pcode, units) in places.items():
        if units is not None:
            known = query.visibility.known
            conditions.append(text(is_within(pcode, name)).bindparams(**{name: units, "known": known}))
    if query.birth_year is not None:
        conditions.append(Household.household_id.in_(_with_member_born(query.birth_year, roots)))
    if query.since is not None:
        conditions.append(Episode.occurred_at >= query.since)
    if query.until is not None:
        conditions.append(Episode.occurred_at < query.until)
    if query.after is not None:
        conditions.append(tuple_(Household.changed_at, Household.household_id) < query.after)
    return and_(*conditions)


def _with_member_born(year: int, roots: Sequence[KeysOfRoot]) -> CompoundSelect[Any]:
    """If a report states only an age, the household has a search key for each possible birth year."""
    of_year = select(Member.household_id).where(Member.birth_year == year)
    by_age = terms(Field.BIRTH_YEAR, str(year))
    return of_year.union(*(select(HouseholdSearchKeys.household_id).where(has_one(by_age, root)) for root in roots))


async def persons(session: AsyncSession, encryption: EnvelopeEncryption, ids: Sequence[UUID]) -> OpenedPersons:
    keys = await session.execute(
        select(HouseholdKey.household_id, HouseholdKey.kek_id, HouseholdKey.wrapped).where(
            HouseholdKey.household_id.in_(ids)
        )
    )
    opened = {id: encryption.unwrap(kek_id, wrapped) for id, kek_id, wrapped in keys}
    sealed = await sealed_members(session, ids)
    members = {id: [opened_member(member, opened[id]) for member in sealed[id]] for id in ids}
    stated = select(Household.household_id, Household.row_version, Household.sealed)
    unlisted = stated.where(Household.household_id.in_([id for id in ids if not members[id]]))
    contacts = {
        id: from_json(opened[id].open(content, row_aad(str(id), version))).get("contact_name")
        for id, version, content in await session.execute(unlisted)
    }
    return OpenedPersons(members, contacts)


async def site_wanted(session: AsyncSession, search: SearchKeys, site_id: UUID, places: Places) -> SiteWanted | None:
    """A name is left out if another site with the same P-code has this name."""
    site = await session.get(Site, site_id)
    if site is None:
        return None
    there = await session.scalars(select(Site).where(Site.pcode == site.pcode))
    sites = TypedSites((site.site_id, site.pcode, (site.name_ky, site.name_ru, site.name_en)) for site in there)
    names = [term for _, name in sites.words(site_id) for term in terms(Field.LOCALITY, name)]
    return SiteWanted(site_id, search.of_sites([str(site_id)]), names, within(places.district(site.pcode), places))
