"""Renders the board as a page, and each panel as a fragment of the page."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.console import (
    board,
    checks,
    displaced_people,
    exposed_sites,
    filters,
    installation_status,
    key_figures,
    readmissions,
    visibility,
    wall,
)
from services.console import recent as recent_changes
from services.console.freshness import once_there, position_of
from services.console.hazards import corrections, releases
from services.console.key_figures import KeyFigure
from services.console.map import backgrounds
from services.console.notices import kinds_for
from services.console.queries import (
    accounts,
    board_alerts,
    callers,
    filter_conditions,
    notices,
    public_versions,
    saved_filters,
    second_factors,
    snapshots,
)
from services.console.queries import checks as check_queries
from services.console.queries import key_figures as figure_queries
from services.console.queries import recent as recent_queries
from services.console.queries import releases as release_queries
from services.console.state import console
from services.console.stream import vectors
from services.console.visibility import TOPICS
from shared.auth import role_groups, tokens
from shared.auth.tokens import Role
from shared.events.vocabulary import ReportKind
from shared.monitoring import status
from shared.pages import language_of
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)

# the number of rows that a list shows at first, and the largest number that the page may ask for
FIRST, MOST = 100, 10_000
LAST_HOUR = timedelta(hours=1)


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
    """The page of a wall screen: key figures, unanswered alerts and a map, without names of people."""
    background = await asyncio.to_thread(backgrounds.drawable, console(request).settings.map_pmtiles)
    async with request.app.state.sessions() as session:
        await snapshots.begin(session)
        context = {**await figures(request, session), **await wall.unanswered(request, session)}
        stand = vectors.encoded(await snapshots.positions(session), TOPICS)
    context["background"] = background
    return console(request).pages.render(request, "wall.html", vector=stand, **around(request), **context)


@router.get("/board/{panel}")
async def board_panel(request: Request, panel: str, at: str = "") -> Response:
    """A panel as a fragment of the page.

    Waits up to 3 seconds until the worker has stored all records before the position `at`, which the browser has
    reached.
    """
    view = (PANELS | OF_WALL).get(panel)
    if view is None:
        raise Problem(404, "not-found", "There is no such panel.")
    context, headers = await once_there(request, position_of(at), lambda session: view(request, session))
    headers["x-edition"] = console(request).edition  # a board whose scripts are of another edition says so
    return console(request).pages.render(request, f"board/{panel}.html", headers=headers, **around(request), **context)


@router.get("/v1/ringing")
async def ringing(request: Request) -> Response:
    """The alerts that demand an acknowledgement or an action. Every page uses them for its sound and its title."""
    here, language = console(request), language_of(request)
    pcodes = board.concerning(tokens.current(request), here.places)
    async with request.app.state.sessions() as session:
        counts, alerts = await board_alerts.ringing(session, pcodes)
    ringing_alerts = [  # the page shows a name as text, so its HTML is resolved
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
    """One line for each kind of notice of the last 24 hours. Empty if there are no notices."""
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


async def figures(request: Request, session: AsyncSession) -> dict[str, Any]:
    """The key figures. Accounts that see no deliveries get no number of deliveries."""
    here, principal, now = console(request), tokens.current(request), datetime.now(UTC)
    counted, places = here.settings.counted_status, here.places
    shared = await here.shared_figures.of(session, principal.areas)
    of_alerts = await shared.get("alerts", ["alerts"], lambda: figure_queries.of_alerts(session, principal, places))
    of_households = await shared.get(
        "displaced", ["households"], lambda: figure_queries.of_households(session, counted, principal, places)
    )
    before = await figure_queries.day_ago(session, now, principal, places)
    compared = key_figures.compared({**of_alerts, **of_households}, before)
    if not visibility.sees_deliveries(principal):
        del compared[KeyFigure.NOT_DELIVERED]
    return {"key_figures": compared}


async def alerts(request: Request, session: AsyncSession) -> dict[str, Any]:
    now, principal = datetime.now(UTC), tokens.current(request)
    sees_sites, pcodes = visibility.sees_localities(principal), board.concerning(principal, console(request).places)
    chosen = filters.of(request.query_params.multi_items(), console(request).places)
    is_chosen = filter_conditions.condition(chosen, now, console(request).places)
    sections = await board_alerts.sections(session, now, pcodes, most_of(request), is_chosen)
    hidden = await board_alerts.hidden_unacknowledged(session, now, pcodes, sections) if chosen.is_active else Counter()
    shown = [alert for listed in sections.values() for alert in listed.alerts]
    return {
        "sections": sections,
        "chosen": chosen,
        "hidden_unacknowledged": hidden,
        "most": most_of(request),
        "now": now,
        "people": await accounts.names(session, board_alerts.people(shown)),
        "deliveries": await board_alerts.deliveries(session, shown) if visibility.sees_deliveries(principal) else {},
        "suppressed": await board_alerts.suppressed(session, now, pcodes),
        "exposed_sites": await exposed_sites.named(session, shown, language_of(request)) if sees_sites else {},
    }


async def hazards(request: Request, session: AsyncSession) -> dict[str, Any]:
    now, principal = datetime.now(UTC), tokens.current(request)
    shown = await snapshots.hazards(session, now, most_of(request))
    ids = [hazard.hazard_id for hazard in shown]
    pcodes = board.covered(principal, console(request).places)
    in_force, cancelled = await snapshots.hazard_counts(session, now)
    released = await release_queries.releases(session, ids)
    confirmed = await release_queries.confirmed(session, ids)
    unreleased = await public_versions.unreleased_since(session, ids)
    return {
        "now": now,
        "hazards": shown,
        "releases_without_hazard": await release_queries.without_hazard(session, now, FIRST),
        "hazards_count": in_force,
        "hazards_hidden": in_force + cancelled - len(shown),
        "public_state": lambda hazard: releases.state(
            hazard,
            released.get(hazard.hazard_id),
            confirmed.get(hazard.hazard_id),
            unreleased_since=unreleased.get(hazard.hazard_id),
            now=now,
        ),
        "may_correct": lambda hazard: corrections.may_correct(principal, hazard),
        "callers": await callers.noted(session, ids, principal.account, pcodes),
    }


def most_of(request: Request) -> int:
    """The number of rows that a list shows: the number that the page asks for, or FIRST."""
    most = request.query_params.get("most", "")
    return min(int(most), MOST) if most.isascii() and most.isdigit() and len(most) <= len(str(MOST)) else FIRST


async def households(request: Request, session: AsyncSession) -> dict[str, Any]:
    """The panel of displaced people, in registered households and in counted groups."""
    here, principal, now = console(request), tokens.current(request), datetime.now(UTC)
    counted, places, areas = here.settings.counted_status, here.places, principal.areas
    shared = await here.shared_figures.of(session, areas)
    rows = await displaced_people.registered(session, shared, areas, counted, places, now)
    confirmations = await shared.get(
        "confirmations", ["households"], lambda: snapshots.confirmations(session, counted, now, areas, places)
    )
    by_district = not visibility.sees_localities(principal)
    return {
        "households": board.by_area(rows, places),
        "confirmations": confirmations,
        "groups": await displaced_people.counted(session, shared, areas, counted, places, by_district=by_district),
        "groups_most": most_of(request),
    }


async def reports(request: Request, session: AsyncSession) -> dict[str, Any]:
    since, sees_all = datetime.now(UTC) - snapshots.RECENT, tokens.current(request).covers_country
    kinds = ReportKind if sees_all else board.PUBLIC_KINDS
    rows = await snapshots.outcomes(session, console(request).settings.counted_status, since, kinds)
    return {"outcomes": board.settled(rows), "sees_all_reports": sees_all}


async def recent(request: Request, session: AsyncSession) -> dict[str, Any]:
    """What changed in the last hour: hazards, and alerts in the caller's areas."""
    since, pcodes = datetime.now(UTC) - LAST_HOUR, board.concerning(tokens.current(request), console(request).places)
    changed = await recent_queries.alerts(session, since, pcodes)
    changes = recent_changes.changes(changed, await recent_queries.hazards(session, since), since)
    return {"recent": changes, "names": await accounts.names(session, [change.account for change in changes])}


async def watched(request: Request, session: AsyncSession) -> dict[str, Any]:
    """The alarms of the installation's checks. Accounts that may not see the ledger get no alarms."""
    if tokens.current(request).roles.isdisjoint(role_groups.LEDGER):
        return {"check_alarms": [], "monitored_until": None}
    now, here = datetime.now(UTC), console(request)
    folder = status.folder_of(here.settings)
    return {
        "check_alarms": checks.alarms(await check_queries.known(session), now),
        "monitored_until": installation_status.monitored_until(folder, now, started_at=here.started_at),
    }


async def saved(request: Request, session: AsyncSession) -> dict[str, Any]:
    return {"saved_filters": await saved_filters.of(session, tokens.current(request).account)}


PANELS = {
    "key-figures": figures,
    "alerts": alerts,
    "hazards": hazards,
    "households": households,
    "reports": reports,
    "recent": recent,
    "checks": watched,
    "filters": saved,
}
OF_WALL = {"wall": wall.unanswered}  # the board does not show this panel


def around(request: Request) -> dict[str, Any]:
    """The variables that the templates of all panels need."""
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
        "row": partial(here.kept_rows.row, language),
        "whereabouts": lambda pcodes: board.whereabouts(pcodes, here.places, language),
    }
