"""The release of a restricted hazard: a person chooses the fields, and writes a separate text for the public."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.console import board
from services.console.hazards import corrections
from services.console.models import BoardHazard, BoardRelease
from services.console.queries import releases, snapshots
from services.console.queries.releases import Confirmation
from services.console.state import console
from shared.country import COUNTRY
from shared.events import CENTRE, OF_PEOPLE
from shared.events.hazards import WITHDRAWN_HAZARD
from shared.events.vocabulary import HazardType, MsgType, Scope, Severity, Urgency
from shared.pages import language_of
from shared.pages.formats import iso
from shared.places import Places
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)

URGENT = (Severity.EXTREME, Severity.SEVERE)
OVERDUE_AFTER = timedelta(minutes=10)


class Publicity(StrEnum):
    """How much of a restricted hazard is public."""

    NOTHING = "nothing"
    CURRENT = "current"
    OUTDATED = "outdated"  # the hazard changed after its release
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PublicState:
    """`is_overdue` is true if nobody decided about a release within ten minutes after the confirmation.

    Only Severe and Extreme hazards can be overdue.
    """

    publicity: Publicity
    is_overdue: bool

    @property
    def is_public(self) -> bool:
        return self.publicity in (Publicity.CURRENT, Publicity.OUTDATED)


def state(
    hazard: BoardHazard,
    release: BoardRelease | None,
    confirmation: Confirmation | None,
    *,
    unreleased_since: datetime | None,
    now: datetime,
) -> PublicState | None:
    """Returns None if the public reads the newest revision itself.

    A person has ten minutes to decide about a release. The ten minutes begin at the later of two times: the
    confirmation, and `unreleased_since`, the time of the first revision after the release. Further revisions do not
    prolong the ten minutes.
    """
    if hazard.scope == Scope.PUBLIC and not (release and hides(release, hazard)):
        return None
    public = publicity(hazard, release)
    is_decided = release is not None and release.released_revision == hazard.revision
    if is_decided or confirmation is None or hazard.msg_type == MsgType.CANCEL:
        return PublicState(public, is_overdue=False)
    severities = {hazard.severity, *confirmation.severities}
    if release is not None and public is not Publicity.WITHDRAWN:
        severities.add(release.severity)
    due_at = max(confirmation.at, unreleased_since or hazard.received_at) + OVERDUE_AFTER
    return PublicState(public, is_overdue=not severities.isdisjoint(URGENT) and due_at <= now)


def is_public(hazard: BoardHazard, release: BoardRelease | None) -> bool:
    """Returns True if the public reads a version from `board_releases` that nobody has withdrawn."""
    known = state(hazard, release, None, unreleased_since=None, now=datetime.now(UTC))
    return known is not None and known.is_public


def hides(release: BoardRelease, hazard: BoardHazard) -> bool:
    """Returns True if readers keep the release instead of the hazard's Public revision.

    The hazard's source does not know of the release, so the source's revision can have the release's number or a lower
    number. Readers then keep the release.
    """
    is_release = release.released_revision < release.revision
    return is_release and release.revision >= hazard.revision


def publicity(hazard: BoardHazard, release: BoardRelease | None) -> Publicity:
    if release is None:
        return Publicity.NOTHING
    if release.msg_type == MsgType.CANCEL:
        return Publicity.WITHDRAWN
    return Publicity.CURRENT if release.released_revision == hazard.revision else Publicity.OUTDATED


@router.get("/release")
async def release_page(request: Request, session: Session, hazard: UUID) -> Response:
    known = await snapshots.hazard(session, hazard)
    release = await releases.release(session, hazard)
    if known is None and release is not None and release.msg_type != MsgType.CANCEL:
        return withdrawal_page(request, release)
    public = known and state(known, release, None, unreleased_since=None, now=datetime.now(UTC))
    if known is None or public is None:
        raise Problem(404, "not-found", "There is no such event that can be released.")
    here, language = console(request), language_of(request)
    place = releasable_place(known.pcodes, here.places)
    return here.pages.render(
        request,
        "release.html",
        hazard=known,
        words=corrections.words(known, language),
        where=board.whereabouts(known.pcodes, here.places, language),
        locality=here.places.locality_name(known.area, known.locality_pcode, language),
        districts=[here.places.name(pcode, language) for pcode in place.districts],
        villages=[here.places.name(pcode, language) for pcode in place.villages],
        counted=here.settings.counted_status,
        state=public,
        released=release.text if release else {},
        release=release,
        withdrawn=release and withdrawal(release),
        withdrawn_place=release and place_in_words(released_area(release), here.places, language),
        known=form(known, release, place),
    )


def withdrawal_page(request: Request, release: BoardRelease) -> Response:
    here = console(request)
    return here.pages.render(
        request,
        "withdrawal.html",
        hazard=None,
        release=release,
        counted=here.settings.counted_status,
        withdrawn=withdrawal(release),
        withdrawn_place=place_in_words(released_area(release), here.places, language_of(request)),
        known={
            **source_of(release),
            "status": release.status or here.settings.counted_status,
            "revision": release.released_revision,
            "next_revision": release.revision + 1,
            "withdrawal": {**withdrawal(release), "released_revision": release.released_revision},
        },
    )


def source_of(release: BoardRelease) -> dict[str, str]:
    """Returns the source and the `source_id`, from which intake derives the hazard's id.

    The release of a hazard that a person entered has no `source_id`. The withdrawal of such a release has the hazard's
    id as its `source_id`.
    """
    if release.source is None or release.source in OF_PEOPLE or release.source_id is None:
        return {"source": CENTRE, "source_id": f"{WITHDRAWN_HAZARD}{release.hazard_id}"}
    return {"source": release.source, "source_id": release.source_id}


@dataclass(frozen=True, slots=True)
class ReleasablePlace:
    """The places of a release: always the districts, and those villages that a person chooses."""

    districts: tuple[str, ...]
    villages: tuple[str, ...]


def releasable_place(pcodes: Iterable[str], places: Places) -> ReleasablePlace:
    """Leaves out an oblast if one of its districts is listed: the oblast is larger than the hazard's place."""
    district_of = {pcode: places.district(pcode) for pcode in pcodes}
    districts = [pcode for pcode in dict.fromkeys(district_of.values()) if places.unit(pcode)]
    above = {parent for pcode in districts for parent in places.ancestors(pcode)}
    return ReleasablePlace(
        districts=tuple(pcode for pcode in districts if pcode not in above),
        villages=tuple(pcode for pcode, district in district_of.items() if pcode != district),
    )


