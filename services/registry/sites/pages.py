"""The page of one site: its place, its number of people and the counts behind this number, and its history."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import not_, or_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry import openings, report_queries
from services.registry.decisions import SITE
from services.registry.groups import queries as group_queries
from services.registry.groups.presences import during
from services.registry.groups.timelines import count_timeline, sources
from services.registry.history_pages import HistoryPage
from services.registry.history_routes import opened_site
from services.registry.households.timelines import MOVEMENTS, VersionKey
from services.registry.models import GroupCount, Report, Site
from services.registry.record_pages import Entry, Until, name_of, named_in, render, site_links
from services.registry.report_queries import Versions, in_order
from services.registry.routes import Caller
from services.registry.search import queries as search_queries
from services.registry.search.queries import SearchQuery
from services.registry.sites import queries as site_queries
from services.registry.sites.occupancies import CountAtSite, occupancies
from services.registry.visibility import Visibility, visibility_of
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import ReportKind
from shared.failures import is_too_slow
from shared.pages import language_of
from shared.places.site_counts import shares
from shared.postgres.database import Session
from shared.web.reads import note_read

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class CountedThere:
    """`is_deducted` is true if a later count has counted the same people again.

    The people of a deducted count are subtracted from the count of everybody at the site. `differs` is true if the
    counts of several teams give a range instead of one number.
    """

    count: GroupCount
    persons: int
    is_deducted: bool
    differs: bool


@router.get("/sites/{site_id}")
async def site_page(
    site_id: UUID,
    request: Request,
    session: Session,
    caller: Caller,
    until: Until = None,
    entry: Entry = None,
) -> Response:
    """The site for callers of its area. Other callers get 404."""
    places, language = request.app.state.places, language_of(request)
    site = await opened_site(site_id, request, session, caller)
    visibility = visibility_of(caller, places)
    there = await site_queries.counts_at(session, site_id)
    status, search = request.app.state.settings.counted_status, request.app.state.search
    present = await site_queries.counts(session, status, [site_id])
    there_now = await site_queries.registered(session, search, status, [site_id])
    past = HistoryPage.of(await history(session, site_id, there), until=until, anchor=entry)
    shown = await versions(session, request.app.state.encryption, site_id, past.report_ids)
    movements = {version["report_id"] for version in shown if version["kind"] in MOVEMENTS}
    timeline = past.entries(count_timeline(shown, await site_queries.moved_by(session, movements)))
    await note_read(request, session, [site_id])
    await openings.watch(session, caller)
    return render(
        request,
        "site.html",
        site=site,
        now=datetime.now(UTC),
        name=name_of(site, language),
        occupancy=occupancies(present, there_now).get(site_id),
        counted=list(counted(present, {count.report_id: count for count in there})),
        registered=await registered(session, request, site, visibility),
        history=past,
        timeline=timeline,
        sources_of=lambda moved: sources(moved, there),
        readable_groups=await group_queries.readable(session, {count.group_id for count in there}, caller, places),
        sites=await site_links(session, request, caller, named_in(timeline) | {site_id}),
    )


def counted(present: Sequence[CountAtSite], rows: Mapping[UUID, GroupCount]) -> Iterator[CountedThere]:
    """Yields the counts that are added, and the counts that are subtracted.

    Left out are counts without remaining people, and counts that were stored after `rows` were read.
    """
    with_people = (share for share in shares(present) if any(count.persons for count in share.counts))
    for share in with_people:
        for is_deducted, stock in ((False, share.counts), *((True, deducted) for deducted in share.deducted)):
            for count in stock:
                if count.persons and (row := rows.get(count.report_id)):
                    yield CountedThere(row, count.persons, is_deducted, differs=len(stock) > 1)


async def history(session: AsyncSession, site_id: UUID, there: Sequence[GroupCount]) -> list[VersionKey]:
    """The reports are the movements of everybody at the site, and the counts of people at the site.

    A movement of a group is included if people of the group were at the site at that time. Later movements of the group
    are left out, because they may belong to other areas.
    """
    counted = [count.report_id for count in there if count.movement_id is None]
    arrived = {count.movement_id for count in there if count.movement_id}
    about = or_(
        (Report.kind == ReportKind.SITE_MOVEMENT) & ((Report.subject_id == site_id) | Report.report_id.in_(arrived)),
        (Report.kind == ReportKind.GROUP) & Report.report_id.in_(counted),
    )
    keys = await report_queries.keys(session, about)
    of_groups = Report.subject_id.in_({count.group_id for count in there})
    moved = await report_queries.clear_versions(session, of_groups, Report.kind == ReportKind.GROUP_MOVEMENT)
    here = {*arrived, *during(moved, await group_queries.presences_of(session, there))}
    return [*keys, *(VersionKey.of(version) for version in moved if version["report_id"] in here)]


async def versions(
    session: AsyncSession, encryption: EnvelopeEncryption, site_id: UUID, report_ids: Collection[UUID]
) -> Versions:
    """The versions are in the order of receipt.

    Reports about groups and other sites are shown without their sealed fields, which the pages of these groups and
    sites show.
    """
    these, is_own = Report.report_id.in_(report_ids), Report.subject_id == site_id
    own = await report_queries.versions(session, encryption, SITE, these, is_own, kinds=[ReportKind.SITE_MOVEMENT])
    others = await report_queries.clear_versions(session, these, not_(is_own))
    return in_order([*own, *others])


async def registered(session: AsyncSession, request: Request, site: Site, visibility: Visibility) -> int | None:
    """Counts households that reports place at the site, now or earlier; 1,001 means more than 1,000.

    Return None if PostgreSQL would count for too long.
    """
    search = request.app.state.search
    try:
        async with session.begin_nested():
            wanted = await search_queries.site_wanted(session, search, site.site_id, request.app.state.places)
            households = await search_queries.find(
                session, search, SearchQuery(visibility=visibility, limit=1, site=wanted)
            )
    except DBAPIError as error:
        if not is_too_slow(error):
            raise
        return None
    return households.count
