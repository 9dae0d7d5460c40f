"""Turns the rows of the board's panels into GeoJSON features. All functions are pure.

A feature without a known place has no geometry. The page lists features without a place beside the map, so the map's
sums equal the board's sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from services.console import board
from services.console.groups import CountedGroups, CountRange, GroupsHere
from services.console.map import positions, shapes
from services.console.map.intensities import ExpectedIntensity
from services.console.models import BoardHazard
from shared.country import UNKNOWN_COUNTRY
from shared.events import FIELD_TEAMS
from shared.events.vocabulary import Certainty, SubmissionChannel
from shared.pages import formats
from shared.places import Places
from shared.places.areas import simplified
from shared.places.gazetteer import Locality
from shared.places.points import Position, unit_positions
from shared.places.units import Unit

Feature = dict[str, Any]
FIELD_HOURS = 6  # a hazard from the field has a ring on the map for this number of hours
FROM_FIELD = frozenset(
    {SubmissionChannel.FIELD, SubmissionChannel.SMS, SubmissionChannel.OPENROSA, SubmissionChannel.KOBO}
)


def collection(features: Iterable[Feature], **facts: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **facts}


def unit(known: Unit, language: str, own: frozenset[str] | None, places: Places) -> Feature:
    """Returns the feature of an oblast or a district.

    - `own`: the P-codes of the reader's areas, or None for the whole country
    - `is_own`: the unit and the reader's areas overlap; if they do not, the reader sees no people and no alerts of the
      unit
    - `is_whole`: the whole unit lies in the reader's areas
    """
    return _feature(
        known.pcode,
        _points([unit_positions()[known.pcode]]),
        name=known.label(language),
        level=known.level,
        parent=known.parent,
        is_own=own is None or not own.isdisjoint(places.within([known.pcode]) or ()),
        is_whole=own is None or known.pcode in own,
    )


def boundary(pcode: str, shape: BaseGeometry) -> Feature:
    return _feature(pcode, mapping(simplified(shape)))


def hazard(row: BoardHazard, now: datetime, language: str, places: Places) -> Feature:
    """Places a hazard without a shape or point at its settlement, or else at a point in each of its districts.

    `is_nothing`: a field team looked for the hazard and found nothing.
    """
    drawn = shapes.polygons(row.shapes)
    if row.lat is not None and row.lon is not None:
        drawn.append({"type": "Point", "coordinates": [row.lon, row.lat]})
    districts = positions.districts(row.pcodes, places)
    words = places.locality_name(row.area, row.locality_pcode, language)
    return _feature(
        str(row.hazard_id),
        {"type": "GeometryCollection", "geometries": drawn} if drawn else _at(row.locality_pcode, districts, places),
        type=row.type,
        type_text=row.type_text,
        status=row.status,
        severity=row.severity,
        magnitude=row.magnitude,
        place=", ".join(filter(None, (in_words(row.pcodes, language, places), words))),
        districts=districts,
        onset=row.onset.isoformat(),
        expires=row.expires.isoformat() if row.expires else None,
        received_at=row.received_at.isoformat(),
        is_from_field=row.channel in FROM_FIELD,
        is_nothing=row.source == FIELD_TEAMS and row.certainty == Certainty.UNLIKELY,
        is_over=row.expires is not None and row.expires <= now,
        is_forecast=row.onset > now,
    )


def intensity(expected: ExpectedIntensity, language: str, places: Places) -> Feature:
    quake = expected.quake
    return _feature(
        expected.pcode,
        _points([unit_positions()[expected.pcode]]),
        name=places.name(expected.pcode, language),
        intensity=round(expected.intensity, 1),
        degree=expected.degree,
        hazard_id=str(quake.hazard_id),
        magnitude=quake.magnitude,
        onset=quake.onset.isoformat(),
    )


def alert(row: Any, language: str, places: Places) -> Feature:
    districts = positions.districts(row.pcodes, places)
    return _feature(
        str(row.alert_id),
        _at(None, districts, places),
        rule=row.rule,
        type=row.hazard_type,
        status=row.status,
        severity=row.severity,
        level=row.level,
        hazard_id=str(row.hazard_id) if row.hazard_id else None,
        place=in_words(row.pcodes, language, places),
        districts=districts,
        raised_at=row.raised_at.isoformat(),
    )


def displaced(
    rows: Sequence[Any],
    groups: CountedGroups,
    reported: Iterable[tuple[str, datetime]],
    language: str,
    places: Places,
) -> list[Feature]:
    """Returns a feature per district with two numbers: people in registered households, and people in counted groups.

    The two numbers are never added, because both may contain the same person.

    People abroad or at an unknown place have a feature without geometry. `reported` is the time of the newest count at
    a place. The feature has only the hour of the newest report, because the exact time may identify a household.
    """
    households = board.by_area(rows, places)
    here = {part.code: part for area in households.areas for part in area.within.values() if part.here}
    here |= {country.code: country for country in households.abroad}
    counted = _by_district(groups, places)
    registered = ((row.destination_pcode, row.newest) for row in rows if row.destination_pcode and row.newest)
    newest = _newest((*registered, *reported), places)
    return [
        _feature(
            code,
            _points([unit_positions()[code]] if code in unit_positions() else []),
            name=places.name(code, language) if places.unit(code) else "",
            country=formats.country(code, language) if _is_abroad(code, places) else None,
            households=here[code].here if code in here else 0,
            persons=here[code].persons if code in here else 0,
            counted_lowest=counted[code].lowest if code in counted else 0,
            counted_highest=counted[code].highest if code in counted else 0,
            reported_at=_hour(newest[code]).isoformat() if code in newest else None,
        )
        for code in dict.fromkeys((*here, *counted))
    ]


def _is_abroad(code: str, places: Places) -> bool:
    return places.unit(code) is None and code != UNKNOWN_COUNTRY


def _by_district(groups: CountedGroups, places: Places) -> dict[str, CountRange]:
    counted: dict[str, CountRange] = {}
    for group in groups.here:
        place = group.place
        code = place.country or (places.district(place.pcode) if place.pcode else UNKNOWN_COUNTRY)
        counted[code] = counted.get(code, CountRange()) + group.figures.persons
    return counted


def localities(groups: CountedGroups, language: str, places: Places) -> list[Feature]:
    """Adds up the people in all shelters of a village.

    People without a stated village have a feature without geometry, so the sum equals the board's sum. Households are
    never in this layer, because their places below the district are encrypted.
    """
    here: dict[tuple[str, ...], GroupsHere] = {}
    for group in groups.here:
        if group.place.country:
            continue
        place = replace(group.place, shelter=None) if group.place.shelter else group.place
        here.setdefault(place.key, GroupsHere(place)).merge(group)
    return [_locality("/".join(key), group, language, places) for key, group in here.items()]


def settlement(known: Locality, language: str, places: Places) -> Feature:
    position = positions.of_settlement(known.pcode, places)
    return _feature(
        known.pcode,
        _points([position] if position else []),
        name=known.names[language],
        districts=[places.district(known.pcode)],
    )


def _locality(id: str, group: GroupsHere, language: str, places: Places) -> Feature:
    """Draws a site in its village. The browser moves the site to its own point, if the registry knows this point."""
    place, persons = group.place, group.figures.persons
    settlement = place.site.locality_pcode if place.site else place.locality_pcode
    village = positions.of_settlement(settlement or place.pcode, places)
    return _feature(
        id,
        _points([village] if village else []),
        name=place.name(language, places) or "",
        place=place.address(language, places),
        districts=positions.districts([place.pcode] if place.pcode else [], places),
        site_id=str(place.site.site_id) if place.site else None,
        counted_lowest=persons.lowest,
        counted_highest=persons.highest,
        reported_at=_hour(group.reported_at).isoformat() if group.reported_at else None,
    )


def _newest(reported: Iterable[tuple[str, datetime]], places: Places) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for pcode, moment in reported:
        code = places.district(pcode)
        newest[code] = max(moment, newest.get(code, moment))
    return newest


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def in_words(pcodes: Sequence[str], language: str, places: Places) -> str:
    where = board.whereabouts(pcodes, places, language)
    named = [", ".join(filter(None, names)) for names in where.named]
    return "; ".join((*named, *(f"{name} ({count})" for name, count in where.grouped)))


def _at(settlement: str | None, districts: Iterable[str], places: Places) -> dict[str, Any] | None:
    village = positions.of_settlement(settlement, places)
    return _points([village] if village else [unit_positions()[pcode] for pcode in districts])


def _points(points: Sequence[Position]) -> dict[str, Any] | None:
    if len(points) == 1:
        return {"type": "Point", "coordinates": points[0]}
    return {"type": "MultiPoint", "coordinates": points} if points else None


def _feature(id: str, geometry: dict[str, Any] | None, **properties: Any) -> Feature:
    return {"type": "Feature", "geometry": geometry, "properties": {"id": id, **properties}}
