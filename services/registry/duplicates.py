"""Exact duplicates: households that were probably registered twice. No I/O.

Two households are duplicates if they share a personal number; a telephone and a person's full name; or a person's full
name, birth year and village. A person decides what to do about duplicates.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from services.registry.names import folded, telephone
from services.registry.reports import birth_year
from shared.places import localities

OpenedHousehold = Mapping[str, Any]  # a row of `households` with the decrypted `sealed` and `members`
OpenedMember = Mapping[str, Any]

FULL_NAME = 2  # parts


class DuplicateReason(StrEnum):
    PERSONAL_NUMBER = "personal_number"
    PHONE_AND_NAME = "phone_and_name"
    NAME_YEAR_AND_VILLAGE = "name_year_and_village"


class Duplicate(NamedTuple):
    """`members` are the members of the other household who are the same persons as members of this one."""

    household: OpenedHousehold
    reasons: Sequence[DuplicateReason]
    members: Sequence[OpenedMember]


def duplicate(one: OpenedHousehold, other: OpenedHousehold) -> Duplicate | None:
    """The reason why the other household is a duplicate of this one; None if it is not a duplicate."""
    same = list(matches(one, other))
    members = {member["member_id"]: member for _, member in same}
    reasons = sorted({reason for reason, _ in same}, key=list(DuplicateReason).index)
    return Duplicate(other, reasons, list(members.values())) if same else None


def matches(one: OpenedHousehold, other: OpenedHousehold) -> Iterator[tuple[DuplicateReason, OpenedMember]]:
    shares_phone, shares_village = bool(phones(one) & phones(other)), is_same_village(one, other)
    for own in one["members"]:
        for member in other["members"]:
            if own.get("personal_number") and own["personal_number"] == member.get("personal_number"):
                yield DuplicateReason.PERSONAL_NUMBER, member
            if full_name(own) and full_name(own) == full_name(member):
                if shares_phone:
                    yield DuplicateReason.PHONE_AND_NAME, member
                if shares_village and birth_year(own) and birth_year(own) == birth_year(member):
                    yield DuplicateReason.NAME_YEAR_AND_VILLAGE, member


def phones(household: OpenedHousehold) -> set[str]:
    numbers = [household["sealed"].get("phone"), *(member.get("phone") for member in household["members"])]
    return {telephone(number) for number in numbers} - {""}


def full_name(member: OpenedMember) -> frozenset[str]:
    """The parts of the given name and the family name. Empty if the given name or the family name is missing."""
    names = folded(member.get("given_name")) | folded(member.get("family_name"))
    return names if len(names) >= FULL_NAME else frozenset()


def is_same_village(one: OpenedHousehold, other: OpenedHousehold) -> bool:
    """Whether both households came from the same place, or are at the same place.

    A missing village equals any village.
    """
    for side in ("origin", "destination"):
        places = {household[f"{side}_pcode"] for household in (one, other)}
        villages = {localities.folded(household["sealed"].get(f"{side}_locality")) for household in (one, other)}
        if len(places) == 1 and None not in places and len(villages - {""}) <= 1:
            return True
    return False
