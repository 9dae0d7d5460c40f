"""The page of the search, and its results as a workbook."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.console import board
from services.console.search import exports, queries
from services.console.search.criteria import LONGEST_TEXT, Rejection, SearchCriteria, criteria_of
from services.console.search.kinds import STATES, WITH_SOURCE, kinds_of
from services.console.search.lines import Related, ResultLine, ResultLines
from services.console.search.queries import SearchReader, UnknownPage
from services.console.state import console
from shared import audit
from shared.audit import Action
from shared.auth import role_groups, tokens
from shared.failures import is_too_slow
from shared.pages import language_of
from shared.pages.terms import N_, term
from shared.postgres import snapshots
from shared.sheets.refused import XLSX

router = APIRouter(include_in_schema=False)
SHOWN = 50
TEMPLATE = "search.html"
DESCRIPTION = "search/description.html"
LABELS = (
    N_("Time"),
    N_("What"),
    N_("Text"),
    N_("Place"),
    N_("Severity"),
    N_("State"),
    N_("Source"),
    N_("Status"),
    N_("Address of the page"),
)
EXPORT = "/search/export"


@router.get("/search")
async def search_page(request: Request) -> Response:
    return await _answered(request, _page)


@router.get(EXPORT)
async def search_export(request: Request) -> Response:
    """Sends the results as a workbook, and logs the export in the security log."""
    return await _answered(request, _export)


async def _answered(
    request: Request,
    answer: Callable[[Request, SearchReader, SearchCriteria, AsyncSession], Awaitable[Response]],
) -> Response:
    """Answers a search. If a criterion is refused, the page shows the reason, with status 422."""
    reader = _reader(request)
    criteria, rejections = criteria_of(request.query_params, reader.kinds, reader.places)
    if rejections:
        return _rendered(request, reader, criteria, status=422, rejections=rejections)
    try:
        async with request.app.state.sessions.begin() as session:
            await snapshots.begin(session)
            return await answer(request, reader, criteria, session)
    except UnknownPage:
        return _rendered(request, reader, criteria, status=422, rejections=[Rejection.UNKNOWN_PAGE])
    except DBAPIError as error:
        if not is_too_slow(error):
            raise
        return _rendered(request, reader, criteria, status=503, is_too_slow=True)


async def _page(request: Request, reader: SearchReader, criteria: SearchCriteria, session: AsyncSession) -> Response:
    rows, has_more = await queries.page(session, criteria, reader, SHOWN)
    return _rendered(
        request,
        reader,
        criteria,
        lines=_lines(request, reader).of(rows, await _related(session, rows)),
        has_more=has_more,
        counts=await queries.counts(session, criteria, reader),
        sources=await queries.sources(session),
        failed=(await queries.failed(session))[criteria.kind] if criteria.text else 0,
    )


async def _export(request: Request, reader: SearchReader, criteria: SearchCriteria, session: AsyncSession) -> Response:
    rows, has_more = await queries.page(session, criteria, reader, exports.MOST_ROWS)
    related = await _related(session, rows)
    await audit.add(session, audit.entry_of(request, Action.EXPORTED))
    # commit now: PostgreSQL would end a transaction that is idle while the workbook is written
    await session.commit()
    content = await asyncio.to_thread(_workbook, request, reader, criteria, rows, related, has_more=has_more)
    name = f"dayar-{criteria.kind}-{reader.now:%Y-%m-%d}.xlsx"
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _reader(request: Request) -> SearchReader:
    principal, places = tokens.current(request), console(request).places
    return SearchReader(
        kinds_of(principal), principal.areas, board.concerning(principal, places), places, datetime.now(UTC)
    )


def _lines(request: Request, reader: SearchReader) -> ResultLines:
    return ResultLines(console(request).pages, reader.places, language_of(request), reader.now)


async def _related(session: AsyncSession, rows: Sequence[Any]) -> Related:
    return Related(await queries.sources_of(session, rows), await queries.sites_of(session, rows))


def _rendered(
    request: Request, reader: SearchReader, criteria: SearchCriteria, *, status: int = 200, **shown: Any
) -> Response:
    here = console(request)
    states = STATES[criteria.kind]
    context: dict[str, Any] = {
        "criteria": criteria,
        "kinds": reader.kinds,
        "states": states[1],
        "state_terms": states[0],
        "has_source": criteria.kind in WITH_SOURCE,
        "options": here.places.options(language_of(request)),
        "places": here.places,
        "counted": here.settings.counted_status,
        "counted_most": queries.COUNTED,
        "longest_text": LONGEST_TEXT,
        "exported_most": exports.MOST_ROWS,
        "sees_households": not tokens.current(request).roles.isdisjoint(role_groups.COUNTERS),
        "lines": None,
        "has_more": False,
        "failed": 0,
        "counts": {},
        "sources": [],
        "rejections": [],
        "is_too_slow": False,
    }
    return here.pages.render(request, TEMPLATE, status=status, **context | shown)


def _workbook(
    request: Request,
    reader: SearchReader,
    criteria: SearchCriteria,
    rows: Sequence[Any],
    related: Related,
    *,
    has_more: bool,
) -> bytes:
    here, language = console(request), language_of(request)

    def translated(text: str) -> str:
        return here.pages.gettext(language, text)

    described: str = here.pages.text(
        language,
        DESCRIPTION,
        criteria=criteria,
        state_terms=STATES[criteria.kind][0],
        places=reader.places,
        now=reader.now,
        most=exports.MOST_ROWS if has_more else None,
    )
    lines: list[tuple[ResultLine, str, str]] = [
        (
            line,
            term("severity", line.severity, translated) if line.severity else "",
            term("status", line.status, translated) if line.status else "",
        )
        for line in _lines(request, reader).of(rows, related)
    ]
    labels = [translated(label) for label in LABELS]
    return exports.workbook(unescape(described).splitlines(), labels, lines, here.settings.public_url.rstrip("/"))
