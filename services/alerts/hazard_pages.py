"""Serves the course of a hazard to the console's page: one timeline of revisions, alerts, actions and notifications."""

from collections import defaultdict
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.alerts import timeline
from services.alerts.delivery import listings
from services.alerts.hazard_course import course
from services.alerts.message_templates.keeping import CurrentMessages
from services.alerts.pages import Sent, sent_of
from services.alerts.queries import hazards as hazard_queries
from services.alerts.routes import Caller
from shared.auth.role_groups import LEDGER
from shared.events.vocabulary import Status
from shared.pages import Pages, language_of
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
# The page shows at most this number of alerts. The page of an alert has all entries about that alert.
MOST_ALERTS = 50
MOST_SENT = 50


@router.get("/hazards/{hazard_id}/course")
async def hazard_course(
    hazard_id: UUID, request: Request, session: Session, caller: Caller, messages: CurrentMessages
) -> Response:
    """Returns the timeline. The timeline has only alerts that concern the caller's areas.

    If the service does not know the hazard yet, the timeline is empty. A draft has an empty timeline, because the
    console has no page for drafts.
    """
    pages: Pages = request.app.state.pages
    places, language = request.app.state.places, language_of(request)
    areas = listings.visible(caller, places)
    revisions = await hazard_queries.hazard_history(session, hazard_id)
    is_draft = bool(revisions) and revisions[0].status is Status.DRAFT
    query = listings.AlertQuery(MOST_ALERTS, hazard_id=hazard_id, areas=areas)
    alerts = await listings.alerts(session, query)
    ids = [alert.alert_id for alert in alerts]
    sees_deliveries = not caller.roles.isdisjoint(LEDGER)
    sent = defaultdict[UUID, list[Sent]](list)
    for delivery in await listings.deliveries_of_each(session, ids, MOST_SENT) if sees_deliveries else ():
        sent[delivery["alert_id"]].append(sent_of(delivery, messages, pages, language))
    return pages.render(
        request,
        "hazard-course.html",
        entries=() if is_draft else course(revisions, alerts, await timeline.of_each(session, ids), sent),
        most=MOST_ALERTS if len(alerts) == MOST_ALERTS else None,
        places=places,
    )
