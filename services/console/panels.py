"""What each panel of the board shows to the reader."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import (
    board,
    checks,
    displaced_people,
    exposed_sites,
    filters,
    installation_status,
    key_figures,
    visibility,
    wall,
)
from services.console import recent as recent_changes
from services.console.hazards import corrections, releases
from services.console.key_figures import KeyFigure
from services.console.queries import (
    accounts,
    board_alerts,
    callers,
    filter_conditions,
    public_versions,
    saved_filters,
    snapshots,
)
from services.console.queries import checks as check_queries
from services.console.queries import key_figures as figure_queries
from services.console.queries import recent as recent_queries
from services.console.queries import releases as release_queries
from services.console.state import console
from shared.auth import role_groups, tokens
from shared.events.vocabulary import ReportKind
from shared.monitoring import status
from shared.pages import language_of

# the number of rows that a list shows at first, and the largest number that the page may ask for
FIRST, MOST = 100, 10_000
LAST_HOUR = timedelta(hours=1)


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
