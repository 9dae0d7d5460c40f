"""A part of the console's page of a hazard: one timeline of its revisions, alerts, actions and notifications."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.alerts import timeline
from services.alerts.delivery import listings
from services.alerts.hazard_course import course
from services.alerts.message_templates.keeping import CurrentMessages
from services.alerts.pages import sent_of
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import hazards as hazard_queries
from services.alerts.routes import Caller
from shared.auth.access import LEDGER
from shared.pages import Pages, language_of
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
MOST_ALERTS = 50  # the newest alerts of a hazard that the timeline has; their pages have all their entries
MOST_SENT = 50  # the newest notifications of one alert that the timeline has


@router.get("/hazards/{hazard_id}/course")
async def hazard_course(
    hazard_id: UUID, request: Request, session: Session, caller: Caller, messages: CurrentMessages
) -> Response:
    """The timeline, with the alerts that concern the caller's areas. Empty if the hazard is not known here yet."""
    pages: Pages = request.app.state.pages
    places, language = request.app.state.places, language_of(request)
    areas = listings.visible(caller, places)
    known = await alert_queries.alerts_of_hazard(session, hazard_id)
    alerts = [alert for alert in known if not alert.is_suppressed and listings.is_within(alert, areas)][-MOST_ALERTS:]
    sees_deliveries = not caller.roles.isdisjoint(LEDGER)
    sent = {}
    for alert in alerts if sees_deliveries else ():
        deliveries = await listings.deliveries(session, alert_id=alert.alert_id, limit=MOST_SENT)
        sent[alert.alert_id] = [sent_of(delivery, messages, pages, language) for delivery in deliveries]
    return pages.render(
        request,
        "hazard-course.html",
        entries=course(
            await hazard_queries.hazard_history(session, hazard_id),
            alerts,
            {alert.alert_id: await timeline.of(session, alert.alert_id) for alert in alerts},
            sent,
        ),
        places=places,
    )
