"""The alerts as people ask for them, and their answers: who takes one on, and what it turned out to be."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict

from services.alerts import answers, listings, queries
from services.alerts.alerts import Alert, Person
from services.alerts.listings import State
from services.alerts.texts import Texts
from shared import auth, cursors
from shared.auth import Principal
from shared.database import Session
from shared.events import AlertRaised
from shared.events.fields import Body, Instant, Line, PCode
from shared.events.vocabulary import Channel, Severity, Status, Verdict
from shared.places import Places
from shared.problems import Problem

router = APIRouter()
Caller = Annotated[Principal, Depends(auth.current)]


class OnBehalf(Body):
    """Somebody who answered without a hand on the screen."""

    name: Line
    by: Line = "telephone"
    at: Instant | None = None

    @property
    def note(self) -> str:
        return ", ".join([f"by {self.by}", self.name, *([self.at.isoformat(timespec="minutes")] if self.at else [])])


class Acknowledgement(Body):
    on_behalf_of: OnBehalf | None = None


class Resolution(Body):
    verdict: Verdict
    note: Line | None = None


class AlertView(BaseModel):
    """An alert as it is shown: codes and figures, the reader's language is the page's matter."""

    model_config = ConfigDict(from_attributes=True)

    alert_id: UUID
    sequence: int
    status: Status
    nature: str
    rule: str
    reason: str
    figures: dict[str, Any]
    severity: Severity
    state: State
    area: str
    pcodes: tuple[str, ...]
    hazard_type: str | None
    hazard_id: UUID | None
    report_id: UUID | None
    households: int | None
    onset: datetime
    expires: datetime | None
    raised_at: datetime
    changed_at: datetime
    level: int
    escalates_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    acknowledged_name: str | None
    acknowledged_note: str | None
    resolved_at: datetime | None
    resolved_by: UUID | None
    resolved_name: str | None
    resolved_note: str | None
    verdict: Verdict | None


class AlertPage(BaseModel):
    alerts: list[AlertView]
    next: str | None = None


class DeliveryPage(BaseModel):
    deliveries: list[dict[str, Any]]


@router.get("/v1/alerts")
async def alerts(
    request: Request,
    session: Session,
    caller: Caller,
    state: Annotated[list[State], Query()] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[list[Status], Query()] = [],  # noqa: B006
    floor: Severity | None = None,
    area: PCode | None = None,
    hazard_id: UUID | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AlertPage:
    """Newest first; `floor` is the least severity, `area` a P-code: its alerts, those of units in it and of what it lies in."""
    places: Places = request.app.state.places
    asked = listings.Asked(
        states=state, statuses=status, floor=floor, hazard_id=hazard_id, after=cursors.decoded(cursor), limit=limit,
        areas=listings.visible(caller, places), within=listings.around([area], places) if area else None,
    )  # fmt: skip
    found = await listings.alerts(session, asked)
    is_more = len(found) == limit
    return AlertPage(
        alerts=[AlertView.model_validate(alert) for alert in found],
        next=cursors.encoded(found[-1].raised_at, found[-1].alert_id) if is_more else None,
    )


@router.get("/v1/alerts/{alert_id}")
async def alert(alert_id: UUID, request: Request, session: Session, caller: Caller) -> dict[str, Any]:
    """The alert with who was told, when, and what each attempt brought."""
    found = await seen(alert_id, request, session, caller)
    deliveries = await listings.deliveries(session, alert_id=alert_id)
    shown = [legible(delivery, request.app.state.texts) for delivery in deliveries]
    return {**AlertView.model_validate(found).model_dump(mode="json"), "deliveries": shown}


@router.put("/v1/alerts/{alert_id}/acknowledgement")
async def acknowledge(
    alert_id: UUID, request: Request, session: Session, caller: Caller, body: Acknowledgement | None = None
) -> AlertView:
    """200 for the first and for the same person again; a second person gets 409 with who and when."""
    await seen(alert_id, request, session, caller)
    note = body.on_behalf_of.note if body and body.on_behalf_of else None
    answered = await answers.acknowledge(
        session, alert_id, Person(caller.account, caller.name, note), datetime.now(UTC)
    )
    if answered.acknowledged_by is None:
        raise closed(answered)
    if answered.acknowledged_by != caller.account:
        raise taken(answered)
    return AlertView.model_validate(answered)


@router.put("/v1/alerts/{alert_id}/resolution")
async def resolve(alert_id: UUID, body: Resolution, request: Request, session: Session, caller: Caller) -> AlertView:
    """200 for the first and for the same person with the same verdict again, else 409 with who, when and what."""
    await seen(alert_id, request, session, caller)
    person = Person(caller.account, caller.name, body.note)
    answered = await answers.resolve(session, alert_id, body.verdict, person, datetime.now(UTC))
    if (answered.resolved_by, answered.verdict) != (caller.account, body.verdict):
        raise closed(answered)
    return AlertView.model_validate(answered)


@router.get("/v1/deliveries")
async def deliveries(
    request: Request,
    session: Session,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    alert_id: UUID | None = None,
) -> DeliveryPage:
    """What was sent or, in an exercise, what would have been."""
    areas = listings.visible(caller, request.app.state.places)
    found = await listings.deliveries(session, areas=areas, alert_id=alert_id, limit=limit)
    return DeliveryPage(deliveries=[legible(delivery, request.app.state.texts) for delivery in found])


def legible(delivery: dict[str, Any], texts: Texts) -> dict[str, Any]:
    """With the words of a mail, as its receiver reads them."""
    if delivery["channel"] != Channel.EMAIL:
        return delivery
    alert = AlertRaised.model_validate(delivery["content"]["data"])
    return {**delivery, "text": asdict(texts.of(alert, delivery["cause"], delivery["language"]))}


async def seen(alert_id: UUID, request: Request, session: Session, caller: Principal) -> Alert:
    """An alert outside the caller's areas is not there for them."""
    found = await queries.alert(session, alert_id)
    areas = listings.visible(caller, request.app.state.places)
    if found is None or (areas is not None and found.pcodes and areas.isdisjoint(found.pcodes)):
        raise Problem(404, "not-found", "There is no such alert.")
    if found.is_suppressed and request.method == "PUT":
        raise Problem(409, "suppressed", "This alert was recorded only: nobody was told of it.")
    return found


def taken(alert: Alert) -> Problem:
    return Problem(
        409, "already-acknowledged", "Somebody else has acknowledged this alert.",
        detail=f"{alert.acknowledged_name}, {alert.acknowledged_at:%Y-%m-%d %H:%M} UTC",
        acknowledged_by=str(alert.acknowledged_by), acknowledged_name=alert.acknowledged_name,
        acknowledged_at=moment(alert.acknowledged_at),
    )  # fmt: skip


def closed(alert: Alert) -> Problem:
    return Problem(
        409, "already-resolved", "This alert has been resolved.",
        detail=f"{alert.resolved_name}, {alert.resolved_at:%Y-%m-%d %H:%M} UTC: {alert.verdict}",
        resolved_by=str(alert.resolved_by), resolved_name=alert.resolved_name,
        resolved_at=moment(alert.resolved_at), verdict=alert.verdict,
    )  # fmt: skip


def moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
