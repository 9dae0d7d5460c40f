"""Queries that find possible duplicates of a household by search keys."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.registry.duplicates import duplicates
from services.registry.duplicates.duplicates import OpenedHousehold
from services.registry.households.ages import born_between
from services.registry.models import Household, HouseholdSearchKeys, Member
from services.registry.queries import seen
from services.registry.search.keys import Field, KeysOfRoot, SearchKeys, Term, terms
from services.registry.search.queries import has_all, has_one, key_versions, with_keys
from services.registry.visibility import Visibility

MOST_ALIKE = 100  # for each reason, at most this many candidates are compared


class Candidates(NamedTuple):
    """`is_complete` is false if more than MOST_ALIKE households match for one reason."""

    ids: Sequence[UUID]
    is_complete: bool


async def candidates(
    session: AsyncSession, search: SearchKeys, household: OpenedHousehold, visibility: Visibility
) -> Candidates:
    """Each kind of reason has its own limit.

    With one limit, many households with one telephone would displace the other candidates.
    """
    ids: dict[UUID, None] = {}
    roots, is_complete = search.known(await key_versions(session)), True
    for reasons in zip(*(conditions(household, root) for root in roots), strict=True):
        candidates = await with_one_of(session, reasons, household["household_id"], visibility)
        is_complete = is_complete and len(candidates) <= MOST_ALIKE
        ids.update(dict.fromkeys(candidates[:MOST_ALIKE]))
    return Candidates(list(ids), is_complete)


async def with_one_of(
    session: AsyncSession,
    reasons: Sequence[ColumnElement[bool] | None],
    household_id: UUID,
    visibility: Visibility,
) -> Sequence[UUID]:
    given = [reason for reason in reasons if reason is not None]
    if not given:
        return ()
    matched = with_keys(or_(*given))
    wanted = seen(select(Household.household_id), visibility)
    wanted = wanted.join(matched, matched.c.household_id == Household.household_id)
    wanted = wanted.where(Household.household_id != household_id)
    return (await session.scalars(wanted.order_by(Household.changed_at.desc()).limit(MOST_ALIKE + 1))).all()


def conditions(household: OpenedHousehold, root: KeysOfRoot) -> Iterator[ColumnElement[bool] | None]:
    """A condition is None if the household has no value to compare."""
    members = household["members"]
    numbers = [term for member in members for term in terms(Field.PERSONAL_NUMBER, member.get("personal_number"))]
    phones, names = duplicates.phones(household), [(member, duplicates.full_name(member)) for member in members]
    named = [(member, has_all([Term(Field.NAME, part) for part in parts], root)) for member, parts in names if parts]
    yield has_one(numbers, root) if numbers else None
    persons = [*(has_name for _, has_name in named), *has_name_of_contact(household, root)]
    with_phone = has_one([Term(Field.PHONE, frozenset(phones))], root)
    yield and_(with_phone, or_(*persons)) if phones and persons else None
    of_age = [and_(has_name, has_member_born(born)) for member, has_name in named if (born := born_between(member))]
    yield and_(is_near(household), or_(*of_age)) if of_age else None


def has_name_of_contact(household: OpenedHousehold, root: KeysOfRoot) -> Iterator[ColumnElement[bool]]:
    """Two equal parts of the contact person's name are enough, because another report may state fewer parts."""
    for parts in combinations(duplicates.contact_name(household), duplicates.FULL_NAME):
        yield has_all([Term(Field.NAME, part) for part in parts], root)


def has_member_born(between: tuple[date, date]) -> ColumnElement[bool]:
    """A birth year is stored only if the member's report states a birth date or a birth year."""
    first, last = between
    is_of_age = or_(Member.birth_year.between(first.year, last.year), Member.birth_year.is_(None))
    return exists().where(Member.household_id == HouseholdSearchKeys.household_id, is_of_age)


def is_near(household: OpenedHousehold) -> ColumnElement[bool]:
    districts = {side: household[f"{side}_pcode"] for side in ("origin", "destination")}
    sides = [
        getattr(Household, f"{side}_pcode").startswith(pcode[: duplicates.OF_DISTRICT])
        for side, pcode in districts.items()
        if pcode
    ]
    is_it = Household.household_id == HouseholdSearchKeys.household_id
    return exists().where(is_it, or_(false(), *sides))
