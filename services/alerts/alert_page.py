"""The page of one alert, with the alert's data, deliveries, timeline and buttons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import shapely
from fastapi import APIRouter, Request
from starlette.responses import Response

from services.alerts import budgets, reads, timeline
from services.alerts.acts import acting_accounts, behalf, snoozes
from services.alerts.acts.acts import ActKind
from services.alerts.alerts import Alert
from services.alerts.checklists import calls as call_log
from services.alerts.checklists import whom_to_call
from services.alerts.checklists.calls import Call, CallResult
from services.alerts.checklists.checklists import Checklist
from services.alerts.delivery import listings, words
from services.alerts.duty_numbers.duty_numbers import DutyNumber
from services.alerts.message_templates.keeping import CurrentMessages
from services.alerts.models import Act
from services.alerts.notifications import omissions
from services.alerts.notifications.stages import Omission
from services.alerts.pages import sent_of
from services.alerts.queries import duty_numbers as number_queries
from services.alerts.queries import hazards as hazard_queries
from services.alerts.queries import sites as site_queries
from services.alerts.queries.quorums import quorum_of
from services.alerts.routes import Caller, seen
from services.alerts.rules.exposure import footprint, is_known_by_points
from services.alerts.rules.findings import RuleKind
from services.alerts.views import VERDICTS, AlertView, Assignee
from shared.auth.role_groups import CMC, COUNTERS, LEDGER
from shared.auth.tokens import Principal
from shared.events import AlertRaised, HazardReported
from shared.pages import Pages, language_of
from shared.pages.languages import name_in
from shared.places import Places
from shared.places.points import KnownPoints
from shared.postgres.database import Session

NEAREST = 2

router = APIRouter()


@dataclass(frozen=True, slots=True)
class May:
    act: bool
    see_deliveries: bool

    @classmethod
    def of(cls, caller: Principal, alert: Alert) -> "May":
        is_of_centre = not caller.roles.isdisjoint(CMC)
        return cls(is_of_centre and not alert.is_suppressed, not caller.roles.isdisjoint(LEDGER))


@router.get("/{alert_id:uuid}")
async def alert_page(
    alert_id: UUID, request: Request, session: Session, caller: Caller, messages: CurrentMessages
) -> Response:
    alert = await seen(alert_id, request, session, caller)
    may, language, state = May.of(caller, alert), language_of(request), request.app.state
    pages: Pages = state.pages
    revisions = await hazard_queries.hazard_history(session, alert.hazard_id) if alert.hazard_id else []
    deliveries = await listings.deliveries(session, alert_id=alert_id) if may.see_deliveries else []
    acts = await timeline.of(session, alert_id)
    is_by_points = bool(revisions) and is_known_by_points(revisions[0], state.places)
    is_waiting = may.see_deliveries and not alert.is_answered and not alert.is_suppressed
    return pages.render(
        request,
        "alert.html",
        alert=alert,
        view=AlertView.model_validate(alert),
        title=state.texts.title(event_of(alert), language),
        where=state.texts.where(event_of(alert), language),
        may=may,
        reader=caller.account,
        on_behalf=await behalf.shown(request, session, alert, acts),
        revisions=revisions,
        texts=texts_of(revisions[0], language) if revisions else [],
        texts_of=partial(texts_of, language=language),
        sent=[sent_of(delivery, messages, pages, language) for delivery in deliveries],
        omitted=await omissions.of(session, alert_id) if may.see_deliveries else [],
        outside_hours=await omissions.outside_hours(session, alert_id) if may.see_deliveries else (),
        nobody_else=omissions.TEXTS[Omission.NOBODY_ELSE],
        acts=acts,
        quorum=await quorum_of(session, alert, state.places, datetime.now(UTC)) if is_waiting else None,
        assignees=await assignees_of(session, alert, request, caller) if may.act else (),
        partly_acknowledged=partly_acknowledged(alert, acts),
        **await checklist_of(session, alert, acts, request, caller, revisions),
        withheld=await withheld(session, alert, request, caller),
        is_known_by_points=is_by_points,
        nearest_districts=await nearest_districts(session, revisions[0], state.known_points) if is_by_points else [],
        source=alert.figures.get("source"),
        sites=await sites_of(session, alert, caller, state.places, language),
        longest_snooze=snoozes.longest(alert, caller.roles) // timedelta(minutes=1),
        verdicts=VERDICTS,
        places=state.places,
    )


async def assignees_of(session: Session, alert: Alert, request: Request, caller: Principal) -> list[Assignee]:
    now, state = datetime.now(UTC), request.app.state
    return await acting_accounts.offered(session, [alert], state.places, state.access, now, besides=caller.account)


async def checklist_of(
    session: Session,
    alert: Alert,
    acts: Sequence[Act],
    request: Request,
    caller: Principal,
    revisions: Sequence[HazardReported],
) -> dict[str, Any]:
    """Duty numbers and texts of calls are shown only to readers who may act.

    The security log records who read the duty numbers.
    """
    state, may_act = request.app.state, May.of(caller, alert).act
    checklist = None if alert.is_suppressed else state.checklists.of(alert)
    calls: Mapping[int, Call] = {}
    numbers: Sequence[DutyNumber] = ()
    unreadable = 0
    if may_act:
        calls = await call_log.of(session, alert.alert_id, state.box)
        if checklist is not None:
            units = whom_to_call.units(alert, caller, state.places)
            most = whom_to_call.MOST_NUMBERS
            known, unreadable = await number_queries.readable(session, state.box, pcodes=units, limit=most)
            numbers = whom_to_call.in_order(known, alert, revisions[0] if revisions else None, state.places)
    if calls or numbers:
        await reads.log(request, session, alert.alert_id, "duty-numbers")
    sheet = checklist and whom_to_call.sheet(
        checklist, alert, timeline.done_steps(acts), numbers, whom_to_call.last_calls(acts, calls)
    )
    text = partial(step_text, checklist, language=language_of(request))
    return {
        "calls": calls,
        "sheet": sheet,
        "is_cut": len(numbers) + unreadable == whom_to_call.MOST_NUMBERS,
        "are_calls_readable": not unreadable and all(call.post is not None for call in calls.values()),
        "step_text": text,
        "call_results": list(CallResult),
    }


def step_text(checklist: Checklist | None, step: str, *, language: str) -> str:
    return checklist.by_id[step].text[language] if checklist and step in checklist.by_id else step


def event_of(alert: Alert) -> AlertRaised:
    return AlertRaised.model_validate(alert, from_attributes=True)


def texts_of(revision: HazardReported, language: str) -> list[tuple[str, Any]]:
    return [(language_code, revision.text[language_code]) for language_code in words.in_order(revision.text, language)]


def partly_acknowledged(alert: Alert, acts: Sequence[Act]) -> list[Act]:
    acknowledgements = {act.account_id: act for act in acts if act.deed == ActKind.ACKNOWLEDGED}
    return [acknowledgements[account] for account in alert.partly_acknowledged_by if account in acknowledgements]


async def sites_of(
    session: Session, alert: Alert, caller: Principal, places: Places, language: str
) -> list[tuple[str, str, bool]]:
    """Names of sites are localities, so only readers who may open a site's page see the names."""
    if caller.roles.isdisjoint(COUNTERS):
        return []
    known = await site_queries.named(session, [UUID(site_id) for site_id in alert.figures.get("sites", ())])
    named = [(site, name_in(language, (site.name_ky, site.name_ru, site.name_en))) for site in known]
    return [(str(site.site_id), name, caller.covers(site.pcode, places)) for site, name in named]


async def nearest_districts(session: Session, hazard: HazardReported, known: KnownPoints) -> list[tuple[str, int]]:
    """The list is empty if the hazard's area contains a known point. Distances are in km.

    Without a known point in the hazard's area, Dayar counts nobody as exposed. The distances help the reader to find
    affected places on the map.
    """
    drawn = footprint(hazard)
    if known.units_in(drawn, await site_queries.points(session)):
        return []
    return [(pcode, max(1, round(km))) for pcode, km in known.nearest(shapely.union_all(drawn), NEAREST)]


async def withheld(session: Session, alert: Alert, request: Request, caller: Principal) -> list[tuple[UUID, str]]:
    if alert.kind is not RuleKind.SOURCE:
        return []
    areas, texts = listings.visible(caller, request.app.state.places), request.app.state.texts
    of_source = await budgets.withheld(session, alert.figures["source"])
    visible = [withheld for withheld in of_source if listings.is_within(withheld, areas)]
    return [(withheld.alert_id, texts.title(event_of(withheld), language_of(request))) for withheld in visible]
