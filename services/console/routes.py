"""The page of the board. Each panel is also available alone, as a fragment of HTML."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.console import board, readmissions, wall
from services.console.freshness import once_there, position_of
from services.console.map import backgrounds
from services.console.notices import kinds_for
from services.console.panels import OF_WALL, PANELS, figures
from services.console.queries import accounts, board_alerts, notices, second_factors, snapshots
from services.console.state import console
from services.console.stream import vectors
from services.console.visibility import TOPICS
from shared.auth import role_groups, tokens
from shared.auth.tokens import Role
from shared.pages import language_of
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)


@router.get("/")
async def board_page(request: Request) -> Response:
    if tokens.current(request).roles.isdisjoint(role_groups.STAFF):
        return RedirectResponse("/intake/field?signed-in", 303)
    background = await asyncio.to_thread(backgrounds.drawable, console(request).settings.map_pmtiles)
    async with request.app.state.sessions() as session:
        await snapshots.begin(session)
        shown = {name: await view(request, session) for name, view in PANELS.items()}
        stand = vectors.encoded(await snapshots.positions(session), TOPICS)
    context = {name: value for panel in shown.values() for name, value in panel.items()}
    context |= {"background": background, "edition": console(request).edition}
    return console(request).pages.render(request, "board.html", vector=stand, **around(request), **context)


@router.get("/wall")
async def wall_page(request: Request) -> Response:
    background = await asyncio.to_thread(backgrounds.drawable, console(request).settings.map_pmtiles)
    async with request.app.state.sessions() as session:
        await snapshots.begin(session)
        context = {**await figures(request, session), **await wall.unanswered(request, session)}
        stand = vectors.encoded(await snapshots.positions(session), TOPICS)
    context["background"] = background
    return console(request).pages.render(request, "wall.html", vector=stand, **around(request), **context)


@router.get("/board/{panel}")
async def board_panel(request: Request, panel: str, at: str = "", rows: str = "") -> Response:
    """Renders one panel as a fragment of HTML.

    `at` is the position in the event stream that the browser has reached. The answer waits up to 3 seconds until the
    worker has stored all records before `at`. `rows` lists the digests of the rows on the page, and the answer has only
    a placeholder for each of these rows.
    """
    view = (PANELS | OF_WALL).get(panel)
    if view is None:
        raise Problem(404, "not-found", "There is no such panel.")
    context, headers = await once_there(request, position_of(at), lambda session: view(request, session))
    headers["x-edition"] = console(request).edition  # an open page compares it with its own edition
    context |= around(request, frozenset(rows.split(",")))
    return console(request).pages.render(request, f"board/{panel}.html", headers=headers, **context)


@router.get("/v1/ringing")
async def ringing(request: Request) -> Response:
    """Returns the alerts for which every open page plays a sound and changes its title."""
    here, language = console(request), language_of(request)
    pcodes = board.concerning(tokens.current(request), here.places)
    async with request.app.state.sessions() as session:
        counts, alerts = await board_alerts.ringing(session, pcodes)
    ringing_alerts = [  # the page shows a name as text, so HTML entities would be visible
        {
            "alert_id": str(alert.alert_id),
            "severity": alert.severity,
            "demand": alert.demand,
            "level": alert.level,
            "name": here.kept_rows.row(language, "board/name.html", (alert.alert_id, alert.sequence), alert)
            .strip()
            .unescape(),
        }
        for alert in alerts
    ]
    return JSONResponse({"count": counts.total(), "counts": counts, "alerts": ringing_alerts})


@router.get("/notices")
async def notices_bar(request: Request, session: Session) -> Response:
    """Renders the notices of the reader, or an empty text."""
    principal, now = tokens.current(request), datetime.now(UTC)
    fresh = await notices.fresh(session, kinds_for(principal), now)
    is_head = Role.DUTY_HEAD in principal.roles
    ended = await readmissions.ended_reports(session, now) if is_head else 0
    if ended > readmissions.NOTICED_FROM:
        fresh["ended_reports"] = ended
    lacks_factor = Role.ADMINISTRATOR in principal.roles and not await second_factors.exists(session, principal.account)
    return console(request).pages.render(request, "notices.html", fresh=fresh, lacks_factor=lacks_factor)


@router.get("/security")
async def security_page(request: Request, session: Session) -> Response:
    latest = await notices.latest(session, kinds_for(tokens.current(request)), datetime.now(UTC))
    return console(request).pages.render(request, "security.html", latest=latest)


@router.get("/audit")
async def audit_page(request: Request, session: Session) -> Response:
    """The page of the security logs. The browser reads the services' logs; the console adds the accounts' names."""
    names = {str(account.account_id): account.name for account in await accounts.everyone(session)}
    return console(request).pages.render(request, "audit.html", names=names)


def around(request: Request, known: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Returns values that every panel's template needs. `known` lists the digests of the rows on the page."""
    here, principal, language = console(request), tokens.current(request), language_of(request)
    return {
        "places": here.places,
        "own_areas": [here.places.name(area, language) for area in sorted(principal.areas)],
        "counted": here.settings.counted_status,
        "may_answer": not principal.roles.isdisjoint(role_groups.CMC),
        "reader": principal.account,
        "may_count": not principal.roles.isdisjoint(role_groups.COUNTERS),
        "sees_figures": not principal.roles.isdisjoint(role_groups.FIGURES),
        "sees_ledger": not principal.roles.isdisjoint(role_groups.LEDGER),
        "row": partial(here.kept_rows.row_or_gap, known, language),
        "whereabouts": lambda pcodes: board.whereabouts(pcodes, here.places, language),
    }
