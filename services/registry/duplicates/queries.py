"""Queries that find the households that may be duplicates of a household, by search keys."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.registry.duplicates import duplicates
from services.registry.duplicates.duplicates import OpenedHousehold
from services.registry.households.ages import birth_year
from services.registry.models import Household, HouseholdSearchKeys, Member
from services.registry.queries import seen
from services.registry.search.keys import Field, KeysOfRoot, SearchKeys, Term, terms
from services.registry.search.queries import has_all, has_one, key_versions, with_keys
from services.registry.visibility import Visibility

MOST_ALIKE = 100  # for each kind of reason, at most this many households are read


class Candidates(NamedTuple):
    """Households that may be duplicates, the strongest reason first.

    `is_complete` is false if more than MOST_ALIKE households have the same reason.
    """

    ids: Sequence[UUID]
    is_complete: bool


async def candidates(
    session: AsyncSession, search: SearchKeys, household: OpenedHousehold, visibility: Visibility
) -> Candidates:
    """The households that share a value with this household. Each kind of reason has its own limit.

    Otherwise many households with one telephone would leave no room for other candidates.
    """
    ids: dict[UUID, None] = {}
    roots, is_complete = search.known(await key_versions(session)), True
    for reasons in zip(*(conditions(household, root) for root in roots), strict=True):
        found = await with_one_of(session, reasons, household["household_id"], visibility)
        is_complete = is_complete and len(found) <= MOST_ALIKE
        ids.update(dict.fromkeys(found[:MOST_ALIKE]))
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
    """Three conditions: equal personal number, equal telephone and name, equal name and birth year.

    A condition is None if the household lacks the values.
    """
    members = household["members"]
    numbers = [term for member in members for term in terms(Field.PERSONAL_NUMBER, member.get("personal_number"))]
    phones, names = duplicates.phones(household), [(member, duplicates.full_name(member)) for member in members]
    named = [(member, has_all([Term(Field.NAME, part) for part in parts], root)) for member, parts in names if parts]
    yield has_one(numbers, root) if numbers else None
    with_phone = has_one([Term(Field.PHONE, frozenset(phones))], root)
    yield and_(with_phone, or_(*(has_name for _, has_name in named))) if phones and named else None
    of_age = [and_(has_name, has_member_born(year)) for member, has_name in named if (year := birth_year(member))]
    yield or_(*of_age) if of_age else None


def has_member_born(year: int) -> ColumnElement[bool]:
    return exists().where(Member.household_id == HouseholdSearchKeys.household_id, Member.birth_year == year)
