"""The page of one counted group: who and where the people are, the counts that the figures use, and the history."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry import openings
from services.registry.counts import differing_queries
from services.registry.groups import queries as group_queries
from services.registry.groups.timelines import count_timeline, sources, why_not_counted
from services.registry.history_pages import HistoryPage
from services.registry.history_routes import opened_group
from services.registry.record_pages import Entry, Until, named_in, render, site_links
from services.registry.routes import Caller
from shared.postgres.database import Session
from shared.web.reads import note_read

router = APIRouter(include_in_schema=False)


@router.get("/groups/{group_id}")
async def group_page(
    group_id: UUID,
    request: Request,
    session: Session,
    caller: Caller,
    until: Until = None,
    entry: Entry = None,
) -> Response:
    """The page of a group. A caller may read the page if the people of the group are in the caller's areas.

    If the people are abroad, the caller's areas must contain their origin. Callers who may not read the page get 404.
    """
    encryption, places = request.app.state.encryption, request.app.state.places
    group, course = await opened_group(group_id, request, session, caller)
    history = HistoryPage.of(await group_queries.history(session, course), until=until, anchor=entry)
    versions = await group_queries.versions(session, encryption, history.report_ids)
    timeline = history.entries(count_timeline(versions, course.counts))
    await note_read(request, session, [group_id])
    await openings.watch(session, caller)
    other_groups = {count.group_id for count in (*course.others, *course.replacing.values())}
    choices = await differing_queries.choices_about(session, [count.report_id for count in course.counts])
    of_counts = {row.site_id for row in course.counts if row.site_id}
    return render(
        request,
        "group.html",
        group=group,
        report=await group_queries.report(session, encryption, group),
        course=course,
        now=datetime.now(UTC),
        why_not_counted=partial(why_not_counted, counted_status=request.app.state.settings.counted_status),
        history=history,
        timeline=timeline,
        sources_of=lambda moved: sources(moved, [*course.counts, *course.others]),
        choices=choices,
        readable_groups=await group_queries.readable(session, other_groups, caller, places),
        sites=await site_links(session, request, caller, named_in(timeline) | of_counts),
    )
