"""Proposes to the author of a report the hazards that may be the reason why people left."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from sqlalchemy import ColumnElement, Select, Text, case, func, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.models import RecentHazard
from shared.auth import role_groups, tokens
from shared.auth.tokens import Principal
from shared.country import TIME_ZONE
from shared.displacement_reasons import POSSIBLY_HAZARD
from shared.events.fields import Body, Data, Instant, PCode
from shared.events.vocabulary import TO_THE_DAY, HazardType, Precision, Reason, Scope, Severity, Status
from shared.hazards import BEFORE_ONSET
from shared.places import Places
from shared.postgres.database import Session

MOST = 5
MOST_DEPARTURES = 50
AREAS = type_coerce(RecentHazard.areas, ARRAY(Text))  # only PostgreSQL's ARRAY has the operator `@>`
OF_FIELD = (Scope.PUBLIC, Scope.RESTRICTED)

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]


class StatedDeparture(Body):
    """Where, when and why people left, if the report states these facts. No person is named."""

    status: Status = Status.ACTUAL
    pcode: PCode
    occurred_at: Instant
    occurred_at_precision: Precision = Precision.DAY
    hazard_type: HazardType | None = None
    reasons: Annotated[tuple[Reason, ...], Field(max_length=3)] = (Reason.NOT_REPORTED,)


class ProposedHazard(Data):
    """A hazard that covers the district `pcode`, which people left."""

    hazard_id: UUID
    type: HazardType
    severity: Severity
    pcode: str
    onset: datetime


class HazardProposals(Data):
    """At most five hazards, the latest day first. On one day, the most severe hazard is first."""

    hazards: list[ProposedHazard]


class StatedDepartures(Body):
    departures: Annotated[list[StatedDeparture], Field(min_length=1, max_length=MOST_DEPARTURES)]


class HazardProposalsOfMany(Data):
    """The proposals for each departure, in the order of the departures."""

    proposals: list[HazardProposals]


@router.post("/v1/hazards:proposals")
async def proposals(departure: StatedDeparture, request: Request, session: Session, caller: Caller) -> HazardProposals:
    """The hazards that may have made people leave a place. No report is changed: a person must choose the hazard."""
    return await proposed(departure, request.app.state.places, session, caller)


@router.post("/v1/hazards:proposals-of-many")
async def proposals_of_many(
    body: StatedDepartures, request: Request, session: Session, caller: Caller
) -> HazardProposalsOfMany:
    """The hazards that may have made people leave, for each of several departures."""
    places: Places = request.app.state.places
    return HazardProposalsOfMany(
        proposals=[await proposed(departure, places, session, caller) for departure in body.departures]
    )


async def proposed(
    departure: StatedDeparture, places: Places, session: AsyncSession, caller: Principal
) -> HazardProposals:
    latest = latest_onset(departure)
    if latest is None or has_other_cause(departure):
        return HazardProposals(hazards=[])
    district = places.district(departure.pcode)
    rows = await session.execute(query(departure, district, latest, caller, places))
    return HazardProposals(hazards=[ProposedHazard(**row, pcode=district) for row in rows.mappings()])


def latest_onset(departure: StatedDeparture) -> datetime | None:
    """Return the latest possible onset of the hazard, or None if the day of departure is unknown.

    The alerts service has the same rule, but ignores the hour (services/alerts/counts.py).
    """
    if departure.occurred_at_precision not in TO_THE_DAY:
        return None
    if departure.occurred_at_precision is Precision.HOUR:
        return departure.occurred_at + BEFORE_ONSET
    day = departure.occurred_at.astimezone(TIME_ZONE).date()
    return datetime.combine(day + timedelta(days=1), time(), TIME_ZONE) + BEFORE_ONSET - timedelta.resolution


def has_other_cause(departure: StatedDeparture) -> bool:
    return departure.hazard_type is None and POSSIBLY_HAZARD.isdisjoint(departure.reasons or (Reason.NOT_REPORTED,))


def query(
    departure: StatedDeparture, district: str, latest: datetime, caller: Principal, places: Places
) -> Select[UUID, str, str, datetime]:
    hazard = RecentHazard
    day = func.date(func.timezone(str(TIME_ZONE), hazard.onset))
    severity = case({code: rank for rank, code in enumerate(Severity)}, value=hazard.severity)
    proposed = (
        select(hazard.hazard_id, hazard.type, hazard.severity, hazard.onset)
        .where(
            hazard.status == departure.status,
            AREAS.contains([district]),
            hazard.onset <= latest,
            ~hazard.is_cancelled,
            *visible(caller, places),
        )
        .order_by(day.desc(), severity, hazard.onset.desc(), hazard.hazard_id)
        .limit(MOST)
    )
    return proposed if departure.hazard_type is None else proposed.where(hazard.type == departure.hazard_type)


def visible(caller: Principal, places: Places) -> Sequence[ColumnElement[bool]]:
    """The centre's staff see all hazards. A field team sees the hazards of its areas, but no Private hazards."""
    if not caller.roles.isdisjoint(role_groups.STAFF):
        return ()
    around = places.around(caller.areas)
    areas = () if around is None else (AREAS.overlap(sorted(around)),)
    return RecentHazard.scope.in_(OF_FIELD), *areas