def form(hazard: BoardHazard, release: BoardRelease | None, place: ReleasablePlace) -> dict[str, Any]:
    """Fills the form of a release. The text stays empty, because a person writes a separate text for the public."""
    return {
        "source": hazard.source,
        "source_id": hazard.source_id,
        "status": hazard.status,
        "revision": hazard.revision,
        "next_revision": next_revision(hazard, release),
        "is_first": release is None,
        "type": hazard.type,
        "urgency": hazard.urgency,
        "severity": hazard.severity,
        "certainty": hazard.certainty,
        "districts": place.districts,
        "villages": place.villages,
        "locality": hazard.area,
        "locality_pcode": hazard.locality_pcode,
        "point": corrections.point(hazard),
        "onset": iso(hazard.onset),
        "expires": iso(hazard.expires) if hazard.expires else None,
        "withdrawal": release
        and {**withdrawal(release), "released_revision": max(hazard.revision, release.released_revision)},
    }


def withdrawal(release: BoardRelease) -> dict[str, Any]:
    """Returns the withdrawal of a release, with public facts only, because newer facts may be restricted.

    Releases from earlier versions of Dayar have no content, so their withdrawal states no kind and no place.
    """
    return {
        **({"status": release.status} if release.status else {}),
        "type": release.type or HazardType.OTHER,
        "urgency": release.urgency or Urgency.UNKNOWN,
        "onset": iso(release.onset or release.received_at),
        "area": released_area(release),
    }


def released_area(release: BoardRelease) -> dict[str, Any]:
    if release.pcodes:
        return {"pcodes": release.pcodes}
    if release.area:
        return {"description": release.area}
    if release.lat is not None:
        return {"point": {"lat": release.lat, "lon": release.lon}}
    return {"description": COUNTRY}


def place_in_words(area: dict[str, Any], places: Places, language: str) -> str:
    if point := area.get("point"):
        return f"{point['lat']}, {point['lon']}"
    if "description" in area:
        return str(area["description"])
    return "; ".join(places.name(pcode, language) for pcode in area["pcodes"])


def next_revision(hazard: BoardHazard, release: BoardRelease | None) -> int:
    """Returns the next number of the sequence that a hazard and its releases share."""
    return 1 + max(hazard.revision, release.revision if release else 0)
