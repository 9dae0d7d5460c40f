"""The route that lists differing counts of the same people, so that a person can order a new count."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from pydantic_core import from_json
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.group_queries import HERE, OF_COUNT
from services.registry.models import GroupCount, Report
from services.registry.visibility import Visibility, visibility_of
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.vocabulary import Measure, Status
from shared.postgres.database import Session

MOST = 500  # counts
PLACES = ("origin", "origin_locality", "destination", "destination_locality", "site_id")

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]


class Count(BaseModel):
    report_id: UUID
    persons: int
    counted_at: datetime
    author: UUID
    team: UUID | None


class DifferingCounts(BaseModel):
    """Counts of the same people by several teams. `clear` has the origin and the present place of the people."""

    stock_id: UUID
    counts: list[Count]
    clear: dict[str, Any]


class DifferingPage(BaseModel):
    """The counts that differ. The counts that have waited longest come first."""

    stocks: list[DifferingCounts]


@router.get("/v1/counts:differing")
async def differing(request: Request, session: Session, caller: Caller) -> DifferingPage:
    visibility, status = visibility_of(caller, request.app.state.places), request.app.state.settings.counted_status
    rows = await stocks(session, visibility, status)
    by_stock = [list(counts) for _, counts in groupby(rows, key=attrgetter("stock_id"))]
    longest = sorted(by_stock, key=lambda counts: max(count.counted_at for count in counts))
    return DifferingPage(stocks=[shown(counts) for counts in longest])


async def stocks(session: AsyncSession, visibility: Visibility, status: Status) -> Sequence[Any]:
    """The counts in effect of each stock with several counts, sorted by stock. The newest count comes first."""
    in_effect = (GroupCount.superseded_by.is_(None), GroupCount.measure == Measure.STOCK, GroupCount.status == status)
    several = select(GroupCount.stock_id).where(*in_effect).group_by(GroupCount.stock_id).having(func.count() > 1)
    columns = (GroupCount.stock_id, GroupCount.report_id, GroupCount.persons, GroupCount.counted_at)
    counts = select(*columns, Report.author, Report.team, Report.clear).join(Report, OF_COUNT)
    wanted = counts.where(*in_effect, GroupCount.stock_id.in_(several), visibility.covers(HERE)).limit(MOST)
    return (await session.execute(wanted.order_by(GroupCount.stock_id, GroupCount.counted_at.desc()))).all()


def shown(counts: Iterable[Any]) -> DifferingCounts:
    newest, *_ = counts = list(counts)
    clear = from_json(newest.clear)
    return DifferingCounts(
        stock_id=newest.stock_id,
        counts=[Count.model_validate(count, from_attributes=True) for count in counts],
        clear={name: clear[name] for name in PLACES if name in clear},
    )
