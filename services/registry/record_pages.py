"""Functions for the templates of the pages of households, groups and sites, and links to sites."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry.households.timelines import StoredVersion, TimelineEntry, anchor_of
from services.registry.models import CODE_CHARACTERS, Site
from services.registry.sites import queries as site_queries
from shared.auth.tokens import Principal
from shared.country import TIME_ZONE
from shared.events.vocabulary import ReportKind
from shared.pages import Pages, language_of
from shared.pages.languages import name_in
from shared.pages.terms import term

SITE_FIELDS = ("site_id", "destination_site_id")
# selects a page of a history: by the number of the page's last entry, or by the anchor of an entry
Until = Annotated[int | None, Query(ge=1)]
Entry = Annotated[str | None, Query(pattern=r"^report-[0-9a-f-]{36}-\d{1,9}$")]


@dataclass(frozen=True, slots=True)
class SiteLink:
    name: str
    is_open: bool


async def site_links(
    session: AsyncSession, request: Request, caller: Principal, ids: Iterable[UUID]
) -> dict[str, SiteLink]:
    """If a site is not in the list, there is no link."""
    places, language = request.app.state.places, language_of(request)
    return {
        str(site.site_id): SiteLink(name_of(site, language), caller.covers(site.pcode, places))
        for site in await site_queries.named(session, set(ids))
    }


def name_of(site: Site, language: str) -> str:
    return name_in(language, (site.name_ky, site.name_ru, site.name_en))


def shows_notes(entry: TimelineEntry, sites: Mapping[str, SiteLink]) -> bool:
    """A note about everybody at a site may contain personal data of other people there.

    A note about everybody at a site may be read only by readers of the site's area.
    """
    return entry.site_id is None or is_open(entry.site_id, sites)


def is_open(site_id: UUID | None, sites: Mapping[str, SiteLink]) -> bool:
    link = sites.get(str(site_id))
    return link is not None and link.is_open


def named_in(entries: Iterable[TimelineEntry]) -> set[UUID]:
    return {site_id for entry in entries for site_id in _named_in(entry)}


def _named_in(entry: TimelineEntry) -> Iterator[UUID]:
    yield from sites_of(entry.version)
    for change in entry.changes:
        if change.field in SITE_FIELDS:
            yield from map(UUID, filter(None, (change.before, change.after)))


def sites_of(version: StoredVersion) -> Iterator[UUID]:
    report: Mapping[str, Any] = version["report"]
    yield from (UUID(report[name]) for name in SITE_FIELDS if report.get(name))
    if version["kind"] == ReportKind.SITE_MOVEMENT:
        yield version["subject_id"]


def render(request: Request, template: str, **context: Any) -> Response:
    pages: Pages = request.app.state.pages
    gettext = partial(pages.gettext, language_of(request))
    shared = {
        "places": request.app.state.places,
        "date_of": date.fromisoformat,
        "date_time": datetime.fromisoformat,
        "local": lambda moment: moment.astimezone(TIME_ZONE),
        "code_of": lambda report_id: str(report_id)[-CODE_CHARACTERS:].upper(),
        "short_id": lambda account: str(account)[:8],
        "counted_status": request.app.state.settings.counted_status,
        "anchor_of": anchor_of,
        "shows_notes": shows_notes,
        "is_open": is_open,
        "field_name": lambda name: term("household_field", name, gettext),
    }
    return pages.render(request, template, **shared, **context)
