"""The page of one counted group: who and where the people are, the counts that the figures use, and the history."""

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry import group_queries, openings
from services.registry.group_timelines import CountEntry, count_timeline, why_not_counted
from services.registry.history_routes import opened_group
from services.registry.models import Group
from services.registry.record_pages import named_in, render, site_links
from services.registry.routes import Caller, note_read
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)


@router.get("/groups/{group_id}")
async def group_page(group_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    """The group for callers of the area where its people are or, if they are abroad, come from; 404 for others."""
    places = request.app.state.places
    group, course = await opened_group(group_id, request, session, caller)
    versions = await group_queries.history(session, request.app.state.encryption, course)
    timeline = count_timeline(versions, course.counts)
    await note_read(request, session, [group_id])
    await openings.watch(session, caller)
    other_groups = {count.group_id for count in (*course.others, *course.replacing.values())}
    of_counts = {row.site_id for row in course.counts if row.site_id}
    return render(
        request,
        "group.html",
        group=group,
        report=current_report(group, timeline),
        course=course,
        why_not_counted=partial(why_not_counted, counted_status=request.app.state.settings.counted_status),
        timeline=timeline,
        readable_groups=await group_queries.readable(session, other_groups, caller, places),
        sites=await site_links(session, request, caller, named_in(timeline) | of_counts),
    )


def current_report(group: Group, timeline: list[CountEntry]) -> dict[str, Any]:
    """The decrypted content of the group's current report."""
    name = group.report_id, group.version
    current = next(entry for entry in timeline if entry.is_effective and not entry.is_movement and entry.name == name)
    report: dict[str, Any] = current.version["report"]
    return report
