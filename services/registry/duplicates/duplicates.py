"""Exact duplicates are households that were probably registered twice. No I/O.

Two households are duplicates if they share a personal number, or a telephone and a person's full name. Households are
also duplicates if they share a full name, a birth year, and a village or (without one) a district. Many reports state
only an age, so birth years count as equal if both persons may have been born on the same day. Only the members and the
contact person of the current displacements are compared. The contact person is compared because a short report names no
other person. A person decides what to do about duplicates.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from services.registry.households.ages import born_between
from services.registry.search.keys import LONGEST_NAME
from services.registry.search.telephones import telephones
from shared.names import Part, is_part_of, is_same, name_parts
from shared.places import Places
from shared.places.localities import StatedLocality
from shared.places.places import DIGITS

OpenedHousehold = Mapping[str, Any]  # a row of `households` with decrypted columns `sealed` and `members`
OpenedMember = Mapping[str, Any]

FULL_NAME = 2  # a full name has at least this many parts
OF_DISTRICT = DIGITS[2]  # the first characters of a P-code, which name the district


class DuplicateReason(StrEnum):
    """Why two households are duplicates, the strongest reason first."""

    PERSONAL_NUMBER = "personal_number"
    PHONE_AND_NAME = "phone_and_name"
    NAME_YEAR_AND_VILLAGE = "name_year_and_village"
    NAME_YEAR_AND_DISTRICT = "name_year_and_district"


ORDER = list(DuplicateReason)


class Duplicate(NamedTuple):
    """`members` are the members of the duplicate who match a member of the first household.

    `members` is empty if only the contact person of the duplicate matches.
    """

    household: OpenedHousehold
    reasons: Sequence[DuplicateReason]
    members: Sequence[OpenedMember]

    @property
    def rank(self) -> int:
        return ORDER.index(self.reasons[0])

    @property
    def contact_name(self) -> str | None:
        name: str | None = None if self.members else self.household["sealed"].get("contact_name")
        return name


def duplicate(household: OpenedHousehold, other: OpenedHousehold, places: Places) -> Duplicate | None:
    """The result is None if the other household is not a duplicate."""
    same = list(matches(household, other, places))
    members = {member["member_id"]: member for _, member in same if member}
    reasons = sorted({reason for reason, _ in same}, key=ORDER.index)
    return Duplicate(other, reasons, list(members.values())) if same else None


def matches(
    household: OpenedHousehold, other: OpenedHousehold, places: Places
) -> Iterator[tuple[DuplicateReason, OpenedMember | None]]:
    """None instead of a member stands for the contact person of `other`."""
    shares_phone, same_place = bool(phones(household) & phones(other)), reason_of_place(household, other, places)
    for own in household["members"]:
        for member in other["members"]:
            if own.get("personal_number") and own["personal_number"] == member.get("personal_number"):
                yield DuplicateReason.PERSONAL_NUMBER, member
            if full_name(own) and is_same(full_name(own), full_name(member)):
                if shares_phone:
                    yield DuplicateReason.PHONE_AND_NAME, member
                if same_place and may_be_born_together(own, member):
                    yield same_place, member
    if shares_phone:
        for member in same_as_contact(household, other):
            yield DuplicateReason.PHONE_AND_NAME, member


def may_be_born_together(one: OpenedMember, other: OpenedMember) -> bool:
    """False if nothing is known about the birth of one of the two persons."""
    first, second = born_between(dict(one)), born_between(dict(other))
    return first is not None and second is not None and first[0] <= second[1] and second[0] <= first[1]


def same_as_contact(household: OpenedHousehold, other: OpenedHousehold) -> Iterator[OpenedMember | None]:
    """Yields the persons of `other` who match if at least one of the two persons is a contact person.

    None stands for the contact person of `other`.

    The name of a contact person is one text, which may contain a patronymic.
    """
    own, theirs = contact_name(household), contact_name(other)
    names = map(full_name, household["members"])
    if is_part_of(own, theirs) or is_part_of(theirs, own) or any(is_part_of(name, theirs) for name in names):
        yield None
    for member in other["members"]:
        if is_part_of(full_name(member), own):
            yield member


def phones(household: OpenedHousehold) -> set[str]:
    texts = [household["sealed"].get("phone"), *(member.get("phone") for member in household["members"])]
    return {number for text in texts for number in telephones(text)}


def full_name(member: OpenedMember) -> frozenset[Part]:
    return full((*name_parts(member.get("given_name")), *name_parts(member.get("family_name"))))


def contact_name(household: OpenedHousehold) -> frozenset[Part]:
    return full(name_parts(household["sealed"].get("contact_name"))[:LONGEST_NAME])


def full(parts: Iterable[Part]) -> frozenset[Part]:
    names = frozenset(parts)
    return names if len(names) >= FULL_NAME else frozenset()


def reason_of_place(household: OpenedHousehold, other: OpenedHousehold, places: Places) -> DuplicateReason | None:
    """The two origins, or the two destinations, must be in one village or one district."""
    reasons = {reason_of_side(household, other, side, places) for side in ("origin", "destination")} - {None}
    return min(reasons, key=ORDER.index, default=None)  # type: ignore[arg-type]


def reason_of_side(
    household: OpenedHousehold, other: OpenedHousehold, side: str, places: Places
) -> DuplicateReason | None:
    pcodes = [compared[f"{side}_pcode"] for compared in (household, other)]
    if None in pcodes or len({pcode[:OF_DISTRICT] for pcode in pcodes}) > 1:
        return None
    one, two = (locality(compared, side, places) for compared in (household, other))
    villages = {pcode for pcode in pcodes if pcode[OF_DISTRICT:].strip("0")}
    are_named = bool(one.name and two.name)
    if (are_named and not one.is_same(two)) or len(villages) > 1:
        return None
    is_same_village = are_named or (len(set(pcodes)) == 1 and villages)
    return DuplicateReason.NAME_YEAR_AND_VILLAGE if is_same_village else DuplicateReason.NAME_YEAR_AND_DISTRICT


def locality(household: OpenedHousehold, side: str, places: Places) -> StatedLocality:
    sealed = household["sealed"]
    stated = sealed.get(f"{side}_locality"), sealed.get(f"{side}_locality_pcode")
    return places.locality(household[f"{side}_pcode"], *stated)
