"""Who may see which household: those whose area holds it, and its author the own report."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.auth import Principal, Role
from shared.places import Places

OFFICE = frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR, Role.ANALYST, Role.ADMINISTRATOR})

# The household's current district, or the one it came from while it is abroad. A NULL stands for the whole country.
IN_SIGHT = """(
    CAST(:pcodes AS text[]) IS NULL
    OR coalesce(households.destination_pcode, households.origin_pcode) = ANY(CAST(:pcodes AS text[]))
)"""


@dataclass(frozen=True, slots=True)
class Sight:
    """`pcodes` None = the whole country; `author` is whose own reports are meant, where there is no area to go by."""

    pcodes: list[str] | None
    author: UUID | None = None

    def parameters(self) -> dict[str, Any]:
        return {"pcodes": self.pcodes, "author": self.author}


def sight_of(caller: Principal, places: Places) -> Sight:
    if caller.roles.isdisjoint(OFFICE):
        return Sight([], caller.account)
    if caller.covers_country:
        return Sight(None)
    known = {unit.pcode for unit in places.units() if caller.covers(unit.pcode, places)}
    return Sight(sorted(known.union(caller.areas)))


def within(area: str, places: Places) -> list[str]:
    """A unit and all units in it."""
    return sorted({area, *(unit.pcode for unit in places.units() if places.covers((area,), unit.pcode))})
