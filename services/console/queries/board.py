"""The board's rows: the newest state of each hazard, household, count, site, alert, delivery and outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import (
    BoardAlert,
    BoardDelivery,
    BoardGroup,
    BoardHazard,
    BoardHousehold,
    BoardRelease,
    BoardSite,
    ConsoleModel,
    ReportOutcome,
)
from shared.postgres.upsert import upsert


@dataclass(frozen=True)
class Shown:
    """A table of the board. Of two rows with the same key, the row with the higher `order` is newer.

    If a newer row has no value in the column `lasting`, the old value stays.
    """

    model: type[ConsoleModel]
    order: str
    lasting: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.model.__table__.primary_key)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.model.__table__.columns)

    def joined(self, older: dict[str, Any], newer: dict[str, Any]) -> dict[str, Any]:
        return newer if self.lasting is None else {**newer, self.lasting: newer[self.lasting] or older[self.lasting]}


HAZARDS = Shown(BoardHazard, "revision")
RELEASES = Shown(BoardRelease, "revision")
HOUSEHOLDS = Shown(BoardHousehold, "sequence", lasting="registered_at")
GROUPS = Shown(BoardGroup, "sequence")
SITES = Shown(BoardSite, "version")
ALERTS = Shown(BoardAlert, "sequence")
DELIVERIES = Shown(BoardDelivery, "sequence")
OUTCOMES = Shown(ReportOutcome, "settled_at")

Numbered = tuple[int, dict[str, Any]]


async def keep_newest(session: AsyncSession, shown: Shown, numbered: Sequence[Numbered]) -> list[int]:
    """Stores the newest row of each key, unless the table already has a newer row.

    Returns the numbers of the stored rows. All workers lock rows in the order of their keys, so that two workers cannot
    deadlock.
    """
    newest: dict[tuple[str, ...], Numbered] = {}
    for number, row in numbered:
        name = tuple(str(row[part]) for part in shown.key)
        known = newest.get(name)
        if known is None:
            newest[name] = (number, row)
        elif row[shown.order] > known[1][shown.order]:
            newest[name] = (number, shown.joined(known[1], row))
    rows = [{column: row.get(column) for column in shown.columns} for _, (_, row) in sorted(newest.items())]
    stored = await upsert(session, shown.model, rows, newer_by=shown.order, lasting=shown.lasting)
    return [newest[tuple(str(part) for part in row)][0] for row in stored]


async def forget_replaced(session: AsyncSession, outcomes: Sequence[Numbered]) -> None:
    """Deletes replaced outcomes, which are already stored: the topic has an outcome before its replacement."""
    replaced = [row["replaces"] for _, row in outcomes if row["replaces"]]
    if replaced:
        await session.execute(delete(ReportOutcome).where(ReportOutcome.outcome_id.in_(replaced)))
