"""Collects the data of each panel of the board, as far as the reader may see the data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

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
from services.console.models import BoardAlert, BoardHazard, BoardRelease
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
from services.console.queries.board_alerts import SectionAlerts
from services.console.queries.releases import Confirmation
from services.console.recent import RecentChange
from services.console.sections import Section
from services.console.state import console
from shared.auth import role_groups, tokens
from shared.country import COUNTRY
from shared.events.vocabulary import ReportKind, Scope
from shared.monitoring import status
from shared.pages import language_of

# a list begins with FIRST rows; "Show more" asks for up to MOST rows
FIRST, MOST = 100, 10_000
LAST_HOUR = timedelta(hours=1)
LISTED_SECONDS = 1.0  # readers share a list for this time, so an event appears up to a second late


async def figures(request: Request, session: AsyncSession) -> dict[str, Any]:
    """Returns the key figures. Accounts that see no deliveries get no number of failed deliveries."""
    here, principal, now = console(request), tokens.current(request), datetime.now(UTC)
    counted, places = here.settings.counted_status, here.places
    shared = await here.shared_figures.of(session, principal.areas)
    of_alerts = await shared.get("alerts", ["alerts"], lambda: figure_queries.of_alerts(session, principal, places))
    of_households = await shared.get(
        "displaced", ["households"], lambda: figure_queries.of_households(session, counted, principal, places)
    )
    before = await shared.get("day ago", (), lambda: figure_queries.day_ago(session, now, principal, places))
    compared = key_figures.compared({**of_alerts, **of_households}, before)
    if not visibility.sees_deliveries(principal):
        del compared[KeyFigure.NOT_DELIVERED]
    return {"key_figures": compared}


@dataclass(frozen=True, slots=True)
class ListedAlerts:
    sections: Mapping[Section, SectionAlerts]
    shown: Sequence[BoardAlert]
    deliveries: Mapping[UUID, tuple[int, int]]
    suppressed: int


async def alerts(request: Request, session: AsyncSession) -> dict[str, Any]:
    here, now, principal, most = console(request), datetime.now(UTC), tokens.current(request), most_of(request)
    sees_sites, pcodes = visibility.sees_localities(principal), board.concerning(principal, here.places)
    chosen = filters.of(request.query_params.multi_items(), here.places)

    async def read() -> ListedAlerts:
        is_chosen = filter_conditions.condition(chosen, now, here.places)
        sections = await board_alerts.sections(session, now, pcodes, most, is_chosen)
        shown = [alert for section in sections.values() for alert in section.alerts]
        deliveries = await board_alerts.deliveries(session, shown)
        return ListedAlerts(sections, shown, deliveries, await board_alerts.suppressed(session, now, pcodes))

    is_usual = most == FIRST and not chosen.is_active  # too many shared lists would fill the memory
    shared = await here.shared_figures.of(session, principal.areas)
    listed = await (shared.get("list of alerts", ["alerts"], read, seconds=LISTED_SECONDS) if is_usual else read())
    sections, hidden = listed.sections, Counter[str]()
    if chosen.is_active:
        hidden = await board_alerts.hidden_unacknowledged(session, now, pcodes, sections)
    return {
        "sections": sections,
        "chosen": chosen,
        "hidden_unacknowledged": hidden,
        "most": most,
        "now": now,
        "people": await accounts.names(session, board_alerts.people(listed.shown)),
        "deliveries": listed.deliveries if visibility.sees_deliveries(principal) else {},
        "suppressed": listed.suppressed,
        "exposed_sites": await exposed_sites.named(session, listed.shown, language_of(request)) if sees_sites else {},
    }


@dataclass(frozen=True, slots=True)
class ListedHazards:
    hazards: Sequence[BoardHazard]
    in_force: int
    cancelled: int
    released: Mapping[UUID, BoardRelease]
    unreleased: Mapping[UUID, datetime]
    without_hazard: Sequence[BoardRelease]
    restricted: Sequence[UUID]  # hazards that are restricted now or were restricted earlier


async def hazards(request: Request, session: AsyncSession) -> dict[str, Any]:
    here, now, principal, most = console(request), datetime.now(UTC), tokens.current(request), most_of(request)

    async def read() -> ListedHazards:
        shown = await snapshots.hazards(session, now, most)
        released = await release_queries.releases(session, [hazard.hazard_id for hazard in shown])
        # a hazard that was never restricted has no public state to look up
        ids = [hazard.hazard_id for hazard in shown if hazard.scope != Scope.PUBLIC or hazard.hazard_id in released]
        return ListedHazards(
            shown,
            *await snapshots.hazard_counts(session, now),
            released,
            await public_versions.unreleased_since(session, ids) if ids else {},
            await release_queries.without_hazard(session, now, FIRST),
            ids,
        )

    async def confirmations() -> Mapping[UUID, Confirmation]:
        return await release_queries.confirmed(session, listed.restricted) if listed.restricted else {}

    if most == FIRST:  # longer lists are not shared: they could fill the memory
        shared = await here.shared_figures.of(session, [COUNTRY])  # all readers see all hazards
        listed = await shared.get("list of hazards", visibility.HAZARDS, read, seconds=LISTED_SECONDS)
        confirmed = await shared.get(
            "confirmations of hazards", ("alerts", *visibility.HAZARDS), confirmations, seconds=LISTED_SECONDS
        )
    else:
        listed = await read()
        confirmed = await confirmations()
    ids = [hazard.hazard_id for hazard in listed.hazards]
    return {
        "now": now,
        "hazards": listed.hazards,
        "releases_without_hazard": listed.without_hazard,
        "hazards_count": listed.in_force,
        "hazards_hidden": listed.in_force + listed.cancelled - len(listed.hazards),
        "public_state": lambda hazard: releases.state(
            hazard,
            listed.released.get(hazard.hazard_id),
            confirmed.get(hazard.hazard_id),
            unreleased_since=listed.unreleased.get(hazard.hazard_id),
            now=now,
        ),
        "may_correct": lambda hazard: corrections.may_correct(principal, hazard),
        "callers": await callers.noted(session, ids, principal.account, board.covered(principal, here.places)),
    }


def most_of(request: Request) -> int:
    most = request.query_params.get("most", "")
    return min(int(most), MOST) if most.isascii() and most.isdigit() and len(most) <= len(str(MOST)) else FIRST


async def households(request: Request, session: AsyncSession) -> dict[str, Any]:
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
    here, principal = console(request), tokens.current(request)
    since, sees_all = datetime.now(UTC) - snapshots.RECENT, principal.covers_country
    kinds = ReportKind if sees_all else board.PUBLIC_KINDS
    shared = await here.shared_figures.of(session, principal.areas)
    counted = here.settings.counted_status
    rows = await shared.get(
        "outcomes",
        ["outcomes"],
        lambda: snapshots.outcomes(session, counted, since, kinds),
        seconds=LISTED_SECONDS,
    )
    return {"outcomes": board.settled(rows), "sees_all_reports": sees_all}


async def recent(request: Request, session: AsyncSession) -> dict[str, Any]:
    here, principal, since = console(request), tokens.current(request), datetime.now(UTC) - LAST_HOUR
    pcodes = board.concerning(principal, here.places)

    async def read() -> list[RecentChange]:
        changed = await recent_queries.alerts(session, since, pcodes)
        return recent_changes.changes(changed, await recent_queries.hazards(session, since), since)

    shared = await here.shared_figures.of(session, principal.areas)
    changes = await shared.get("last hour", ("alerts", *visibility.HAZARDS), read, seconds=LISTED_SECONDS)
    return {"recent": changes, "names": await accounts.names(session, [change.account for change in changes])}


async def watched(request: Request, session: AsyncSession) -> dict[str, Any]:
    """Returns no alarms to accounts that may not see the ledger."""
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
