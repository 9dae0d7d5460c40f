"""Decides which households a caller may read.

A caller may read the households in the caller's areas, or only the households of the caller's own reports.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import TextClause, text

from shared.auth.tokens import Principal, Role
from shared.places import Places
from shared.places.conditions import is_within

OFFICE = frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR, Role.ANALYST, Role.ADMINISTRATOR})


def now_at(households: str = "households") -> str:
    """The P-code is NULL while the household is abroad.

    Rows of the previous release of Dayar have no present place, so the destination is used.
    """
    return f"""coalesce({households}.current_pcode,
        CASE WHEN {households}.current_country IS NULL THEN {households}.destination_pcode END)"""


def here(households: str = "households") -> str:
    """While the household is abroad, the P-code is that of its origin."""
    return f"coalesce({now_at(households)}, {households}.origin_pcode)"


NOW, HERE = now_at(), here()
NOW_IN = """CASE WHEN households.current_pcode IS NULL
    THEN coalesce(households.current_country, households.destination_country) END"""


@dataclass(frozen=True, slots=True)
class Visibility:
    """If `pcodes` is None, the whole country is visible.

    If `author` is set, only the reports of this author are visible.
    """

    pcodes: list[str] | None
    known: list[str]  # all units
    author: UUID | None = None

    def covers(self, pcode: str) -> TextClause:
        """`pcode` is an SQL expression."""
        return text(is_within(pcode, "pcodes")).bindparams(pcodes=self.pcodes, known=self.known)


def visibility_of(caller: Principal, places: Places) -> Visibility:
    if caller.roles.isdisjoint(OFFICE):
        return Visibility([], list(places.codes), caller.account)
    return figures_of(caller, places)


def figures_of(caller: Principal, places: Places) -> Visibility:
    """A wall screen may not read households, but may read figures of its areas."""
    pcodes = places.within(caller.areas)
    return Visibility(None if pcodes is None else sorted(pcodes), list(places.codes))


def within(area: str, places: Places) -> list[str]:
    return sorted(places.within((area,)) or ())
