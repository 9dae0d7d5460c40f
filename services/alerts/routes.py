"""HTTP routes for alerts and deliveries."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from services.alerts.acts import behalf
from services.alerts.alerts import Alert
from services.alerts.delivery import listings, shown_states
from services.alerts.delivery.listings import AlertState
from services.alerts.delivery.messages import Messages
from services.alerts.delivery.notices import Content
from services.alerts.delivery.shown_states import ActedAlerts
from services.alerts.message_templates.keeping import CurrentMessages
from services.alerts.notifications import omissions
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries.alerts import AlertUnreadable
from services.alerts.views import AlertPage, AlertView, DeliveryPage
from shared.auth import tokens
from shared.auth.tokens import Principal, Role
from shared.events.fields import PCode
from shared.events.vocabulary import DeliveryChannel, Severity, Status
from shared.places import Places
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.problems import Problem, answered

UNREADABLE = "alert-unreadable"

OF_PAGES = ("is_first", "is_own_account")  # Only pages need these columns of a delivery.

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]


@router.get("/v1/alerts")
async def alerts(
    request: Request,
    session: Session,
    caller: Caller,
    state: Annotated[list[AlertState], Query()] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[list[Status], Query()] = [],  # noqa: B006
    floor: Severity | None = None,
    area: PCode | None = None,
    hazard_id: UUID | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AlertPage:
    """Lists alerts, newest first. `floor` is the lowest severity.

    `area` is a P-code. `area` selects the alerts of this area, of all units inside it, and of the units around it.
    """
    places: Places = request.app.state.places
    query = listings.AlertQuery(
        states=state,
        statuses=status,
        floor=floor,
        hazard_id=hazard_id,
        after=cursors.decoded(cursor),
        limit=limit,
        areas=listings.visible(caller, places),
        within=places.around([area]) if area else None,
    )
    page = await listings.alerts(session, query)
    is_more = len(page) == limit
    return AlertPage(
        alerts=[AlertView.model_validate(alert) for alert in page],
        next=cursors.encoded(page[-1].raised_at, page[-1].alert_id) if is_more else None,
    )


@router.get("/v1/alerts/{alert_id}")
async def alert(
    alert_id: UUID, request: Request, session: Session, caller: Caller, messages: CurrentMessages
) -> dict[str, Any]:
    """Returns the alert, its deliveries, and the receivers that were not notified.

    The account of a wall screen gets only the alert itself.
    """
    visible = await seen(alert_id, request, session, caller)
    is_screen = caller.roles <= {Role.VIEWER}
    deliveries = [] if is_screen else await listings.deliveries(session, alert_id=alert_id)
    acted = await shown_states.acted_alerts(session, deliveries)
    shown = [legible(delivery, messages, acted) for delivery in deliveries]
    names = await behalf.shown(request, session, visible)
    return {
        **AlertView.model_validate(visible).model_dump(mode="json"),
        "on_behalf_of": names.of_alert and names.of_alert.sentence,
        "deliveries": shown,
        "not_notified": [] if is_screen else [omission.json for omission in await omissions.of(session, alert_id)],
    }


@router.get("/v1/deliveries")
async def deliveries(
    request: Request,
    session: Session,
    caller: Caller,
    messages: CurrentMessages,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    alert_id: UUID | None = None,
) -> DeliveryPage:
    """Returns the deliveries that were sent or, in an exercise, would have been sent.

    If `alert_id` is given, the answer also says which receivers were not notified of this alert, and why.
    """
    areas = listings.visible(caller, request.app.state.places)
    newest = await listings.deliveries(session, areas=areas, alert_id=alert_id, limit=limit)
    alert = await alert_queries.readable_alert(session, alert_id) if alert_id else None
    acted = await shown_states.acted_alerts(session, newest)
    is_visible = alert is not None and listings.is_within(alert, areas)
    omitted = await omissions.of(session, alert.alert_id) if alert is not None and is_visible else []
    return DeliveryPage(
        deliveries=[legible(delivery, messages, acted) for delivery in newest],
        not_notified=[omission.json for omission in omitted],
    )


def legible(delivery: dict[str, Any], messages: Messages, acted: ActedAlerts) -> dict[str, Any]:
    """The text is the one that people read on the delivery's channel, with its buttons or SMS parts."""
    shown = {name: value for name, value in delivery.items() if name not in OF_PAGES}
    if delivery["channel"] == DeliveryChannel.WEBHOOK:
        return shown
    message = messages.of(delivery, Content.model_validate(delivery["content"]), acted)
    buttons = {"buttons": message.buttons} if message.buttons else {}
    segments = {"segments": message.segments.texts} if message.segments else {}
    return {**shown, "text": asdict(message.text), **buttons, **segments}


async def seen(alert_id: UUID, request: Request, session: Session, caller: Principal) -> Alert:
    """Raises a Problem (404) if the alert does not exist, or lies outside the caller's areas.

    Raises AlertUnreadable if this release cannot read the alert's stored row.
    """
    alert = await alert_queries.alert(session, alert_id)
    areas = listings.visible(caller, request.app.state.places)
    if alert is None or (areas is not None and alert.pcodes and areas.isdisjoint(alert.pcodes)):
        raise Problem(404, "not-found", "There is no such alert.")
    return alert


async def unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, AlertUnreadable)
    title = "This release cannot read this alert. All other alerts work."
    return answered(request, Problem(409, UNREADABLE, title, detail=str(error.alert_id)))
