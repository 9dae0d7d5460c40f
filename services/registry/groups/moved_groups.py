"""Makes a count of the people of a group who moved, at their new place. No I/O."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.registry.counts.headcounts import Headcount
from services.registry.households.people import People
from services.registry.households.positions import TRANSITIONS
from services.registry.reports import FiledMovement
from shared import events
from shared.country import UNKNOWN_COUNTRY
from shared.events import Place
from shared.events.vocabulary import Movement, Shelter, SubStock

ABROAD: dict[str, Any] = {
    "destination": Place(country=UNKNOWN_COUNTRY),
    "destination_locality": None,
    "destination_locality_pcode": None,
    "site_id": None,
    "shelter": Shelter.UNKNOWN,
}


def is_there(movement: FiledMovement, count: Headcount) -> bool:
    """If the movement states no shelter, the people stay in the same kind of shelter."""
    is_displacement = TRANSITIONS[movement.clear.movement].to is SubStock.IN_DISPLACEMENT
    to = place(movement, count)
    if to.get("shelter") is Shelter.UNKNOWN:
        to = {**to, "shelter": count.clear.shelter}
    present = replace(count, clear=count.clear.model_copy(update=to), typed_site=None).present_place
    return is_displacement and count.is_displaced and bool(present) and present == count.present_place


def part(source: Headcount, movement: FiledMovement, people: People, at: datetime) -> Headcount:
    """If people are displaced again, the place that they left becomes their origin."""
    clear, changed, to = source.clear, place(movement, source), TRANSITIONS[movement.clear.movement].to
    assert to is not None, "nobody has moved"
    if movement.clear.movement is Movement.DISPLACED_AGAIN:
        changed |= {
            "origin": clear.destination,
            "origin_locality": clear.destination_locality,
            "origin_locality_pcode": clear.destination_locality_pcode,
        }
        changed |= {name: getattr(movement.clear, name) for name in ("occurred_at", "occurred_at_precision")}
    return replace(
        source,
        report_id=part_id(movement.report_id, source.stock_id),
        clear=clear.model_copy(
            update={
                **changed,
                "version": movement.clear.version,
                "persons": people.count,
                "households": share(clear.households, people.count, clear.persons),
                "counted_at": at,
                "counted_at_precision": movement.clear.occurred_at_precision,
                "reported_at": movement.clear.reported_at,
                "is_full_recount": False,
            }
        ),
        author=movement.author,
        team=movement.team,
        places_version=movement.places_version,
        received_at=max(at, movement.received_at),
        people=people,
        typed_site=None,
        movement_id=movement.report_id,
        left=clear.destination,
        left_sub_stock=None if source.sub_stock is SubStock.IN_DISPLACEMENT else source.sub_stock,
        sub_stock=to,
    )


def part_id(report_id: str, stock_id: str) -> str:
    """The id is used like a report id, and depends only on the movement and the stock."""
    return str(events.derived_id("moved", report_id, stock_id))


def place(movement: FiledMovement, source: Headcount) -> dict[str, Any]:
    """If no destination is stated, the movement decides: people return to their origin, go abroad, or stay."""
    clear, sealed = movement.clear, movement.sealed
    if clear.destination is None and clear.movement is Movement.LEFT_COUNTRY:
        return ABROAD
    if clear.destination is None and clear.movement is not Movement.RETURNED:
        return {}
    if clear.destination is None:
        to = source.clear.origin, source.clear.origin_locality, source.clear.origin_locality_pcode
    else:
        to = clear.destination, sealed.get("destination_locality"), sealed.get("destination_locality_pcode")
    site_id = sealed.get("destination_site_id")
    return {
        **dict(zip(("destination", "destination_locality", "destination_locality_pcode"), to, strict=True)),
        "site_id": UUID(site_id) if site_id else None,
        "shelter": Shelter(sealed.get("shelter", Shelter.UNKNOWN)),
    }


def share(households: int | None, persons: int, of: int) -> int | None:
    """If `of` persons form `households` families, returns the number of families for `persons`, rounded up."""
    return households if not households or persons >= of else -(-households * persons // of)
