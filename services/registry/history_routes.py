"""Routes for the history of a counted group, and of the movements of everybody at a site."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import openings, report_queries
from services.registry.decisions import SITE
from services.registry.groups import queries as group_queries
from services.registry.groups.timelines import GroupCourse
from services.registry.models import Group, Report, Site
from services.registry.routes import Caller, Version, missing
from services.registry.sites import queries as site_queries
from shared.auth.tokens import Principal
from shared.events.vocabulary import ReportKind
from shared.postgres.database import Session
from shared.web.reads import check_purpose, note_read

router = APIRouter()


class GroupHistory(BaseModel):
    group_id: UUID
    versions: list[Version]


class MovementsOfSite(BaseModel):
    site_id: UUID
    versions: list[Version]


@router.get("/v1/groups/{group_id}/history")
async def group_history(group_id: UUID, request: Request, session: Session, caller: Caller) -> GroupHistory:
    """All versions of the counts and movements of the group, oldest first."""
    await opened_group(group_id, request, session, caller)
    encryption, about = request.app.state.encryption, Report.subject_id == group_id
    versions = await report_queries.versions(session, encryption, ReportKind.GROUP, about, kinds=group_queries.OF_GROUP)
    await note_read(request, session, [group_id])
    await openings.watch(session, caller)
    return GroupHistory(group_id=group_id, versions=[Version.model_validate(version) for version in versions])


@router.get("/v1/sites/{site_id}/history")
async def site_history(site_id: UUID, request: Request, session: Session, caller: Caller) -> MovementsOfSite:
    """All versions of the movements of everybody at the site, oldest first."""
    await opened_site(site_id, request, session, caller)
    encryption, about = request.app.state.encryption, Report.subject_id == site_id
    versions = await report_queries.versions(session, encryption, SITE, about, kinds=[ReportKind.SITE_MOVEMENT])
    await note_read(request, session, [site_id])
    await openings.watch(session, caller)
    return MovementsOfSite(site_id=site_id, versions=[Version.model_validate(version) for version in versions])


async def opened_group(
    group_id: UUID, request: Request, session: AsyncSession, caller: Principal
) -> tuple[Group, GroupCourse]:
    """Raises Problem if the caller may not read the group, or has stated no purpose."""
    await check_purpose(request, caller, group_id)
    group, course = await group_queries.group(session, group_id), await group_queries.course(session, group_id)
    if group is None or not group_queries.is_visible(group, course, caller, request.app.state.places):
        raise await missing(request, group_id, title="There is no such group.")
    return group, course


async def opened_site(site_id: UUID, request: Request, session: AsyncSession, caller: Principal) -> Site:
    """Raises Problem if the site is not in the caller's areas, or the caller has stated no purpose."""
    await check_purpose(request, caller, site_id)
    site = await site_queries.site(session, site_id)
    if site is None or not caller.covers(site.pcode, request.app.state.places):
        raise await missing(request, site_id, title="There is no such site.")
    return site
