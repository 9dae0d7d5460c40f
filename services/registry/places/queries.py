"""Queries about the typed places of open counts, and about the decisions that two places are the same."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, and_, cast, false, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.open_counts import OpenCount, OpenSite, Side, TypedPlace
from services.registry.groups.queries import HERE, IN_EFFECT, OF_COUNT
from services.registry.models import GroupCount, PlaceDecision, Report, Site
from services.registry.places.proposals import Decided, PlaceAnswer
from services.registry.places.same_places import PlacePair, SamePlaces, with_codes
from services.registry.report_queries import CLEAR
from services.registry.visibility import Visibility
from shared.events.vocabulary import Measure, Precision, SiteState, Status, SubStock
from shared.messaging import decisions
from shared.places import Places
from shared.postgres import database

MOST = 2_000
APPLIED = "applied"
PAIR = (PlaceDecision.unit, PlaceDecision.name, PlaceDecision.other_unit, PlaceDecision.other_name)
IS_OPEN = and_(
    IN_EFFECT,
    GroupCount.measure == Measure.STOCK,
    GroupCount.population.is_not(None),
    GroupCount.movement_id.is_(None),
    or_(GroupCount.sub_stock.is_(None), GroupCount.sub_stock == SubStock.IN_DISPLACEMENT),
    or_(GroupCount.changed_at.is_(None), GroupCount.displaced > 0),
)


async def open_counts(session: AsyncSession, visibility: Visibility, status: Status, places: Places) -> list[OpenCount]:
    """Includes only counts of displaced people at a named place."""
    stated = [
        part.astext
        for side in Side
        for part in (CLEAR[side]["pcode"], CLEAR[side]["country"], CLEAR[f"{side}_locality"])
    ]
    codes = [CLEAR[f"{side}_locality_pcode"].astext for side in Side]
    wanted = (
        select(
            GroupCount.report_id,
            GroupCount.group_id,
            func.coalesce(GroupCount.displaced, GroupCount.persons),
            cast(CLEAR["households"].astext, Integer),
            CLEAR["household_unit"].astext,
            func.coalesce(CLEAR["is_full_recount"].astext == "true", false()),
            GroupCount.counted_at,
            func.coalesce(GroupCount.counted_at_precision, Precision.HOUR),
            Report.received_at,
            Report.author,
            GroupCount.hazard_id,
            GroupCount.hazard_type,
            GroupCount.population,
            func.coalesce(GroupCount.stock_id, GroupCount.report_id),
            GroupCount.occurred_at,
            GroupCount.mobility,
            GroupCount.shelter,
            GroupCount.site_id,
            *stated,
            *codes,
        )
        .join(Report, OF_COUNT)
        .where(IS_OPEN, GroupCount.status == status, visibility.covers(HERE))
        .order_by(GroupCount.counted_at.desc(), GroupCount.report_id)
        .limit(MOST)
    )
    return [_open_count(tuple(row), places) for row in await session.execute(wanted)]


def _open_count(row: tuple[Any, ...], places: Places) -> OpenCount:
    fields, stated, (origin_code, destination_code) = row[:-8], row[-8:-2], row[-2:]
    origin, destination = _place(stated[:3], origin_code, places), _place(stated[3:], destination_code, places)
    return OpenCount(*fields, origin, destination)  # type: ignore[call-arg]


def _place(stated: tuple[Any, ...], code: str | None, places: Places) -> TypedPlace:
    pcode, country, locality = stated
    return TypedPlace(pcode, country, locality, places.locality(pcode, locality, code).pcode or None)


async def open_sites(session: AsyncSession, visibility: Visibility, language: str) -> list[OpenSite]:
    """Each site's name in the given language comes first."""
    names = {"ky": Site.name_ky, "ru": Site.name_ru, "en": Site.name_en}
    ordered = [names[language], *(name for known, name in names.items() if known != language)]
    wanted = select(Site.site_id, Site.pcode, *ordered).where(Site.state == SiteState.OPEN, visibility.covers("pcode"))
    rows = await session.execute(wanted)
    return [OpenSite(site_id, pcode, list(filter(None, given))) for site_id, pcode, *given in rows]


async def decided(session: AsyncSession, places: Places) -> Decided:
    """A stored decision ends its question, even before the worker executes the decision."""
    newest = (
        select(PlaceDecision)
        .ext(distinct_on(*PAIR))
        .where(or_(PlaceDecision.carried_out_at.is_(None), PlaceDecision.result == APPLIED))
        .order_by(*PAIR, PlaceDecision.decided_at.desc(), PlaceDecision.decision_id)
    )
    rows = (await session.scalars(newest)).all()
    same, accepted, different = (
        [with_codes(pair_of(row), places) for row in rows if (row.answer, row.result) in wanted]
        for wanted in (
            {(PlaceAnswer.SAME, APPLIED)},
            {(PlaceAnswer.SAME, None)},
            {(PlaceAnswer.DIFFERENT, APPLIED), (PlaceAnswer.DIFFERENT, None)},
        )
    )
    return Decided(SamePlaces(same), (*different, *accepted), SamePlaces((*same, *accepted)))


async def answers(
    session: AsyncSession,
    visibility: Visibility,
    *,
    limit: int,
    ids: Collection[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[PlaceDecision]:
    """The newest answer comes first.

    If `ids` is given, only answers with these ids are returned. A reversed answer is not listed. `after` is the time
    and the id of the last answer on the page before.
    """
    newest = (
        select(PlaceDecision.decision_id)
        .ext(distinct_on(*PAIR))
        .order_by(*PAIR, PlaceDecision.decided_at.desc(), PlaceDecision.decision_id)
    )
    wanted = (
        select(PlaceDecision)
        .where(PlaceDecision.decision_id.in_(newest), PlaceDecision.answer != PlaceAnswer.OPEN)
        .where(visibility.covers("district"))
    )
    if ids is not None:
        wanted = wanted.where(PlaceDecision.decision_id.in_(ids))
    order = PlaceDecision.decided_at, PlaceDecision.decision_id
    if after is not None:
        wanted = wanted.where(tuple_(*order) < after)
    return (await session.scalars(wanted.order_by(*(column.desc() for column in order)).limit(limit))).all()


async def lock(session: AsyncSession) -> None:
    """The lock serialises decisions: of two decisions about the same places, only the first is stored."""
    await session.execute(database.advisory_lock("place decisions"))


async def store(session: AsyncSession, answers: Iterable[PlaceDecision]) -> None:
    await decisions.write(session, *answers)


def pair_of(row: PlaceDecision) -> PlacePair:
    return PlacePair((row.unit, row.name), (row.other_unit, row.other_name))


def decision(pair: PlacePair, labels: Sequence[str], **decided: Any) -> PlaceDecision:
    """`labels` are the names of the two places, in the order of the pair."""
    (unit, name), (other_unit, other_name) = pair
    label, other_label = labels
    return PlaceDecision(
        unit=unit,
        name=name,
        other_unit=other_unit,
        other_name=other_name,
        label=label,
        other_label=other_label,
        **decided,
    )
