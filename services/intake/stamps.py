"""Makes the fields that intake adds to a report about people.

The fields come from the sender's token, from intake's clock, and from intake's checks.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from services.intake.structs import MOVEMENT_KINDS, DisplacementStruct
from shared.auth.tokens import Principal, Role
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events import Place, Point
from shared.events.vocabulary import Flag, SubmissionChannel
from shared.places import Places

REGISTRARS = frozenset({Role.REGISTRAR})
MOVE_SITES = frozenset({Role.REGISTRAR, Role.OPERATOR, Role.DUTY_HEAD})


class Stamps(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """The same fields as `Stamped` in shared/events/displacements.py, without the sealed box."""

    author: str
    team: UUID | None = None
    channel: SubmissionChannel
    received_at: datetime
    places_version: str
    flags: list[Flag]
    uncorrected: Mapping[str, datetime] | None = None
    registrar_areas: list[str] | None = None


encode = msgspec.json.Encoder().encode


def stamps(
    report: DisplacementStruct,
    principal: Principal,
    *,
    author: str,
    now: datetime,
    places: Places,
    uncorrected: Mapping[str, datetime] | None,
) -> bytes:
    noticed = flags(report, principal, places)
    if uncorrected:
        noticed.append(Flag.CLOCK_AHEAD)
    return encode(
        Stamps(
            author=author,
            team=principal.team,
            channel=principal.channel,
            received_at=now,
            places_version=places.version,
            flags=noticed,
            uncorrected=uncorrected,
            registrar_areas=registrar_areas(report, principal, places),
        )
    )


def uncorrected(report: DisplacementStruct, corrected: Iterable[str]) -> Mapping[str, datetime] | None:
    """Return the original values of the fields that intake has corrected."""
    return {name: getattr(report, name) for name in corrected} or None


def flags(report: DisplacementStruct, principal: Principal, places: Places) -> list[Flag]:
    """Return the flags.

    A place outside the author's areas, or an expired token, only flags the report; intake still accepts the report.
    """
    noticed = []
    pcode = report.pcode
    if pcode is not None and not principal.covers(pcode, places):
        noticed.append(Flag.OUTSIDE_AREA)
    if principal.is_expired:
        noticed.append(Flag.EXPIRED_TOKEN)
    if places.has_boundaries and (
        contradict(report.origin, report.origin_point, places)
        or contradict(report.destination, report.destination_point, places)
    ):
        noticed.append(Flag.POINT_CONTRADICTS_CODE)
    if Role.REGISTRAR in principal.roles and (area := registered_area(pcode, principal, places)):
        noticed.append(area)
    return noticed


def registrar_areas(report: DisplacementStruct, principal: Principal, places: Places) -> list[str] | None:
    """Return the author's areas if the registry needs these areas, else None.

    For a movement, the registry checks whether the people are in the areas of a registrar. The author of a site's
    movement can also be an operator or a duty head.
    """
    roles = MOVE_SITES if report.kind == "site_movement" else REGISTRARS
    if report.kind not in MOVEMENT_KINDS or roles.isdisjoint(principal.roles):
        return None
    areas = principal.areas
    # A registrar of the whole country needs no areas, because the report has the flag REGISTRAR_OF_COUNTRY.
    if principal.covers_country:
        areas = () if Role.REGISTRAR in principal.roles else tuple(unit.pcode for unit in places.units(1))
    return sorted(areas) or None


def registered_area(pcode: str | None, registrar: Principal, places: Places) -> Flag | None:
    """Return the level of the registrar's area that contains the place: country, oblast or district.

    The registry compares the level with the place where the household is registered.
    """
    if registrar.covers_country:
        return Flag.REGISTRAR_OF_COUNTRY
    if pcode is None:
        return None
    if places.oblast(pcode) in registrar.areas:
        return Flag.REGISTRAR_OF_OBLAST
    return Flag.REGISTRAR_OF_DISTRICT if places.district(pcode) in registrar.areas else None


def contradict(place: Place | None, point: Point | None, places: Places) -> bool:
    """True if the point lies outside the stated place. False for an unknown place."""
    if place is None or point is None or place.country == UNKNOWN_COUNTRY:
        return False
    located = places.locate(point.lat, point.lon)
    if place.pcode is None:
        return (place.country == COUNTRY) is (located is None)
    return places.unit(place.pcode) is not None and not touches(place.pcode, located, places)


def touches(pcode: str, located: str | None, places: Places) -> bool:
    """True if the two units are equal, or if one of them contains the other."""
    if located is None:
        return False
    return pcode in (located, *places.ancestors(located)) or located in places.ancestors(pcode)
