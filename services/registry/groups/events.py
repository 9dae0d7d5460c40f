"""The registry's events about counts of groups."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.registry.groups.tallies import Tally
from services.registry.households.events import SOURCE
from shared import events, tracing
from shared.country import TIME_ZONE
from shared.crypto.randomness import random_id
from shared.events import GroupCounted, Message
from shared.events.displacements import GroupClear
from shared.events.groups import GroupWhereabouts, PlaceComparison
from shared.events.vocabulary import SubStock

FROM_REPORT = (GroupCounted.model_fields.keys() & GroupClear.model_fields.keys()) - {
    "report_id",
    "counted_at",
    "site_id",
}


def counted(
    model: type[GroupCounted],
    tally: Tally,
    replaced: Sequence[UUID],
    sequence: int,
    now: datetime,
    *,
    comparison: PlaceComparison | None = None,
) -> Message:
    """`replaced` are the reports of the counts that this count replaces."""
    count, clear, standing = tally.count, tally.count.clear, tally.standing
    data = model(
        **{name: getattr(clear, name) for name in FROM_REPORT},
        report_id=UUID(count.report_id),
        sequence=sequence,
        stock_id=UUID(count.stock_id),
        superseded_by=UUID(standing.superseded_by) if standing.superseded_by else None,
        replaces=tuple(replaced),
        counted_at=count.counted_at,
        covers_site=count.covers_site,
        site_id=count.site_id,
        occurred_on=clear.occurred_at.astimezone(TIME_ZONE).date(),
        occurred_on_precision=clear.occurred_at_precision,
        recorded_on=now.astimezone(TIME_ZONE).date(),
        author=UUID(count.author),
        team=UUID(count.team) if count.team else None,
        places_version=count.places_version,
        movement_id=UUID(count.movement_id) if count.movement_id else None,
        whereabouts=whereabouts(tally) if tally.is_changed else None,
        comparison=comparison,
    )
    with tracing.caused_by(count.report_id, count.group_id):
        return events.message(data, id=random_id(), source=SOURCE, time=now)


def whereabouts(tally: Tally) -> GroupWhereabouts:
    return GroupWhereabouts(
        displaced=tally.displaced,
        returned=tally.gone[SubStock.IN_RETURN],
        settled=tally.gone[SubStock.IN_SETTLEMENT],
        confirmed_on=tally.confirmed_at.astimezone(TIME_ZONE).date(),
        is_return_presumed=tally.is_return_presumed,
    )
