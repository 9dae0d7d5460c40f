"""The columns of a displacement, which the tables of households and groups share."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Computed, Index, SmallInteger
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from services.registry.models.base import Moved
from shared.country import TIME_ZONE

# The month in Bishkek time, for example 202606 for June 2026, or 202600 if the month of 2026 is not known.
PERIOD = f"""100 * extract(year FROM occurred_at AT TIME ZONE '{TIME_ZONE}')::integer
    + CASE occurred_at_precision WHEN 'season' THEN 0 WHEN 'year' THEN 0
        ELSE extract(month FROM occurred_at AT TIME ZONE '{TIME_ZONE}')::integer END"""


def cell(number: int) -> Mapped[int | None]:
    """PostgreSQL would copy the whole array to read one element, so each element has a column.

    0 is stored as NULL.
    """
    return mapped_column(Computed(f"nullif(sex_age[{number}], 0)", persisted=True))


class Displaced(Moved):
    """Columns that only figures need are computed by PostgreSQL.

    The primary key lets a report begin only one displacement, even with concurrent workers. `superseded_at` is the time
    of the household's next move, or of the recount that replaced the count. `superseded_at` is infinity if there is no
    later move or recount. In `episodes`, a trigger sets `superseded_at` in rows of the previous release of Dayar.
    `shelter`, `needs` and `evacuation` are None in rows of earlier releases of Dayar.
    """

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (Index(None, "status", "occurred_at"),)

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    status: Mapped[str]
    occurred_at: Mapped[datetime]
    occurred_at_precision: Mapped[str]
    reported_at: Mapped[datetime]
    mobility: Mapped[str]
    persons: Mapped[int]
    sex_age: Mapped[list[int]]
    reasons: Mapped[list[str]]
    hazard_type: Mapped[str | None]
    hazard_id: Mapped[UUID | None]
    evacuation: Mapped[str | None]
    shelter: Mapped[str | None]
    needs: Mapped[list[str] | None]
    superseded_at: Mapped[datetime | None]
    period: Mapped[int | None] = mapped_column(Computed(PERIOD, persisted=True))
    reason: Mapped[str | None] = mapped_column(Computed("reasons[1]", persisted=True))
    female_0_5: Mapped[int | None] = cell(1)
    female_6_11: Mapped[int | None] = cell(2)
    female_12_17: Mapped[int | None] = cell(3)
    female_18_59: Mapped[int | None] = cell(4)
    female_60_plus: Mapped[int | None] = cell(5)
    female_unknown: Mapped[int | None] = cell(6)
    male_0_5: Mapped[int | None] = cell(7)
    male_6_11: Mapped[int | None] = cell(8)
    male_12_17: Mapped[int | None] = cell(9)
    male_18_59: Mapped[int | None] = cell(10)
    male_60_plus: Mapped[int | None] = cell(11)
    male_unknown: Mapped[int | None] = cell(12)
    unknown_0_5: Mapped[int | None] = cell(13)
    unknown_6_11: Mapped[int | None] = cell(14)
    unknown_12_17: Mapped[int | None] = cell(15)
    unknown_18_59: Mapped[int | None] = cell(16)
    unknown_60_plus: Mapped[int | None] = cell(17)
    unknown_unknown: Mapped[int | None] = cell(18)


class Assessed:
    """In rows of earlier releases of Dayar, `assessed` and `with_disability` are 0, because nobody was asked.

    If a worker of an earlier release stores a row during an update, `assessed` and `with_disability` are None until a
    newer worker computes them.
    """

    assessed: Mapped[int | None] = mapped_column(SmallInteger)
    with_disability: Mapped[int | None] = mapped_column(SmallInteger)
