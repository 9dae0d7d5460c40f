"""Makes the rows that COPY writes for the counts of groups."""

from collections.abc import Iterable, Iterator

from services.registry.groups.tallies import Tally
from services.registry.models import GroupCount, GroupStay
from services.registry.row_readers import RowReader
from shared.events.vocabulary import SubStock
from shared.postgres.bulk_copy import Copy, Row

COUNTS = RowReader(
    GroupCount,
    "sex_age",
    "site_id",
    "counted_at",
    "population",
    "stock_id",
    "covers_site",
    "superseded_at",
    "superseded_by",
    "sub_stock",
    "movement_id",
    "changed_at",
    "displaced",
    "returned",
    "settled",
    "left_pcode",
    "left_country",
    "left_sub_stock",
    "fingerprint",
    "confirmed_at",
    "is_return_presumed",
)
GROUP_STAYS = RowReader(
    GroupStay, "number", "site_id", "persons", "sex_age", "counted_at", "stock_id", "sub_stock", "superseded_at"
)


def counts(tallies: Iterable[Tally]) -> Copy:
    return COUNTS.copy(map(count, tallies))


def count(tally: Tally) -> Row:
    same, standing = tally.count, tally.standing
    computed = same.site_id, same.counted_at, same.population, same.stock_id, same.covers_site
    changed_at = tally.steps[1].at if tally.has_moved else None
    gone = tally.gone[SubStock.IN_RETURN], tally.gone[SubStock.IN_SETTLEMENT]
    left = (same.left.pcode, same.left.country) if same.left else (None, None)
    return COUNTS.row(
        same,
        same.people.cells,
        *computed,
        *standing,
        same.sub_stock,
        same.movement_id,
        changed_at,
        tally.displaced,
        *gone,
        *left,
        same.left_sub_stock,
        tally.fingerprint,
        tally.confirmed_at,
        tally.is_return_presumed,
    )


def group_stays(tallies: Iterable[Tally]) -> Copy:
    return GROUP_STAYS.copy(row for tally in tallies for row in group_stays_of(tally))


def group_stays_of(tally: Tally) -> Iterator[Row]:
    """Each row states how many people were left after a movement.

    The people before the first movement are in the row of `counts`.
    """
    ends = [step.at for step in tally.steps[1:]] + [tally.standing.superseded_at]
    for number, (step, ends_at) in enumerate(zip(tally.steps, ends, strict=True)):
        is_superseded = tally.standing.superseded_by is not None and step.at >= tally.standing.superseded_at
        if number and step.people.count and step.at != ends_at and not is_superseded:
            same, people = tally.count, step.people
            numbers = people.count, people.cells, step.at, same.stock_id, same.sub_stock, ends_at
            yield GROUP_STAYS.row(same, number, same.site_id, *numbers)
