"""Decides who may correct or cancel an event from the console, and fills the form of the correction."""

from typing import Any

from services.console.models import BoardHazard, BoardRelease
from shared.auth.tokens import Principal, Role
from shared.events import enterer
from shared.events.vocabulary import MsgType, SubmissionChannel
from shared.pages.formats import iso
from shared.places import Places


def may_correct(principal: Principal, hazard: BoardHazard) -> bool:
    """Only the event's author and duty heads may correct an event.

    The event must come from the console, and must not be cancelled.
    """
    if hazard.channel != SubmissionChannel.CONSOLE or hazard.msg_type == MsgType.CANCEL:
        return False
    # in events from earlier versions of Dayar, only `author` names the person, and `source_id` does not
    entered_by = enterer(hazard.source, hazard.source_id) or hazard.author
    return Role.DUTY_HEAD in principal.roles or (Role.OPERATOR in principal.roles and entered_by == principal.account)


def words(hazard: BoardHazard, language: str) -> str:
    texts = [hazard.text.get(code) for code in (language, "ru", "en")] + list(hazard.text.values())
    text = next(filter(None, texts), None)
    return "" if text is None else text.get("description") or text.get("headline") or ""


def point(hazard: BoardHazard) -> dict[str, float] | None:
    return None if hazard.lat is None or hazard.lon is None else {"lat": hazard.lat, "lon": hazard.lon}


def form(hazard: BoardHazard, release: BoardRelease | None, places: Places, language: str) -> dict[str, Any]:
    """Fills the form.

    `revision` is the highest revision number of the event and its releases, so that the correction gets a higher
    number.
    """
    known = [pcode for pcode in hazard.pcodes if places.unit(pcode)]
    return {
        "hazard_id": str(hazard.hazard_id),
        "source_id": hazard.source_id,
        "revision": max(hazard.revision, release.revision if release else 0),
        "scope": hazard.scope,
        "type": hazard.type,
        "type_text": hazard.type_text,
        "severity": hazard.severity,
        "certainty": hazard.certainty,
        "pcodes": sorted(known, key=lambda pcode: len(places.ancestors(pcode))),
        "locality": hazard.area,
        "locality_pcode": hazard.locality_pcode,
        "point": point(hazard),
        "onset": iso(hazard.onset),
        "expires": iso(hazard.expires) if hazard.expires else None,
        "text": hazard.text,
        "words": words(hazard, language),
    }
